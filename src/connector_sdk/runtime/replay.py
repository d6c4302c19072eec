"""Replay: run a tape through the same tracker that runs live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from connector_sdk.errors import ConfigError, VenueError, WireError
from connector_sdk.model.events import BookState
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.market_data import PriceLevel, canonical
from connector_sdk.model.tape import SECOND_NS, Tape, TapeHeader, TapeRecord
from connector_sdk.model.wire import RestResponse
from connector_sdk.protocols.connector import Connector
from connector_sdk.runtime.order_book_tracker import OrderBookTracker

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | Mapping[str, JsonValue] | None"
TOP_LEVELS = 20
PROGRESS_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay found.

    frames:   records read.
    seconds:  from the first record to the last, by the tape's clock.
    cut_off:  why reading ended before the end of the tape; None if it did not.
    """

    venue: str
    frames: int
    seconds: float
    tracker: OrderBookTracker
    cut_off: str | None = None

    @property
    def provisional(self) -> bool:
        """Whether pairs were told from their spelling, for want of an instrument list."""
        return self.tracker.instruments.provisional

    def as_json(self) -> dict[str, JsonValue]:
        """The report in the form of `replay --json`."""
        feed = self.tracker.feed_metrics
        report: dict[str, JsonValue] = {
            "venue": self.venue,
            "frames": self.frames,
            "seconds": round(self.seconds, 1),
            "pairs": {pair: _pair_report(self.tracker, pair) for pair in self.tracker.pairs},
            "unrecognized": dict(feed.unrecognized),
            "wire_errors": feed.wire_errors,
        }
        if self.cut_off is not None:
            report["error"] = self.cut_off
        return report


def replay(
    connector: Connector,
    path: Path,
    *,
    pairs: Iterable[str] | None = None,
    instruments: Instruments | None = None,
    on_start: Callable[[OrderBookTracker], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> ReplayReport:
    """Feed a tape to a tracker.

    pairs:        the pairs to follow; None: every pair on the tape.
    instruments:  the venue's list; None: the tape's own, in its header or in a recorded answer,
                  else provisionally from the spelling of the symbols.
    on_start:     given the tracker before the first frame, to listen to it.
    on_progress:  told the number of records read, every thousand.

    Raises ConfigError for a file that is no tape, or a tape of another venue.
    """
    tape = Tape(path)
    check_venue(tape.header, connector, path)
    run = TapeRun(connector, list(pairs) if pairs is not None else None, on_start)
    run.instruments = _from_header(tape.header) if instruments is None else instruments
    cut_off = None
    try:
        for record in tape:
            run.take(record)
            if on_progress is not None and tape.records_read % PROGRESS_EVERY == 0:
                on_progress(tape.records_read)
    except WireError as error:
        cut_off = str(error)
    run.check_language(path)
    seconds = (run.last_ns - run.first_ns) / SECOND_NS
    venue = connector.manifest.venue
    return ReplayReport(venue, tape.records_read, seconds, run.tracker, cut_off)


class TapeRun:
    """A tape on its way through a tracker.

    The tracker is made when it is first asked for: by the first frame that is not the instrument
    list, or from outside.

    instruments:        the venue's list, as soon as it is known.
    first_ns, last_ns:  when the first record and the newest one were received.
    """

    def __init__(
        self,
        connector: Connector,
        pairs: list[str] | None,
        on_start: Callable[[OrderBookTracker], None] | None = None,
    ) -> None:
        self.instruments: Instruments | None = None
        self.first_ns = 0
        self.last_ns = 0
        self._connector = connector
        self._pairs = pairs
        self._on_start = on_start
        self._tracker: OrderBookTracker | None = None
        self._listing = connector.market_api.instruments()
        self._ticked_ns = 0
        self._hosts: set[str] = set()

    @property
    def tracker(self) -> OrderBookTracker:
        """What the frames go to."""
        if self._tracker is None:
            self._tracker = OrderBookTracker(
                self._connector, self._pairs, instruments=self.instruments
            )
            if self._on_start is not None:
                self._on_start(self._tracker)
        return self._tracker

    def take(self, record: TapeRecord) -> None:
        """Take the next record."""
        self.first_ns = self.first_ns or record.at_ns
        self.last_ns = record.at_ns
        if record.url is not None:
            self._hosts.add(urlsplit(record.url).netloc)
        if record.direction == "close":
            self.tracker.connection_lost(record.connection, "closed on the tape", record.at_ns)
        if record.direction != "in" or self._is_listing(record):
            return
        if record.status is not None and record.status >= 300:
            return  # a refusal: only answers that brought data re-enter
        tracker = self.tracker
        tracker.receive(record.frame())
        if record.at_ns - self._ticked_ns >= SECOND_NS:
            self._ticked_ns = record.at_ns
            tracker.tick(record.at_ns)
        # Nobody can answer: the tape holds whatever answers there were.
        tracker.take_requests()

    def look_for_instruments(self, tape: Tape) -> None:
        """Find the venue's list on the tape before it runs, in its header or among its answers."""
        if self.instruments is None:
            self.instruments = _from_header(tape.header)
        for record in tape if self.instruments is None else ():
            if record.direction == "in" and self._is_listing(record):
                break

    def _is_listing(self, record: TapeRecord) -> bool:
        path = self._listing.request.path
        if record.url is None or not urlsplit(record.url).path.endswith(path):
            return False
        if self.instruments is None and self._tracker is None:
            body = record.data.encode()
            found = self._listing.decode(RestResponse(200, {}, body, record.url))
            self.instruments = None if isinstance(found, VenueError) else found
        return True

    def check_language(self, path: Path) -> None:
        """Refuse a tape of which nothing at all was in this venue's language."""
        feed = self.tracker.feed_metrics
        strange = feed.wire_errors + sum(feed.unrecognized.values())
        if not strange or any(_heard(self.tracker, pair) for pair in self.tracker.pairs):
            return
        venue = self._connector.manifest.venue
        hosts = ", ".join(sorted(self._hosts)) or "no host"
        raise ConfigError(
            f"{path}: none of its {feed.frames} frames is market data of {venue} "
            f"(it names {hosts}). Replay it with the connector of the venue it was recorded from."
        )


def _heard(tracker: OrderBookTracker, pair: str) -> bool:
    metrics = tracker.metrics(pair)
    return bool(metrics.deltas or metrics.snapshots or metrics.trades)


def check_venue(header: TapeHeader | None, connector: Connector, path: Path) -> None:
    """Raise ConfigError for a tape that says it is of another venue."""
    venue = connector.manifest.venue
    if header is not None and header.venue != venue:
        raise ConfigError(
            f"{path} was recorded from {header.venue}, not {venue}: "
            f"replay it with `connector-sdk replay {header.venue} {path}`"
        )


def _from_header(header: TapeHeader | None) -> Instruments | None:
    if header is None or not header.instruments:
        return None
    return Instruments(header.instruments, header.venue)


def _pair_report(tracker: OrderBookTracker, pair: str) -> dict[str, JsonValue]:
    metrics = tracker.metrics(pair)
    book = tracker.book(pair)
    synced = book.state is BookState.SYNCED
    return {
        "state": metrics.state.value,
        "update_id": metrics.update_id,
        "snapshots": metrics.snapshots,
        "deltas": metrics.deltas,
        "applied": metrics.applied,
        "stale": metrics.stale,
        "gaps": metrics.gaps,
        "resyncs": metrics.resyncs,
        "checksums": {"ok": metrics.checksums_ok, "failed": metrics.checksums_failed},
        "trades": metrics.trades,
        "crossed": metrics.crossed,
        "top": {
            "bids": _rows(book.bids(TOP_LEVELS)) if synced else [],
            "asks": _rows(book.asks(TOP_LEVELS)) if synced else [],
        },
    }


def _rows(levels: Iterable[PriceLevel]) -> list[JsonValue]:
    return [[canonical(level.price), canonical(level.quantity)] for level in levels]
