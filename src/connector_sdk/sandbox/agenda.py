"""Agenda: what happens when, in venue time; run by whoever knows the time."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Agenda:
    """Actions by due time. Ties run in the order they were set, so a run repeats exactly.

    now_ns: the due time of the action being run, else the time of the last `run`.
    """

    def __init__(self) -> None:
        self.now_ns = 0
        self._order = 0
        self._heap: list[tuple[int, int, Callable[[int], None]]] = []

    def at(self, due_ns: int, action: Callable[[int], None]) -> None:
        """Run `action(due_ns)` once `due_ns` is reached."""
        self._order += 1
        heapq.heappush(self._heap, (due_ns, self._order, action))

    @property
    def next_due_ns(self) -> int | None:
        """When the next action is due; None when nothing is."""
        return self._heap[0][0] if self._heap else None

    def run(self, until_ns: int) -> None:
        """Run everything due up to `until_ns`, also what those actions set themselves."""
        while self._heap and self._heap[0][0] <= until_ns:
            due_ns, _, action = heapq.heappop(self._heap)
            self.now_ns = max(self.now_ns, due_ns)
            action(due_ns)
        self.now_ns = max(self.now_ns, until_ns)
