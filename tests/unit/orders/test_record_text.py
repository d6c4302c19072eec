from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connector_sdk.errors import ConfigError, StoreFailed
from connector_sdk.model.account import Fee
from connector_sdk.model.order import OrderType, Side, TimeInForce
from connector_sdk.model.order_update import OrderStatus
from connector_sdk.orders.outcome import Confirmed, Unknown
from connector_sdk.orders.record_text import entry_of, record_from
from connector_sdk.orders.states import OrderState
from orders_at_hand import PAIR, TIMEOUT, buy, fill, opened, report, resting, sell

FIRST_VERSION = """{
  "v": 1, "id": "a", "pair": "BTC-USDT", "side": "sell", "type": "limit", "quantity": "1.50",
  "state": "partially_filled", "created": 1, "updated": 9, "heard": 8, "tif": "gtc",
  "price": "100.10", "exchange_id": "7", "unknown": 2, "accepted": true,
  "now_for": "1.20", "amending": ["1.10", "100.20"], "claimed": "0.30", "reported": 5,
  "fills": [
    ["t1", "100.10", "0.10", "BNB", "0.001", true, 3],
    ["t2", "100.20", "0.10", null, null, null, 4]
  ]
}"""
"""What the first version wrote. It must be readable for good: never change it."""


def test_a_record_of_the_first_version_is_read() -> None:
    record = record_from(FIRST_VERSION)
    assert record.intent == sell("1.50", "100.10")
    assert record.intent.time_in_force is TimeInForce.GTC
    assert record.state is OrderState.PARTIALLY_FILLED
    assert record.key == (PAIR, "a", "7")
    assert (record.created_ns, record.updated_ns, record.heard_ns) == (1, 9, 8)
    assert (record.unknown_ns, record.reported_ns) == (2, 5)
    assert (record.accepted, record.done) == (True, False)
    assert record.quantity == Decimal("1.20")
    assert record.amending is not None
    assert (record.amending.quantity, record.amending.price) == (Decimal("1.10"), Decimal("100.20"))
    assert (record.filled, record.filled_quote) == (Decimal("0.20"), Decimal("20.03"))
    assert (record.claimed, record.owed) == (Decimal("0.30"), Decimal("0.10"))
    assert record.fees == {"BNB": Decimal("0.001")}
    first, second = record.fill_list
    assert first.fee == Fee("BNB", Decimal("0.001"))
    assert (first.maker, first.side, first.client_order_id) == (True, Side.SELL, "a")
    assert (second.fee, second.maker, second.event_ns) == (None, None, 4)


def test_what_is_written_is_what_the_first_version_wrote() -> None:
    assert json.loads(entry_of(record_from(FIRST_VERSION)).body) == json.loads(FIRST_VERSION)


def every_kind() -> list[Any]:
    unknown = opened(intent=buy("1", None))
    unknown.settle("a", Unknown(TIMEOUT), 1)
    closing = resting()
    closing.receive(report(OrderStatus.CANCELED, "0.7", reason='"self-trade"'), 2)
    ended = resting()
    ended.receive(fill("1", "1", fee=Fee("BNB", Decimal("1E-9"))), 2)
    amending = resting()
    amending.amend_asked("a", buy("2", "99"), 2)
    unsaid = resting()
    unsaid.receive(report(OrderStatus.EXPIRED, None), 2)
    created = opened()
    bare = opened()
    bare.settle("a", Confirmed(), 1)
    return [unknown, closing, ended, amending, unsaid, created, bare]


@pytest.mark.parametrize("number", range(7))
def test_a_record_comes_back_as_it_was(number: int) -> None:
    record = every_kind()[number].order("a")
    again = record_from(entry_of(record).body)
    unlike = {"__weakref__", "changed", "error", "absences", "absent_ns", "backfills"}
    for name in set(type(record).__slots__) - unlike:
        assert getattr(again, name) == getattr(record, name), name
    assert again.intent.order_type in set(OrderType)


def test_every_amount_is_a_text() -> None:
    def numbers(value: object) -> list[float]:
        if isinstance(value, dict):
            return [n for one in value.values() for n in numbers(one)]
        if isinstance(value, list):
            return [n for one in value for n in numbers(one)]
        return [value] if isinstance(value, float) else []

    for orders in every_kind():
        written = json.loads(entry_of(orders.order("a")).body)
        assert numbers(written) == []
        assert isinstance(written["quantity"], str)


def test_a_record_of_a_newer_version_is_refused_and_says_so() -> None:
    newer = json.dumps({"v": 2, "id": "a", "shape": "nobody knows"})
    with pytest.raises(ConfigError, match=r"order a .* newer connector-sdk .* version 2; "):
        record_from(newer)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"v": 1}',
        '{"v": "x"}',
        FIRST_VERSION.replace("1.50", "x"),
        FIRST_VERSION.replace("partially_filled", "gone"),
    ],
)
def test_what_is_no_record_is_refused(body: str) -> None:
    with pytest.raises(StoreFailed, match="cannot be read back"):
        record_from(body)
