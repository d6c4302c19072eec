"""BookSynchronizer: keeps one pair's book equal to the venue's, or says that it is not.

    state      on a delta                                     on a snapshot
    SYNCING    hold it; ask for a snapshot                    bridge: judge the whole buffer on a
    STALE      hold it; ask for a snapshot                    trial id; replace and replay → SYNCED,
                                                              or ask again and keep the buffer
    SYNCED     the rule says APPLY: apply it                  asked for (audit, refresh): compare
               STALE: drop it                                 at the same id, then take it over
               GAP: → STALE, hold it, ask once                sent in-stream: replace

A gap is also: a checksum that fails, rows that cannot be read, a lost connection, or nothing but
stale deltas for five seconds (the venue began its numbering anew).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connector_sdk.book.audit_log import AuditLog
from connector_sdk.book.best_evidence import BestEvidence
from connector_sdk.book.book_builder import UNREADABLE, BookBuilder
from connector_sdk.book.counters import BookCounters
from connector_sdk.book.delta_buffer import DeltaBuffer
from connector_sdk.book.order_book import SYNCED, OrderBook
from connector_sdk.book.seen_ids import SeenIds
from connector_sdk.book.sequence import APPLY, GAP, STALE, SequenceRule
from connector_sdk.book.snapshot_asks import Ask, SnapshotAsks
from connector_sdk.book.stall_watch import StallWatch
from connector_sdk.book.sync_settings import SyncSettings
from connector_sdk.errors import WireError
from connector_sdk.model.events import (
    BookAudited,
    BookCrossed,
    BookResynced,
    BookStale,
    BookState,
    BookUpdated,
    Event,
    PairDegraded,
    book_updated,
)
from connector_sdk.model.market_data import BookDelta, BookSnapshot, TopOfBook, UpdateId

DEGRADED_AFTER = 5


class BookSynchronizer:
    """One pair's book and everything needed to keep it right. Pure; the time is passed in.

    at:  where the book stands in the rule's own numbering.
    """

    def __init__(
        self,
        pair: str,
        rule: SequenceRule,
        *,
        emit: Callable[[Event], None],
        ask: Callable[[str, Ask], None],
        now_ns: Callable[[], int],
        settings: SyncSettings | None = None,
    ) -> None:
        self.pair = pair
        self._settings = settings or SyncSettings()
        self._rule = rule
        self._judge = rule.judge
        self._emit = emit
        self.counters = BookCounters()
        self._builder = BookBuilder(pair, rule, self._settings, self.counters, now_ns)
        self._checksum = self._settings.checksum_rule
        self.book = self._builder.new()
        self.asks = SnapshotAsks(lambda wish: ask(pair, wish), self._stream_at, now_ns())
        self._buffer = DeltaBuffer(rule, self._settings.buffer_limit)
        self._seen = None if rule.ordered else SeenIds()
        self._stall = StallWatch(self._settings.stall_ns)
        self.at: UpdateId = 0
        self._bridging = True
        self._counting = False
        self._streaming = True
        self._may_be_ahead = False
        self._bests = BestEvidence()
        self._audit = AuditLog(rule, self._settings.buffer_limit)
        self._waiting: tuple[BookSnapshot, UpdateId, int] | None = None
        self._quiet_since_ns: int | None = None

    @property
    def synced(self) -> bool:
        """Whether the book may be read."""
        return self.book.state is SYNCED

    def on_delta(self, delta: BookDelta, received_ns: int) -> None:
        """Take one delta. Raises WireError when its rows cannot be read."""
        self.counters.deltas += 1
        if delta.last_id is None and self._rule.stamped:
            delta = delta._replace(last_id=delta.event_ns or received_ns)
        if self.book.state is not SYNCED:
            self._hold(delta, received_ns)
            return
        verdict = self._judge(self.at, delta, bridging=self._bridging)
        if verdict is APPLY:
            self._apply(delta, received_ns)
        elif verdict is STALE or self._was_seen(delta):
            self.counters.stale += 1
            self._note_stall(delta, received_ns)
        else:
            self.counters.gaps += 1
            first = delta.last_id if delta.first_id is None else delta.first_id
            reason = f"gap: delta {first}..{delta.last_id} after {self.at}"
            self._lose(reason, received_ns, delta)

    def _was_seen(self, delta: BookDelta) -> bool:
        if self._seen is None:
            return False
        # Right after a snapshot by request, which may be ahead of the stream, an unlinked delta
        # is taken for an old one: if it is not, the stall rule finds out.
        return self._seen.passed(delta) or (self._bridging and self._may_be_ahead)

    def _apply(self, delta: BookDelta, received_ns: int) -> None:
        book = self.book
        at = self.at + 1 if delta.last_id is None else delta.last_id
        update_id = book.update_id + 1 if self._counting else at
        try:
            book.apply(delta, update_id, received_ns)
            if self._bests.tops and book.best_is_beyond_horizon:
                book.prove_bests(*self._bests.proven_rows(delta))
        except UNREADABLE as error:
            self.counters.gaps += 1
            self._lose("rows that cannot be read", received_ns)
            raise self._builder.unreadable(delta, error) from error
        counters = self.counters
        counters.applied += 1
        counters.event_ns = event_ns = delta.event_ns
        self.at = at
        self._bridging = False
        self._stall.since_ns = None
        if self._seen is not None:
            self._seen.note(at)
        if self._checksum is not None and not self._builder.checksum_holds(book, delta.checksum):
            counters.gaps += 1
            self._lose(f"checksum of delta {at} does not fit", received_ns)
            return
        if book.crossed:
            self._report_crossed(received_ns)
        elif counters.crossed_now:
            counters.crossed_now = False
        self._emit(book_updated((self.pair, update_id, received_ns, event_ns)))
        if self._audit.running:
            self._audit.applied(delta)
            self._compare(received_ns)

    def on_top_of_book(self, top: TopOfBook) -> None:
        """The venue's own best prices: they prove a best beyond the horizon."""
        self._bests.note(top, self.at)

    def _report_crossed(self, received_ns: int) -> None:
        if self.counters.crossed_now:
            return
        self.counters.crossed_now = True
        self.counters.crossed += 1
        book = self.book
        bid, ask = book.best_bid.price_text, book.best_ask.price_text
        self._emit(BookCrossed(self.pair, book.update_id, bid, ask, received_ns))
        self._start_audit("the book is crossed", received_ns)

    def _hold(self, delta: BookDelta, received_ns: int) -> None:
        self._streaming = True
        verdict = self._buffer.hold(delta)
        if verdict is STALE:
            self.counters.stale += 1
            self._note_stall(delta, received_ns)
            return
        self._stall.since_ns = None
        if verdict is GAP:
            self.counters.gaps += 1
        if self._waiting is not None:
            self._try_waiting(received_ns)
        elif not self._settings.in_stream:
            self.asks.want("the first delta is in", received_ns)

    def _note_stall(self, delta: BookDelta | None, received_ns: int) -> None:
        if self._stall.old(received_ns):
            self.counters.gaps += 1
            self._lose("only stale deltas for too long", received_ns, delta)

    def _distrust(self, reason: str, received_ns: int) -> None:
        if self.synced:
            self.book.mark(BookState.STALE, received_ns, reason)
            self.counters.untrusted_since_ns = received_ns
            self._emit(BookStale(self.pair, reason, self.book.update_id, received_ns))
        if self._waiting is not None or self._audit.holds_snapshot:
            self.asks.abandon(received_ns)  # its answer came, and is given up with the rest
        self._audit.stop()
        self._waiting = None
        self._quiet_since_ns = None
        self._buffer.clear()

    def _lose(self, reason: str, received_ns: int, delta: BookDelta | None = None) -> None:
        self._distrust(reason, received_ns)
        if delta is not None:
            self._buffer.hold(delta)
        self.asks.want(reason, received_ns)

    def on_snapshot(self, snapshot: BookSnapshot, received_ns: int, *, in_stream: bool) -> None:
        """Take a snapshot, asked for or not. Raises WireError when its rows cannot be read.

        in_stream: it came among the deltas, and stands there; otherwise it answers a request.
        """
        self.counters.snapshots += 1
        stood_at = self._stood_at(in_stream=in_stream)
        at = self._builder.position(snapshot, stood_at, received_ns)
        if in_stream:
            self._streaming = True
            self._on_stream_snapshot(snapshot, at, received_ns)
        elif self.synced:
            stamped = snapshot.last_id is not None or snapshot.event_ns is not None
            if self._audit.running or (stamped and at == self.at):
                self._audit.offer(snapshot, at, received_ns)
                self._compare(received_ns)
        elif not self._streaming:
            self.asks.abandon(received_ns)
        else:
            self._bridge(snapshot, at, received_ns)

    def _stream_at(self) -> UpdateId | None:
        return self.at if self.synced else self._buffer.newest_id

    def _stood_at(self, *, in_stream: bool) -> UpdateId | None:
        if in_stream or not self.asks.in_flight:
            return self._stream_at()
        asked_at = self.asks.asked_at
        return self._buffer.oldest_id if asked_at is None else asked_at

    def _on_stream_snapshot(self, snapshot: BookSnapshot, at: UpdateId, received_ns: int) -> None:
        if self.synced and self._is_old(at):
            self.counters.stale += 1
            self._note_stall(None, received_ns)
            return
        self._waiting = None
        self._buffer.clear()
        self._may_be_ahead = False
        self._take_over(snapshot, at, (), received_ns)

    def _is_old(self, at: UpdateId) -> bool:
        """Whether the live book has passed `at` already."""
        if self._seen is not None:
            return at in self._seen and at != self.at
        return at < self.at and not self._rule.connection_wide

    def _bridge(self, snapshot: BookSnapshot, at: UpdateId, received_ns: int) -> None:
        fitting = self._buffer.after(at)
        if fitting is not None:
            self._may_be_ahead = True
            self.counters.stale += len(self._buffer) - len(fitting)
            self._take_over(snapshot, at, fitting, received_ns)
        elif self._rule.ordered:
            self._ask_again("the snapshot is older than the stream", received_ns)
        else:
            # It is ahead of the stream, or too old; identities do not tell: wait a while.
            self._waiting = (snapshot, at, received_ns)

    def _try_waiting(self, received_ns: int) -> None:
        if self._waiting is None:
            return
        snapshot, at, since_ns = self._waiting
        if self._buffer.after(at) is not None:
            self._waiting = None
            self._bridge(snapshot, at, received_ns)
        elif received_ns - since_ns >= self._settings.stall_ns:
            self._waiting = None
            self._ask_again("nothing continues the snapshot", received_ns)

    def _take_over(
        self, snapshot: BookSnapshot, at: UpdateId, fitting: Sequence[BookDelta], received_ns: int
    ) -> None:
        state, live = self.book.state, self.synced
        count = self.book.update_id if live else 0
        try:
            built = self._builder.built(snapshot, at, fitting, received_ns, counted_from=count)
        except WireError as error:
            if live:
                self._distrust("a snapshot that cannot be used", received_ns)
            self._ask_again(str(error), received_ns)
            raise
        continues = live and built.update_id >= self.book.update_id
        compared = live and self._audit.running and (at == self.at or not self._rule.sees_gaps)
        differing = self.book.differences(built) if compared else 0
        self._counting = self._rule.stamped and snapshot.last_id is None
        self._adopt(built, at, fitting)
        self.counters.event_ns = fitting[-1].event_ns if fitting else snapshot.event_ns
        self.asks.answered(received_ns)
        if compared:
            self._count_audit(differing, received_ns)
        update_id = built.update_id
        if not continues:  # it is synced anew, or goes on under another numbering
            self.book.mark(SYNCED, received_ns)
            self.counters.resyncs += state is BookState.STALE
            self.counters.trusted_again(received_ns)
            self._emit(BookResynced(self.pair, update_id, len(fitting), received_ns))
        if fitting or continues:
            self._emit(BookUpdated(self.pair, update_id, received_ns, self.counters.event_ns))
        if self.book.crossed:
            self._report_crossed(received_ns)

    def _adopt(self, built: OrderBook, at: UpdateId, fitting: Sequence[BookDelta]) -> None:
        self.book.adopt(built)
        self.at = fitting[-1].last_id or at if fitting else at
        if self._seen is not None:
            self._seen.note(at)
            self._seen.note_all(fitting)
        self.counters.applied += len(fitting)
        self._bridging = not fitting
        self._stall.since_ns = None
        self._audit.stop()
        self._buffer.clear()

    def _start_audit(self, reason: str, now_ns: int) -> None:
        if self.asks.want(reason, now_ns):
            self._audit.start(self.at)

    def _compare(self, received_ns: int) -> None:
        """Count how the live book differs from what was audited, and make it that."""
        case = self._audit.case(self.at, received_ns, self._settings.stall_ns)
        if case is None:
            return
        snapshot, at, fitting = case.snapshot, case.at, case.fitting
        if fitting is None:
            self._ask_again("the audit snapshot is older than the log", received_ns)
            return
        start = self.book.update_id - len(fitting)
        try:
            audited = self._builder.built(snapshot, at, fitting, received_ns, counted_from=start)
        except WireError as error:
            self._ask_again(str(error), received_ns)
            raise
        differing = self.book.differences(audited)
        if case.ahead:
            self.at, self._bridging, self._may_be_ahead = at, True, True
        self.book.adopt(audited)
        self._audit.stop()
        self.asks.answered(received_ns)
        self._count_audit(differing, received_ns)

    def _count_audit(self, differing: int, received_ns: int) -> None:
        counters = self.counters
        counters.audits += 1
        counters.differing += differing
        counters.crossed_now = False
        self._emit(BookAudited(self.pair, self.book.update_id, differing, received_ns))

    def connection_lost(self, reason: str, now_ns: int) -> None:
        """Nothing can be trusted until the stream runs again and a snapshot is bridged."""
        self._distrust(reason, now_ns)
        self._streaming = False
        self.asks.abandon(now_ns)

    def loss_noticed(self, reason: str, now_ns: int) -> None:
        """A loss that shows elsewhere than in this pair's own deltas."""
        self.counters.gaps += 1
        self._lose(reason, now_ns)

    def streaming(self, now_ns: int) -> None:
        """The subscription is known to run: a snapshot may be bridged before the first delta."""
        self._streaming = True
        self._quiet_since_ns = now_ns

    def snapshot_failed(self, error: str, now_ns: int) -> None:
        """The snapshot asked for did not come."""
        if self.asks.in_flight:
            self._ask_again(error, now_ns)

    def _ask_again(self, error: str, now_ns: int) -> None:
        self.asks.failed(error, now_ns)
        if self.asks.attempt == DEGRADED_AFTER:
            self._emit(PairDegraded(self.pair, self.asks.attempt, error, now_ns))

    def tick(self, now_ns: int) -> None:
        """Let time pass: audits, refreshes and asks that nothing else would cause.

        Raises WireError when the rows of a snapshot that had to wait cannot be read.
        """
        settings = self._settings
        self._try_waiting(now_ns)
        if self._audit.holds_snapshot:
            self._compare(now_ns)
        if self.asks.in_flight:
            if settings.in_stream and self.asks.in_flight_for_ns(now_ns) >= settings.answer_ns:
                self._ask_again("no snapshot came", now_ns)
        elif self.synced:
            settled_for_ns = now_ns - self.asks.settled_ns
            if settled_for_ns >= settings.audit_period_ns + settings.audit_phase_ns:
                self._start_audit("audit", now_ns)
            elif settled_for_ns >= settings.refresh_pause_ns and self.book.needs_refresh():
                self._start_audit("refresh: few proven levels are left", now_ns)
        elif self._streaming:
            if self._quiet_since_ns is None:
                self._quiet_since_ns = now_ns
            elif now_ns - self._quiet_since_ns >= settings.quiet_ns:
                self.asks.want("nothing came by itself", now_ns)
