"""One episode: a strategy trades at the embedded venue under faults, until all is settled.

In memory, on a manual clock: a seed repeats exactly.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import get_args

import connector_sdk_binance.sandbox
from connector_sdk import connect
from connector_sdk.errors import ConnectorError, IntentRefused
from connector_sdk.model.events import Event, FeedInterrupted
from connector_sdk.model.order_events import AccountEvent, AccountReconciled
from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.sandbox.invariants import violations
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.sandbox.trading import UserOrder
from connector_sdk.testing.manual_clock import ManualClock
from trading_checks import Heard, Witnessed, event_order, fills_and_money, order_intents
from trading_script import PAIRS, TradingScript, a_smaller, an_intent

ACTIONS = 40
LONGEST_PAUSE_S = 3.0
STEP_S = 0.25
SETTLED_S = 900.0
QUIET_S = 130.0
FLOW = 8.0


@dataclass
class Verdict:
    """What came of an episode. `wrong` is empty when every check held."""

    script: TradingScript
    wrong: list[str] = field(default_factory=list[str])
    placed: int = 0
    refused: int = 0
    states: Counter[str] = field(default_factory=Counter[str])
    fills: int = 0
    faults: Counter[str] = field(default_factory=Counter[str])
    interruptions: int = 0
    settled_s: float = 0.0
    digest: str = ""

    def told(self) -> str:
        """A line for a report."""
        return (
            f"seed {self.script.seed}: {self.placed} orders, {dict(self.states)}, {self.fills} "
            f"fills, faults {dict(self.faults)}, settled in {self.settled_s:g} s; "
            f"wrong: {self.wrong}\n    {self.script.faults}"
        )


class Strategy:
    """Places, cancels and amends at random, as its seed says."""

    def __init__(self, market: LiveMarket, venue: MemoryVenue, draw: Random) -> None:
        self._market = market
        self._venue = venue
        self._draw = draw
        self.orders: list[InFlightOrder] = []
        self.refused = 0
        self.background: set[asyncio.Task[None]] = set()

    async def act(self) -> None:
        """Do one thing; cancels and amendments go on beside the next."""
        what = self._draw.random()
        is_open = [order for order in self.orders if order.is_open]
        if what < 0.55 or not is_open:
            await self._place()
        elif what < 0.8:
            self._beside(self._cancel(self._draw.choice(is_open)))
        elif what < 0.95:
            self._beside(self._amend(self._draw.choice(is_open)))
        else:
            self._beside(self._cancel_all(self._draw.choice(PAIRS)))

    async def _place(self) -> None:
        core = self._venue.core
        pair = self._draw.choice(PAIRS)
        top = core.markets[pair].top(core.now_ns)
        intent = an_intent(self._draw, core.listings[pair], top.bid_price, top.ask_price)
        try:
            self.orders.append(await self._market.submit(intent))
        except IntentRefused:
            self.refused += 1

    async def _cancel(self, order: InFlightOrder) -> None:
        try:
            await self._market.cancel(order)
        except ConnectorError:
            return  # what then is of the order, the checks find out

    async def _amend(self, order: InFlightOrder) -> None:
        lot = self._market.instruments[order.pair].lot_size
        smaller = a_smaller(self._draw, order.quantity, lot)
        higher = order.price if self._draw.random() < 0.7 else None
        try:
            if higher is None and order.price is not None:
                tick = self._market.instruments[order.pair].tick_size
                stands = await self._market.amend(order, price=order.price + tick)
            else:
                stands = await self._market.amend(order, quantity=smaller)
        except ConnectorError:
            return
        if stands.client_order_id != order.client_order_id:
            self.orders.append(stands)

    async def _cancel_all(self, pair: str) -> None:
        await self._market.cancel_all(pair, timeout_s=20.0)

    def _beside(self, work: Coroutine[None, None, None]) -> None:
        self.background.add(asyncio.create_task(work))


async def episode(script: TradingScript) -> Verdict:
    """Play one episode."""
    clock = ManualClock()
    story = asyncio.create_task(_story(script, clock))
    while not story.done():
        await clock.advance(STEP_S)
    return await story


async def _story(script: TradingScript, clock: ManualClock) -> Verdict:
    verdict = Verdict(script)
    dialect = connector_sdk_binance.sandbox.dialect
    async with MemoryVenue(dialect, clock, PAIRS, seed=script.seed, flow=FLOW) as venue:
        account = venue.account()
        market = connect(
            "binance",
            PAIRS,
            credentials={"api_key": account.key, "secret": account.secret},
            store=NullStore(),
            endpoints=venue.endpoints,
            transport=venue.transport,
            clock=clock,
            settings=FeedSettings(seed=script.seed),
            trading=TradingSettings(id_seed=f"episode {script.seed}".encode()),
        )
        async with market:
            await market.ready(timeout_s=60)
            heard = Heard()
            for kind in (*_kinds(), FeedInterrupted):
                market.on(kind, heard.take)
            venue.inject(script.faults)
            strategy = Strategy(market, venue, script.draws)
            draw = Random(f"pauses/{script.seed}")
            for _ in range(ACTIONS):
                await strategy.act()
                await clock.sleep(draw.random() * LONGEST_PAUSE_S)
            verdict.settled_s = await _settled(market, venue, clock, strategy)
            _judge(verdict, market, venue, Played(strategy, heard))
    return verdict


def _kinds() -> tuple[type[Event], ...]:
    return tuple(get_args(AccountEvent))


async def _settled(
    market: LiveMarket, venue: MemoryVenue, clock: ManualClock, strategy: Strategy
) -> float:
    """Disarm the faults, and wait until nothing is open to question for longer than the account
    goes without being compared.
    """
    began_ns = clock.now_ns()
    venue.faults.clear()
    await asyncio.gather(*strategy.background, return_exceptions=False)
    quiet_since_ns: int | None = None
    while (passed_s := (clock.now_ns() - began_ns) / 1e9) < SETTLED_S:
        await clock.sleep(1.0)
        unsettled = [
            order for order in market.in_flight_orders.values() if order.state.value in UNSETTLED
        ]
        if unsettled or not market.health.ready:
            quiet_since_ns = None
        elif quiet_since_ns is None:
            quiet_since_ns = clock.now_ns()
        elif clock.now_ns() - quiet_since_ns > QUIET_S * 1e9:
            return passed_s
    return SETTLED_S


UNSETTLED = {"unknown", "pending_create"}


def witnessed(venue: MemoryVenue, account: str) -> Witnessed:
    """What the venue knows of an account."""
    desk, journal = venue.core.desk, venue.journal
    orders: dict[str, UserOrder] = {}
    for pair in PAIRS:
        orders.update({order.client_order_id: order for order in desk.orders(account, pair)})
    accepted = Counter(row.client_order_id for row in journal.orders if row.account == account)
    trades = frozenset(
        (row.pair, str(row.fill.trade_id), str(row.order_id)) for row in journal.fills(account)
    )
    balances = {asset: (one.free, one.locked) for asset, one in desk.balances(account).items()}
    return Witnessed(orders, accepted, trades, balances)


@dataclass
class Played:
    """What the client did, and what it heard."""

    strategy: Strategy
    heard: Heard


def _judge(verdict: Verdict, market: LiveMarket, venue: MemoryVenue, played: Played) -> None:
    strategy, heard = played.strategy, played.heard
    truth = witnessed(venue, venue.account().name)
    orders = [market.order(order.client_order_id) for order in strategy.orders]
    if verdict.settled_s >= SETTLED_S:
        left = {o.client_order_id: o.state.value for o in market.in_flight_orders.values()}
        verdict.wrong.append(f"not settled: {market.health.reason}; {left}")
    verdict.wrong += order_intents(orders, truth)
    verdict.wrong += fills_and_money(market, heard, truth)
    verdict.wrong += event_order(orders, heard)
    verdict.wrong += [f"D: {breach}" for breach in violations(venue.core)]
    verdict.wrong += _interruptions(heard, verdict)
    verdict.placed, verdict.refused = len(orders), strategy.refused
    verdict.states = Counter(order.state.value for order in orders)
    verdict.fills = len(truth.trades)
    verdict.faults = Counter(record.name for record in venue.journal.faults)
    verdict.digest = venue.journal.digest()


def _interruptions(heard: Heard, verdict: Verdict) -> list[str]:
    """Every interruption of the private stream is followed by evidence."""
    cut: FeedInterrupted | None = None
    for event in heard.events:
        match event:
            case FeedInterrupted(pair=None) if event.connection.startswith("user"):
                cut = event
                verdict.interruptions += 1
            case AccountReconciled(proven=True) if cut is not None:
                cut = None
            case _:
                pass
    return [] if cut is None else [f"X5: no evidence after {cut}"]
