"""PairMarket: one pair's engine, its flow, and what it publishes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from connector_sdk.model.order import Side
from connector_sdk.sandbox.accounts import EXACT, units
from connector_sdk.sandbox.hub import Hub
from connector_sdk.sandbox.journal import PairJournal
from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.matching_engine import Fill, MatchingEngine, Outcome, Terms
from connector_sdk.sandbox.order_flow import OrderFlow
from connector_sdk.sandbox.publications import (
    AggregatePrint,
    BookImage,
    DepthDiff,
    StreamKind,
    TopChange,
    TradePrint,
)

RECENT_TRADES = 1_000


class EngineOrder(NamedTuple):
    """What `MatchingEngine.place` takes, as one value."""

    side: Side
    lots: int
    price: int | None
    owner: int
    order_id: int | None
    terms: Terms = Terms()


class _Gathering:
    """Level changes since the last diff of one interval."""

    __slots__ = ("asks", "bids", "published_id")

    def __init__(self, update_id: int) -> None:
        self.published_id = update_id
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}


class Settlement(ABC):
    """Who moves the money of what happens in the books."""

    @abstractmethod
    def settle(self, outcome: Outcome, market: TradedPair) -> None:
        """Do so for one outcome, before the market publishes it."""

    @abstractmethod
    def follow_up(self) -> None:
        """Do what follows, once it is published: balances told, triggers met."""


class TradedPair:
    """A pair whose book orders may meet. Everything that changes the book goes through `apply`.

    quote_unit:  units of quote in one tick times one lot.
    base_unit:   units of base in one lot.
    last_price:  of the last trade, in ticks; the start price before any.
    settlement:  told of every outcome, once it is set.
    """

    def __init__(self, listing: Listing, engine: MatchingEngine) -> None:
        self.listing = listing
        self.pair = listing.instrument.pair
        self.engine = engine
        self.quote_unit = units(EXACT.multiply(listing.tick, listing.lot))
        self.base_unit = units(listing.lot)
        self.last_price = listing.start_price
        self.settlement: Settlement | None = None

    def enter(self, order: EngineOrder, now_ns: int) -> Outcome:
        """Let an order meet the book; what follows is left to the caller."""
        outcome = self.engine.place(
            order.side,
            order.lots,
            order.price,
            owner=order.owner,
            order_id=order.order_id,
            terms=order.terms,
        )
        self.apply(outcome, now_ns)
        return outcome

    def withdraw(self, order_id: int, now_ns: int) -> None:
        """Take an order out of the book, if it rests there."""
        outcome = self.engine.cancel(order_id)
        if outcome is not None:
            self.apply(outcome, now_ns)

    def shrink(self, order_id: int, lots: int, now_ns: int) -> None:
        """Take lots off an order of the book, if it rests there."""
        outcome = self.engine.reduce(order_id, lots)
        if outcome is not None:
            self.apply(outcome, now_ns)

    def apply(self, outcome: Outcome, now_ns: int) -> None:
        """Have the money of an outcome settled."""
        if outcome.fills:
            self.last_price = outcome.fills[-1].price
        if self.settlement is not None and (outcome.fills or outcome.prevented):
            self.settlement.settle(outcome, self)


class PairMarket(TradedPair):
    """One pair of the venue, with a flow of its own, a journal, and what it publishes.

    halted: whether nothing trades now.
    """

    def __init__(
        self, listing: Listing, seed: str, journal: PairJournal, hub: Hub, first_id: int
    ) -> None:
        super().__init__(listing, MatchingEngine())
        self.halted = False
        self.recent_trades: deque[TradePrint] = deque(maxlen=RECENT_TRADES)
        self._flow = OrderFlow(listing, seed)
        self._flow.open_book(self.engine)
        self.engine.update_id = first_id
        self._journal = journal
        self._journal.open(self.engine)
        self._hub = hub
        self._aggregate_id = 0
        self._gathered: dict[int, _Gathering] = {}
        self._top = self.top(0)[2:6]

    def gather_every(self, intervals_ms: Iterable[int]) -> None:
        """Begin to gather diffs for those intervals."""
        self._gathered = {every: _Gathering(self.engine.update_id) for every in intervals_ms}

    def act(self, now_ns: int) -> int:
        """Let the flow do one thing; return how many levels changed, at least one."""
        if self.halted:
            return 1
        outcome = self._flow.act(self.engine)
        self.apply(outcome, now_ns)
        if self.settlement is not None:
            self.settlement.follow_up()
        return max(len(outcome.changes), 1)

    def apply(self, outcome: Outcome, now_ns: int) -> None:
        """Journal what an order or cancel did, gather it, and publish what is immediate."""
        self._journal.record(outcome.changes, now_ns)
        for gathering in self._gathered.values():
            for _, side, price, lots in outcome.changes:
                (gathering.bids if side is Side.BUY else gathering.asks)[price] = lots
        super().apply(outcome, now_ns)
        if outcome.fills:
            self._print(outcome.fills, now_ns)
        top = self.top(now_ns)
        if top[2:6] != self._top:
            self._top = top[2:6]
            self._hub.publish(StreamKind.TOP, self.pair, 0, top)

    def publish_gathered(self, interval_ms: int, now_ns: int) -> None:
        """Publish what changed since the last time, if anything did."""
        gathering = self._gathered[interval_ms]
        last_id = self.engine.update_id
        if last_id == gathering.published_id:
            return
        diff = DepthDiff(
            self.pair,
            gathering.published_id + 1,
            last_id,
            tuple(sorted(gathering.bids.items(), reverse=True)),
            tuple(sorted(gathering.asks.items())),
            now_ns,
        )
        self._gathered[interval_ms] = _Gathering(last_id)
        self._hub.publish(StreamKind.DEPTH, self.pair, interval_ms, diff)
        levels = self._hub.most_levels(self.pair)
        if levels:
            image = self.image(levels, now_ns)
            self._hub.publish(StreamKind.PARTIAL, self.pair, interval_ms, image)

    def renumber(self, update_id: int) -> None:
        """Go on from another update id, with the book kept: nothing gathered survives."""
        self.engine.update_id = update_id
        self._journal.open(self.engine)
        self.gather_every(tuple(self._gathered))

    def image(self, levels: int | None, now_ns: int) -> BookImage:
        """The book as it stands, `levels` a side."""
        bids, asks = self.engine.bids, self.engine.asks
        return BookImage(
            self.pair,
            self.engine.update_id,
            tuple(bids.top(len(bids) if levels is None else levels)),
            tuple(asks.top(len(asks) if levels is None else levels)),
            now_ns,
        )

    def top(self, now_ns: int) -> TopChange:
        """Best bid and ask; zeros for a side that is empty."""
        bid, bid_lots = next(iter(self.engine.bids.top(1)), (0, 0))
        ask, ask_lots = next(iter(self.engine.asks.top(1)), (0, 0))
        return TopChange(self.pair, self.engine.update_id, bid, bid_lots, ask, ask_lots, now_ns)

    def _print(self, fills: tuple[Fill, ...], now_ns: int) -> None:
        for fill in fills:
            trade = TradePrint(
                self.pair, fill.trade_id, fill.price, fill.lots, fill.taker_side, now_ns
            )
            self.recent_trades.append(trade)
            self._journal.trades.append(trade)
            self._hub.publish(StreamKind.TRADE, self.pair, 0, trade)
        for price in dict.fromkeys(fill.price for fill in fills):
            same = [fill for fill in fills if fill.price == price]
            self._aggregate_id += 1
            aggregate = AggregatePrint(
                self.pair,
                self._aggregate_id,
                price,
                sum(fill.lots for fill in same),
                same[0].trade_id,
                same[-1].trade_id,
                same[0].taker_side,
                now_ns,
            )
            self._hub.publish(StreamKind.AGGREGATE, self.pair, 0, aggregate)
