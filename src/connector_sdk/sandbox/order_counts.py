"""OrderCounts: how many new orders an account placed in fixed windows of the clock."""

from __future__ import annotations

from dataclasses import dataclass

from connector_sdk.sandbox.dialect import VenueRules

SECOND_NS = 1_000_000_000
SHORT_NS = 10 * SECOND_NS
DAY_NS = 86_400 * SECOND_NS


@dataclass(slots=True)
class _Window:
    number: int = -1
    count: int = 0


class OrderCounts:
    """Two windows for each account: ten seconds, and a day. An order that fills gives back."""

    def __init__(self, rules: VenueRules) -> None:
        self._rules = rules
        self._windows: dict[str, tuple[_Window, _Window]] = {}

    def full(self, account: str, now_ns: int) -> bool:
        """Whether the account may place no more for now."""
        short, day = self.counts(account, now_ns)
        return short >= self._rules.orders_10s or day >= self._rules.orders_day

    def count(self, account: str, now_ns: int) -> None:
        """One more new order."""
        for window in self._of(account, now_ns):
            window.count += 1

    def give_back(self, account: str, now_ns: int) -> None:
        """An order has its first fill: one less counts, in every window."""
        for window in self._of(account, now_ns):
            window.count = max(window.count - 1, 0)

    def counts(self, account: str, now_ns: int) -> tuple[int, int]:
        """(in these ten seconds, today)."""
        short, day = self._of(account, now_ns)
        return short.count, day.count

    def _of(self, account: str, now_ns: int) -> tuple[_Window, _Window]:
        windows = self._windows.get(account)
        if windows is None:
            windows = self._windows[account] = (_Window(), _Window())
        for window, length_ns in zip(windows, (SHORT_NS, DAY_NS), strict=True):
            number = now_ns // length_ns
            if window.number != number:
                window.number, window.count = number, 0
        return windows
