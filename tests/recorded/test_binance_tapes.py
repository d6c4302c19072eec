"""Two recorded Binance sessions through the real connector: books, best prices, losses."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

import pytest

from connector_sdk.model.events import BookUpdated
from connector_sdk.model.market_data import TopOfBook
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk_binance import connector
from lost_frames import by_span, chosen, noticed
from recorded_session import Replay, Session

pytestmark = pytest.mark.tapes

BTCUSDT = "recordings/binance/spot_btcusdt_20240808_depth100ms_trade_bookTicker.jsonl.gz"
FOUR = "recordings/binance/spot_2021-10_4sym_depth100ms_bookTicker.jsonl.gz"
NAMES = ("btcusdt", "four pairs")


def best_published(session: Session) -> dict[str, list[tuple[int, TopOfBook]]]:
    """Pair → its best prices as the venue published them on their own channel, by id."""
    found: dict[str, list[tuple[int, TopOfBook]]] = {}
    for messages in session.messages:
        for message in messages:
            if isinstance(message, TopOfBook) and message.update_id is not None:
                found.setdefault(message.pair, []).append((message.update_id, message))
    return {pair: sorted(tops, key=lambda top: top[0]) for pair, tops in found.items()}


class BestPrices:
    """After every delta applied, compares the book's best levels with the venue's own."""

    def __init__(self, session: Session) -> None:
        self.tracker = OrderBookTracker(connector, session.pairs)
        self.tracker.on(BookUpdated, self._compare)
        self._published = best_published(session)
        self.compared: dict[str, int] = {}
        self.differing: list[tuple[str, int]] = []
        for frame in session.frames:
            self.tracker.receive(frame)

    def _compare(self, event: BookUpdated) -> None:
        published = self._published.get(event.pair, [])
        at = bisect_right(published, event.update_id, key=lambda top: top[0])
        if not at:
            return
        top = published[at - 1][1]
        book = self.tracker.book(event.pair)
        bid, ask = book.best_bid, book.best_ask
        ours = (bid.price_text, bid.quantity_text, ask.price_text, ask.quantity_text)
        theirs = (top.bid_price, top.bid_quantity, top.ask_price, top.ask_quantity)
        self.compared[event.pair] = self.compared.get(event.pair, 0) + 1
        if ours != theirs:
            self.differing.append((event.pair, event.update_id))


@pytest.mark.parametrize(
    ("path", "frames", "deltas", "snapshots"),
    [(BTCUSDT, 41249, 3451, 1), (FOUR, 270, 177, 4)],
    ids=NAMES,
)
def test_a_session_is_replayed_without_a_gap(
    tapes: Path, path: str, frames: int, deltas: int, snapshots: int
) -> None:
    session = Session.read(connector, tapes / path)
    replay = Replay(session)
    assert replay.tracker.feed_metrics.frames == frames
    assert replay.tracker.feed_metrics.wire_errors == 0
    assert replay.all("gap") == replay.all("stale") == {}
    assert set(replay.all("synced")) == set(session.pairs)
    assert replay.tracker.ready
    assert all(ids == sorted(set(ids)) for ids in replay.ids.values())
    metrics = [replay.metrics(pair) for pair in session.pairs]
    assert sum(m.deltas for m in metrics) == deltas
    assert sum(m.snapshots for m in metrics) == snapshots == len(session.pairs)
    assert sum(m.crossed for m in metrics) == 0


@pytest.mark.parametrize(
    ("path", "compared"),
    [
        (BTCUSDT, {"BTC-USDT": 3449}),
        (FOUR, {"NKN-USDT": 143, "BLZ-ETH": 3, "LRC-BTC": 13}),  # RUNE-EUR has no best prices
    ],
    ids=NAMES,
)
def test_every_best_price_and_quantity_is_the_venues_own(
    tapes: Path, path: str, compared: dict[str, int]
) -> None:
    best = BestPrices(Session.read(connector, tapes / path))
    assert best.differing == []
    assert best.compared == compared


@pytest.mark.campaign
@pytest.mark.parametrize(("path", "size", "unseen"), [(BTCUSDT, 5, 2), (FOUR, 30, 9)], ids=NAMES)
def test_a_lost_depth_update_is_noticed_at_the_next_one_of_its_pair_only(
    tapes: Path, path: str, size: int, unseen: int, *, campaign: bool
) -> None:
    session = Session.read(connector, tapes / path).books_only()
    places = session.deltas()
    if not campaign:
        places = chosen(places, size, seed=13)
    # The last of each pair, which nothing follows, and those that the snapshot covers.
    assert noticed(session, by_span, places) >= len(places) - unseen
