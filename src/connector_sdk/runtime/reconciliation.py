"""Reconciliation: when the account is compared with the venue, and what follows from that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from connector_sdk.model.order_events import AccountReconciled
from connector_sdk.runtime.account_comparison import AccountComparison, Evidence
from connector_sdk.runtime.stream_parts import SECOND_NS
from connector_sdk.runtime.user_stream_tracker import (
    Found,
    NeedReconciliation,
    UserStreamTracker,
)
from connector_sdk.transport.clock import Clock

LOG = logging.getLogger(__name__)
LOOK_S = 1.0
LONGEST_S = 60.0
"""Between two comparisons of the whole account; so long without need, and it is quiet again."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the account is compared with the venue, in seconds.

    first_s:  how long the first time waits for the private stream, so that nothing falls between.
    least_s:  the least between two comparisons of the whole account; doubled, up to a minute, while
              they follow each other, as they draw on the rate limits before placing does: six
              in the first minute, then one a minute.
    short_s:  while the private stream is down or silent, or something could not be asked.
    long_s:   while it is up.
    """

    first_s: float = 5.0
    least_s: float = 1.0
    short_s: float = 5.0
    long_s: float = 120.0


class Reconciliation:
    """Compares the whole account at the start and after every interruption of the private stream,
    again until that proves complete; and a part of it now and then.

    changed:  called after each comparison.
    done:     whether everything could be asked at least once.
    failure:  what could not be asked the last time; None when all could.
    """

    def __init__(
        self,
        comparison: AccountComparison,
        tracker: UserStreamTracker,
        clock: Clock,
        rhythm: Rhythm,
        changed: Callable[[], None],
    ) -> None:
        self._comparison = comparison
        self._tracker = tracker
        self._clock = clock
        self._rhythm = rhythm
        self._changed = changed
        self._needed_ns: int | None = None
        self._open_since_ns: int | None = None
        self._attempts = 0
        self._repeats = 0
        self._last_ns = self._whole_ns = clock.now_ns()
        self._wake = asyncio.Event()
        self.done = False
        self.failure: str | None = "the account was not compared with the venue yet"

    def need(self, request: NeedReconciliation) -> None:
        """Compare the whole account soon: something may have been missed."""
        LOG.info("%s: %s; the account is compared", self._tracker.ledger.venue, request.reason)
        if self._needed_ns is None:
            if self._clock.now_ns() - self._whole_ns >= _ns(LONGEST_S):
                self._repeats = 0
            self._needed_ns = request.from_ns
        self._needed_ns = min(self._needed_ns, request.from_ns)
        self._wake.set()

    async def run(self) -> None:
        """Compare, for ever."""
        while True:
            await self._until_due()
            if self._whole_wanted:
                await self._compare()
            else:
                self._conclude(await self._comparison.brief())

    @property
    def _whole_wanted(self) -> bool:
        return not self.done or self._needed_ns is not None or self._open_since_ns is not None

    async def _until_due(self) -> None:
        clock = self._clock
        while (wait_ns := self._due_ns() - clock.now_ns()) > 0:
            self._wake.clear()
            try:
                async with clock.timeout(min(wait_ns / SECOND_NS, LOOK_S)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _due_ns(self) -> int:
        rhythm = self._rhythm
        if self._needed_ns is not None:
            first = not self.done and not self._attempts
            spacing_s = 0.0 if first else _doubled(rhythm.least_s, self._repeats)
            return self._whole_ns + _ns(spacing_s)
        if not self.done and not self._attempts:
            return self._whole_ns + _ns(rhythm.first_s)
        if self._whole_wanted:
            return self._whole_ns + _ns(_doubled(rhythm.short_s, self._attempts))
        healthy = self._tracker.ready and self.failure is None
        return self._last_ns + _ns(rhythm.long_s if healthy else rhythm.short_s)

    async def _compare(self) -> None:
        needed_ns, self._needed_ns = self._needed_ns, None
        first = not self.done and not self._attempts
        to_ns, found = self._clock.now_ns(), Found()
        since = [needed_ns, self._open_since_ns, self._comparison.complete_ns if first else None]
        from_ns = min([to_ns, *(at_ns for at_ns in since if at_ns is not None)])
        self._open_since_ns = from_ns  # also if this attempt is given up
        evidence = await self._comparison.whole(found)
        self._whole_ns = self._clock.now_ns()
        self._repeats += needed_ns is not None
        self.done = self.done or not evidence.failed
        self._conclude(evidence)
        if evidence.proven:
            self._open_since_ns, self._attempts = None, 0
        else:
            self._attempts += 1
        if evidence.proven or first or needed_ns is not None:
            self._tracker.listeners.emit(
                AccountReconciled(
                    None,
                    from_ns,
                    to_ns,
                    str(evidence),
                    proven=evidence.proven,
                    orders=len(found.orders),
                    fills=found.fills,
                )
            )

    def _conclude(self, evidence: Evidence) -> None:
        self._last_ns = self._clock.now_ns()
        self.failure = str(evidence) if evidence.failed else None
        self._changed()


def _doubled(first_s: float, times: int) -> float:
    return min(first_s * 2.0 ** min(max(times - 1, 0), 10), LONGEST_S)


def _ns(seconds: float) -> int:
    return int(seconds * SECOND_NS)
