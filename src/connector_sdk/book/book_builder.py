"""BookBuilder: makes a book out of a snapshot and the deltas that continue it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connector_sdk.book.counters import BookCounters
from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.sequence import SequenceRule, Verification
from connector_sdk.book.sync_settings import SyncSettings
from connector_sdk.errors import EXCERPT_LENGTH, WireError
from connector_sdk.model.market_data import BookDelta, BookSnapshot, UpdateId

UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
"""What malformed rows raise when they meet the ladder."""


class BookBuilder:
    """Builds aside, so that a live book is only ever replaced by one that was proven."""

    __slots__ = ("_checksum", "_counters", "_now_ns", "_pair", "_rule", "_settings")

    def __init__(
        self,
        pair: str,
        rule: SequenceRule,
        settings: SyncSettings,
        counters: BookCounters,
        now_ns: Callable[[], int],
    ) -> None:
        self._pair = pair
        self._rule = rule
        self._settings = settings
        self._checksum = settings.checksum_rule
        self._counters = counters
        self._now_ns = now_ns

    def new(self) -> OrderBook:
        """An empty book of this pair."""
        verified_by = Verification.SEQUENCE if self._rule.sees_gaps else Verification.AUDIT
        if self._checksum is not None and not self._rule.sees_gaps:
            verified_by = Verification.CHECKSUM
        return OrderBook(
            self._pair, verified_by, now_ns=self._now_ns, kept_depth=self._settings.kept_depth
        )

    def position(
        self, snapshot: BookSnapshot, stood_at: UpdateId | None, received_ns: int
    ) -> UpdateId:
        """Where `snapshot` stands.

        stood_at:  where the stream stood, if the snapshot does not say: in-stream when it came,
                   else when it was asked for. What came since may be newer, and does no lasting
                   harm if it is not, for quantities are absolute.
        """
        if snapshot.last_id is not None:
            return snapshot.last_id
        if self._rule.stamped and snapshot.event_ns is not None:
            return snapshot.event_ns
        if stood_at is None:
            return received_ns if self._rule.stamped else 0
        return stood_at

    def built(
        self,
        snapshot: BookSnapshot,
        at: UpdateId,
        fitting: Sequence[BookDelta],
        received_ns: int,
        *,
        counted_from: int = 0,
    ) -> OrderBook:
        """A book that is `snapshot`, standing at `at`, continued by `fitting`.

        counted_from: its update id, where the venue has none and messages are counted.

        Raises WireError when rows cannot be read or a checksum does not fit.
        """
        book = self.new()
        counting = self._rule.stamped and snapshot.last_id is None
        try:
            book.replace(snapshot, counted_from if counting else at, received_ns)
            holds = self.checksum_holds(book, snapshot.checksum)
            for delta in fitting:
                end = book.update_id + 1 if counting or delta.last_id is None else delta.last_id
                book.apply(delta, end, received_ns)
                holds = holds and self.checksum_holds(book, delta.checksum)
        except UNREADABLE as error:
            raise WireError(f"{self._pair}: a snapshot that cannot be read ({error})") from error
        if not holds:
            raise WireError(f"{self._pair}: the checksum of snapshot {at} does not fit")
        return book

    def unreadable(self, delta: BookDelta, error: Exception) -> WireError:
        """What to say of a delta whose rows the ladder refused."""
        rows = f"bids {delta.bids} asks {delta.asks}"[:EXCERPT_LENGTH]
        return WireError(f"{self._pair}: rows that cannot be read ({error})", rows)

    def checksum_holds(self, book: OrderBook, published: int | None) -> bool:
        """Whether `book` has the checksum the venue published; true where it published none."""
        if self._checksum is None or published is None:
            return True
        depth = self._checksum.depth
        view = book.last_known
        holds = self._checksum.compute(view.bids(depth), view.asks(depth)) == published
        if holds:
            self._counters.checksums_ok += 1
        else:
            self._counters.checksums_failed += 1
        return holds
