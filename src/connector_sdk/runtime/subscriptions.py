"""Subscriptions: what one connection asked for, what was acknowledged, what to ask again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connector_sdk.model.instrument import Instruments
from connector_sdk.model.wire import StreamRequest
from connector_sdk.protocols.data_source import OrderBookTrackerDataSource
from connector_sdk.runtime.stream_parts import SECOND_NS

LONGEST_WAIT_NS = 60 * SECOND_NS


@dataclass(slots=True)
class _Batch:
    """Pairs subscribed together. `acks`: still expected. `due_ns`: when they are overdue."""

    pairs: dict[str, None]
    acks: set[str]
    unsent: int
    due_ns: int | None = None


@dataclass(slots=True)
class _Trouble:
    """A pair whose subscription was refused or not answered, and when to try again."""

    attempts: int = 0
    due_ns: int | None = None
    refusal: str | None = field(default=None)


class Subscriptions:
    """The subscriptions of one connection. No task and no clock: the time is passed in.

    Pairs are asked for together. Where such a batch is refused, each of its pairs is asked for
    by itself, so that a bad one harms no other.
    """

    def __init__(
        self, source: OrderBookTrackerDataSource, instruments: Instruments, ack_s: float
    ) -> None:
        self._source = source
        self._instruments = instruments
        self._ack_ns = int(ack_s * SECOND_NS)
        self._joining: dict[str, None] = {}
        self._alone: dict[str, None] = {}
        self._leaving: dict[str, None] = {}
        self._outbox: deque[tuple[str, _Batch | None]] = deque()
        self._batches: list[_Batch] = []
        self._troubles: dict[str, _Trouble] = {}
        self._carried: list[str] = []
        self._next_id = 1

    @property
    def refusals(self) -> Mapping[str, str]:
        """Pair → what the venue said when it refused it."""
        return {p: t.refusal for p, t in self._troubles.items() if t.refusal is not None}

    @property
    def waiting(self) -> bool:
        """Whether something is to be sent."""
        return bool(self._outbox or self._leaving or self._joining or self._alone)

    @property
    def expecting(self) -> bool:
        """Whether something is to be asked again, should nothing come."""
        return bool(self._batches or self._troubles)

    @property
    def failure(self) -> str | None:
        """None: a refused pair harms no other, and may be asked for on the same connection."""
        return None

    async def prepare(self) -> None:
        """Nothing to wait for: anybody may subscribe to public data."""

    def join(self, pairs: Iterable[str]) -> None:
        """Ask for `pairs`."""
        self._joining.update(dict.fromkeys(pairs))

    def leave(self, pair: str) -> None:
        """Ask for `pair` no more."""
        for wish in (self._joining, self._alone, self._troubles):
            wish.pop(pair, None)
        for batch in self._batches:
            batch.pairs.pop(pair, None)
        self._leaving[pair] = None

    def renew(self, pair: str) -> None:
        """End the subscription of `pair` and ask for it anew."""
        self.leave(pair)
        self._joining[pair] = None

    def next_text(self, now_ns: int) -> str | None:
        """What to send next, to be sent at once; None: nothing."""
        if not self._outbox:
            self._fill()
        if not self._outbox:
            return None
        text, batch = self._outbox.popleft()
        if batch is not None:
            batch.unsent -= 1
            tries = max((self._tries(pair) for pair in batch.pairs), default=0)
            batch.due_ns = now_ns + min(self._ack_ns << min(tries, 8), LONGEST_WAIT_NS)
            self._settle(batch)
        return text

    def _tries(self, pair: str) -> int:
        trouble = self._troubles.get(pair)
        return 0 if trouble is None else trouble.attempts

    def _fill(self) -> None:
        if self._leaving:
            pairs = tuple(self._leaving)
            self._leaving.clear()
            asked = self._source.unsubscribe(pairs, self._instruments, self._next_id)
            self._outbox.extend((request.text, None) for request in asked)
        elif self._joining or self._alone:
            pairs = tuple(self._joining) or (next(iter(self._alone)),)
            for pair in pairs:
                self._joining.pop(pair, None)
                self._alone.pop(pair, None)
            asked = self._source.subscribe(pairs, self._instruments, self._next_id)
            batch = _Batch(dict.fromkeys(pairs), _acks(asked), len(asked))
            self._batches.append(batch)
            self._outbox.extend((request.text, batch) for request in asked)
        else:
            return
        self._next_id += max(len(asked), 1)

    def acknowledged(self, ack: str) -> None:
        """The venue said yes to the request with this `ack`."""
        for batch in self._batches:
            if ack in batch.acks:
                batch.acks.discard(ack)
                self._settle(batch)
                return

    def _settle(self, batch: _Batch) -> None:
        if batch.unsent or batch.acks:
            return
        self._batches.remove(batch)
        for pair in batch.pairs:
            self._troubles.pop(pair, None)
            self._carried.append(pair)

    def take_carried(self) -> Sequence[str]:
        """Pairs acknowledged since the last call."""
        carried, self._carried = self._carried, []
        return carried

    def refused(self, ack: str | None, said: str, now_ns: int) -> Sequence[str]:
        """The venue said no; returns the pair that is to blame, if that can be told."""
        batch = self._refused_batch(ack)
        if batch is None:
            return ()
        self._batches.remove(batch)
        self._unsend(batch)
        if len(batch.pairs) != 1:
            self._alone.update(batch.pairs)
            return ()
        (pair,) = batch.pairs
        trouble = self._troubles.setdefault(pair, _Trouble())
        trouble.attempts += 1
        trouble.refusal = said
        trouble.due_ns = now_ns + min(SECOND_NS << min(trouble.attempts, 8), LONGEST_WAIT_NS)
        return (pair,)

    def _refused_batch(self, ack: str | None) -> _Batch | None:
        if ack is None:  # it does not say which: that is clear only where one is open
            return self._batches[0] if len(self._batches) == 1 else None
        return next((batch for batch in self._batches if ack in batch.acks), None)

    def _unsend(self, batch: _Batch) -> None:
        self._outbox = deque(entry for entry in self._outbox if entry[1] is not batch)

    def overdue(self, now_ns: int) -> Sequence[str]:
        """Take up again what was not acknowledged in time, and what was refused a while ago.

        Returns the pairs whose acknowledgement was lost.
        """
        lost: list[str] = []
        for batch in [b for b in self._batches if not b.unsent and b.due_ns is not None]:
            if batch.due_ns is not None and batch.due_ns <= now_ns:
                self._batches.remove(batch)
                for pair in batch.pairs:
                    self._troubles.setdefault(pair, _Trouble()).attempts += 1
                    lost.append(pair)
        self._joining.update(dict.fromkeys(lost))
        for pair, trouble in self._troubles.items():
            if trouble.due_ns is not None and trouble.due_ns <= now_ns:
                trouble.due_ns = None
                self._alone[pair] = None
        return lost


def _acks(requests: Sequence[StreamRequest]) -> set[str]:
    return {request.ack for request in requests if request.ack is not None}
