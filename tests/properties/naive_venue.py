"""A second venue for one pair, as plain as can be: lists that are searched from end to end.

Counts in ticks and lots, knows no money, and shares no code with the one it is compared with.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field


@dataclass(eq=False)
class Wish:
    """An order. side: 1 buys, -1 sells. stop_type: 'loss' or 'profit' where it waits."""

    number: int
    owner: int
    side: int
    lots: int
    price: int | None = None
    force: str = "gtc"
    shown: int = 0
    prevention: str = "none"
    maker_only: bool = False
    stop_type: str = ""
    stop: int | None = None
    trail: int | None = None
    # How it stands.
    visible: int = 0
    hidden: int = 0
    filled: int = 0
    state: str = "open"
    best: int | None = None

    @property
    def left(self) -> int:
        return self.visible + self.hidden


@dataclass
class NaiveVenue:
    last: int
    resting: list[Wish] = field(default_factory=list)
    waiting: list[Wish] = field(default_factory=list)
    every: dict[int, Wish] = field(default_factory=dict)
    fills: list[tuple[int, int, int, int]] = field(default_factory=list)
    released: list[Wish] = field(default_factory=list)

    def would_match(self, wish: Wish) -> bool:
        return self.first(wish) is not None

    def would_trigger(self, wish: Wish) -> bool:
        return wish.stop is not None and wish.trail is None and self.reached(wish, self.last)

    def submit(self, wish: Wish) -> None:
        self.every[wish.number] = wish
        if wish.stop_type:
            if wish.trail is not None and wish.stop is None:
                wish.best = self.last
            self.waiting.append(wish)
        else:
            self.enter(wish)
        while self.released:
            self.enter(self.released.pop(0))

    def enter(self, wish: Wish) -> None:
        if wish.force == "fok" and not self.could_fill(wish):
            wish.state = "expired"
            return
        left = self.match(wish, wish.lots)
        if wish.state != "open":
            return
        if not left:
            wish.state = "filled"
        elif wish.price is None or wish.force != "gtc":
            wish.state = "expired"
        else:
            wish.visible = min(left, wish.shown or left)
            wish.hidden = left - wish.visible
            self.resting.append(wish)

    def match(self, wish: Wish, left: int) -> int:
        while left:
            maker = self.first(wish)
            if maker is None:
                break
            if maker.owner == wish.owner and wish.owner and wish.prevention != "none":
                both = min(left, maker.left)
                if wish.prevention == "decrement":
                    left -= both
                    self.shrink(maker, both)
                if wish.prevention in {"expire_maker", "expire_both"} or not maker.left:
                    maker.state = "expired"
                    self.resting.remove(maker)
                if wish.prevention in {"expire_taker", "expire_both"} or not left:
                    wish.state = "expired"
                    return left
                continue
            took = min(left, maker.visible)
            left -= took
            wish.filled += took
            self.fill(maker, wish.number, took)
        return left

    def fill(self, maker: Wish, taker: int, took: int) -> None:
        assert maker.price is not None
        self.fills.append((maker.number, taker, maker.price, took))
        maker.visible -= took
        maker.filled += took
        if not maker.visible:
            self.resting.remove(maker)
            if maker.hidden:
                maker.visible = min(maker.shown, maker.hidden)
                maker.hidden -= maker.visible
                self.resting.append(maker)
            else:
                maker.state = "filled"
        self.traded_at(maker.price)

    def first(self, wish: Wish) -> Wish | None:
        against = [one for one in self.resting if one.side != wish.side]
        if not against:
            return None
        prices = [one.price for one in against if one.price is not None]
        best = min(prices) if wish.side > 0 else max(prices)
        if wish.price is not None and (best - wish.price) * wish.side > 0:
            return None
        return next(one for one in against if one.price == best)

    def could_fill(self, wish: Wish) -> bool:
        trial = NaiveVenue(
            self.last, [copy.copy(one) for one in self.resting if one.side != wish.side]
        )
        trying = copy.copy(wish)
        if trying.prevention == "decrement":
            trying.prevention = "expire_maker"
        trial.match(trying, trying.lots)
        return trying.filled == wish.lots

    def lots_for(self, side: int, budget: int) -> int:
        """How many lots so much buys, or sells for."""
        found = 0
        prices = {one.price for one in self.resting if one.side != side and one.price is not None}
        for price in sorted(prices, reverse=side < 0):
            there = sum(o.left for o in self.resting if o.side != side and o.price == price)
            took = min(there, budget // price)
            found += took
            budget -= took * price
            if took < there:
                break
        return found

    def traded_at(self, price: int) -> None:
        self.last = price
        for wish in [one for one in self.waiting if self.sees(one, price)]:
            self.waiting.remove(wish)
            self.released.append(wish)

    def sees(self, wish: Wish, price: int) -> bool:
        if wish.trail is None:
            return self.reached(wish, price)
        if wish.best is None:
            if self.reached(wish, price):
                wish.best = price
            return False
        wish.best = min(wish.best, price) if wish.side > 0 else max(wish.best, price)
        away = (price - wish.best) * wish.side * 10_000
        return away >= wish.best * wish.trail

    @staticmethod
    def reached(wish: Wish, price: int) -> bool:
        assert wish.stop is not None
        up = (wish.side > 0) == (wish.stop_type == "loss")
        return price >= wish.stop if up else price <= wish.stop

    def cancel(self, number: int) -> None:
        wish = self.every[number]
        wish.state = "canceled"
        self.resting = [one for one in self.resting if one is not wish]
        self.waiting = [one for one in self.waiting if one is not wish]

    def amend(self, number: int, less: int) -> None:
        wish = self.every[number]
        if wish in self.waiting:
            wish.lots -= less
        else:
            self.shrink(wish, less)

    @staticmethod
    def shrink(wish: Wish, less: int) -> None:
        hidden = min(less, wish.hidden)
        wish.hidden -= hidden
        wish.visible -= less - hidden

    def book(self) -> dict[tuple[int, int], list[tuple[int, int, int]]]:
        """(side, price) → number, visible and hidden lots, first come first."""
        levels: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        for one in self.resting:
            assert one.price is not None
            row = (one.number, one.visible, one.hidden)
            levels.setdefault((one.side, one.price), []).append(row)
        return levels
