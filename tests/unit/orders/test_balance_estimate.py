"""The estimate against an account that is kept by the rules of a venue, step by step."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

import pytest

from connector_sdk.model.account import Balance, BalanceReport, Fee
from connector_sdk.model.order import OrderIntent, Side
from connector_sdk.model.order_update import Fill, OrderStatus
from connector_sdk.orders.balance_estimate import BalanceEstimate
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.outcome import Confirmed
from orders_at_hand import PAIR, buy, fill, ledger, report, sell


class PlainVenue:
    """Free and locked of each asset, moved at every step as a venue does."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.free = {"BTC": Decimal(50), "USDT": Decimal(5_000), "BNB": Decimal(1)}
        self.locked = dict.fromkeys(self.free, Decimal(0))
        self.free["USDT"] -= 70
        self.locked["USDT"] += 70  # by an order that is not ours
        self.open: dict[str, tuple[OrderIntent, Decimal]] = {}
        self.now_ns = 0

    def listing(self) -> BalanceReport:
        held = tuple(Balance(a, self.free[a], self.locked[a]) for a in self.free)
        return BalanceReport(held, complete=True, event_ns=self.now_ns)

    def place(self, name: str) -> OrderIntent:
        make = self.rng.choice([buy, sell])
        intent = make(str(self.rng.randint(1, 5)), str(self.rng.randint(90, 110)))
        self.open[name] = intent, intent.quantity
        self._lock(intent, intent.quantity)
        return intent

    def fill(self, name: str) -> tuple[Fill, bool]:
        """A fill of an open order, and whether it was the last."""
        intent, left = self.open[name]
        quantity = min(left, Decimal(self.rng.randint(1, 4)) / 2)
        assert intent.price is not None
        better = self.rng.randint(0, 3)
        price = intent.price + (better if intent.side is Side.SELL else -better)
        fee = Fee(self.rng.choice(["BNB", "BTC", "USDT"]), Decimal(self.rng.randint(0, 9)) / 1000)
        self._lock(intent, -quantity)
        sign = 1 if intent.side is Side.BUY else -1
        self.free["BTC"] += sign * quantity
        self.free["USDT"] -= sign * quantity * price
        self.free[fee.asset] -= fee.quantity
        self.open[name] = intent, left - quantity
        if left == quantity:
            del self.open[name]
        amounts = str(quantity), str(price)
        number = f"{name}-{self.now_ns}"
        made = fill(number, *amounts, name=name, number=name, side=intent.side, fee=fee)
        return made._replace(event_ns=self.now_ns), left == quantity

    def cancel(self, name: str) -> None:
        intent, left = self.open.pop(name)
        self._lock(intent, -left)

    def _lock(self, intent: OrderIntent, quantity: Decimal) -> None:
        assert intent.price is not None
        asset = "USDT" if intent.side is Side.BUY else "BTC"
        amount = quantity * intent.price if intent.side is Side.BUY else quantity
        self.free[asset] -= amount
        self.locked[asset] += amount


def steps(
    venue: PlainVenue, orders: OrderLedger, estimate: BalanceEstimate
) -> Iterator[tuple[BalanceReport, list[Fill]]]:
    """A random life of an account; after each step, a listing as of then and fills to come."""
    rng, late = venue.rng, list[Fill]()
    for number in range(60):
        venue.now_ns += 1
        now_ns = venue.now_ns
        chosen = rng.choice(["place", "fill", "fill", "cancel"])
        name = rng.choice([*venue.open, ""])
        if chosen == "place" or not name:
            name = f"o{number}"
            orders.create(venue.place(name), name, now_ns)
            opened = report(OrderStatus.OPEN, name=name, number=name)
            orders.settle(name, Confirmed([opened]), now_ns)
        elif chosen == "fill":
            made, _whole = venue.fill(name)
            orders.receive(made, now_ns)
            estimate.fill(made)
            late.append(made)
        else:
            venue.cancel(name)
            filled = str(orders.order(name).filled)
            orders.receive(report(OrderStatus.CANCELED, filled, name=name, number=name), now_ns)
        yield venue.listing(), late


@pytest.mark.campaign
def test_the_estimate_is_the_venues_own_account_at_every_step(campaign: bool) -> None:
    for seed in range(500 if campaign else 20):
        rng = random.Random(seed)
        venue, orders, estimate = PlainVenue(rng), ledger(), BalanceEstimate()
        estimate.listed(venue.listing(), [], as_of_ns=0)
        for listing, late in steps(venue, orders, estimate):
            if rng.random() < 0.1:
                # The answer was under way while nothing happened, and repeats fills it contains.
                estimate.listed(listing, orders.open_orders(), as_of_ns=venue.now_ns)
                for made in late:
                    estimate.fill(made)
            expected = {balance.asset: balance for balance in listing.balances if balance.total}
            assert estimate.balances(orders.open_orders()) == expected


def test_a_listing_that_is_overtaken_by_fills_counts_them_on_top() -> None:
    orders, estimate = ledger(), BalanceEstimate()
    orders.create(buy("2"), "a", 0)
    orders.settle("a", Confirmed([report(OrderStatus.OPEN)]), 1)
    listing = BalanceReport(
        (Balance("USDT", Decimal(100), Decimal(200)), Balance("BTC", Decimal(0))), True, 5
    )
    later = fill("1", "0.5", at=6)
    orders.receive(later, 6)
    estimate.listed(listing, orders.open_orders(), as_of_ns=5)
    estimate.fill(later)
    found = estimate.balances(orders.open_orders(PAIR))
    assert found["USDT"] == Balance("USDT", Decimal(100), Decimal(150))
    assert found["BTC"] == Balance("BTC", Decimal("0.5"))
