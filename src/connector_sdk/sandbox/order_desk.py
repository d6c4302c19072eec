"""OrderDesk: the trading half of the venue. Orders come in here; their lives are OrderLife's."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal

from connector_sdk.errors import ConfigError
from connector_sdk.model.order import Side, TimeInForce
from connector_sdk.sandbox.accounts import EXACT, MILLION, Accounts, units
from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.book_walk import Own, Reach, ahead_of, reach
from connector_sdk.sandbox.bounds import USUAL, Bounds
from connector_sdk.sandbox.dialect import VenueRules
from connector_sdk.sandbox.matching_engine import HOUSE, Outcome, Prevented, Terms
from connector_sdk.sandbox.open_orders import OpenOrder
from connector_sdk.sandbox.order_counts import OrderCounts
from connector_sdk.sandbox.order_life import USUAL_FEES, Fees, OrderLife
from connector_sdk.sandbox.order_rules import LIMIT_TYPES, TRIGGER_TYPES, breach, ticket
from connector_sdk.sandbox.pair_market import EngineOrder, Settlement, TradedPair
from connector_sdk.sandbox.trading import (
    Account,
    AccountBalance,
    EndReason,
    NewOrder,
    OrderPlaced,
    RefusalKind,
    Refused,
    Rule,
    TradingDesk,
    UserFill,
    UserOrder,
    VenueOrderType,
)
from connector_sdk.sandbox.triggers import Triggers, would_trigger


class OrderDesk(TradingDesk, Settlement):
    """Takes orders for every pair of a venue.

    life:         the open orders, the accounts, and who is told.
    revoked:      account → until when its key is worth nothing.
    fills_first:  so many percent of the next order to be canceled are filled before that.
    """

    def __init__(
        self,
        agenda: Agenda,
        markets: Mapping[str, TradedPair],
        accounts: Accounts,
        rules: VenueRules,
        first_id: int,
        *,
        fees: Fees = USUAL_FEES,
        bounds: Bounds = USUAL,
    ) -> None:
        self._agenda = agenda
        self._markets = markets
        self._rules = rules
        self._counts = OrderCounts(rules)
        self.life = OrderLife(agenda, accounts, self._counts, fees, bounds)
        self._triggers = {pair: Triggers() for pair in markets}
        self._set_off: deque[OpenOrder] = deque()
        self._met: list[UserFill] = []
        self._last_id = first_id
        self._following = False
        self.revoked: dict[str, int] = {}
        self.fills_first = 0
        for market in markets.values():
            market.settlement = self

    # What clients ask for.

    def account_of(self, key: str) -> Account | None:
        """The account of an API key."""
        purse = self.life.accounts.of_key(key)
        if purse is None or self.revoked.get(purse.account.name, 0) > self._agenda.now_ns:
            return None
        return purse.account

    def place(self, account: str, order: NewOrder) -> OrderPlaced | Refused:
        """Take an order, match it, rest what is left."""
        made = self._made(account, order)
        if isinstance(made, Refused):
            return made
        one, lock = made
        self._last_id += 1
        one.order.order_id = self._last_id
        self.life.begin(one, lock)
        fills: tuple[UserFill, ...] = ()
        if one.waits:
            self._triggers[order.pair].add(one, one.market.last_price)
        else:
            fills = self._enter(one, one.left)
        self.follow_up()
        return OrderPlaced(one.order, fills)

    def check(self, account: str, order: NewOrder) -> Refused | None:
        """What `place` would refuse."""
        made = self._made(account, order)
        return made if isinstance(made, Refused) else None

    def cancel(self, account: str, order_id: int, request_id: str) -> UserOrder | Refused:
        """Take an open order out."""
        one = self._own(account, order_id)
        if one is not None and self.fills_first:
            self._fill_first(one)
            one = self._own(account, order_id)
        if one is None:
            return Refused(RefusalKind.NO_SUCH_ORDER)
        self._leave(one)
        self.life.cancel(one, request_id)
        self.follow_up()
        return one.order

    def amend(
        self, account: str, order_id: int, quantity: Decimal, new_client_order_id: str
    ) -> UserOrder | Refused:
        """Make an open order smaller; it keeps its place in the queue."""
        one = self._own(account, order_id)
        if one is None:
            return Refused(RefusalKind.NO_SUCH_ORDER)
        less = self._less(one, quantity)
        if isinstance(less, Refused):
            return less
        taken = self.life.open.has_client_id(account, one.order.new.pair, new_client_order_id)
        if taken and new_client_order_id != one.order.client_order_id:
            return Refused(RefusalKind.DUPLICATE)
        one.market.shrink(order_id, less, self._agenda.now_ns)
        self.life.amend(one, less, new_client_order_id)
        self.follow_up()
        return one.order

    def order(
        self, account: str, pair: str, *, order_id: int | None = None, client_order_id: str = ""
    ) -> UserOrder | None:
        """The order with that id."""
        return self.life.history.order(account, pair, order_id, client_order_id)

    def open_orders(self, account: str, pair: str | None = None) -> Sequence[UserOrder]:
        """Oldest first."""
        return [one.order for one in self.life.open.of(account, pair)]

    def orders(self, account: str, pair: str) -> Sequence[UserOrder]:
        """All that is remembered."""
        return self.life.history.orders(account, pair)

    def fills(self, account: str, pair: str) -> Sequence[tuple[UserOrder, UserFill]]:
        """The account's trades of a pair."""
        return self.life.history.fills(account, pair)

    def balances(self, account: str) -> Mapping[str, AccountBalance]:
        """Of every asset."""
        purse = self.life.accounts[account]
        return {asset: purse.balance(asset) for asset in purse.holdings}

    def balances_changed_ns(self, account: str) -> int:
        """When the account last changed."""
        return self.life.accounts[account].changed_ns

    def fee_rates(self, account: str) -> tuple[Decimal, Decimal]:
        """(maker, taker)."""
        maker, taker = map(Decimal, self.life.fees)
        return EXACT.divide(maker, Decimal(MILLION)), EXACT.divide(taker, Decimal(MILLION))

    def order_counts(self, account: str) -> tuple[int, int]:
        """(in these ten seconds, today)."""
        return self._counts.counts(account, self._agenda.now_ns)

    # What the venue does.

    def open_account(self, funds: Mapping[str, Decimal], public_key: str = "") -> Account:
        """A new account with those funds; with a public key, that proves who asks."""
        purse = self.life.accounts.open({}, public_key)
        for asset, quantity in funds.items():
            self.life.deposit(purse, asset, quantity)
        self.follow_up()
        return purse.account

    def deposit(self, account: str, asset: str, quantity: Decimal) -> None:
        """Bring money in from outside; negative takes it out."""
        self.life.deposit(self.life.accounts[account], asset, quantity)
        self.follow_up()

    def expire_all(self, pair: str) -> None:
        """End every order of a pair, as a venue does that halts it."""
        for one in [one for one in self.life.open if one.order.new.pair == pair]:
            self._leave(one)
            self.life.expire(one, EndReason.HALT)
        self.follow_up()

    def settle(self, outcome: Outcome, market: TradedPair) -> None:
        """Move the money of one outcome, and see whom its prices set off."""
        for one in outcome.meetings:
            if isinstance(one, Prevented):
                self.life.prevent(one, market)
                continue
            told = self.life.settle(one, market)
            if told is not None:
                self._met.append(told)
            self._set_off.extend(self._triggers[market.pair].met(one.price))

    def follow_up(self) -> None:
        """Tell the balances, then let go what was set off, and what that sets off."""
        self.life.tell_balances()
        if self._following:
            return
        self._following = True
        while self._set_off:
            self._let_go(self._set_off.popleft())
            self.life.tell_balances()
        self._following = False

    def _made(self, account: str, new: NewOrder) -> tuple[OpenOrder, int] | Refused:
        """The order, not yet begun, and what to lock for it."""
        purse, market, now_ns = (
            self.life.accounts[account],
            self._market(new.pair),
            self._agenda.now_ns,
        )
        asked = ticket(new, market.listing, self._rules, market.last_price)
        if isinstance(asked, Refused):
            return asked
        refused = self._crowded(account, new)
        if refused is not None:
            return refused
        order = UserOrder(
            0, account, new, new.client_order_id, new.quantity or Decimal(0), now_ns, now_ns
        )
        order.working_ns = None if new.type in TRIGGER_TYPES else now_ns
        instrument = market.listing.instrument
        asset = instrument.quote if new.side is Side.BUY else instrument.base
        one = OpenOrder(order, asked, market, purse, asked.lots or 0, asset, 0)
        return self._judged(one)

    def _judged(self, one: OpenOrder) -> tuple[OpenOrder, int] | Refused:
        new, market = one.order.new, one.market
        if new.type is VenueOrderType.LIMIT_MAKER and self._crosses(one):
            return Refused(RefusalKind.WOULD_MATCH)
        if new.type in TRIGGER_TYPES and would_trigger(one, market.last_price):
            return Refused(RefusalKind.WOULD_TRIGGER)
        if new.type is VenueOrderType.MARKET:
            lock = self._market_lock(one)
            if not one.left:
                return breach(Rule.MARKET_LOT)
        else:
            one.lock_rate = self._lock_rate(one)
            lock = one.left * one.lock_rate
        if lock > one.purse.holdings[one.lock_asset].free:
            return Refused(RefusalKind.INSUFFICIENT_BALANCE)
        return one, lock

    def _crowded(self, account: str, new: NewOrder) -> Refused | None:
        """Whether the account has too many orders, or this one already."""
        if self._counts.full(account, self._agenda.now_ns):
            self.life.journal.breaches += 1
            return Refused(RefusalKind.TOO_MANY_ORDERS)
        if self.life.open.has_client_id(account, new.pair, new.client_order_id):
            return Refused(RefusalKind.DUPLICATE)
        if self.life.open.count(account, new.pair) >= self._rules.open_orders:
            return breach(Rule.OPEN_ORDERS)
        if new.type in TRIGGER_TYPES:
            waiting = sum(one.waits for one in self.life.open.of(account, new.pair))
            if waiting >= self._rules.open_triggers:
                return breach(Rule.OPEN_TRIGGERS)
        return None

    def _lock_rate(self, one: OpenOrder) -> int:
        """Units to lock for each lot of an order that rests or waits."""
        market = one.market
        if not one.buys:
            return market.base_unit
        price = one.ticket.ticks or one.ticket.stop or market.last_price
        return market.quote_unit * price

    def _market_lock(self, one: OpenOrder) -> int:
        """What a market order will need by the book as it stands; sets its lots."""
        market, new = one.market, one.order.new
        budget = None
        if new.quote_quantity is not None:
            budget = units(new.quote_quantity) // market.quote_unit
        found = self._reach(one, one.ticket.lots, budget=budget)
        if one.ticket.lots is None:
            one.left = found.lots
            one.order.quantity = market.listing.quantity(found.lots)
        return found.cost * market.quote_unit if one.buys else one.left * market.base_unit

    def _reach(self, one: OpenOrder, lots: int | None, *, budget: int | None = None) -> Reach:
        new = one.order.new
        own = Own(one.purse.owner, new.prevention)
        return reach(
            one.market.engine, new.side, lots, price=one.ticket.ticks, budget=budget, own=own
        )

    def _crosses(self, one: OpenOrder) -> bool:
        best = one.market.engine.side(one.order.new.side.opposite).best
        ticks = one.ticket.ticks
        if best is None or ticks is None:
            return False
        return ticks >= best if one.buys else ticks <= best

    def _enter(self, one: OpenOrder, lots: int) -> tuple[UserFill, ...]:
        """Let so many lots of an order meet the book; end what may not rest."""
        order, new, now_ns = one.order, one.order.new, self._agenda.now_ns
        limited = new.type in LIMIT_TYPES
        patience = new.time_in_force if limited else TimeInForce.IOC
        if patience is TimeInForce.FOK and self._reach(one, one.left).lots < one.left:
            self.life.expire(one, EndReason.UNFILLED_FOK)
            return ()
        self._met = []
        terms = Terms(patience in {None, TimeInForce.GTC}, one.ticket.shown, new.prevention)
        resting = 0
        if lots:
            entry = EngineOrder(
                new.side, lots, one.ticket.ticks, one.purse.owner, order.order_id, terms
            )
            resting = one.market.enter(entry, now_ns).resting
        fills = tuple(self._met)
        if not resting and order.status.is_open:
            unfilled = EndReason.UNFILLED_IOC if limited else EndReason.NO_LIQUIDITY
            self.life.expire(one, unfilled)
        return fills

    def _let_go(self, one: OpenOrder) -> None:
        """An order's trigger was met."""
        if not one.order.status.is_open:
            return
        lots, lock, lock_rate = one.left, one.locked, one.lock_rate
        if one.ticket.ticks is None and one.buys:
            # What was set aside by the stop price is worth nothing now; what is free limits it.
            holding, unit = one.purse.holdings[one.lock_asset], one.market.quote_unit
            budget, found = (holding.free + one.locked) // unit, self._reach(one, lots)
            if found.cost > budget:
                found = self._reach(one, lots, budget=budget)
                lots = found.lots
            lock, lock_rate = found.cost * unit, 0
        self.life.trigger(one, lock, lock_rate)
        self._enter(one, lots)

    def _fill_first(self, one: OpenOrder) -> None:
        """Let the house take so much of an order, and all that stands before it in the queue."""
        share, self.fills_first = self.fills_first, 0
        market, resting = one.market, one.market.engine.order(one.order_id)
        if resting is None:
            return
        lots = ahead_of(market.engine, resting) + max(resting.lots * share // 100, 1)
        entry = EngineOrder(
            resting.side.opposite, lots, resting.price, HOUSE, None, Terms(rests=False)
        )
        market.enter(entry, self._agenda.now_ns)
        self.follow_up()

    def _leave(self, one: OpenOrder) -> None:
        one.market.withdraw(one.order_id, self._agenda.now_ns)
        self._triggers[one.order.new.pair].remove(one.order_id)

    def _less(self, one: OpenOrder, quantity: Decimal) -> int | Refused:
        """The lots an amendment takes off."""
        listing = one.market.listing
        if one.amends >= self._rules.amends:
            return Refused(RefusalKind.TOO_MANY_AMENDS)
        if EXACT.remainder(quantity, listing.instrument.lot_size):
            return breach(Rule.LOT)
        less = int(EXACT.divide_int(EXACT.subtract(one.order.quantity, quantity), listing.lot))
        if not 0 < less < one.left:
            return Refused(RefusalKind.NOT_SMALLER)
        return less

    def _own(self, account: str, order_id: int) -> OpenOrder | None:
        one = self.life.open.get(order_id)
        return one if one is not None and one.order.account == account else None

    def _market(self, pair: str) -> TradedPair:
        market = self._markets.get(pair)
        if market is None:
            raise ConfigError(f"the venue does not list {pair}: it has {', '.join(self._markets)}")
        return market
