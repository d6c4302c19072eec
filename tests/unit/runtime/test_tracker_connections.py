"""OrderBookTracker: what happens to books when frames go missing and connections end."""

from __future__ import annotations

import pytest

from connector_sdk.book.sequence import Timestamps
from connector_sdk.errors import BookNotSynced
from connector_sdk.model.events import (
    BookStale,
    BookUpdated,
    FeedInterrupted,
)
from connector_sdk.model.market_data import Trade
from connector_sdk.model.order import Side
from connector_sdk.testing.plain_connector import (
    Rules,
    encoded,
    heartbeat,
)
from tracker_desk import BTC, COUNTED, ETH, LINKS, SECOND_NS, Desk, synced


def test_a_missed_frame_makes_every_pair_of_that_connection_stale() -> None:
    desk = synced(COUNTED)
    desk.snapshot(BTC, None, on="ws.2", number=1)
    desk.delta(ETH, None, number=4)
    assert desk.state(BTC)[0] == "synced"
    assert desk.state(ETH)[0] == "stale"
    desk.delta(BTC, None, on="ws.2", number=2)
    assert desk.bid(BTC) == "2"


def test_a_missed_frame_spares_no_pair_of_its_connection() -> None:
    desk = synced(COUNTED)
    desk.delta(ETH, None, number=5)
    assert [desk.state(pair)[0] for pair in (BTC, ETH)] == ["stale", "stale"]
    assert desk.asked() == [BTC, ETH]


def test_a_heartbeat_is_counted_like_any_frame() -> None:
    desk = synced(COUNTED)
    desk.receive(heartbeat(3))
    desk.delta(BTC, None, number=4)
    assert desk.state(BTC) == ("synced", 4)
    desk.receive(heartbeat(6))
    assert desk.state(BTC) == ("stale", 4)


def test_a_repeated_frame_number_is_dropped_but_its_trade_is_not() -> None:
    desk = synced(COUNTED)
    trades: list[Trade] = []
    desk.tracker.on(Trade, trades.append)
    desk.delta(BTC, None, number=3)
    desk.delta(BTC, None, number=3)
    desk.receive(encoded(Trade(BTC, "7", Side.BUY, "1", "1"), 2))
    assert desk.state(BTC) == ("synced", 3)
    assert [trade.trade_id for trade in trades] == ["7"]


def test_a_connection_whose_count_began_anew_is_not_deaf_for_ever() -> None:
    desk = synced(COUNTED)
    desk.delta(BTC, None, number=900)
    desk.snapshot(BTC, None, number=901)
    desk.delta(BTC, None, number=1)
    assert desk.state(BTC) == ("synced", 901)
    desk.now_ns += 6 * SECOND_NS
    desk.delta(BTC, None, number=2)
    assert desk.state(BTC)[0] == "stale"
    desk.snapshot(BTC, None, number=3)
    desk.delta(BTC, None, number=4)
    assert desk.state(BTC) == ("synced", 4)


def test_a_lost_connection_makes_its_books_stale_before_the_next_read() -> None:
    desk = synced()
    desk.tracker.connection_lost("ws.1", "reset by peer", desk.now_ns)
    with pytest.raises(BookNotSynced):
        _ = desk.tracker.book(BTC).best_bid
    assert desk.kinds(BTC) == [BookStale, FeedInterrupted]
    assert not desk.tracker.take_requests()


def test_every_reconnect_resyncs() -> None:
    desk = synced()
    desk.tracker.connection_lost("ws.1", "reset by peer", desk.now_ns)
    desk.delta(BTC, 6, on="ws.2")
    assert desk.state(BTC) == ("stale", 5)
    assert desk.asked() == [BTC]
    desk.answer(BTC, 5)
    assert desk.state(BTC) == ("synced", 6)


def test_an_answer_that_comes_while_the_connection_is_down_is_not_trusted() -> None:
    desk = synced()
    desk.delta(BTC, 8)
    desk.tracker.connection_lost("ws.1", "reset by peer", desk.now_ns)
    desk.answer(BTC, 8)
    assert desk.state(BTC) == ("stale", 5)


def test_the_end_of_a_connection_that_feeds_nothing_is_nobodys_loss() -> None:
    desk = synced()
    desk.tracker.connection_lost("ws.9", "closed", desk.now_ns)
    assert desk.state(BTC) == ("synced", 5)
    assert not desk.events


def test_a_handover_neither_loses_nor_doubles() -> None:
    desk = synced()
    desk.tracker.subscribed("ws.2", [BTC], desk.now_ns)
    desk.delta(BTC, 8, on="ws.2")
    for last in (6, 7):
        desk.delta(BTC, last)
    desk.delta(BTC, 8)
    desk.delta(BTC, 9, on="ws.2")
    desk.tracker.connection_lost("ws.1", "handed over", desk.now_ns)
    assert desk.state(BTC) == ("synced", 9)
    assert [event.update_id for event in desk.events if isinstance(event, BookUpdated)] == [
        *(6, 7, 8, 9)
    ]
    assert desk.tracker.owned_by("ws.2") == {BTC}
    assert desk.kinds(ETH) == [BookStale, FeedInterrupted]


def test_the_earlier_connections_frames_are_dropped_once_the_later_one_took_over() -> None:
    desk = synced()
    desk.delta(BTC, 6, on="ws.2")
    desk.delta(BTC, 6)
    desk.delta(BTC, 7)
    assert desk.state(BTC) == ("synced", 6)
    desk.delta(BTC, 7, on="ws.2")
    assert desk.state(BTC) == ("synced", 7)
    assert desk.tracker.metrics(BTC).deltas == 3


def test_what_the_later_connection_held_back_is_taken_when_the_earlier_one_ends() -> None:
    desk = synced()
    desk.delta(BTC, 7, on="ws.2")
    desk.tracker.connection_lost("ws.1", "handed over", desk.now_ns)
    assert desk.kinds(BTC) == [BookStale]
    assert desk.asked() == [BTC]
    desk.answer(BTC, 6)
    assert desk.state(BTC) == ("synced", 7)


def test_without_numbers_a_handover_waits_for_an_overlap() -> None:
    desk = Desk(Rules(Timestamps()), [BTC])
    desk.delta(BTC, None, event_ns=5)
    desk.answer(BTC, None, event_ns=5)
    desk.delta(BTC, None, on="ws.2", event_ns=8)
    assert desk.tracker.owned_by("ws.1") == {BTC}
    desk.delta(BTC, None, event_ns=8)
    desk.delta(BTC, None, event_ns=9)
    assert desk.tracker.owned_by("ws.2") == {BTC}
    assert desk.state(BTC)[0] == "synced"


def test_without_numbers_two_connections_never_fill_one_buffer() -> None:
    desk = Desk(Rules(Timestamps()), [BTC])
    desk.delta(BTC, None, event_ns=5)
    desk.delta(BTC, None, on="ws.2", event_ns=8)
    desk.delta(BTC, None, event_ns=6)
    desk.delta(BTC, None, event_ns=7)
    desk.answer(BTC, None, event_ns=5)
    assert desk.state(BTC) == ("synced", 3)
    assert desk.tracker.owned_by("ws.1") == {BTC}


def test_without_any_stamp_the_end_of_the_earlier_connection_is_a_loss() -> None:
    desk = Desk(Rules(Timestamps()), [BTC])
    desk.delta(BTC, None)
    desk.answer(BTC, None)
    desk.delta(BTC, None, on="ws.2")
    assert desk.tracker.owned_by("ws.1") == {BTC}
    desk.tracker.connection_lost("ws.1", "handed over", desk.now_ns)
    assert desk.state(BTC)[0] == "stale"


def test_a_snapshot_of_an_earlier_connection_does_not_replace_the_later_ones() -> None:
    desk = synced(LINKS)
    desk.snapshot(BTC, 9, on="ws.2")
    desk.snapshot(BTC, 7, on="ws.1")
    assert desk.state(BTC) == ("synced", 9)
    assert desk.tracker.owned_by("ws.2") == {BTC}
