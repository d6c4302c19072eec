"""OrderFlow: the venue's own traders. Seeded: the same seed makes the same market."""

from __future__ import annotations

import random
from dataclasses import dataclass

from connector_sdk.model.order import Side
from connector_sdk.sandbox.book_side import BookSide
from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.matching_engine import HOUSE, MatchingEngine, Outcome

LEVELS = 1_100
FEWEST_LEVELS = 1_050
MOST_LEVELS = 1_150
TAKES, ADDS, OPENS = 0.06, 0.50, 0.75
NEAR_RANKS = 25.0
DEEP_SHARE = 0.15
LONGEST_QUEUE = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a pair's book changes.

    changes_per_s:  book changes a second.
    burst_every_s:  0 for none; else that often `burst_changes` changes come at one instant.
    """

    changes_per_s: float = 50.0
    burst_every_s: float = 0.0
    burst_changes: int = 0


class OrderFlow:
    """Places, cancels and takes so that the book lives: over 1,000 levels a side, a moving mid.

    It cancels its own orders only; whoever else rests in the book is filled like anybody.
    """

    def __init__(self, listing: Listing, seed: str) -> None:
        self._listing = listing
        # Seeded on purpose: a market that repeats, not a secret.
        self._random = random.Random(seed)
        self._pressure = 0.0
        self._gap = max(listing.start_price // 300_000, 1)

    def open_book(self, engine: MatchingEngine) -> None:
        """Fill an empty book around the start price."""
        for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
            price = self._listing.start_price
            for _ in range(LEVELS):
                price += sign * self._random.randint(1, 2 * self._gap)
                engine.place(side, self._lots(), price)

    def act(self, engine: MatchingEngine) -> Outcome:
        """Do one thing; its outcome holds one level change or more."""
        chance = self._random.random
        self._drift(engine)
        side = Side.BUY if chance() < 0.5 else Side.SELL
        depth = len(engine.side(side))
        what = chance()
        if what < TAKES:
            return self._take(engine)
        if depth < FEWEST_LEVELS or (depth < MOST_LEVELS and ADDS < what < OPENS):
            return self._open_level(engine, side)
        if what < ADDS and depth < MOST_LEVELS:
            return self._change_level(engine, side)
        return self._leave(engine, side, self._near_rank(engine.side(side)))

    def _drift(self, engine: MatchingEngine) -> None:
        best = engine.bids.best or self._listing.start_price
        pull = (best - self._listing.start_price) / self._listing.start_price
        self._pressure = 0.98 * self._pressure + self._random.gauss(0, 0.12) - 2 * pull

    def _lots(self) -> int:
        return 1 + int(self._random.expovariate(1.0) * self._listing.typical_lots)

    def _near_rank(self, book_side: BookSide) -> int:
        return min(int(self._random.expovariate(1 / NEAR_RANKS)), len(book_side) - 1)

    def _take(self, engine: MatchingEngine) -> Outcome:
        buys = self._random.random() < 0.5 + 0.4 * max(-1.0, min(1.0, self._pressure))
        side = Side.BUY if buys else Side.SELL
        book_side = engine.asks if buys else engine.bids
        top = book_side.top(self._random.randint(1, 3))
        if not top:
            return self._open_level(engine, side.opposite)
        within = sum(lots for _, lots in top)
        return engine.place(side, self._random.randint(1, within), top[-1][0])

    def _open_level(self, engine: MatchingEngine, side: Side) -> Outcome:
        own, other = engine.side(side), engine.asks if side is Side.BUY else engine.bids
        away = -1 if side is Side.BUY else 1
        if own and self._random.random() < DEEP_SHARE:
            price = own.price_at(-1)
        else:
            price = other.best or self._listing.start_price
            price += away * int(self._random.expovariate(1 / (NEAR_RANKS * self._gap)))
        step = 1
        while True:
            price += away * step
            if price not in own.levels:
                break
            step = self._random.randint(1, self._gap)
        if price <= 0:
            return self._leave(engine, side, len(own) - 1)
        return engine.place(side, self._lots(), price)

    def _change_level(self, engine: MatchingEngine, side: Side) -> Outcome:
        own = engine.side(side)
        price = own.price_at(self._near_rank(own))
        queue = len(own.levels[price].orders)
        if queue < 2 or (queue < LONGEST_QUEUE and self._random.random() < 0.5):
            return engine.place(side, self._lots(), price)
        return self._leave(engine, side, own.ranks.index(price if side is Side.SELL else -price))

    def _leave(self, engine: MatchingEngine, side: Side, rank: int) -> Outcome:
        own = engine.side(side)
        price = own.price_at(rank)
        for order in own.levels[price].orders.values():
            if order.owner == HOUSE:
                outcome = engine.cancel(order.order_id)
                if outcome is not None:
                    return outcome
        return engine.place(side, self._lots(), price)
