"""What an order would meet in the book as it stands. Nothing is changed."""

from __future__ import annotations

from typing import NamedTuple

from connector_sdk.model.order import Side
from connector_sdk.sandbox.book_side import Level, RestingOrder
from connector_sdk.sandbox.matching_engine import MatchingEngine
from connector_sdk.sandbox.trading import TradePrevention

PASSES_OVER = frozenset({TradePrevention.EXPIRE_MAKER, TradePrevention.DECREMENT})


class Own(NamedTuple):
    """Whose order it would be, and what it does where it meets another of theirs."""

    owner: int
    prevention: TradePrevention


class Reach(NamedTuple):
    """So many lots could be had, hidden ones too, for so much (ticks times lots)."""

    lots: int
    cost: int


def reach(
    engine: MatchingEngine,
    side: Side,
    lots: int | None,
    *,
    own: Own,
    price: int | None = None,
    budget: int | None = None,
) -> Reach:
    """What an order of `side` would get, best price first.

    lots:    no more than that; None: no such limit.
    price:   no worse than that.
    budget:  for no more than that, in ticks times lots.
    """
    book_side = engine.side(side.opposite)
    found = cost = 0
    for at in book_side.within(price):
        there, stopped = _there(book_side.levels[at], own)
        if lots is not None:
            there = min(there, lots - found)
        affordable = there if budget is None else min(there, (budget - cost) // at)
        found += affordable
        cost += affordable * at
        if stopped or affordable < there or found == lots:
            break
    return Reach(found, cost)


def ahead_of(engine: MatchingEngine, order: RestingOrder) -> int:
    """The lots that would be taken before what that order shows."""
    book_side = engine.side(order.side)
    ahead = 0
    for at in book_side.within(order.price):
        level = book_side.levels[at]
        if at != order.price:
            ahead += level.total + level.hidden
            continue
        for other in level.orders.values():
            if other is order:
                break
            ahead += other.lots
    return ahead


def _there(level: Level, own: Own) -> tuple[int, bool]:
    """The lots of a level, and whether it is the last one that could be reached."""
    if own.prevention is TradePrevention.NONE:
        return level.total + level.hidden, False
    there = before = 0
    for order in level.orders.values():
        if order.owner != own.owner:
            there += order.left
            before += order.lots
        elif own.prevention not in PASSES_OVER:
            return before, True
    return there, False
