"""OrderBookTracker: one door for frames, one synchronizer a pair. Needs no loop, no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.sequence import Verdict
from connector_sdk.book.snapshot_asks import Ask
from connector_sdk.book.sync_settings import SECOND_NS, SyncSettings
from connector_sdk.book.synchronizer import DEGRADED_AFTER, BookSynchronizer
from connector_sdk.errors import ConfigError, ConnectorError, UnlistedSymbol, WireError
from connector_sdk.model.events import BookMetrics, FeedInterrupted, FeedMetrics
from connector_sdk.model.instrument import Instruments, ProvisionalInstruments, trading_pair
from connector_sdk.model.market_data import BookDelta, BookSnapshot, TopOfBook, Trade
from connector_sdk.model.wire import (
    Frame,
    Message,
    Reply,
    Sequenced,
    SessionEnding,
    Subscribed,
    SubscriptionRefused,
    Unrecognized,
)
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.data_source import Decode
from connector_sdk.protocols.market import MALFORMED
from connector_sdk.protocols.tracker import Control, NeedSnapshot, PairTracker, Request, Resubscribe
from connector_sdk.runtime.followed_pair import FollowedPair
from connector_sdk.runtime.frame_numbers import FrameNumbers
from connector_sdk.runtime.listeners import Listeners
from connector_sdk.runtime.oddities import Oddities

E = TypeVar("E")
GOLDEN = 0.6180339887
AUDIT_SPREAD = 0.2


class OrderBookTracker(PairTracker):
    """Live books of one venue.

    pairs:        the pairs to follow; None follows every pair that shows up.
    instruments:  the venue's list; without it, pairs are told from the symbols' spelling.
    now_ns:       the time for ages; without it, that of the newest frame.
    settings:     how books are kept; what the data source declares is filled in.
    """

    def __init__(
        self,
        connector: Connector,
        pairs: Iterable[str] | None,
        *,
        instruments: Instruments | None = None,
        now_ns: Callable[[], int] | None = None,
        settings: SyncSettings | None = None,
    ) -> None:
        self._source = connector.order_book
        self._rule = self._source.sequence_rule
        self._connection_wide = self._rule.connection_wide
        self._venue = connector.manifest.venue
        if instruments is None:
            spelling = connector.manifest.symbol_format
            instruments = ProvisionalInstruments(spelling, self._venue)
        self.instruments = instruments
        self.listeners = Listeners()
        self._emit = self.listeners.emit
        self._newest_ns = 0
        self._now_ns = now_ns or (lambda: self._newest_ns)
        self._settings = settings or SyncSettings(
            audit_period_ns=int(self._source.audit_period_s * SECOND_NS)
        )
        self._in_stream = False
        self._follow_all = pairs is None
        self._followed: dict[str, FollowedPair] = {}
        self._subscribed_ever = 0
        self._decoders: dict[str, Decode] = {}
        self._ranks: dict[str, int] = {}
        self._opened = 0
        self._numbers = FrameNumbers(self._settings.stall_ns)
        self._requests: list[Request] = []
        self._frames = 0
        self._oddities = Oddities(self._venue)
        self._doors = self._door_of_each_message()
        for pair in pairs or ():
            self.subscribe(pair)

    def _door_of_each_message(self) -> Mapping[type, Callable[..., None]]:
        return {
            BookDelta: self._on_delta,
            BookSnapshot: self._on_snapshot,
            Trade: self._on_trade,
            TopOfBook: self._on_top_of_book,
            Unrecognized: self._on_unrecognized,
            Subscribed: self._on_control,
            SubscriptionRefused: self._on_control,
            Reply: self._on_control,
            SessionEnding: self._on_control,
        }

    # --- what is followed

    @property
    def pairs(self) -> Sequence[str]:
        """The pairs followed, in the order they were added."""
        return list(self._followed)

    def subscribe(self, pair: str) -> None:
        """Follow `pair` from now on. Raises ConfigError for one the venue does not list."""
        pair = trading_pair(pair)
        if pair in self._followed:
            return
        in_stream = self._source.snapshot_request(pair, self.instruments) is None
        # Golden-ratio steps keep any number of pairs apart, so that audits never bunch up.
        phase = (self._subscribed_ever * GOLDEN) % 1 * AUDIT_SPREAD
        self._subscribed_ever += 1
        settings = replace(
            self._settings,
            in_stream=in_stream,
            checksum_rule=self._source.checksum_rule,
            kept_depth=self._source.kept_depth,
            audit_phase_ns=int(phase * self._settings.audit_period_ns),
        )
        self._in_stream = in_stream
        sync = BookSynchronizer(
            pair,
            self._rule,
            emit=self._emit,
            ask=self._ask,
            now_ns=self._now_ns,
            settings=settings,
        )
        self._followed[pair] = FollowedPair(sync, self._rule)

    def unsubscribe(self, pair: str) -> None:
        """Stop following `pair` and free its state."""
        self._followed.pop(trading_pair(pair), None)

    def subscribed(self, connection: str, pairs: Iterable[str], now_ns: int) -> None:
        """The venue acknowledged that `connection` carries `pairs`.

        Quiet pairs, too, then count as hanging on it; in a handover it becomes their successor.
        """
        rank = self._rank(connection)
        for pair in pairs:
            followed = self._followed.get(pair)
            if followed is None or followed.connection == connection:
                continue
            if followed.connection is None:
                followed.fed_by(connection)
                followed.sync.streaming(now_ns)
            elif rank > self._rank(followed.connection):
                followed.successor = connection

    def owned_by(self, connection: str) -> set[str]:
        """Pairs that are fed by `connection` now."""
        return {p for p, followed in self._followed.items() if followed.connection == connection}

    def book(self, pair: str) -> OrderBook:
        """The live book of a followed pair; ConfigError for another."""
        return self._pair(pair).sync.book

    def _pair(self, pair: str) -> FollowedPair:
        followed = self._followed.get(pair) or self._followed.get(trading_pair(pair))
        if followed is None:
            known = ", ".join(self._followed) or "no pair"
            raise ConfigError(f"{self._venue}: {pair} is not followed; followed: {known}")
        return followed

    @property
    def ready(self) -> bool:
        """Whether every followed book is synced (and there is one)."""
        return bool(self._followed) and all(f.sync.synced for f in self._followed.values())

    @property
    def degraded(self) -> Mapping[str, tuple[int, str]]:
        """Pairs whose last snapshots failed: (failures in a row, the last one's reason)."""
        return {
            pair: (followed.sync.asks.attempt, followed.sync.asks.last_error or "")
            for pair, followed in self._followed.items()
            if followed.sync.asks.attempt >= DEGRADED_AFTER
        }

    def on(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` at every event of `kind`; returns a function that ends it."""
        return self.listeners.on(kind, callback)

    # --- frames

    def receive(self, frame: Frame) -> None:
        """Take one frame. Never raises for what a venue sent: that is counted."""
        self._frames += 1
        self._newest_ns = frame.received_ns
        decode = self._decoders.get(frame.connection)
        if decode is None:
            decode = self._open(frame.connection)
        try:
            messages: Sequence[Message] = decode(frame)
        except UnlistedSymbol as error:
            self._oddities.unrecognized(f"symbol {error.symbol}")
            return
        except MALFORMED as error:
            self._oddities.unreadable(error, frame.data[:200])
            return
        repeated = False
        for message in messages:
            if repeated and not isinstance(message, Trade):
                continue  # a trade has its own id: one that came late is still news
            door = self._doors.get(type(message))
            if door is not None:
                try:
                    door(message, frame)
                except MALFORMED as error:
                    self._refuse(message, error, frame)
            elif isinstance(message, Sequenced):
                repeated = self._is_repeat(message.number, frame)

    def _refuse(self, message: Message, error: Exception, frame: Frame) -> None:
        """Count it. What could not even be judged may have left something behind: begin anew."""
        self._oddities.unreadable(error, frame.data[:200])
        if isinstance(error, WireError) or not isinstance(message, BookDelta | BookSnapshot):
            return
        followed = self._followed.get(message.pair)
        if followed is not None:
            reason = "a message that cannot be judged"
            followed.sync.loss_noticed(reason, frame.received_ns)
            if isinstance(message, BookSnapshot):
                followed.sync.snapshot_failed(reason, frame.received_ns)

    def _open(self, connection: str) -> Decode:
        self._rank(connection)
        decode = self._decoders[connection] = self._source.open(self.instruments)
        return decode

    def _rank(self, connection: str) -> int:
        rank = self._ranks.get(connection)
        if rank is None:
            self._opened += 1
            rank = self._ranks[connection] = self._opened
        return rank

    def _is_repeat(self, number: int, frame: Frame) -> bool:
        connection = frame.connection
        last = self._numbers.last(connection)
        verdict = self._numbers.judge(connection, number, frame.received_ns)
        if verdict is Verdict.GAP:
            reason = f"gap: frame {number} of {connection} after {last}"
            for followed in self._followed.values():
                if followed.connection == connection:
                    followed.sync.loss_noticed(reason, frame.received_ns)
        return verdict is Verdict.STALE

    def _on_delta(self, delta: BookDelta, frame: Frame) -> None:
        followed = self._followed.get(delta.pair)
        if followed is None:
            followed = self._newcomer(delta.pair)
            if followed is None:
                return
        if self._connection_wide:
            delta = delta._replace(last_id=self._numbers.newest)
        if followed.connection == frame.connection:
            followed.sync.on_delta(delta, frame.received_ns)
            if followed.successor is not None:
                followed.try_successor()
        elif followed.connection is None:
            followed.fed_by(frame.connection)
            followed.sync.on_delta(delta, frame.received_ns)
        elif not self._in_stream and self._is_later(frame.connection, followed.connection):
            # Where snapshots come in-stream, the later connection's own one takes over.
            followed.on_later_delta(delta, frame.connection, frame.received_ns)

    def _is_later(self, connection: str, than: str) -> bool:
        return self._rank(connection) > self._rank(than)

    def _on_snapshot(self, snapshot: BookSnapshot, frame: Frame) -> None:
        followed = self._followed.get(snapshot.pair) or self._newcomer(snapshot.pair)
        if followed is None:
            return
        in_stream = frame.url is None
        if in_stream:
            present = followed.connection
            if present is not None and self._rank(frame.connection) < self._rank(present):
                return
            if present != frame.connection:
                followed.fed_by(frame.connection)
            if self._rule.connection_wide:
                snapshot = snapshot._replace(last_id=self._numbers.newest)
        followed.sync.on_snapshot(snapshot, frame.received_ns, in_stream=in_stream)

    def _newcomer(self, pair: str) -> FollowedPair | None:
        if not self._follow_all:
            return None
        self.subscribe(pair)
        return self._followed[pair]

    def _on_trade(self, trade: Trade, frame: Frame) -> None:
        followed = self._followed.get(trade.pair) or self._newcomer(trade.pair)
        if followed is not None and followed.is_new_trade(trade.trade_id):
            followed.sync.counters.trades += 1
            followed.sync.book.last_trade_price = trade.price
            self._emit(trade)

    def _on_top_of_book(self, top: TopOfBook, frame: Frame) -> None:
        followed = self._followed.get(top.pair) or self._newcomer(top.pair)
        if followed is None:
            return
        present = followed.connection
        if present is None or self._rank(frame.connection) >= self._rank(present):
            followed.sync.on_top_of_book(top)
            self._emit(top)

    def _on_unrecognized(self, message: Unrecognized, _frame: Frame) -> None:
        self._oddities.unrecognized(message.kind)

    def _on_control(
        self, word: Subscribed | SubscriptionRefused | Reply | SessionEnding, frame: Frame
    ) -> None:
        self._requests.append(Control(frame.connection, word))

    # --- the world outside

    def connection_lost(self, connection: str, reason: str, now_ns: int) -> None:
        """A connection ended: the pairs it fed are stale, unless another carries them already."""
        self._decoders.pop(connection, None)
        self._numbers.forget(connection)
        for pair, followed in self._followed.items():
            if followed.successor == connection:
                followed.successor = None
            if followed.connection != connection:
                continue
            try:
                if followed.connection_lost(reason, now_ns):
                    self._emit(FeedInterrupted(pair, connection, reason, now_ns))
            except WireError as error:
                self._oddities.unreadable(error)
        self._ranks.pop(connection, None)

    def snapshot_failed(self, pair: str, error: ConnectorError, now_ns: int) -> None:
        """A NeedSnapshot could not be met; it is asked again, with one more attempt."""
        followed = self._followed.get(pair)
        if followed is not None:
            followed.sync.snapshot_failed(str(error), now_ns)

    def tick(self, now_ns: int) -> None:
        """Let time pass; call about once a second."""
        for followed in list(self._followed.values()):
            try:
                followed.sync.tick(now_ns)
            except WireError as error:
                self._oddities.unreadable(error)

    def _ask(self, pair: str, ask: Ask) -> None:
        wish = Resubscribe if self._in_stream else NeedSnapshot
        self._requests.append(wish(pair, ask.reason, ask.attempt))

    def take_requests(self) -> Sequence[Request]:
        """What is wanted, oldest first; each is handed out once."""
        if not self._requests:
            return ()
        requests, self._requests = self._requests, []
        return requests

    # --- figures

    def metrics(self, pair: str) -> BookMetrics:
        """One pair's counters."""
        sync = self._pair(pair).sync
        counters, book = sync.counters, sync.book
        event_ns = counters.event_ns
        return BookMetrics(
            state=book.state,
            update_id=book.update_id,
            snapshots=counters.snapshots,
            deltas=counters.deltas,
            applied=counters.applied,
            stale=counters.stale,
            gaps=counters.gaps,
            resyncs=counters.resyncs,
            snapshots_asked=sync.asks.asked,
            audits=counters.audits,
            differing=counters.differing,
            crossed=counters.crossed,
            checksums_ok=counters.checksums_ok,
            checksums_failed=counters.checksums_failed,
            trades=counters.trades,
            untrusted_ns=counters.untrusted_ns(self._now_ns()),
            latency_ns=None if event_ns is None else book.received_ns - event_ns,
        )

    @property
    def feed_metrics(self) -> FeedMetrics:
        """Counters over all pairs."""
        return self._oddities.metrics(self._frames)
