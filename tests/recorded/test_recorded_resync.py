"""A loss cut into a recorded session, then a snapshot: the book is the undisturbed one again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from connector_sdk.model.market_data import BookDelta
from connector_sdk.model.wire import Frame
from connector_sdk.protocols.connector import Connector
from connector_sdk_binance import connector as binance
from naive_book import NaiveBook, left_by
from recorded_session import Replay, Session
from recorded_venues import SESSIONS

pytestmark = pytest.mark.tapes

Answer = Callable[[str, NaiveBook, int], tuple[str, object]]
"""(pair, book, its id) → (URL asked, body of the answer)."""


def kucoin_answer(pair: str, book: NaiveBook, at: int) -> tuple[str, object]:
    bids, asks = book.best(10_000)
    data = {"time": 0, "sequence": str(at), "bids": bids, "asks": asks}
    return f"https://api/api/v3/market/orderbook/level2?symbol={pair}", {"data": data}


def binance_answer(pair: str, book: NaiveBook, at: int) -> tuple[str, object]:
    bids, asks = book.best(10_000)
    url = f"https://api/api/v3/depth?symbol={pair.replace('-', '')}&limit=5000"
    return url, {"lastUpdateId": at, "bids": bids, "asks": asks}


def answer_at(session: Session, pair: str, frame: int, answer: Answer) -> Frame:
    """The snapshot that the venue would have given after it had sent `frame`."""
    sent = [message for index, message in session.books(pair) if index <= frame]
    at = max(message.last_id or 0 for message in sent)
    url, body = answer(pair, left_by(sent, None), at)
    return Frame(json.dumps(body), session.frames[frame].received_ns, url, "http")


KUCOIN = SESSIONS["kucoin"]
BINANCE = (binance, "binance/spot_2021-10_4sym_depth100ms_bookTicker.jsonl.gz")


@pytest.mark.parametrize(
    ("venue", "answer"),
    [(KUCOIN, kucoin_answer), (BINANCE, binance_answer)],
    ids=["kucoin", "binance"],
)
def test_one_snapshot_after_the_loss_makes_the_book_whole_again(
    tapes: Path, venue: tuple[Connector, str], answer: Answer
) -> None:
    connector, path = venue
    session = Session.read(connector, tapes / "recordings" / path).books_only()
    whole = Replay(session)
    pair = max(session.pairs, key=lambda p: whole.metrics(p).applied)
    synced = whole.all("synced")[pair][0]
    places = [
        index
        for index, message in session.books(pair)
        if isinstance(message, BookDelta) and index > synced
    ]
    for lost in Random(17).sample(range(1, len(places) - 12), 3):
        shows, asked_at = places[lost + 1], places[lost + 8]
        old = answer_at(session, pair, places[lost - 1], answer)
        good = answer_at(session, pair, asked_at, answer)
        frames = [*session.frames[: asked_at + 1], old, good, *session.frames[asked_at + 1 :]]
        replay = Replay(Session(connector, frames), without={places[lost]})
        assert replay.all("gap") == replay.all("stale") == {pair: [shows]}
        assert replay.all("synced")[pair] == [synced, asked_at + 2]
        assert replay.metrics(pair).resyncs == 1
        assert replay.metrics(pair).snapshots_asked == whole.metrics(pair).snapshots_asked + 2
        assert replay.metrics(pair).update_id == whole.metrics(pair).update_id
        for each in session.pairs:
            assert replay.top(each) == whole.top(each)
