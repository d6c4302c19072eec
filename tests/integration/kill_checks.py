"""What must hold after a process was killed and its successor has settled: checks B and C."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from connector_sdk.orders.states import OrderState
from connector_sdk.sandbox.core import VenueCore
from connector_sdk.sandbox.trading import UserOrder
from connector_sdk.sandbox.trading_journal import Arrival
from kill_plan import PAIR
from trading_checks import CLIENT_SAYS, NEVER_ACCEPTED


@dataclass(frozen=True, slots=True)
class VenueTruth:
    """What the venue knows of one account, as of one moment.

    orders:    by client order id.
    accepted:  how often each was.
    placings:  requests to place an order that arrived, by client order id.
    fills:     [trade id, price, quantity, fee] by client order id.
    balances:  asset → [available, locked], of what is not zero.
    """

    orders: Mapping[str, UserOrder]
    accepted: Counter[str]
    placings: Counter[str]
    fills: Mapping[str, Sequence[tuple[str, Decimal, Decimal, Decimal]]]
    balances: Mapping[str, tuple[Decimal, Decimal]]


def truth(core: VenueCore, account: str) -> VenueTruth:
    """What `core` knows of `account` now."""
    trading = core.journal.trading
    fills: dict[str, list[tuple[str, Decimal, Decimal, Decimal]]] = {}
    for row in trading.fills(account):
        fill = row.fill
        fills.setdefault(row.client_order_id, []).append(
            (str(fill.trade_id), fill.price, fill.quantity, fill.fee)
        )
    held = core.desk.balances(account)
    return VenueTruth(
        orders={one.client_order_id: one for one in core.desk.orders(account, PAIR)},
        accepted=Counter(one.client_order_id for one in trading.orders if one.account == account),
        placings=Counter(one.client_order_id for one in placed(trading.arrivals, account)),
        fills=fills,
        balances={
            asset: (one.free, one.locked) for asset, one in held.items() if one.free or one.locked
        },
    )


def placed(arrivals: Sequence[Arrival], account: str) -> Iterator[Arrival]:
    """The requests of `account` to place an order."""
    return (one for one in arrivals if one.account == account and one.kind == "place")


def differences(report: Mapping[str, Any], venue: VenueTruth) -> Iterator[str]:
    """What a settled client says otherwise than its venue."""
    for name, said in (("unsettled", report["unsettled"]), ("foreign", report["foreign"])):
        if said:
            yield f"{name}: {said}"
    ours = {order["name"]: order for order in report["orders"]}
    for name, order in ours.items():
        yield from _order_differences(name, order, venue)
    for name in venue.orders.keys() - ours.keys():
        yield f"B: the venue has {name}, which nobody here knows"
    held = {
        asset: (Decimal(free), Decimal(locked))
        for asset, (free, locked) in report["balances"].items()
    }
    for asset in venue.balances.keys() | held.keys():
        mine, true = held.get(asset), venue.balances.get(asset)
        if mine != true and any(mine or true or ()):
            yield f"C: {asset} is {mine} here, {true} there"


def _order_differences(name: str, order: Mapping[str, Any], venue: VenueTruth) -> Iterator[str]:
    state, true = OrderState(order["state"]), venue.orders.get(name)
    if true is None:
        if state not in NEVER_ACCEPTED:
            yield f"B: {name} is {state.value} here, and the venue never had it"
        return
    if state not in CLIENT_SAYS[true.status]:
        yield f"B: {name} is {state.value} here, {true.status.value} there"
    fills = sorted(
        (trade_id, Decimal(price), Decimal(quantity), Decimal(fee))
        for trade_id, price, quantity, fee in order["fills"]
    )
    if fills != sorted(venue.fills.get(name, ())):
        yield f"C: {name} has fills {fills} here, {sorted(venue.fills.get(name, ()))} there"
    if Decimal(order["filled"]) != true.filled or Decimal(order["quantity"]) != true.quantity:
        yield f"C: {name} is filled {order['filled']} here, {true.filled} there"


def once_each(venue: VenueTruth, log: Path, stored: Mapping[str, Decimal]) -> Iterator[str]:
    """No intent is sent or accepted twice; what was never recorded was never sent.

    log:     what the process decided and did, by its own account.
    stored:  client order id → quantity asked for, of every order that was ever recorded.
    """
    for name, times in venue.placings.items():
        if times > 1:
            yield f"B: {name} was sent {times} times"
    for name, times in venue.accepted.items():
        if times > 1:
            yield f"B: {name} was accepted {times} times"
    for name in venue.placings.keys() - stored.keys():
        yield f"B: {name} was sent, and never written down"
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    decided = {Decimal(line["quantity"]) for line in lines if "quantity" in line}
    asked = Counter(one.new.quantity for one in venue.orders.values())
    asked_here = Counter(stored.values())
    for quantity, times in (asked | Counter[Decimal | None](asked_here)).items():
        if times > 1 or quantity not in decided:
            yield f"B: the intent of {quantity} became {times} orders"
    placed_here = {line["placed"] for line in lines if "placed" in line}
    for name in placed_here - stored.keys():
        yield f"B: {name} was returned, and never written down"
