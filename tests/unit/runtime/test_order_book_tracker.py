"""OrderBookTracker: frames in at one door; pairs, connections and listeners kept apart."""

from __future__ import annotations

import logging

import pytest

from connector_sdk.errors import ConfigError, RequestTimeout, Sent
from connector_sdk.model.events import (
    BookState,
    BookUpdated,
)
from connector_sdk.model.market_data import BookDelta, BookSnapshot, TopOfBook, Trade
from connector_sdk.model.order import Side
from connector_sdk.model.wire import Subscribed
from connector_sdk.protocols.tracker import Control, NeedSnapshot, Resubscribe
from connector_sdk.testing.plain_connector import SNAPSHOT_URL, encoded
from tracker_desk import BTC, ETH, LINKS, SECOND_NS, Desk, synced


def test_a_frame_becomes_a_book_and_listeners_hear_of_it() -> None:
    desk = synced()
    desk.delta(BTC, 6)
    assert desk.state(BTC) == ("synced", 6)
    assert desk.bid(BTC) == "6"
    assert desk.events == [BookUpdated(BTC, 6, desk.now_ns, None)]
    assert desk.tracker.ready


def test_wishes_are_handed_out_once() -> None:
    desk = Desk()
    desk.delta(BTC, 5)
    desk.delta(BTC, 6)
    assert desk.tracker.take_requests() == [NeedSnapshot(BTC, "the first delta is in", 0)]
    assert not desk.tracker.take_requests()


def test_one_pairs_gap_resets_no_other_pair() -> None:
    desk = synced()
    desk.delta(BTC, 8)
    desk.delta(ETH, 6)
    assert desk.state(BTC) == ("stale", 5)
    assert desk.state(ETH) == ("synced", 6)
    assert desk.asked() == [BTC]


def test_a_gap_in_stream_asks_to_subscribe_anew_once_for_any_number_of_deltas() -> None:
    desk = synced(LINKS)
    for last in range(8, 40):
        desk.delta(BTC, last, last - 1)
    requests = desk.tracker.take_requests()
    assert requests == [Resubscribe(BTC, "gap: delta 8..8 after 5", 0)]


def test_a_failed_snapshot_is_asked_for_again_with_one_more_attempt() -> None:
    desk = synced()
    desk.delta(BTC, 8)
    desk.tracker.take_requests()
    desk.tracker.snapshot_failed(BTC, RequestTimeout("late", Sent.MAYBE), desk.now_ns)
    assert desk.tracker.take_requests() == [NeedSnapshot(BTC, "late", 1)]


def test_pairs_whose_snapshots_keep_failing_are_degraded() -> None:
    desk = synced()
    desk.delta(BTC, 8)
    for _ in range(5):
        desk.tracker.snapshot_failed(BTC, RequestTimeout("late", Sent.MAYBE), desk.now_ns)
    assert desk.tracker.degraded == {BTC: (5, "late")}


def test_a_trade_is_told_once_whatever_it_comes_on() -> None:
    desk = synced()
    trades: list[Trade] = []
    desk.tracker.on(Trade, trades.append)
    for trade_id, connection in (("1", "ws.1"), ("1", "ws.2"), ("2", "ws.2"), ("1", "ws.1")):
        desk.receive(encoded(Trade(BTC, trade_id, Side.SELL, "10", "1")), connection)
    assert [trade.trade_id for trade in trades] == ["1", "2"]
    assert trades[0].side is Side.SELL
    assert desk.tracker.metrics(BTC).trades == 2
    assert desk.tracker.book(BTC).last_trade_price == "10"


def test_only_the_last_thousand_trade_ids_are_remembered() -> None:
    desk = synced()
    for n in (*range(1_001), 1_000, 0):
        desk.receive(encoded(Trade(BTC, str(n), Side.BUY, "10", "1")))
    assert desk.tracker.metrics(BTC).trades == 1_002


def test_the_same_trade_id_of_two_pairs_is_two_trades() -> None:
    desk = synced()
    for pair in (BTC, ETH):
        desk.receive(encoded(Trade(pair, "1", Side.BUY, "10", "1")))
    assert [desk.tracker.metrics(pair).trades for pair in (BTC, ETH)] == [1, 1]


def test_the_venues_own_best_prices_are_told() -> None:
    desk = synced()
    tops: list[TopOfBook] = []
    desk.tracker.on(TopOfBook, tops.append)
    desk.receive(encoded(TopOfBook(BTC, "10", "1", "11", "1")))
    assert [top.bid_price for top in tops] == ["10"]


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        b"\xff\xfe",
        "[]",
        '{"k": "delta"}',
        '{"k": "delta", "pair": "BTC-USD", "bids": 5, "asks": [], "last_id": 6}',
        '{"k": "delta", "pair": "BTC-USD", "bids": [["x", "1"]], "asks": [], "last_id": 6}',
        '{"k": "snapshot", "pair": "BTC-USD", "bids": [["x", "1"]], "asks": [], "last_id": 6}',
        '{"k": "snapshot", "pair"',
        "x" * 10_000_000,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_a_malformed_frame_is_counted_and_harms_no_other_pair(text: str | bytes) -> None:
    desk = synced()
    desk.receive(text)
    desk.delta(ETH, 6)
    assert desk.state(ETH) == ("synced", 6)
    figures = desk.tracker.feed_metrics
    assert figures.wire_errors == 1
    assert len(figures.last_wire_error or "") < 1_000


@pytest.mark.parametrize("kind", ["delta", "snapshot"])
@pytest.mark.parametrize("followed_by", ["delta", "snapshot"])
def test_an_id_that_is_no_number_is_counted_and_leaves_nothing_behind(
    kind: str, followed_by: str
) -> None:
    for desk in (Desk(), synced()):
        rows = '"bids": [["10", "6"]], "asks": [["11", "1"]]'
        desk.receive(f'{{"k": "{kind}", "pair": "{BTC}", {rows}, "last_id": "6"}}')
        if followed_by == "snapshot":
            desk.answer(BTC, 6)
        for last in range(7, 10):
            desk.delta(BTC, last)
            if BTC in desk.asked():
                desk.answer(BTC, last)
        assert desk.tracker.feed_metrics.wire_errors >= 1
        assert desk.state(BTC) == ("synced", 9)


def test_a_message_of_an_unknown_kind_is_counted_by_kind_and_never_fatal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    desk = synced()
    for kind in ("news", "news", "weather"):
        desk.receive(f'{{"k": "{kind}"}}')
    assert desk.tracker.feed_metrics.unrecognized == {"news": 2, "weather": 1}
    assert [text.partition("unrecognized ")[2] for text in caplog.messages] == [
        "news; said once",
        "weather; said once",
    ]
    assert desk.tracker.feed_metrics.wire_errors == 0


def test_kinds_without_end_do_not_fill_the_memory() -> None:
    desk = synced()
    for n in range(1_000):
        desk.receive(f'{{"k": "kind {n}"}}')
    counted = desk.tracker.feed_metrics.unrecognized
    assert len(counted) == 101
    assert sum(counted.values()) == 1_000


def test_a_listener_that_raises_harms_neither_the_book_nor_other_listeners(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = synced()
    heard: list[int] = []

    def raises(event: BookUpdated) -> None:
        raise RuntimeError(event.pair)

    desk.tracker.on(BookUpdated, raises)
    desk.tracker.on(BookUpdated, lambda event: heard.append(event.update_id))
    with caplog.at_level(logging.CRITICAL):
        desk.delta(BTC, 6)
        desk.delta(BTC, 7)
    assert heard == [6, 7]
    assert desk.state(BTC) == ("synced", 7)


def test_pairs_come_and_go_while_the_others_miss_nothing() -> None:
    desk = synced()
    desk.tracker.unsubscribe(BTC)
    desk.delta(BTC, 6)
    desk.delta(ETH, 6)
    assert desk.state(ETH) == ("synced", 6)
    with pytest.raises(ConfigError, match="BTC-USD is not followed"):
        desk.tracker.book(BTC)
    desk.tracker.subscribe("btc/usd")
    desk.delta(BTC, 9)
    assert desk.state(BTC) == ("syncing", 0)
    assert desk.tracker.pairs == [ETH, BTC]


def test_without_a_list_every_pair_that_shows_up_is_followed() -> None:
    desk = Desk(pairs=None)
    assert not desk.tracker.ready
    desk.delta("SOL-USD", 4)
    assert desk.tracker.pairs == ["SOL-USD"]


def test_a_pair_nobody_follows_is_passed_over() -> None:
    desk = synced()
    desk.delta("SOL-USD", 4)
    desk.answer("SOL-USD", 4)
    assert desk.tracker.pairs == [BTC, ETH]


def test_control_words_are_handed_to_the_connection_they_came_on() -> None:
    desk = Desk()
    desk.receive(encoded(Subscribed("1")), "ws.3")
    assert desk.tracker.take_requests() == [Control("ws.3", Subscribed("1"))]


def test_a_quiet_pair_hangs_on_the_connection_that_acknowledged_it() -> None:
    desk = Desk()
    desk.tracker.subscribed("ws.1", [BTC, ETH], desk.now_ns)
    desk.answer(BTC, 5)
    assert desk.state(BTC) == ("synced", 5)
    desk.tracker.connection_lost("ws.1", "reset by peer", desk.now_ns)
    assert desk.tracker.book(BTC).state is BookState.STALE


def test_a_wire_error_in_a_tick_is_counted_and_asked_about_again() -> None:
    desk = synced()
    for seconds in (3_700, 1, 10):
        desk.now_ns += seconds * SECOND_NS
        desk.tracker.tick(desk.now_ns)
        if seconds == 3_700:
            rows = encoded(BookSnapshot(BTC, [["x", "1"]], [], 9))
            desk.receive(rows, "", SNAPSHOT_URL)
    assert desk.tracker.feed_metrics.wire_errors == 1
    assert desk.asked().count(BTC) == 2
    assert desk.state(BTC) == ("synced", 5)


def test_a_wire_error_in_a_handover_is_counted_not_raised() -> None:
    desk = synced()
    malformed = BookDelta(BTC, [["x", "1"]], [], 7)
    desk.receive(encoded(malformed), "ws.2")
    desk.delta(BTC, 6, on="ws.1")
    desk.tracker.connection_lost("ws.1", "handed over", desk.now_ns)
    assert desk.tracker.feed_metrics.wire_errors == 1
    assert desk.state(BTC)[0] == "stale"
