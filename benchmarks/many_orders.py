"""Prints the figures of a ledger with 10,000 open and 100,000 closed orders.

A JSON list: resident MB before and after, then for lookup, update and turnover how many times the
CPU of a ledger with a tenth of the orders each took, and its microseconds.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import count
from random import Random
from statistics import median

from connector_sdk.model.account import Fee
from connector_sdk.model.order import OrderIntent, Side, TimeInForce
from connector_sdk.model.order_update import Fill, OrderReport, OrderStatus
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.ledger_settings import LedgerSettings
from connector_sdk.orders.outcome import Confirmed
from followed import PAIR, START_NS
from resident import resident_mb
from timing import cpu_seconds, uncollected

OPEN, CLOSED = 10_000, 100_000
SHARE = 10
ROUNDS = 15
LAP = 200
STEP_NS = 1_000_000


class Desk:
    """A ledger and the venue that answers it: every order gets texts of its own, as decoded."""

    def __init__(self, open_orders: int, closed_orders: int) -> None:
        settings = LedgerSettings(closed_kept=closed_orders, late_s=1.0, closed_age_s=1e9)
        self.ledger = OrderLedger("binance", "account", settings)
        self._numbers = count(1)
        self._chance = Random(3)
        self.now_ns = START_NS
        self.closed: list[str] = []
        self.open = [self.placed() for _ in range(open_orders)]
        for _ in range(closed_orders):
            self.turn_over()
        self.closed = self.closed[-closed_orders:]

    def placed(self) -> int:
        """Place one more order, which the venue takes; the number that its ids are made from."""
        number = next(self._numbers)
        self.now_ns += STEP_NS
        price = Decimal(f"{60_000 + number % 1_000}.{number % 100:02d}")
        intent = OrderIntent(PAIR, Side.BUY, Decimal("1.50000"), price)
        self.ledger.create(
            OrderIntent(PAIR, Side.BUY, intent.quantity, price, time_in_force=TimeInForce.GTC),
            client_id(number),
            self.now_ns,
        )
        self.written()
        taken = self.report(number, OrderStatus.OPEN, "0")
        self.ledger.settle(client_id(number), Confirmed((taken,)), self.now_ns)
        self.ledger.receive(self.report(number, OrderStatus.OPEN, "0"), self.now_ns)
        self.written()
        return number

    def turn_over(self) -> None:
        """One order's life: placed, filled in part, canceled; every change is written down."""
        number = self.placed()
        self.fill(number)
        self.ledger.receive(self.report(number, OrderStatus.CANCELED, "0.00001"), self.now_ns)
        self.written()
        self.closed.append(client_id(number))

    def fill(self, number: int) -> None:
        fill = Fill(
            pair=PAIR,
            trade_id=str(next(self._numbers)),
            client_order_id=None,
            exchange_order_id=str(number),
            side=Side.BUY,
            price=Decimal("60000.12"),
            quantity=Decimal("0.00001"),
            fee=Fee("BNB", Decimal("0.00000123")),
            maker=True,
            event_ns=self.now_ns,
        )
        self.ledger.receive(fill, self.now_ns)
        self.written()

    def report(self, number: int, status: OrderStatus, filled: str) -> OrderReport:
        return OrderReport(
            PAIR, client_id(number), str(number), status, Decimal(filled), event_ns=self.now_ns
        )

    def written(self) -> None:
        """What the runtime does after each change."""
        self.ledger.take_events()
        self.ledger.take_dirty()

    def look_up(self) -> None:
        """By either id, of open orders and of closed ones."""
        for number, name in zip(
            self._chance.sample(self.open, LAP), self._chance.sample(self.closed, LAP), strict=True
        ):
            self.ledger.order(client_id(number))
            self.ledger.find(PAIR, str(number))
            self.ledger.order(name)

    def update(self) -> None:
        for number in self._chance.sample(self.open, LAP):
            self.fill(number)

    def turn_many_over(self) -> None:
        for _ in range(LAP):
            self.turn_over()


def client_id(number: int) -> str:
    return f"x-connector-{number:020d}"


def compared(large: Callable[[], None], small: Callable[[], None]) -> tuple[float, float]:
    """(how many times the small one's CPU the large one took, its microseconds an order)."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        lanes: Sequence[tuple[Callable[[], None], list[float]]] = (
            (large, times[0]),
            (small, times[1]),
        )
        with uncollected():
            for work, taken in lanes if number % 2 else reversed(lanes):
                taken.append(cpu_seconds(work))
    ratios = [one / other for one, other in zip(*times, strict=True)][1:]
    return median(ratios), median(times[0]) / LAP * 1e6


def main() -> None:
    Desk(20, 2_000)
    gc.collect()
    before = resident_mb()
    large = Desk(OPEN, CLOSED)
    gc.collect()
    after = resident_mb()
    small = Desk(OPEN // SHARE, CLOSED // SHARE)
    figures = [before, after]
    figures += compared(large.look_up, small.look_up)
    figures += compared(large.update, small.update)
    figures += compared(large.turn_many_over, small.turn_many_over)
    counted = len(large.ledger.active), sum(1 for _ in large.ledger.recently_closed())
    if counted[0] != OPEN or not CLOSED <= counted[1] <= 2 * CLOSED:
        raise RuntimeError(f"the ledger holds {counted}")
    print(figures)


if __name__ == "__main__":
    main()
