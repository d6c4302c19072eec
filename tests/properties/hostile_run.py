"""One tracker lives through one hostile tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from connector_sdk.errors import WireError
from connector_sdk.model.events import (
    BookAudited,
    BookCrossed,
    BookResynced,
    BookStale,
    BookState,
    BookUpdated,
)
from connector_sdk.model.market_data import Trade
from connector_sdk.protocols.tracker import NeedSnapshot, Resubscribe
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk.testing.hostile_link import Hostility, Kind, Told
from connector_sdk.testing.hostile_tape import (
    Arrival,
    Happening,
    HostileTape,
    Interruption,
    Opened,
    Refusal,
)
from connector_sdk.testing.hostile_variants import Variant
from hostile_checks import BookEvent, PairCheck
from hostile_ideal import Figures

E = TypeVar("E")
RESTART_DROP = 1_500
RESYNC_BOUND = 60
"""Steps: an in-stream answer that failed (20), a long lag (14), a stall (16), delays."""
REFRESH_BOUND = 60
"""Steps in which a book that lost its best levels to the horizon has seen a newer snapshot."""


class TapeRun:
    """One tracker, one tape."""

    def __init__(
        self,
        variant: Variant,
        seed: int,
        steps: int,
        tail: int,
        hostility: Hostility | None = None,
    ) -> None:
        self.tape = tape = HostileTape(variant, seed, hostility)
        self.steps, self.tail = steps, tail
        self.tracker = tracker = OrderBookTracker(
            tape.connector, tape.pairs, settings=tape.settings, now_ns=lambda: tape.now_ns
        )
        self.checks = {pair: PairCheck(tape, tracker, pair) for pair in tape.pairs}
        tracker.on(BookUpdated, self._on_event)
        tracker.on(BookStale, self._on_event)
        tracker.on(BookResynced, self._on_event)
        tracker.on(BookAudited, self._on_event)
        tracker.on(BookCrossed, lambda e: self._safely(self.checks[e.pair].on_crossed, e))
        tracker.on(Trade, lambda trade: self.heard.append(trade.trade_id))
        self.heard: list[str] = []
        self.sent_trades: set[str] = set()
        self.failure: AssertionError | None = None
        self.numbers: dict[str, int] = {}
        self.figures = Figures(seeds=1)

    def _on_event(self, event: BookEvent) -> None:
        self._safely(self.checks[event.pair].on_event, event)

    def _safely(self, check: Callable[[E], None], event: E) -> None:
        # A listener that raises is isolated by the tracker: keep the first failure for later.
        try:
            check(event)
        except AssertionError as failure:
            self.failure = self.failure or failure

    def run(self) -> Figures:
        for n in range(self.steps + self.tail):
            quiet = n >= self.steps
            for happening in self.tape.step(quiet=quiet):
                self._happen(happening)
                if self.failure is not None:
                    raise self.failure
            if n % 5 == 0:
                self.tracker.tick(self.tape.now_ns)
                for check in self.checks.values():
                    check.check_audit()
            self._drain()
            for check in self.checks.values():
                self._bound(check, quiet=quiet)
        self._end()
        return self._sum()

    def _happen(self, happening: Happening) -> None:
        now_ns = self.tape.now_ns
        match happening:
            case Arrival():
                self._arrive(happening)
            case Opened(connection, pairs):
                self.tracker.subscribed(connection, pairs, now_ns)
            case Refusal(pair, reason):
                self.tracker.snapshot_failed(pair, WireError(reason), now_ns)
            case Interruption(connection, reason):
                self.tracker.connection_lost(connection, reason, now_ns)
                for check in self.checks.values():
                    check.ideal.connection_lost(connection)
                    check.harm_step = self.tape.step_count
                    if not self.tape.connections:
                        assert check.book.state is not BookState.SYNCED, check.say("trusts no line")

    def _arrive(self, arrival: Arrival) -> None:
        frame, told = arrival
        check = self.checks[told.pair]
        losses = check.ideal.losses
        self._count_frame(told)
        check.ideal.on(told)
        check.note_front(told)
        if check.ideal.losses > losses:
            check.harm_step = self.tape.step_count
        before = check.before()
        self.tracker.receive(frame)
        if told.kind is Kind.TRADE:
            self.sent_trades.add(str(told.last))
        check.arrived(told, before)

    def _count_frame(self, told: Told) -> None:
        if told.number is None:
            return
        last = self.numbers.get(told.connection, told.number - 1)
        if told.number > last or told.number < last - RESTART_DROP:
            self.numbers[told.connection] = told.number
        if told.number > last + 1 or told.number < last - RESTART_DROP:
            for check in self.checks.values():
                check.ideal.frames_missed(told.connection)
                check.harm_step = self.tape.step_count

    def _drain(self) -> None:
        for request in self.tracker.take_requests():
            assert isinstance(request, NeedSnapshot | Resubscribe)
            check = self.checks[request.pair]
            ask = self.tape.ask(request.pair)
            check.asks.append((ask, check.book.state is BookState.SYNCED))
            check.note_ask()

    def _bound(self, check: PairCheck, *, quiet: bool) -> None:
        step = self.tape.step_count
        if check.asks and check.asks[-1][0].harmed:
            check.harm_step = max(check.harm_step, check.asks[-1][0].due_step)
        if check.book.state is BookState.SYNCED:
            check.unsynced_since = step
        else:
            waited = step - max(check.unsynced_since, check.harm_step)
            self.figures.longest = max(self.figures.longest, waited)
            assert waited <= RESYNC_BOUND, check.say(f"not synced for {waited} steps")
        if check.serves or check.book.state is not BookState.SYNCED:
            check.bestless_since = step
        else:
            waited = step - max(check.bestless_since, check.harm_step)
            self.figures.longest_bestless = max(self.figures.longest_bestless, waited)
            assert waited <= REFRESH_BOUND, check.say(f"no best price for {waited} steps")
        if not quiet:
            check.figures.served += check.ideal.synced and check.book.state is BookState.SYNCED
            check.figures.ideal += check.ideal.synced

    def _end(self) -> None:
        assert not self.tracker.feed_metrics.wire_errors, self.tracker.feed_metrics
        assert sorted(self.heard) == sorted(self.sent_trades), "each trade is told once"
        for check in self.checks.values():
            assert check.book.state is BookState.SYNCED, check.say("not synced at the end")
            check.blind = False
            check.read()
            assert check.claimed() >= self.tape._published[check.pair], check.say("is behind")

    def _sum(self) -> Figures:
        total = self.figures
        total.injected.update(self.tape.injected)
        total.losses += self.tape.injected["opening snapshot"]
        for check in self.checks.values():
            total.losses += check.ideal.losses
            total.asks += sum(not ask.harmed and not audit for ask, audit in check.asks)
            total.other_asks += sum(audit for _, audit in check.asks)
            total.add(check.figures)
        return total
