"""Invariants: what must hold in the venue at any time, for it is the reference of other tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from connector_sdk.sandbox.accounts import EXACT, Accounts, Purse, amount, units
from connector_sdk.sandbox.book_log import book_rows
from connector_sdk.sandbox.core import VenueCore
from connector_sdk.sandbox.open_orders import OpenOrder
from connector_sdk.sandbox.order_desk import OrderDesk
from connector_sdk.sandbox.order_life import OrderLife
from connector_sdk.sandbox.pair_market import TradedPair
from connector_sdk.sandbox.priority_replay import PriorityReplay


def violations(core: VenueCore) -> list[str]:
    """Everything that is wrong with a venue; empty where nothing is."""
    return Invariants(core.orders, core.markets).violations()


class Invariants:
    """Judges a desk and its pairs; asked again, it replays only what happened since.

    Money: every asset sums up to what was deposited, nothing is negative, what is locked is what
    the open orders need. Books: never crossed, every total the sum of its orders, every open
    order where it belongs, and every match by price and time.
    """

    def __init__(self, desk: OrderDesk, markets: Mapping[str, TradedPair]) -> None:
        self._life = desk.life
        self._markets = markets
        self._replays: dict[str, PriorityReplay] = {}
        for pair, market in markets.items():
            if market.engine.log is not None:
                self._replays[pair] = PriorityReplay(pair, market.engine.log)

    def violations(self) -> list[str]:
        """Everything that is wrong now."""
        life = self._life
        found = [*_unbalanced(life.accounts), *_locked_wrongly(life)]
        for pair, market in self._markets.items():
            found += _disordered(market)
            replay = self._replays.get(pair)
            if replay is not None:
                found += replay.violations()
                if [number for row in replay.rows for number in row] != list(
                    book_rows(market.engine)
                ):
                    found.append(f"{pair}: the book is not what its journal makes")
        for one in life.open:
            found += _misplaced(one)
        return found


def _unbalanced(accounts: Accounts) -> Iterator[str]:
    everyone = (*accounts, accounts.house, accounts.fees)
    for asset in accounts.assets:
        total = sum(purse.holdings[asset].free + purse.holdings[asset].locked for purse in everyone)
        if total != accounts.deposited[asset]:
            gone = amount(accounts.deposited[asset] - total)
            yield f"{asset}: {gone} of what was deposited is missing"
    for purse in (*accounts, accounts.fees):
        for asset, holding in purse.holdings.items():
            if holding.free < 0 or holding.locked < 0:
                yield f"{purse.account.name} has {holding} of {asset}"
    if any(holding.locked for holding in accounts.house.holdings.values()):
        yield "the house has locked something"


def _locked_wrongly(life: OrderLife) -> Iterator[str]:
    needed: Counter[tuple[int, str]] = Counter()
    for one in life.open:
        needed[one.purse.owner, one.lock_asset] += _needs(one)
    for purse in life.accounts:
        yield from _locks(purse, needed)


def _locks(purse: Purse, needed: Counter[tuple[int, str]]) -> Iterator[str]:
    for asset, holding in purse.holdings.items():
        needs = needed[purse.owner, asset]
        if holding.locked != needs:
            yield (
                f"{purse.account.name} has {amount(holding.locked)} {asset} locked, and its open "
                f"orders need {amount(needs)}"
            )


def _needs(one: OpenOrder) -> int:
    """What an open order needs, by its own words where they say it."""
    order = one.order
    taken = EXACT.add(order.filled, order.prevented)
    left = EXACT.subtract(order.quantity, taken)
    price = order.new.price or order.new.stop_price
    if not one.buys:
        return units(left)
    # One that trails the market is set aside for by the price it came at.
    return one.locked if price is None else units(EXACT.multiply(price, left))


def _disordered(market: TradedPair) -> Iterator[str]:
    engine = market.engine
    bid, ask = engine.bids.best, engine.asks.best
    if bid is not None and ask is not None and bid >= ask:
        yield f"{market.pair}: crossed, {bid} is bid and {ask} asked"
    for book_side in (engine.bids, engine.asks):
        for price, level in book_side.levels.items():
            shown = sum(order.lots for order in level.orders.values())
            hidden = sum(order.hidden for order in level.orders.values())
            if (shown, hidden) != (level.total, level.hidden) or not level.orders:
                yield f"{market.pair}: the level {price} is not the sum of its orders"


def _misplaced(one: OpenOrder) -> Iterator[str]:
    resting = one.market.engine.order(one.order_id)
    if one.waits is not (resting is None):
        yield f"order {one.order_id} is not where it should be"
    elif resting is not None and resting.left != one.left:
        yield f"order {one.order_id} rests with {resting.left} lots, not with {one.left}"
