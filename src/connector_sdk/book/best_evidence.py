"""BestEvidence: the venue's own best prices, where a cut snapshot proves none any more.

When the market runs past the edge of the snapshot, every level the book had proven is gone and
the next one down is unknown. A venue that also publishes its best bid and ask, numbered like
its deltas, then proves that level: at id u nothing was better than it. With u inside the span of
the delta just applied, whatever became better since stands in that delta. So the book is
complete again down to the published best.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal

from connector_sdk.model.market_data import BookDelta, Row, Rows, TopOfBook, UpdateId

KEPT = 256


class BestEvidence:
    """Published bests the book has not passed yet; the oldest of more than 256 are dropped.

    tops:  what is kept, oldest first, with its ids: to read, not to change.
    """

    __slots__ = ("tops",)

    def __init__(self) -> None:
        self.tops: deque[tuple[UpdateId, TopOfBook]] = deque(maxlen=KEPT)

    def note(self, top: TopOfBook, at: UpdateId) -> None:
        """Keep `top` if a book standing at `at` may still need it."""
        tops = self.tops
        while tops and tops[0][0] <= at:
            tops.popleft()
        if top.update_id is not None and top.update_id > at:
            tops.append((top.update_id, top))

    def proven_rows(self, delta: BookDelta) -> tuple[Rows | None, Rows | None]:
        """Bids, asks: rows that are, after `delta`, the whole side down to a published best.

        None where no best was published within the delta's span, or none of it is left.
        """
        top = self._within(delta)
        if top is None:
            return None, None
        bids = _proven(delta.bids, (top.bid_price, top.bid_quantity), lambda at, best: at >= best)
        asks = _proven(delta.asks, (top.ask_price, top.ask_quantity), lambda at, best: at <= best)
        return bids, asks

    def _within(self, delta: BookDelta) -> TopOfBook | None:
        first, last = delta.first_id, delta.last_id
        if last is None:
            return None
        first = last if first is None else first
        found = None
        for update_id, top in self.tops:
            if first <= update_id <= last:
                found = top
        return found


def _proven(changed: Rows, best: Row, reaches: Callable[[Decimal, Decimal], bool]) -> Rows | None:
    edge = Decimal(best[0])
    rows: dict[Decimal, Row] = {edge: best}
    for row in changed:
        price = Decimal(row[0])
        if reaches(price, edge):
            rows[price] = row
    return [row for row in rows.values() if Decimal(row[1])] or None
