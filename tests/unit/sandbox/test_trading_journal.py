"""The journal of orders and money says what happened, and forgets the oldest."""

from __future__ import annotations

from decimal import Decimal

from connector_sdk.sandbox.bounds import FEW, Bounds
from connector_sdk.sandbox.core import VenueCore, VenueSettings
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.trading import NewOrder, VenueOrderStatus, VenueOrderType
from connector_sdk_binance.sandbox import dialect
from trading_floor import ANN, BEN, BUY, NOON_NS, PAIR, SELL, Floor


def test_it_has_every_order_fill_end_and_transfer() -> None:
    floor = Floor()
    journal = floor.journal
    first = floor.place(BEN, SELL, "0.02", price="60000", client_order_id="his").order
    floor.place(ANN, BUY, "0.03", price="60000", client_order_id="hers")
    open_id = floor.desk.open_orders(ANN)[0].order_id
    floor.desk.cancel(ANN, open_id, "c")
    assert [(row.account, row.client_order_id) for row in journal.orders] == [
        (BEN, "his"),
        (ANN, "hers"),
    ]
    assert [(row.client_order_id, row.status, row.filled) for row in journal.ends] == [
        ("his", VenueOrderStatus.FILLED, Decimal("0.02")),
        ("hers", VenueOrderStatus.CANCELED, Decimal("0.02")),
    ]
    (hers,) = journal.fills(ANN)
    (his,) = journal.fills(BEN)
    assert (hers.order_id, his.order_id) == (open_id, first.order_id)
    assert (hers.side, his.side) == (BUY, SELL)
    assert hers.fill.trade_id == his.fill.trade_id
    assert len(journal.fills()) == 2
    assert [(row.asset, row.change) for row in journal.transfers if row.account == ANN] == [
        ("USDT", Decimal(1_000_000)),
        ("BTC", Decimal(1_000)),
    ]


def test_balances_are_the_first_funds_and_fills_less_fees() -> None:
    floor = Floor()
    floor.place(BEN, SELL, "0.5", price="60000")
    floor.place(ANN, BUY, "0.3", price="60010")
    floor.place(ANN, SELL, "0.1", price="70000")
    for account in (ANN, BEN):
        held = {"USDT": Decimal(0), "BTC": Decimal(0)}
        for row in floor.journal.transfers:
            held[row.asset] += row.change if row.account == account else 0
        for one in floor.journal.fills(account):
            sign = 1 if one.side is BUY else -1
            held["BTC"] += sign * one.fill.quantity
            held["USDT"] -= sign * one.fill.quote
            held[one.fill.fee_asset] -= one.fill.fee
        told = floor.journal.balances(account)
        assert {asset: told[asset].free + told[asset].locked for asset in held} == held
        assert dict(told) == dict(floor.desk.balances(account))


def test_it_forgets_the_oldest_beyond_its_bounds() -> None:
    bounds = Bounds(rows=3, trades=5, closed=2, fills=4)
    core = VenueCore(dialect, VenueSettings((PAIR,), 1, Pace(0), bounds=bounds))
    core.step(NOON_NS)
    for number in range(6):
        order = NewOrder(
            PAIR, BUY, VenueOrderType.MARKET, f"id-{number}", quantity=Decimal("0.001")
        )
        core.orders.place("account-1", order)
    journal = core.journal
    assert [row.client_order_id for row in journal.orders] == ["id-3", "id-4", "id-5"]
    assert (len(journal.ends), len(journal.fills()), len(journal.trades(PAIR))) == (3, 3, 5)
    remembered = core.orders.orders("account-1", PAIR)
    assert [order.client_order_id for order in remembered] == ["id-4", "id-5"]
    assert core.orders.order("account-1", PAIR, client_order_id="id-3") is None
    assert len(core.orders.fills("account-1", PAIR)) == 4
    assert FEW.rows < Bounds().rows


def test_equal_histories_have_equal_digests_and_one_order_more_another() -> None:
    def digest(orders: int) -> str:
        core = VenueCore(dialect, VenueSettings((PAIR,), 1, Pace(0)))
        core.step(NOON_NS)
        for number in range(orders):
            price = Decimal(50_000 + number)
            order = NewOrder(
                PAIR, BUY, VenueOrderType.LIMIT, f"{number}", Decimal("0.01"), price=price
            )
            core.orders.place("account-1", order)
        return core.journal.digest()

    assert digest(2) == digest(2)
    assert digest(2) != digest(3)
