"""OrderLife: what happens to open orders, their money, and what is told of it."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import NamedTuple

from connector_sdk.model.order import Side
from connector_sdk.sandbox.accounts import EXACT, Accounts, Purse, amount, share, units
from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.bounds import Bounds
from connector_sdk.sandbox.matching_engine import Fill, Prevented
from connector_sdk.sandbox.open_orders import OpenOrder, OpenOrders
from connector_sdk.sandbox.order_counts import OrderCounts
from connector_sdk.sandbox.order_history import OrderHistory
from connector_sdk.sandbox.pair_market import TradedPair
from connector_sdk.sandbox.trading import (
    BalanceEvent,
    EndReason,
    Execution,
    OrderEvent,
    PreventedMatch,
    TransferEvent,
    UserEvent,
    UserFill,
    VenueOrderStatus,
)
from connector_sdk.sandbox.trading_journal import TradingJournal, Transfer
from connector_sdk.sandbox.user_streams import UserStreams


class Fees(NamedTuple):
    """Millionths of what a fill brings, taken out of that."""

    maker: int = 800
    taker: int = 1_000


USUAL_FEES = Fees()


class OrderLife:
    """Open orders and their changes; every change is told, the balances after it.

    journal: what truly happened is written there.
    """

    def __init__(
        self,
        agenda: Agenda,
        accounts: Accounts,
        counts: OrderCounts,
        fees: Fees,
        bounds: Bounds,
    ) -> None:
        self.accounts = accounts
        self.fees = fees
        self.journal = TradingJournal(bounds)
        self.open = OpenOrders()
        self.history = OrderHistory(bounds)
        self.streams = UserStreams()
        self._agenda = agenda
        self._counts = counts
        self._executions = 0
        self._prevented = 0

    def begin(self, one: OpenOrder, lock: int) -> None:
        """A new order, for which so many units are locked."""
        self._lock(one, lock)
        self.open.add(one)
        self.history.add(one.order)
        self.journal.accepted(one.order)
        self._counts.count(one.order.account, one.order.created_ns)
        self._tell(one, Execution.NEW)

    def trigger(self, one: OpenOrder, lock: int, lock_rate: int) -> None:
        """Its trigger was met: it goes to the book with other units locked."""
        one.lock_rate = lock_rate
        self._lock(one, lock)
        one.order.working_ns = one.order.updated_ns = self._agenda.now_ns
        self._tell(one, Execution.TRIGGERED)

    def settle(self, fill: Fill, market: TradedPair) -> UserFill | None:
        """Move the money of a fill and tell those whose orders met; the taker's, if a user's."""
        maker = self.open.get(fill.maker_order_id)
        taker = self.open.get(fill.taker_order_id)
        if maker is None and taker is None:
            return None
        house = self.accounts.house
        sides = (taker, maker) if fill.taker_side is Side.BUY else (maker, taker)
        buyer, seller = (house if one is None else one.purse for one in sides)
        quote, base = market.quote_unit * fill.price * fill.lots, market.base_unit * fill.lots
        instrument = market.listing.instrument
        self.accounts.pay(instrument.quote, quote, buyer, seller)
        self.accounts.pay(instrument.base, base, seller, buyer)
        if maker is not None:
            self._filled(maker, fill, maker_side=True)
        return None if taker is None else self._filled(taker, fill, maker_side=False)

    def _filled(self, one: OpenOrder, fill: Fill, *, maker_side: bool) -> UserFill:
        order, market = one.order, one.market
        instrument, now_ns = market.listing.instrument, self._agenda.now_ns
        quote, base = market.quote_unit * fill.price * fill.lots, market.base_unit * fill.lots
        paid, got, asset = (
            (quote, base, instrument.base) if one.buys else (base, quote, instrument.quote)
        )
        fee = share(got, self.fees.maker if maker_side else self.fees.taker)
        self.accounts.charge(asset, fee, one.purse)
        one.locked -= paid
        one.left -= fill.lots
        self._relock(one)
        if not order.filled:
            self._counts.give_back(order.account, now_ns)
        told = UserFill(
            fill.trade_id,
            market.listing.price(fill.price),
            market.listing.quantity(fill.lots),
            amount(quote),
            amount(fee),
            asset,
            maker_side,
            now_ns,
        )
        order.filled = EXACT.add(order.filled, told.quantity)
        order.filled_quote = EXACT.add(order.filled_quote, told.quote)
        order.updated_ns = now_ns
        order.status = VenueOrderStatus.PARTIALLY_FILLED if one.left else VenueOrderStatus.FILLED
        self.history.filled(order, told)
        self.journal.filled(order, told)
        self._tell(one, Execution.TRADE, fill=told)
        if not one.left:
            self._close(one)
        return told

    def prevent(self, prevented: Prevented, market: TradedPair) -> None:
        """A match of an account with itself did not happen."""
        self._prevented += 1
        pairs = (
            (prevented.maker_order_id, prevented.maker_expired, prevented.taker_order_id),
            (prevented.taker_order_id, prevented.taker_expired, prevented.maker_order_id),
        )
        decrements = prevented.decremented
        for order_id, expired, other in pairs:
            one = self.open.get(order_id)
            if one is None or not (expired or decrements):
                continue
            quantity = market.listing.quantity(prevented.lots)
            match = PreventedMatch(
                self._prevented,
                market.listing.price(prevented.price),
                quantity,
                other,
                self._agenda.now_ns,
            )
            one.order.prevented = EXACT.add(one.order.prevented, quantity)
            one.left -= prevented.lots if decrements else 0
            if expired:
                one.order.status = VenueOrderStatus.EXPIRED_IN_MATCH
                one.order.end_reason = EndReason.SELF_TRADE
            else:
                self._relock(one)
            one.order.updated_ns = self._agenda.now_ns
            self._tell(one, Execution.TRADE_PREVENTED, prevented=match)
            if expired:
                self._close(one)

    def expire(self, one: OpenOrder, reason: EndReason) -> None:
        """The venue ends it."""
        one.order.end_reason = reason
        self._end(one, VenueOrderStatus.EXPIRED, Execution.EXPIRED)

    def cancel(self, one: OpenOrder, request_id: str) -> None:
        """Its owner ends it."""
        self._end(one, VenueOrderStatus.CANCELED, Execution.CANCELED, request_id)

    def amend(self, one: OpenOrder, lots: int, client_order_id: str) -> None:
        """Its owner takes so many lots off it."""
        order, before = one.order, one.order.client_order_id
        one.left -= lots
        one.amends += 1
        self._relock(one)
        order.quantity = EXACT.subtract(order.quantity, one.market.listing.quantity(lots))
        order.updated_ns = self._agenda.now_ns
        self.open.rename(one, client_order_id)
        self.history.renamed(order, before)
        self._tell(one, Execution.AMENDED, before)

    def deposit(self, purse: Purse, asset: str, quantity: Decimal) -> None:
        """Bring money in from outside; negative takes it out. The balance is told later."""
        name, now_ns = purse.account.name, self._agenda.now_ns
        self.accounts.deposit(purse, asset, units(quantity))
        self.journal.transfers.append(Transfer(now_ns, name, asset, quantity))
        self.publish(TransferEvent(name, asset, quantity, now_ns))

    def publish(self, event: UserEvent) -> None:
        """Tell an event of an account."""
        self.streams.publish(event)

    def tell_balances(self) -> None:
        """Tell every account what changed of its balances since the last time."""
        now_ns = self._agenda.now_ns
        for purse in self.accounts:
            if purse.changed:
                self._tell_balances(purse, now_ns)

    def _tell_balances(self, purse: Purse, now_ns: int) -> None:
        changed = tuple(purse.balance(asset) for asset in sorted(purse.changed))
        purse.changed.clear()
        purse.changed_ns = now_ns
        self.journal.balance(purse.account.name, changed)
        self.publish(BalanceEvent(purse.account.name, changed, now_ns))

    def _end(
        self,
        one: OpenOrder,
        status: VenueOrderStatus,
        execution: Execution,
        request_id: str = "",
    ) -> None:
        one.order.status = status
        one.order.updated_ns = self._agenda.now_ns
        self._tell(one, execution, request_id)
        self._close(one)

    def _close(self, one: OpenOrder) -> None:
        self._lock(one, 0)
        self.open.remove(one)
        self.history.close(one.order)
        self.journal.ended(one.order)

    def _relock(self, one: OpenOrder) -> None:
        """Give back what is locked beyond what is left."""
        if one.lock_rate:
            self._lock(one, one.left * one.lock_rate)

    def _lock(self, one: OpenOrder, whole: int) -> None:
        if whole != one.locked:
            self.accounts.lock(one.purse, one.lock_asset, whole - one.locked)
            one.locked = whole

    def _tell(
        self,
        one: OpenOrder,
        execution: Execution,
        request_id: str = "",
        fill: UserFill | None = None,
        prevented: PreventedMatch | None = None,
    ) -> None:
        self._executions += 1
        one.order.execution_id = self._executions
        if not self.streams.is_heard(one.order.account):
            return
        copy = dataclasses.replace(one.order)
        self.publish(
            OrderEvent(
                copy,
                execution,
                fill,
                request_id,
                self._executions,
                self._agenda.now_ns,
                prevented,
            )
        )
