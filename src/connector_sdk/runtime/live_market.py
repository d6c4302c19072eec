"""LiveMarket: a venue, live: its books, and with credentials an account. Composes the runtime."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar
from weakref import WeakSet

from connector_sdk.book.order_book import OrderBook
from connector_sdk.errors import (
    BookNotSynced,
    ConfigError,
    ConnectFailed,
    Disconnected,
    EmptySide,
    RateLimited,
    RequestTimeout,
    Sent,
    TransportError,
)
from connector_sdk.model.events import BookMetrics, BookResynced, BookState
from connector_sdk.model.health import MarketHealth, PairHealth
from connector_sdk.model.instrument import Instruments, trading_pair
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.market import Market
from connector_sdk.runtime.event_stream import EventStream
from connector_sdk.runtime.feed import Edges, Feed
from connector_sdk.runtime.feed_parts import FeedParts
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.instrument_loader import InstrumentLoader
from connector_sdk.runtime.limit_checks import check_limits
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk.runtime.supervisor import Supervisor
from connector_sdk.runtime.trader_face import TraderFace
from connector_sdk.runtime.trading import Trading
from connector_sdk.runtime.trading_parts import AccountAccess, TradingParts
from connector_sdk.runtime.user_stream_tracker import UserStreamTracker
from connector_sdk.transport.aiohttp_transport import AiohttpTransport
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.clock import Clock, SystemClock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.rest import RestClient
from connector_sdk.transport.shared_budget import BudgetFolder
from connector_sdk.transport.transport import Transport

E = TypeVar("E")
LIST_ATTEMPTS = 3
LONGEST_LIST_WAIT_S = 60.0
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a market works with.

    endpoints:    endpoint name → URL.
    transport:    None: real sockets of its own; one that is given is left open at the end.
    instruments:  None: loaded from the venue at the start.
    budgets:      where rate budgets are shared with other processes; None: this one is alone.
    access:       the account to trade with; None: public data only.
    """

    endpoints: Mapping[str, str]
    transport: Transport | None = None
    clock: Clock = field(default_factory=SystemClock)
    instruments: Instruments | None = None
    settings: FeedSettings = field(default_factory=FeedSettings)
    budgets: BudgetFolder | None = None
    access: AccountAccess | None = None


class LiveMarket(TraderFace, Market):
    """Live books and trades of some pairs of one venue: `async with`, or start and close.

    With an account it trades, too; the pairs that are traded need not be followed.
    """

    def __init__(
        self, connector: Connector, pairs: Iterable[str], surroundings: Surroundings
    ) -> None:
        self._connector = connector
        self._venue = connector.manifest.venue
        self._wanted = list(dict.fromkeys(trading_pair(pair) for pair in pairs))
        self._around = surroundings
        self._clock = surroundings.clock
        self._transport = surroundings.transport or AiohttpTransport(self._clock)
        manifest = connector.manifest
        self._rest = RestClient(
            self._transport,
            RateLimiter(
                manifest.rate_limits,
                self._clock,
                share=surroundings.settings.limits_share,
                folder=surroundings.budgets,
            ),
            surroundings.endpoints,
            manifest.weight_headers,
        )
        self._loader = InstrumentLoader(self._rest, connector.market_api.instruments())
        backoff = Backoff(self._clock, surroundings.settings.reconnects)
        self._backoff = backoff
        self._supervisor = Supervisor(self._clock, backoff)
        self._lock = asyncio.Lock()
        self._progress = asyncio.Event()
        self._streams: WeakSet[EventStream] = WeakSet()
        self._tracker: OrderBookTracker | None = None
        self._feed: Feed | None = None
        self._trading: Trading | None = None
        self._closed = False

    # --- life

    async def start(self) -> None:
        """Load the instruments, check the pairs, open the streams. Idempotent."""
        async with self._lock:
            if self._closed:
                raise ConfigError(f"{self._venue}: this market was closed; connect anew")
            if self._feed is not None:
                return
            try:
                await self._start()
            except BaseException:
                await self._close()
                raise

    async def _start(self) -> None:
        given = self._around.instruments
        instruments = await self._load() if given is None else given
        for pair in self._wanted:
            _check_tradable(instruments, pair, self._venue)
        self._check_limits(instruments)
        tracker = OrderBookTracker(
            self._connector,
            self._wanted,
            instruments=instruments,
            now_ns=self._clock.now_ns,
        )
        tracker.on(BookResynced, lambda _: self._progress.set())
        source = self._connector.order_book
        parts = FeedParts(
            venue=self._venue,
            source=source,
            tracker=tracker,
            refusal=self._connector.market_api.stream_refusal,
            clock=self._clock,
            settings=self._around.settings,
        )
        endpoint, path = source.endpoint()
        edges = Edges(self._around.endpoints[endpoint] + path, self._transport, self._rest)
        await self._supervisor.start()
        if self._around.access is not None:
            self._trading = Trading(self._around.access, self._trading_parts(tracker))
            await self._trading.start()
        self._tracker = tracker
        self._feed = Feed(parts, edges, self._supervisor)
        self._feed.start(self._wanted)

    def _check_limits(self, instruments: Instruments) -> None:
        for pair in self._wanted[:1]:
            trades = self._around.access is not None
            check_limits(self._rest, self._connector, pair, instruments, trades=trades)

    def _trading_parts(self, tracker: OrderBookTracker) -> TradingParts:
        return TradingParts(
            manifest=self._connector.manifest,
            transport=self._transport,
            rest=self._rest,
            endpoints=self._around.endpoints,
            clock=self._clock,
            feed=self._around.settings,
            supervisor=self._supervisor,
            listeners=tracker.listeners,
            instruments=lambda: tracker.instruments,
            refresh=self._refresh if self._around.instruments is None else None,
            pairs=lambda: tracker.pairs,
            price=self._asked_price,
            changed=self._progress.set,
        )

    def _asked_price(self, pair: str) -> Decimal | None:
        try:
            return self.order_book(pair).best_ask.price
        except (ConfigError, BookNotSynced, EmptySide):
            return None

    async def _refresh(self) -> None:
        """Read the rules anew. What is decoded from now on, and ordered, keeps to the new ones."""
        instruments = await self._loader.refresh()
        if self._tracker is not None and self._trading is not None:
            self._tracker.instruments = self._trading.tracker.instruments = instruments

    async def _load(self) -> Instruments:
        try:
            return await self._listed()
        except RateLimited as error:
            wait_s = error.retry_after_s
            if wait_s is None or wait_s > LONGEST_LIST_WAIT_S:
                raise
            LOG.warning("%s; the list of instruments is asked for again after that", error)
            return await self._listed()  # the limiter holds it back until then

    async def _listed(self) -> Instruments:
        try:
            async for attempt in self._backoff.retrying(LIST_ATTEMPTS, Disconnected):
                with attempt:
                    return await self._loader.load()
        except TransportError as error:
            raise ConnectFailed(
                f"{self._venue}: the list of instruments cannot be loaded: {error}. Check the "
                "network, or name other endpoints (endpoints=…; on the command line --sandbox)"
            ) from error
        raise ConnectFailed(f"{self._venue}: the list of instruments cannot be loaded")

    async def close(self) -> None:
        """Stop every task, close every socket, end every iterator. Idempotent."""
        async with self._lock:
            await self._close()

    async def _close(self) -> None:
        self._closed = True
        self._progress.set()
        await self._supervisor.close()
        if self._trading is not None:
            await self._trading.close()
        self._rest.close()
        if self._around.transport is None:
            await self._transport.close()
        for stream in list(self._streams):
            stream.end()

    async def ready(self, timeout_s: float = 30.0) -> None:
        """Return once every book is synced and the account is known to be as the venue has it.

        RequestTimeout names what is missing, and why.
        """
        self._running()
        try:
            async with self._clock.timeout(timeout_s):
                while self._unsynced() or self._ailing():
                    self._progress.clear()
                    await self._progress.wait()
                    if self._closed:
                        raise ConfigError(f"{self._venue}: this market was closed")
        except TimeoutError as error:
            raise RequestTimeout(
                f"{self._venue} is not ready after {timeout_s:g} s: {self.health.reason}", Sent.NO
            ) from error

    # --- what is known

    @property
    def instruments(self) -> Instruments:
        """The venue's symbol map and rules."""
        return self._running()[0].instruments

    @property
    def pairs(self) -> Sequence[str]:
        """Pairs being followed."""
        return self._wanted if self._tracker is None else self._tracker.pairs

    @property
    def order_book_tracker(self) -> OrderBookTracker:
        """The tracker that holds the books."""
        return self._running()[0]

    def order_book(self, pair: str) -> OrderBook:
        """The live book of a pair being followed; ConfigError for another."""
        return self._running()[0].book(pair)

    def metrics(self, pair: str) -> BookMetrics:
        """One pair's counters."""
        return self._running()[0].metrics(pair)

    @property
    def health(self) -> MarketHealth:
        """What works and what does not, now."""
        if self._tracker is None or self._feed is None or self._closed:
            reason = f"{self._venue}: this market is {'closed' if self._closed else 'not started'}"
            return MarketHealth(ready=False, reason=reason, pairs={}, connections={})
        connections = dict(self._feed.connections)
        if self._trading is not None:
            connections.update(self._trading.connections)
        missing = [f"{p} is {self._state(p).value}" for p in self._unsynced()]
        missing += [f"{pair}: {said}" for pair, said in self._feed.refusals.items()]
        missing += [
            f"{name}: {link.last_error or 'not connected yet'}"
            for name, link in connections.items()
            if not link.connected
        ]
        missing += self._ailing()
        missing += self._supervisor.failures.values()
        return MarketHealth(
            ready=not missing,
            reason="; ".join(missing),
            pairs={pair: self._pair_health(pair) for pair in self.pairs},
            connections=connections,
            trading={} if self._trading is None else self._trading.health,
        )

    def _pair_health(self, pair: str) -> PairHealth:
        tracker, feed = self._running()
        book = tracker.book(pair)
        degraded = tracker.degraded.get(pair)
        refusal = feed.refusals.get(pair)
        return PairHealth(
            state=book.state,
            degraded=degraded is not None or refusal is not None,
            age_s=book.age_s,
            last_error=refusal or (degraded[1] if degraded is not None else None),
        )

    def _unsynced(self) -> list[str]:
        return [pair for pair in self.pairs if self._state(pair) is not BookState.SYNCED]

    def _ailing(self) -> list[str]:
        if self._trading is None:
            return []
        parts = self._trading.health
        return [f"{name}: {part.reason}" for name, part in parts.items() if not part.ok]

    def _state(self, pair: str) -> BookState:
        return self._running()[0].book(pair).state

    def _running(self) -> tuple[OrderBookTracker, Feed]:
        if self._tracker is None or self._feed is None:
            raise ConfigError(f"{self._venue}: start this market first (`async with`)")
        return self._tracker, self._feed

    @property
    def _trader(self) -> Trading:
        self._running()
        if self._trading is None:
            raise ConfigError(
                f"{self._venue}: this market has public data only: pass credentials= to connect "
                "('environment', 'keyring', or an object) to trade"
            )
        return self._trading

    @property
    def user_stream_tracker(self) -> UserStreamTracker:
        """The tracker that holds the account; ConfigError without credentials."""
        return self._trader.tracker

    # --- what can be changed

    async def add_pair(self, pair: str) -> None:
        """Follow one more pair; the other books miss nothing."""
        tracker, feed = self._running()
        pair = trading_pair(pair)
        if pair in tracker.pairs:
            return
        _check_tradable(tracker.instruments, pair, self._venue)
        tracker.subscribe(pair)
        feed.add(pair)
        if self._trading is not None:
            self._trading.followed()

    async def remove_pair(self, pair: str) -> None:
        """Stop following a pair and free its state."""
        tracker, feed = self._running()
        pair = trading_pair(pair)
        feed.remove(pair)
        tracker.unsubscribe(pair)
        self._progress.set()

    # --- what is heard

    def on(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` at every event of `kind`; returns a function that ends it."""
        return self._running()[0].on(kind, callback)

    def events(self, *pairs: str, queue_size: int = 10_000) -> EventStream:
        """All events of `pairs` (none named: of every pair), for a consumer that may be slow."""
        listeners = self._running()[0].listeners
        stream = EventStream(listeners, [trading_pair(pair) for pair in pairs], queue_size)
        self._streams.add(stream)
        return stream


def _check_tradable(instruments: Instruments, pair: str, venue: str) -> None:
    if instruments.provisional:
        return
    if not instruments[pair].tradable:
        base = pair.partition("-")[0]
        near = [other for other in instruments.tradable() if other.startswith(f"{base}-")][:3]
        hint = f"; {', '.join(near)} can be traded" if near else ""
        raise ConfigError(f"{venue}: {pair} is listed but not open for trading now{hint}")
