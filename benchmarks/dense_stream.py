"""The dense stream: a synthetic depth feed, made to be hard on a book and easy to repeat.

Per message: about 20.8 levels over both sides, 760 bytes, prices and quantities with 8 decimals.
Of the levels 55 % modify, 22 % insert, 22 % delete, 1.6 % delete a price the book does not have.
The mid walks at random, so that levels are added and taken at the top all the time.
"""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from typing import Final

TICK: Final = 1_000_000
"""One step of price, in units of 1e-8."""
UNIT: Final = 100_000_000
MODIFY: Final = 0.548
INSERT: Final = 0.218
DELETE: Final = 0.218
SPREAD: Final = 3
"""Price steps a level. In the recorded BTCUSDT session 36 % of all inserts bring back a price that
was deleted before; with three steps a level about as many do here."""
FIRST_ID: Final = 1_000


class Side:
    """One side of the generated book: occupied price steps, ascending.

    sign: 1 for bids (they lie below the mid), -1 for asks.
    """

    def __init__(self, rng: random.Random, sign: int, mid: int, levels: int) -> None:
        self._rng = rng
        self._sign = sign
        self._levels = levels
        self._span = SPREAD * levels
        self.steps = sorted(mid - sign * d for d in rng.sample(range(1, self._span), levels))

    def rows(self, mid: int, count: int) -> list[tuple[int, str]]:
        """`count` changes about `mid`, as (price step, quantity text), each price once."""
        changed: dict[int, str] = {}
        for step in self._crossed_by(mid):
            self.steps.remove(step)
            changed[step] = "0.00000000"
        while len(changed) < count:
            step, quantity = self._change(mid)
            if step not in changed:
                self._record(step, quantity)
                changed[step] = quantity
        return list(changed.items())

    def _crossed_by(self, mid: int) -> list[int]:
        if self._sign > 0:
            return self.steps[bisect_left(self.steps, mid) :]
        return self.steps[: bisect_left(self.steps, mid + 1)]

    def _change(self, mid: int) -> tuple[int, str]:
        rng, kind = self._rng, self._rng.random()
        if kind < MODIFY:
            return self._occupied(), _quantity(rng)
        balance = (len(self.steps) - self._levels) / self._levels
        if kind < MODIFY + INSERT - balance:
            return self._free(mid), _quantity(rng)
        if kind < MODIFY + INSERT + DELETE:
            return self._occupied(), "0.00000000"
        return self._free(mid), "0.00000000"

    def _occupied(self) -> int:
        return self.steps[int(self._rng.random() * len(self.steps))]

    def _free(self, mid: int) -> int:
        while True:
            step = mid - self._sign * (1 + int(self._rng.random() * self._span))
            at = bisect_left(self.steps, step)
            if at == len(self.steps) or self.steps[at] != step:
                return step

    def _record(self, step: int, quantity: str) -> None:
        at = bisect_left(self.steps, step)
        known = at < len(self.steps) and self.steps[at] == step
        if quantity == "0.00000000":
            if known:
                del self.steps[at]
        elif not known:
            insort(self.steps, step)


def dense_frames(messages: int, seed: int, levels: int = 1000) -> tuple[bytes, list[bytes]]:
    """(snapshot body, frames of a combined stream): the frames continue the snapshot.

    levels: rows a side of the snapshot, which the stream keeps up within a few per cent.
    """
    rng = random.Random(seed)
    mid = 6_000_000
    sides = [Side(rng, 1, mid, levels), Side(rng, -1, mid, levels)]
    snapshot = _snapshot([[(s, _quantity(rng)) for s in side.steps] for side in sides])
    frames: list[bytes] = []
    for number in range(messages):
        mid += rng.choice((-SPREAD, 0, 0, 0, SPREAD)) // 2
        changes = [side.rows(mid, rng.choice((10, 10, 10, 11, 11))) for side in sides]
        frames.append(_frame(FIRST_ID + 1 + number, changes))
    return snapshot, frames


def _snapshot(sides: list[list[tuple[int, str]]]) -> bytes:
    bids, asks = sides
    text = f'{{"lastUpdateId":{FIRST_ID},"bids":{_rows(bids[::-1])},"asks":{_rows(asks)}}}'
    return text.encode()


def _frame(update_id: int, sides: list[list[tuple[int, str]]]) -> bytes:
    bids, asks = sides
    return (
        '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate",'
        f'"E":{1_700_000_000_000 + update_id * 100},"s":"BTCUSDT","U":{update_id},'
        f'"u":{update_id},"b":{_rows(bids)},"a":{_rows(asks)}}}}}'
    ).encode()


def _rows(changes: list[tuple[int, str]]) -> str:
    return "[" + ",".join([f'["{_price(step)}","{quantity}"]' for step, quantity in changes]) + "]"


def _price(step: int) -> str:
    whole, part = divmod(step * TICK, UNIT)
    return f"{whole}.{part:08d}"


def _quantity(rng: random.Random) -> str:
    whole, part = divmod(int(rng.random() * 5 * UNIT) + 1, UNIT)
    return f"{whole}.{part:08d}"
