"""Backoff: how long we wait before trying again. Exponential, capped, with full jitter."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from connector_sdk.transport.clock import Clock


@dataclass(frozen=True, slots=True)
class Spacing:
    """How waits grow: attempt n waits between nothing and min(cap_s, first_s · 2ⁿ⁻¹) seconds."""

    first_s: float = 0.5
    cap_s: float = 30.0


class _FullJitter(wait_exponential):
    """tenacity's exponential wait, drawn evenly from all that lies below it."""

    def __init__(self, spacing: Spacing, draw: random.Random) -> None:
        super().__init__(multiplier=spacing.first_s, max=spacing.cap_s)
        self._draw = draw

    def __call__(self, retry_state: RetryCallState) -> float:
        return self._draw.uniform(0.0, super().__call__(retry_state))


class Backoff:
    """Waits between attempts, on a given clock.

    seed: makes the jitter repeatable; None draws it anew.
    """

    def __init__(
        self, clock: Clock, spacing: Spacing | None = None, seed: int | None = None
    ) -> None:
        self._clock = clock
        # Jitter guards nothing: it only keeps clients from coming back all at once.
        self._wait = _FullJitter(spacing or Spacing(), random.Random(seed))  # noqa: S311

    def delay_s(self, attempt: int) -> float:
        """Seconds to wait after the `attempt`-th failure in a row; nothing when it is 0."""
        if attempt < 1:
            return 0.0
        state = RetryCallState(self.retrying(1), None, (), {})
        state.attempt_number = attempt
        return self._wait(state)

    async def pause(self, attempt: int) -> None:
        """Wait for `delay_s(attempt)`."""
        delay_s = self.delay_s(attempt)
        if delay_s > 0:
            await self._clock.sleep(delay_s)

    def retrying(self, attempts: int, *kinds: type[BaseException]) -> AsyncRetrying:
        """Calls something at most `attempts` times while it raises one of `kinds`.

        The last error is raised as it is.
        """
        return AsyncRetrying(
            sleep=self._clock.sleep,
            wait=self._wait,
            stop=stop_after_attempt(attempts),
            retry=retry_if_exception_type(kinds),
            reraise=True,
        )
