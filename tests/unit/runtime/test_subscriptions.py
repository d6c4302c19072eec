"""Subscriptions: what is asked, acknowledged, refused and asked again, by the clock."""

from __future__ import annotations

import json
from collections.abc import Sequence

from connector_sdk.model.instrument import Instruments
from connector_sdk.model.wire import StreamRequest
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.data_source import OrderBookTrackerDataSource
from connector_sdk.runtime.subscriptions import Subscriptions

SECOND_NS = 1_000_000_000
DECLARED = type(load_connector("binance").order_book)


class Channels(DECLARED):  # type: ignore[misc,valid-type]  # its base is found at run time
    """Two texts a call, each with an acknowledgement of its own (or none)."""

    acked = True

    def subscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        return [
            StreamRequest(
                json.dumps(["+", channel, *pairs]),
                f"{channel} {request_id}" if self.acked else None,
            )
            for channel in ("book", "trade")
        ]

    def unsubscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        return [StreamRequest(json.dumps(["-", *pairs]), f"- {request_id}")]


class Unacknowledged(Channels):
    acked = False


def made(source: OrderBookTrackerDataSource | None = None) -> Subscriptions:
    return Subscriptions(source or Channels(), Instruments(()), ack_s=5.0)


def texts(subscriptions: Subscriptions, now_ns: int = 0) -> list[list[str]]:
    sent: list[list[str]] = []
    while (text := subscriptions.next_text(now_ns)) is not None:
        sent.append(json.loads(text))
    return sent


def test_pairs_that_join_together_are_asked_for_together() -> None:
    subscriptions = made()
    subscriptions.join(["A", "B"])
    subscriptions.join(["C"])
    assert texts(subscriptions) == [["+", "book", "A", "B", "C"], ["+", "trade", "A", "B", "C"]]
    assert not subscriptions.waiting


def test_pairs_are_carried_once_every_acknowledgement_is_in() -> None:
    subscriptions = made()
    subscriptions.join(["A", "B"])
    texts(subscriptions)
    subscriptions.acknowledged("book 1")
    assert list(subscriptions.take_carried()) == []
    subscriptions.acknowledged("of somebody else")
    subscriptions.acknowledged("trade 1")
    assert list(subscriptions.take_carried()) == ["A", "B"]
    assert list(subscriptions.take_carried()) == []
    assert list(subscriptions.overdue(1_000 * SECOND_NS)) == []


def test_where_the_venue_acknowledges_nothing_a_sent_subscription_counts() -> None:
    subscriptions = made(Unacknowledged())
    subscriptions.join(["A"])
    texts(subscriptions)
    assert list(subscriptions.take_carried()) == ["A"]


def test_a_lost_acknowledgement_is_asked_for_again_later_each_time() -> None:
    subscriptions = made()
    subscriptions.join(["A"])
    texts(subscriptions)
    assert list(subscriptions.overdue(5 * SECOND_NS - 1)) == []
    assert list(subscriptions.overdue(5 * SECOND_NS)) == ["A"]
    assert texts(subscriptions, 5 * SECOND_NS) == [["+", "book", "A"], ["+", "trade", "A"]]
    assert list(subscriptions.overdue(14 * SECOND_NS)) == []
    assert list(subscriptions.overdue(15 * SECOND_NS)) == ["A"]


def test_a_refused_batch_is_split_and_the_pair_to_blame_is_named_alone() -> None:
    subscriptions = made()
    subscriptions.join(["A", "BAD"])
    texts(subscriptions)
    assert list(subscriptions.refused("book 1", "no", 0)) == []
    asked = [json.loads(subscriptions.next_text(0) or "") for _ in range(4)]
    assert [pairs for _, _, *pairs in asked] == [["A"], ["A"], ["BAD"], ["BAD"]]
    assert list(subscriptions.refused("book 5", "no such stream", 0)) == ["BAD"]
    assert subscriptions.refusals == {"BAD": "no such stream"}
    subscriptions.acknowledged("book 3")
    subscriptions.acknowledged("trade 3")
    assert list(subscriptions.take_carried()) == ["A"]


def test_a_refused_pair_is_tried_again_and_forgiven_when_that_works() -> None:
    subscriptions = made()
    subscriptions.join(["A"])
    texts(subscriptions)
    subscriptions.refused("trade 1", "no", 0)
    subscriptions.overdue(SECOND_NS)
    assert texts(subscriptions, SECOND_NS) == []
    subscriptions.overdue(2 * SECOND_NS)
    assert len(texts(subscriptions, 2 * SECOND_NS)) == 2
    subscriptions.acknowledged("book 3")
    subscriptions.acknowledged("trade 3")
    assert subscriptions.refusals == {}


def test_a_refusal_that_names_no_request_counts_where_only_one_is_open() -> None:
    subscriptions = made()
    subscriptions.join(["A"])
    texts(subscriptions)
    assert list(subscriptions.refused(None, "no", 0)) == ["A"]
    assert list(subscriptions.refused(None, "no", 0)) == []


def test_a_pair_that_left_is_neither_asked_for_nor_told_nor_tried_again() -> None:
    subscriptions = made()
    subscriptions.join(["A", "B"])
    texts(subscriptions)
    subscriptions.leave("A")
    subscriptions.acknowledged("book 1")
    subscriptions.acknowledged("trade 1")
    assert list(subscriptions.take_carried()) == ["B"]
    assert texts(subscriptions) == [["-", "A"]]


def test_renewing_ends_the_subscription_before_it_asks_anew() -> None:
    subscriptions = made()
    subscriptions.join(["A"])
    texts(subscriptions)
    subscriptions.renew("A")
    assert [text[0] for text in texts(subscriptions)] == ["-", "+", "+"]
