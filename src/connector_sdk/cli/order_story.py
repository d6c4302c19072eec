"""OrderStory: orders are placed, filled and canceled; one answer is lost on purpose."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import get_args

from connector_sdk.cli.findings import Finding
from connector_sdk.model.market_data import canonical
from connector_sdk.model.order_events import (
    BalanceChanged,
    OrderAccepted,
    OrderOutcomeUnknown,
    TerminalEvent,
)
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.sandbox.dialect import RequestKind
from connector_sdk.sandbox.venue import EmbeddedVenue

PATIENCE_S = 15.0
LATE_MS = 800
"""So late is the account's stream with what the lost answer would have told."""
WORTH = Decimal(500)
"""What each order is worth, in quote units."""
NEAR, FAR = 4, 6
"""So many levels from the best the resting orders stand."""


class OrderStory:
    """Trades with the first account, and checks what came of it against the venue's journal.

    orders:  what was placed, by what it was placed for.
    """

    def __init__(self, market: LiveMarket, venue: EmbeddedVenue, pair: str) -> None:
        self.market = market
        self.pair = pair
        self.orders: dict[str, InFlightOrder] = {}
        self._venue = venue
        self._account = venue.account(0).name
        self._unknown_s: dict[str, float] = {}
        self._known_s: dict[str, float] = {}
        market.on(OrderOutcomeUnknown, self._on_unknown)
        market.on(OrderAccepted, self._on_accepted)
        self._changed = asyncio.Event()
        for kind in (BalanceChanged, *get_args(TerminalEvent)):
            market.on(kind, lambda _: self._changed.set())

    async def unfold(self, note: Callable[[str], None], pause_s: float) -> None:
        """Place, fill and cancel. note: is told what comes next; pause_s: between the acts."""
        async with asyncio.timeout(PATIENCE_S + 3 * pause_s):
            note("now trading: a bid that rests, and a market order")
            await (await self._buy("resting", NEAR)).acknowledged()
            await (await self._buy("market")).done()
            await asyncio.sleep(pause_s)
            note("now losing the answer to an order, on purpose: does the venue have it?")
            self._venue.inject(f"answer-lost:request=place,late:stream=user:delay_ms={LATE_MS}")
            await (await self._buy("doubtful", FAR)).acknowledged()
            await asyncio.sleep(pause_s)
            note("now canceling what is left")
            await self.market.cancel_all()
            while not self._settled():
                self._changed.clear()
                await self._changed.wait()
            await asyncio.sleep(pause_s)

    async def _buy(self, purpose: str, level: int | None = None) -> InFlightOrder:
        await self.market.ready(PATIENCE_S)  # a book may be read only while it is right
        bids = self.market.order_book(self.pair).bids(FAR)
        price = None if level is None else bids[: level + 1][-1].price
        order = await self.market.buy(self.pair, WORTH / bids[0].price, price=price)
        self.orders[purpose] = order
        return order

    def findings(self) -> Iterator[Finding]:
        """What was shown."""
        yield self._filled()
        yield self._lost_answer()
        yield self._sent_once()
        theirs, ours = self._true_balances(), self._balances()
        totals = {asset: free + locked for asset, (free, locked) in ours.items()}
        traded = [asset for asset in self.pair.split("-") if asset in totals]
        held = ", ".join(f"{canonical(totals[asset])} {asset}" for asset in traded)
        yield Finding("balances equal the venue's", len(ours) > 0 and ours == theirs, held)
        resting = len(self._resting())
        left = f"{resting} open at the venue, {len(self.market.in_flight_orders)} in the ledger"
        ended = bool(self.orders) and not (resting or self.market.in_flight_orders)
        yield Finding("what was left was canceled", ended, left)

    def _filled(self) -> Finding:
        order, statement = self.orders.get("market"), "an order was placed and filled"
        if order is None or not order.fills or order.average_price is None:
            return Finding(statement, holds=False, detail="it was not")
        journal = self._venue.journal.fills(self._account)
        name = order.client_order_id
        theirs = sum(row.fill.quantity for row in journal if row.client_order_id == name)
        detail = f"{canonical(order.filled)} at {order.average_price:.2f} on average"
        holds = order.state is OrderState.FILLED and theirs == order.filled
        return Finding(statement, holds, detail)

    def _lost_answer(self) -> Finding:
        statement, order = "a lost answer was settled by asking", self.orders.get("doubtful")
        name = "" if order is None else order.client_order_id
        if name not in self._unknown_s or name not in self._known_s:
            return Finding(statement, holds=False, detail="it was not")
        for_s = self._known_s[name] - self._unknown_s[name]
        return Finding(statement, for_s >= 0, f"unknown for {for_s:.2f} s, then found")

    def _sent_once(self) -> Finding:
        journal, intents = self._venue.journal, len(self.orders)
        sent = Counter(
            row.client_order_id for row in journal.arrivals if row.kind == RequestKind.PLACE.value
        )
        taken = Counter(row.client_order_id for row in journal.orders)
        known = {order.client_order_id for order in self.orders.values()}
        twice = [name for name in (*sent, *taken) if sent[name] > 1 or taken[name] > 1]
        holds = not twice and set(taken) <= known and intents > 0
        detail = f"{intents} intents, {sent.total()} requests, {taken.total()} orders"
        return Finding("no order was sent twice", holds, detail)

    def _settled(self) -> bool:
        ours, theirs = self._balances(), self._true_balances()
        return not self.market.in_flight_orders and ours == theirs

    def _balances(self) -> Mapping[str, tuple[Decimal, Decimal]]:
        held = self.market.balances
        return {asset: (held[asset].available, held[asset].locked) for asset in sorted(held)}

    def _true_balances(self) -> Mapping[str, tuple[Decimal, Decimal]]:
        rows = sorted(self._venue.core.desk.balances(self._account).items())
        return {asset: (row.free, row.locked) for asset, row in rows if row.free or row.locked}

    def _resting(self) -> list[str]:
        rows = self._venue.core.desk.open_orders(self._account)
        return [row.client_order_id for row in rows]

    def _on_unknown(self, event: OrderOutcomeUnknown) -> None:
        self._unknown_s[event.client_order_id] = time.monotonic()

    def _on_accepted(self, event: OrderAccepted) -> None:
        self._known_s[event.client_order_id] = time.monotonic()
