"""What an account does that this program did not place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from connector_sdk.model.order_update import Fill, OrderReport, OrderStatus

Key = TypeVar("Key")
Kept = TypeVar("Kept")
OPEN_STATUSES = frozenset({OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED})
VenueId: TypeAlias = tuple[str, str]
"""(pair, exchange order id), or (pair, client order id) where the venue gave no other."""


def venue_id(report: OrderReport) -> VenueId:
    """What an external order is listed by."""
    return report.pair, report.exchange_order_id or report.client_order_id or ""


class ExternalOrders:
    """Orders of the account that are not ours. The oldest are forgotten beyond `kept`."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._open: dict[VenueId, OrderReport] = {}
        self._ended: dict[VenueId, OrderStatus] = {}
        self._fills: dict[tuple[VenueId, str], None] = {}

    @property
    def open(self) -> Mapping[VenueId, OrderReport]:
        """Those that are open, as they were last reported."""
        return MappingProxyType(self._open)

    def report(self, report: OrderReport) -> bool:
        """Take a report; whether it says anything new."""
        key = venue_id(report)
        if report.status in OPEN_STATUSES:
            if key in self._ended:
                return False
            known = self._open.get(key)
            if known is not None and not _is_news(known, report):
                return False
            self._open[key] = report
            _bound(self._open, self._kept)
            return True
        self._open.pop(key, None)
        if key in self._ended:
            return False
        self._ended[key] = report.status
        _bound(self._ended, self._kept)
        return True

    def fill(self, fill: Fill) -> bool:
        """Take a fill; whether it was not told before."""
        key = (fill.pair, fill.exchange_order_id or fill.client_order_id or ""), fill.trade_id
        if key in self._fills:
            return False
        self._fills[key] = None
        _bound(self._fills, self._kept)
        return True

    def listed(self, pair: str | None, reports: Iterable[OrderReport]) -> None:
        """Forget those that a whole listing of the open orders does not name any more."""
        named = {venue_id(report) for report in reports}
        gone = [key for key in self._open if key not in named and pair in {None, key[0]}]
        for key in gone:
            del self._open[key]


def _is_news(known: OrderReport, report: OrderReport) -> bool:
    older = (
        known.event_ns is not None
        and report.event_ns is not None
        and report.event_ns < known.event_ns
    )
    said = (report.status, report.filled, report.quantity)
    return not older and said != (known.status, known.filled, known.quantity)


class UnclaimedFills:
    """Fills by exchange order id alone, kept until an order of ours learns that id.

    At most `kept`: beyond that, `put` gives back the oldest.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._waiting: dict[VenueId, dict[str, Fill]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, key: VenueId, fill: Fill) -> list[Fill]:
        """Keep `fill`; what must be told now because too many wait."""
        of_order = self._waiting.setdefault(key, {})
        if fill.trade_id not in of_order:
            of_order[fill.trade_id] = fill
            self._count += 1
        return self.claim(next(iter(self._waiting))) if self._count > self._kept else []

    def claim(self, key: VenueId) -> list[Fill]:
        """Take out the fills of one order."""
        if key not in self._waiting:
            return []
        found = [*self._waiting.pop(key).values()]
        self._count -= len(found)
        return found

    def of_pair(self, pair: str) -> list[Fill]:
        """Take out those of a pair."""
        keys = [key for key in self._waiting if key[0] == pair]
        return [fill for key in keys for fill in self.claim(key)]


def _bound(kept: dict[Key, Kept], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]
