"""PaperMarket: a real market's data, and an account on paper that trades in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar, get_args
from weakref import WeakSet

from connector_sdk.book.order_book import OrderBook
from connector_sdk.errors import BookNotSynced, ConfigError, EmptySide, RequestTimeout, Sent
from connector_sdk.model.events import BookResynced, BookUpdated, Event
from connector_sdk.model.health import MarketHealth
from connector_sdk.model.instrument import Instruments, trading_pair
from connector_sdk.model.manifest import ConnectorManifest
from connector_sdk.model.market_data import Trade
from connector_sdk.model.number_text import exact_number
from connector_sdk.model.order_events import AccountEvent
from connector_sdk.protocols.auth import NoAuth
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.market import Market
from connector_sdk.protocols.trader import Amount
from connector_sdk.runtime.event_stream import EventStream
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.listeners import Listeners
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.runtime.supervisor import Supervisor
from connector_sdk.runtime.trader_face import TraderFace
from connector_sdk.runtime.trading import Trading
from connector_sdk.runtime.trading_parts import AccountAccess, TradingParts
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.sandbox.paper_api import ENDPOINTS, paper_trading
from connector_sdk.sandbox.paper_transport import Latency, PaperTransport
from connector_sdk.sandbox.paper_venue import PaperVenue, fee_millionths
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.clock import Clock, SystemClock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.rest import RestClient

E = TypeVar("E")
MARKET_EVENTS: tuple[type[Event], ...] = tuple(
    kind for kind in get_args(Event) if kind not in get_args(AccountEvent)
)
LEAST_SEED = 8
NOT_STARTED = "start this market first (`async with`)"
USUAL_FEES: tuple[Amount, Amount] = ("0.001", "0.001")


class PaperMarket(TraderFace, Market):
    """Trades on paper in whatever books and trades `market` has, by the venue's own rules.

    A strategy cannot tell it from a live market: orders go the same way, through the same states,
    and are told by the same events. Only the venue at the end of it is another one: it matches
    them with the real book as they left it, and with real trades. See docs/paper-trading.md.

    market:     live or replayed; opened and closed with this one.
    connector:  whose market it is.
    balances:   asset → what the account holds at the start.
    fees:       (maker, taker), shares of what a fill brings, taken out of that.
    latency_s:  how long an order, a cancel or an amendment takes to the venue: seconds, or
                (shortest, longest), drawn by `seed`.
    trading:    as for `connect`; client order ids follow from `seed` here.
    clock:      the market's.

    Raises ConfigError for amounts that are not exact, and negative ones.
    """

    def __init__(
        self,
        market: Market,
        connector: Connector,
        *,
        balances: Mapping[str, Amount],
        fees: tuple[Amount, Amount] = USUAL_FEES,
        latency_s: float | tuple[float, float] = 0.0,
        seed: int = 1,
        trading: TradingSettings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._market = market
        self._connector = connector
        self._balances = {
            asset: exact_number(held, f"the balance of {asset}", ConfigError)
            for asset, held in balances.items()
        }
        maker, taker = (exact_number(share, "a fee", ConfigError) for share in fees)
        self._fees = fee_millionths((maker, taker))
        self._latency = Latency(latency_s, seed)
        self._seed = seed
        ids = f"paper {seed}".encode().ljust(LEAST_SEED)
        self._settings = replace(trading or TradingSettings(), id_seed=ids)
        self.clock = clock or SystemClock()
        self._listeners = Listeners()
        self._supervisor = Supervisor(self.clock, Backoff(self.clock))
        self._progress = asyncio.Event()
        self._streams: WeakSet[EventStream] = WeakSet()
        self._venue: PaperVenue | None = None
        self._trading: Trading | None = None
        self._transport: PaperTransport | None = None
        self._over = False

    # --- life

    async def start(self) -> None:
        """Start the market, and open the account. Idempotent."""
        if self._over:
            raise ConfigError("this market was closed; make another one")
        if self._venue is not None:
            return
        try:
            await self._market.start()
            await self._open()
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> None:
        self._venue = PaperVenue(self._market.instruments, self._balances, self._fees)
        for pair in self._market.pairs:
            self._venue.follow(pair, self._market.order_book(pair))
        for kind in MARKET_EVENTS:
            self._market.on(kind, self._hear)
        await self._supervisor.start()
        self._transport = PaperTransport(self._venue, self.clock, self._latency)
        trading = paper_trading(self._connector.market_api)
        access = AccountAccess(
            trading, NoAuth(), NullStore(), owns_store=True, settings=self._settings
        )
        self._trading = Trading(access, self._parts(self._transport))
        await self._trading.start()

    def _parts(self, transport: PaperTransport) -> TradingParts:
        return TradingParts(
            manifest=on_paper(self._connector.manifest),
            transport=transport,
            rest=RestClient(transport, RateLimiter((), self.clock), ENDPOINTS, {}),
            endpoints=ENDPOINTS,
            clock=self.clock,
            feed=FeedSettings(seed=self._seed),
            supervisor=self._supervisor,
            listeners=self._listeners,
            instruments=lambda: self._market.instruments,
            refresh=None,
            pairs=lambda: self._market.pairs,
            price=self._asked_price,
            changed=self._progress.set,
        )

    def _asked_price(self, pair: str) -> Decimal | None:
        try:
            return self._market.order_book(pair).best_ask.price
        except (BookNotSynced, ConfigError, EmptySide):
            return None

    async def close(self) -> None:
        """Close the account and the market. Idempotent."""
        await self.end()
        await self._market.close()

    async def end(self) -> None:
        """No data will come any more: take no orders, and wake whoever waits. Idempotent."""
        self._over = True
        self._progress.set()
        for stream in list(self._streams):
            stream.end()
        await self._supervisor.close()
        if self._trading is not None:
            self._trading.halt("this market is closed")
            await self._trading.close()
        if self._transport is not None:
            await self._transport.close()

    async def ready(self, timeout_s: float = 30.0) -> None:
        """Return once every book is synced and the account is open; see `Market.ready`."""
        self._running()
        await self._market.ready(timeout_s)
        try:
            async with self.clock.timeout(timeout_s):
                while self._ailing():
                    if self._over:
                        raise ConfigError("this market was closed")
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError as error:
            said = f"the account is not open after {timeout_s:g} s: {'; '.join(self._ailing())}"
            raise RequestTimeout(said, Sent.NO) from error

    # --- what is known

    @property
    def instruments(self) -> Instruments:
        """The venue's symbol map and rules."""
        return self._market.instruments

    @property
    def pairs(self) -> Sequence[str]:
        """Pairs being followed."""
        return self._market.pairs

    def order_book(self, pair: str) -> OrderBook:
        """The real book of a pair being followed; it knows nothing of orders on paper."""
        return self._market.order_book(pair)

    @property
    def health(self) -> MarketHealth:
        """What works and what does not, now."""
        health = self._market.health
        if self._trading is None or self._over:
            return health
        ailing = self._ailing()
        return replace(
            health,
            ready=health.ready and not ailing,
            reason="; ".join([*([health.reason] if health.reason else []), *ailing]),
            connections={**health.connections, **self._trading.connections},
            trading=self._trading.health,
        )

    def _ailing(self) -> list[str]:
        if self._trading is None:
            return []
        parts = self._trading.health.items()
        return [f"{name}: {part.reason}" for name, part in parts if not part.ok]

    @property
    def _trader(self) -> Trading:
        if self._trading is None:
            raise ConfigError(NOT_STARTED)
        return self._trading

    def _running(self) -> PaperVenue:
        if self._venue is None:
            raise ConfigError(NOT_STARTED)
        return self._venue

    # --- what can be changed

    async def add_pair(self, pair: str) -> None:
        """Follow one more pair; from then on it can be traded."""
        await self._market.add_pair(pair)
        pair = trading_pair(pair)
        self._running().follow(pair, self._market.order_book(pair))

    async def remove_pair(self, pair: str) -> None:
        """Stop following a pair: orders that rest there wait."""
        await self._market.remove_pair(pair)
        self._running().leave(trading_pair(pair))

    # --- what is heard

    def on(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` at every event of `kind`; returns a function that ends it."""
        self._running()
        return self._listeners.on(kind, callback)

    def events(self, *pairs: str, queue_size: int = 10_000) -> EventStream:
        """All events of `pairs` (none named: of every pair), for a consumer that may be slow."""
        self._running()
        stream = EventStream(self._listeners, [trading_pair(pair) for pair in pairs], queue_size)
        self._streams.add(stream)
        return stream

    def _hear(self, event: Event) -> None:
        """The venue hears first, so that what it does is not told before what set it off."""
        venue = self._venue
        if venue is not None and not self._over:
            if isinstance(event, BookUpdated):
                venue.book_changed(event.pair, event.event_ns)
            elif isinstance(event, BookResynced):
                venue.book_changed(event.pair, None)
            elif isinstance(event, Trade):
                venue.traded(event, self.clock.now_ns())
        self._listeners.emit(event)


def on_paper(manifest: ConnectorManifest) -> ConnectorManifest:
    """What the venue can do, but for what concerns who asks it."""
    changed = {"venue": f"{manifest.venue} on paper", "rate_limits": (), "ordered_nonce": False}
    return manifest.model_copy(update=changed)
