"""Streams that speak JSON-RPC: texts that ask, and what their answers mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from connector_sdk.book.sequence import SpanIds
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.wire import Subscribed, SubscriptionRefused
from connector_sdk.protocols.data_source import Decode
from connector_sdk.protocols.json_rpc import RpcOrderBookDataSource, rpc_answer, rpc_request


class Source(RpcOrderBookDataSource):
    """Two streams a pair."""

    sequence_rule = SpanIds()
    subscribe_method, unsubscribe_method = "listen", "forget"

    def endpoint(self) -> tuple[str, str]:
        raise NotImplementedError

    def open(self, instruments: Instruments) -> Decode:
        raise NotImplementedError

    def snapshot_request(self, pair: str, instruments: Instruments) -> None:
        return None

    def streams(self, pairs: Sequence[str], instruments: Instruments) -> Sequence[str]:
        return [f"{pair}.{kind}" for pair in pairs for kind in ("book", "trades")]


def test_a_request_is_acknowledged_under_its_number() -> None:
    request = rpc_request("open", {"key": "k", "time": 5}, 3)
    assert request.ack == "3"
    assert json.loads(request.text) == {
        "id": 3,
        "method": "open",
        "params": {"key": "k", "time": 5},
    }


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"id": 3, "result": None}, Subscribed("3")),
        ({"id": "three", "result": {}, "error": None}, Subscribed("three")),
        ({"id": 3, "error": {"code": -1, "msg": "no"}}, SubscriptionRefused("3", "-1", "no")),
        ({"id": 3, "error": {"code": 1, "message": "no"}}, SubscriptionRefused("3", "1", "no")),
        ({"id": 3, "code": 2, "msg": "no"}, SubscriptionRefused("3", "2", "no")),
        ({"id": None, "error": {"code": 2}}, SubscriptionRefused(None, "2", "")),
        ({"result": None}, None),
        ({"id": None, "result": None}, None),
        ({"channel": "book"}, None),
    ],
)
def test_an_answer_is_a_yes_a_no_or_none(answer: Mapping[str, object], word: object) -> None:
    assert rpc_answer(answer) == word


def test_all_streams_of_all_pairs_are_asked_for_and_given_up_in_one_text() -> None:
    names = ["A-B.book", "A-B.trades", "C-D.book", "C-D.trades"]
    for ask, method in ((Source().subscribe, "listen"), (Source().unsubscribe, "forget")):
        (request,) = ask(["A-B", "C-D"], Instruments(()), 4)
        assert json.loads(request.text) == {"id": 4, "method": method, "params": names}
        assert request.ack == "4"
