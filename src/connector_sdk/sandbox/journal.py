"""Journal: what the venue truly did. The oracle of every fault test."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from connector_sdk.errors import ConfigError
from connector_sdk.model.order import Side
from connector_sdk.sandbox.book_log import BookLog
from connector_sdk.sandbox.bounds import USUAL, Bounds
from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.matching_engine import LevelChange, MatchingEngine
from connector_sdk.sandbox.publications import BookImage, TradePrint
from connector_sdk.sandbox.trading import AccountBalance
from connector_sdk.sandbox.trading_journal import (
    Acceptance,
    Arrival,
    Ending,
    FillRecord,
    TradingJournal,
)

CHANGES_A_CHAPTER = 4_096
MOST_FAULTS = 500_000


class TrueBook(NamedTuple):
    """The venue's book as it was at `update_id`: (price, quantity), best first, exact."""

    pair: str
    update_id: int
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]


class FaultRecord(NamedTuple):
    """One injection, placed by connection and message number.

    connection:  ``ws.N``, the Nth stream opened, or ``http``.
    message:     number of the stream's message, or of the HTTP request, counted from 1.
    detail:      what exactly was done, where the name does not say it.
    """

    name: str
    number: int
    connection: str
    message: int
    pair: str
    stream: str
    at_ns: int
    detail: str = ""


class Withheld(NamedTuple):
    """A level change that was left out of a delta without a trace."""

    connection: str
    pair: str
    side: Side
    price: int
    update_id: int


class _Chapter:
    """A book, and the changes after it: parallel arrays, one entry an update id."""

    __slots__ = ("asks", "bids", "first_id", "lots", "prices", "times_ns")

    def __init__(self, at_id: int, bids: dict[int, int], asks: dict[int, int]) -> None:
        self.first_id = at_id + 1
        self.bids = array("q", [n for level in bids.items() for n in level])
        self.asks = array("q", [n for level in asks.items() for n in level])
        self.prices = array("q")
        self.lots = array("q")
        self.times_ns = array("q")

    @property
    def last_id(self) -> int:
        return self.first_id - 1 + len(self.prices)

    def covers(self, update_id: int) -> bool:
        return self.first_id - 1 <= update_id <= self.last_id

    def start(self) -> tuple[dict[int, int], dict[int, int]]:
        bids, asks = iter(self.bids), iter(self.asks)
        return dict(zip(bids, bids, strict=True)), dict(zip(asks, asks, strict=True))

    def apply(self, book: tuple[dict[int, int], dict[int, int]], after: int, upto: int) -> None:
        """Carry `book` from update id `after` to `upto`, both within this chapter."""
        start, stop = after + 1 - self.first_id, upto + 1 - self.first_id
        prices, lots = self.prices[start:stop], self.lots[start:stop]
        for price, total in zip(prices, lots, strict=True):
            side = book[0] if price > 0 else book[1]
            if total:
                side[abs(price)] = total
            else:
                side.pop(abs(price), None)


class PairJournal:
    """One pair's true book at every update id, its trades, and every act on the book.

    log: the acts and whom they met; the engine writes it.

    Bounded: `bounds` says how many chapters of 4,096 changes, and how many trades; the oldest go
    first. Asking for an id that is gone raises ConfigError.
    """

    def __init__(self, listing: Listing, bounds: Bounds = USUAL) -> None:
        self._bounds = bounds
        self._listing = listing
        self._chapters: deque[_Chapter] = deque(maxlen=bounds.chapters)
        self._now: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._cursor: tuple[_Chapter, int, tuple[dict[int, int], dict[int, int]]] | None = None
        self.trades: deque[TradePrint] = deque(maxlen=bounds.trades)
        self.changes = 0
        self.log: BookLog | None = None

    def open(self, engine: MatchingEngine) -> None:
        """Start a chapter at the engine's book: at the start, and after ids were reset."""
        if self.log is None:
            self.log = engine.log = BookLog(engine, self._bounds.acts)
        self._now = (
            dict(engine.bids.top(len(engine.bids))),
            dict(engine.asks.top(len(engine.asks))),
        )
        self._chapters.append(_Chapter(engine.update_id, *self._now))

    def record(self, changes: Iterable[LevelChange], at_ns: int) -> None:
        """Write down level changes, in order of their ids."""
        for update_id, side, price, lots in changes:
            chapter = self._chapters[-1]
            if len(chapter.prices) == CHANGES_A_CHAPTER:
                chapter = _Chapter(update_id - 1, *self._now)
                self._chapters.append(chapter)
            book_side = self._now[0] if side is Side.BUY else self._now[1]
            if lots:
                book_side[price] = lots
            else:
                book_side.pop(price, None)
            chapter.prices.append(price if side is Side.BUY else -price)
            chapter.lots.append(lots)
            chapter.times_ns.append(at_ns)
            self.changes += 1

    @property
    def first_id(self) -> int:
        """The oldest update id still known (of the newest run of ids)."""
        return self._newest_run()[0].first_id - 1

    @property
    def last_id(self) -> int:
        """The update id of now."""
        return self._chapters[-1].last_id

    def image_at(self, update_id: int, levels: int | None = None) -> BookImage:
        """The book at `update_id` in ticks and lots; of ids used twice, the newest run counts."""
        chapter = self._chapter(update_id)
        cursor = self._cursor
        if cursor is not None and cursor[0] is chapter and cursor[1] <= update_id:
            book, after = cursor[2], cursor[1]
        else:
            book, after = chapter.start(), chapter.first_id - 1
        chapter.apply(book, after, update_id)
        self._cursor = (chapter, update_id, book)
        bids = sorted(book[0].items(), reverse=True)[:levels]
        asks = sorted(book[1].items())[:levels]
        event_ns = self.time_of(update_id) or 0
        return BookImage(
            self._listing.instrument.pair, update_id, tuple(bids), tuple(asks), event_ns
        )

    def book_at(self, update_id: int, levels: int | None = None) -> TrueBook:
        """The book at `update_id`, exact. Raises ConfigError for an id the journal has not."""
        image, listing = self.image_at(update_id, levels), self._listing
        bids, asks = (
            [(listing.price(price), listing.quantity(lots)) for price, lots in side]
            for side in (image.bids, image.asks)
        )
        return TrueBook(image.pair, update_id, bids, asks)

    def time_of(self, update_id: int) -> int | None:
        """When that change happened, ns; None for the id a chapter starts at."""
        chapter = self._chapter(update_id)
        index = update_id - chapter.first_id
        return chapter.times_ns[index] if index >= 0 else None

    def id_at(self, at_ns: int) -> int:
        """The update id the book stood at at that time (at best the oldest known)."""
        for chapter in reversed(self._newest_run()):
            if chapter.times_ns and chapter.times_ns[0] <= at_ns:
                return chapter.first_id - 1 + bisect_right(chapter.times_ns, at_ns)
        return self.first_id

    def changed_since(self, side: Side, price: int, after: int, upto: int) -> bool:
        """Whether that level changed with an update id in after+1..upto."""
        wanted = price if side is Side.BUY else -price
        for chapter in self._newest_run():
            start, stop = after + 1 - chapter.first_id, upto + 1 - chapter.first_id
            if stop > 0 and wanted in chapter.prices[max(start, 0) : stop]:
                return True
        return False

    def digest_into(self, digest: hashlib.blake2b) -> None:
        """Feed everything kept of this pair to `digest`."""
        for chapter in self._chapters:
            digest.update(str(chapter.first_id).encode())
            for numbers in (
                chapter.bids,
                chapter.asks,
                chapter.prices,
                chapter.lots,
                chapter.times_ns,
            ):
                digest.update(numbers.tobytes())
        digest.update(repr(list(self.trades)).encode())

    def _chapter(self, update_id: int) -> _Chapter:
        # Newest first; an id that ends one chapter and starts the next is in both.
        for chapter in reversed(self._chapters):
            if chapter.covers(update_id):
                return chapter
        raise ConfigError(
            f"{self._listing.instrument.pair}: the journal has no update id {update_id}; "
            f"it has {self.first_id}..{self.last_id}"
        )

    def _newest_run(self) -> Sequence[_Chapter]:
        run: deque[_Chapter] = deque()
        for chapter in reversed(self._chapters):
            if run and run[0].first_id != chapter.last_id + 1:
                break
            run.appendleft(chapter)
        return run


class Journal:
    """What the venue truly did: books by update id, trades, orders, and every fault it injected.

    trading: orders, requests about them, fills, money.

    Faults are bounded too: the newest 500,000 are kept, and `faults_total` counts on.
    """

    def __init__(self, listings: Iterable[Listing], bounds: Bounds = USUAL) -> None:
        self.pairs = {one.instrument.pair: PairJournal(one, bounds) for one in listings}
        self.faults: deque[FaultRecord] = deque(maxlen=MOST_FAULTS)
        self.faults_total = 0
        self.withheld: deque[Withheld] = deque(maxlen=MOST_FAULTS)
        self.trading = TradingJournal(bounds)

    def book_at(self, pair: str, update_id: int, levels: int | None = None) -> TrueBook:
        """The true book of `pair` at `update_id`, best first; `levels` a side, None for all."""
        return self[pair].book_at(update_id, levels)

    def trades(self, pair: str) -> Sequence[TradePrint]:
        """All trades kept, oldest first."""
        return self[pair].trades

    @property
    def orders(self) -> Sequence[Acceptance]:
        """Orders the venue took, oldest first."""
        return self.trading.orders

    @property
    def arrivals(self) -> Sequence[Arrival]:
        """Requests about orders as they arrived, accepted or not."""
        return self.trading.arrivals

    @property
    def ends(self) -> Sequence[Ending]:
        """Orders that are open no more, in the order they ended."""
        return self.trading.ends

    def fills(self, account: str | None = None) -> Sequence[FillRecord]:
        """The fills of an account (of all), in the order they happened."""
        return self.trading.fills(account)

    def balances(self, account: str) -> Mapping[str, AccountBalance]:
        """Asset → balance of an account, as of now."""
        return self.trading.balances(account)

    def record_fault(self, record: FaultRecord) -> None:
        """Write down an injection."""
        self.faults.append(record)
        self.faults_total += 1

    def still_withheld(self, pair: str, update_id: int) -> list[Withheld]:
        """The withheld levels that no later change up to `update_id` has put right."""
        return [
            one
            for one in self.withheld
            if one.pair == pair
            and one.update_id <= update_id
            and not self[pair].changed_since(one.side, one.price, one.update_id, update_id)
        ]

    def digest(self) -> str:
        """One text for all that was recorded: equal for equal journals."""
        digest = hashlib.blake2b(digest_size=16)
        for pair in self.pairs.values():
            pair.digest_into(digest)
        self.trading.digest_into(digest)
        digest.update(repr(list(self.faults)).encode())
        return digest.hexdigest()

    def __getitem__(self, pair: str) -> PairJournal:
        if pair not in self.pairs:
            raise ConfigError(f"the venue does not list {pair}: it has {', '.join(self.pairs)}")
        return self.pairs[pair]
