"""Rhythm: when each pair's flow acts and when what it changed is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.pair_market import PairMarket

SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000
PAST_CHANGES = 300
PAST_GAP_NS = SECOND_NS // 50
Burst = Callable[[str, int, int], None]


class Rhythm:
    """Keeps the markets going on an agenda."""

    def __init__(self, agenda: Agenda, markets: Sequence[PairMarket], pace: Pace) -> None:
        self._agenda = agenda
        self._markets = markets
        self._pace = pace

    def begin(self, now_ns: int, intervals_ms: Iterable[int], burst: Burst) -> None:
        """Start everything at `now_ns`, with a past of six seconds behind it.

        The past gives the first client trades to ask for, and stale snapshots a book to show.
        """
        pace, intervals = self._pace, tuple(intervals_ms)
        for index, market in enumerate(self._markets):
            for number in range(PAST_CHANGES, 0, -1):
                market.act(now_ns - number * PAST_GAP_NS)
            market.gather_every(intervals)
            if pace.changes_per_s > 0:
                gap_ns = int(SECOND_NS / pace.changes_per_s)
                # Pairs take turns, so that the venue's work is spread.
                self._flow(market, gap_ns, now_ns + gap_ns * (index + 1) // len(self._markets))
            if pace.burst_every_s > 0:
                self._bursts(market.pair, now_ns, burst)
        for interval_ms in intervals:
            self._publish(interval_ms, now_ns)

    def _flow(self, market: PairMarket, gap_ns: int, first_ns: int) -> None:
        def act(due_ns: int) -> None:
            changes = market.act(due_ns)
            self._agenda.at(due_ns + changes * gap_ns, act)

        self._agenda.at(first_ns, act)

    def _bursts(self, pair: str, now_ns: int, burst: Burst) -> None:
        every_ns = int(self._pace.burst_every_s * SECOND_NS)

        def again(due_ns: int) -> None:
            burst(pair, self._pace.burst_changes, 0)
            self._agenda.at(due_ns + every_ns, again)

        self._agenda.at(now_ns + every_ns, again)

    def _publish(self, interval_ms: int, now_ns: int) -> None:
        interval_ns = interval_ms * MILLISECOND_NS

        def publish(due_ns: int) -> None:
            for market in self._markets:
                market.publish_gathered(interval_ms, due_ns)
            self._agenda.at(due_ns + interval_ns, publish)

        self._agenda.at((now_ns // interval_ns + 1) * interval_ns, publish)
