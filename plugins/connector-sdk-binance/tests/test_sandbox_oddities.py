"""Odd frames and answers, and what is odd twice."""

from __future__ import annotations

import orjson
import pytest

from connector_sdk.sandbox.dialect import Oddity
from connector_sdk_binance.sandbox.oddities import odd_frame

FRAME = orjson.dumps({"subscriptionId": 0, "event": {"e": "executionReport", "i": 7}})


def test_new_fields_stand_before_those_of_a_wrapped_event_too() -> None:
    odd = orjson.loads(odd_frame(Oddity.UNKNOWN_FIELD, FRAME, ""))
    assert odd["zz"] == odd["event"]["zz"]
    assert odd["event"]["i"] == 7


def test_a_frame_that_another_fault_broke_stays_broken() -> None:
    broken = odd_frame(Oddity.MALFORMED, FRAME, "")
    assert odd_frame(Oddity.UNKNOWN_FIELD, broken, "") == broken
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(broken)
