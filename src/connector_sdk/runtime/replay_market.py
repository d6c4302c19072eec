"""ReplayMarket: a recorded market that runs by the tape's own time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar
from weakref import WeakSet

from connector_sdk.book.order_book import OrderBook
from connector_sdk.errors import ConfigError, RequestTimeout, Sent, WireError
from connector_sdk.model.events import BookResynced, BookState
from connector_sdk.model.health import MarketHealth, PairHealth
from connector_sdk.model.instrument import Instruments, trading_pair
from connector_sdk.model.tape import Tape
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.market import Market
from connector_sdk.protocols.trader import Trader
from connector_sdk.runtime.event_stream import EventStream
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk.runtime.replay import TapeRun, check_venue
from connector_sdk.runtime.supervisor import Supervisor
from connector_sdk.runtime.trader_face import TraderFace
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.manual_clock import ManualClock

E = TypeVar("E")
AFTERMATH_S = 10.0


class TapeClock(ManualClock):
    """Time by a tape. When that is over there is no more: who sleeps, or goes to, is told so."""

    def __init__(self, start_ns: int) -> None:
        super().__init__(start_ns)
        self._sleepers: set[asyncio.Future[None]] = set()
        self._over = False

    async def sleep(self, seconds: float) -> None:
        """Wait until the tape is that far. Raises ConfigError if it ends before."""
        if self._over:
            raise _over()
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.add(woken)
        self.at(seconds, lambda: None if woken.done() else woken.set_result(None))
        try:
            await woken
        finally:
            self._sleepers.discard(woken)

    def end(self) -> None:
        """The tape is over."""
        self._over = True
        for woken in self._sleepers:
            if not woken.done():
                woken.set_exception(_over())


def _over() -> ConfigError:
    return ConfigError("the tape is over, and time with it")


class ReplayMarket(TraderFace, Market):
    """The books and trades of a tape, for a strategy that was written for a live market.

    Time is the tape's: it stands still until everything that its last record set off is done, so
    that a run repeats exactly. What waits by itself must wait with `clock.sleep`. After the last
    record it goes on for ten seconds, so that what is on its way arrives; then event iterators
    end, and sleepers wake with a ConfigError.

    instruments:  the venue's list; None: the tape's own.
    clock:        the tape's time.
    cut_off:      why reading ended before the end of the tape; None if it did not.
    """

    def __init__(
        self,
        connector: Connector,
        tape: Path,
        pairs: Iterable[str],
        *,
        instruments: Instruments | None = None,
    ) -> None:
        self._tape = Tape(tape)
        check_venue(self._tape.header, connector, tape)
        self._venue = connector.manifest.venue
        self._run = TapeRun(connector, [trading_pair(pair) for pair in pairs])
        self._run.instruments = instruments
        first_ns = next((record.at_ns for record in self._tape), 0)
        self.clock = TapeClock(first_ns)
        self.cut_off: str | None = None
        self._supervisor = Supervisor(self.clock, Backoff(self.clock))
        self._tracker: OrderBookTracker | None = None
        self._streams: WeakSet[EventStream] = WeakSet()
        self._progress = asyncio.Event()
        self._over = asyncio.Event()
        self._at_end: list[Callable[[], Awaitable[None]]] = []

    async def start(self) -> None:
        """Find the instruments and let the tape run. Idempotent."""
        if self._tracker is not None:
            return
        self._run.look_for_instruments(self._tape)
        self._tracker = self._run.tracker
        self._tracker.on(BookResynced, lambda _: self._progress.set())
        await self._supervisor.start()
        self._supervisor.spawn("tape", self._play)

    async def _play(self) -> None:
        try:
            for record in self._tape:
                await self.clock.advance_to(record.at_ns)
                self._run.take(record)
        except WireError as error:
            self.cut_off = str(error)
        await self.clock.advance(AFTERMATH_S)
        await self._end()

    async def _end(self) -> None:
        if self._over.is_set():
            return
        self._over.set()
        self._progress.set()
        for stream in list(self._streams):
            stream.end()
        for act in self._at_end:
            await act()
        self.clock.end()

    async def finished(self) -> None:
        """Wait until the tape is over, or the market closed."""
        await self._over.wait()

    def at_end(self, act: Callable[[], Awaitable[None]]) -> None:
        """Await `act` once the tape is over, or the market closed."""
        self._at_end.append(act)

    async def close(self) -> None:
        """Stop the tape, end every iterator. Idempotent."""
        await self._supervisor.close()
        await self._end()

    async def ready(self, timeout_s: float = 30.0) -> None:
        """Return once every book is synced. Raises RequestTimeout after so long by the tape's
        time, ConfigError where the tape ends before.
        """
        self._running()
        try:
            async with self.clock.timeout(timeout_s):
                while self._unsynced():
                    if self._over.is_set():
                        raise ConfigError(f"{self._tape.path} is over: {self.health.reason}")
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError as error:
            raise RequestTimeout(
                f"{self._tape.path} is not ready after {timeout_s:g} s: {self.health.reason}",
                Sent.NO,
            ) from error

    @property
    def instruments(self) -> Instruments:
        """The venue's symbol map and rules."""
        return self._running().instruments

    @property
    def pairs(self) -> Sequence[str]:
        """Pairs being followed."""
        return self._run.tracker.pairs

    @property
    def health(self) -> MarketHealth:
        """Which books are synced."""
        tracker = self._running()
        books = {pair: tracker.book(pair) for pair in tracker.pairs}
        missing = [f"{pair} is {books[pair].state.value}" for pair in self._unsynced()]
        missing += self._supervisor.failures.values()
        return MarketHealth(
            ready=not missing,
            reason="; ".join(missing),
            pairs={
                pair: PairHealth(book.state, pair in tracker.degraded, book.age_s, None)
                for pair, book in books.items()
            },
            connections={},
        )

    def _unsynced(self) -> list[str]:
        tracker = self._running()
        return [p for p in tracker.pairs if tracker.book(p).state is not BookState.SYNCED]

    def order_book(self, pair: str) -> OrderBook:
        """The book of a pair being followed; ConfigError for another."""
        return self._running().book(pair)

    async def add_pair(self, pair: str) -> None:
        """Follow one more pair, as far as the tape has it."""
        tracker = self._running()
        tracker.subscribe(tracker.instruments[trading_pair(pair)].pair)

    async def remove_pair(self, pair: str) -> None:
        """Stop following a pair."""
        self._running().unsubscribe(pair)
        self._progress.set()

    def on(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` at every event of `kind`; returns a function that ends it."""
        return self._running().on(kind, callback)

    def events(self, *pairs: str, queue_size: int = 10_000) -> EventStream:
        """All events of `pairs` (none named: of every pair), until the tape is over."""
        listeners = self._running().listeners
        stream = EventStream(listeners, [trading_pair(pair) for pair in pairs], queue_size)
        self._streams.add(stream)
        return stream

    @property
    def _trader(self) -> Trader:
        raise ConfigError(
            f"{self._venue}: a tape has no account; trade over it on paper (`paper_replay`)"
        )

    def _running(self) -> OrderBookTracker:
        if self._tracker is None:
            raise ConfigError(f"{self._venue}: start this market first (`async with`)")
        return self._tracker
