"""Pulse: how fast a book moves, over the last few seconds."""

from __future__ import annotations

from collections import deque

WINDOW_S = 3.0


class Pulse:
    """Updates a second, from a counter that is read now and then.

    latest:  the rate at the last reading.
    """

    def __init__(self) -> None:
        self.latest = 0.0
        self._readings: deque[tuple[float, int]] = deque()

    def rate(self, now_s: float, count: int) -> float:
        """Take a reading of the counter; return its rise a second over the last three seconds."""
        readings = self._readings
        readings.append((now_s, count))
        while readings[-1][0] - readings[0][0] > WINDOW_S:
            readings.popleft()
        since_s, before = readings[0]
        self.latest = (count - before) / (now_s - since_s) if now_s > since_s else 0.0
        return self.latest
