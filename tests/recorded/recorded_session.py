"""A recorded session: its frames, its messages, and replays of it with frames taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeAlias

from connector_sdk.model.events import BookMetrics, BookResynced, BookStale, BookUpdated
from connector_sdk.model.instrument import ProvisionalInstruments
from connector_sdk.model.market_data import BookDelta, BookSnapshot, PriceLevel
from connector_sdk.model.tape import Tape
from connector_sdk.model.wire import Frame, Message, Sequenced
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.data_source import Decode
from connector_sdk.runtime.order_book_tracker import OrderBookTracker

BookMessage: TypeAlias = BookDelta | BookSnapshot
Place: TypeAlias = tuple[int, BookMessage]
"""The index of a frame, and a message about a book in it."""


class Session:
    """The frames received in one recording, in order, and what they say."""

    def __init__(self, connector: Connector, frames: Iterable[Frame]) -> None:
        self.connector = connector
        self.frames = list(frames)
        self.messages = list(self._decoded())
        self.touched = [
            {message.pair for message in messages if isinstance(message, BookMessage)}
            for messages in self.messages
        ]
        self.pairs: Sequence[str] = list(dict.fromkeys(book.pair for _, book in self.books()))

    @staticmethod
    def read(connector: Connector, path: Path) -> Session:
        """The session in the file; a file is read and decoded once."""
        if path not in READ:
            READ[path] = Session(connector, (r.frame() for r in Tape(path) if r.direction == "in"))
        return READ[path]

    def _decoded(self) -> Iterator[Sequence[Message]]:
        manifest = self.connector.manifest
        instruments = ProvisionalInstruments(manifest.symbol_format, manifest.venue)
        decoders: dict[str, Decode] = {}
        for frame in self.frames:
            if frame.connection not in decoders:
                decoders[frame.connection] = self.connector.order_book.open(instruments)
            yield decoders[frame.connection](frame)

    def books_only(self) -> Session:
        """This session without the frames that say nothing of a book."""
        said = zip(self.frames, self.messages, strict=True)
        return Session(
            self.connector,
            [f for f, m in said if any(isinstance(word, BookMessage) for word in m)],
        )

    def books(self, pair: str | None = None) -> Iterator[Place]:
        """Every message about a book (of `pair`), in order."""
        for index, messages in enumerate(self.messages):
            for message in messages:
                if isinstance(message, BookMessage) and pair in {None, message.pair}:
                    yield index, message

    def deltas(self) -> list[tuple[int, str]]:
        """The index of the frame of every delta, and its pair."""
        return [(index, book.pair) for index, book in self.books() if isinstance(book, BookDelta)]

    def numbered(self) -> list[int]:
        """The indices of frames that carry a number of their connection."""
        said = enumerate(self.messages)
        return [index for index, m in said if any(isinstance(word, Sequenced) for word in m)]


READ: dict[Path, Session] = {}


class Noticed(NamedTuple):
    """At which frame a pair's gap counter rose, or its book became stale or synced."""

    frame: int
    pair: str
    what: str


class Replay:
    """A session played into a tracker, `without` some frames, up to frame `end`.

    noticed:  what the tracker made of it.
    ids:      pair → the update ids its book stood at while synced.
    """

    def __init__(
        self, session: Session, without: Collection[int] = (), end: int | None = None
    ) -> None:
        self.noticed: list[Noticed] = []
        self.ids: dict[str, list[int]] = {pair: [] for pair in session.pairs}
        self.tracker = OrderBookTracker(session.connector, session.pairs)
        self._index = 0
        self.tracker.on(BookStale, partial(self._note, "stale"))
        self.tracker.on(BookResynced, partial(self._note, "synced"))
        self.tracker.on(BookUpdated, lambda event: self.ids[event.pair].append(event.update_id))
        wide = session.connector.order_book.sequence_rule.connection_wide
        gaps = dict.fromkeys(session.pairs, 0)
        for index, frame in enumerate(islice(session.frames, end)):
            if index in without:
                continue
            self._index = index
            self.tracker.receive(frame)
            for pair in session.pairs if wide else session.touched[index]:
                found = self.metrics(pair).gaps
                self.noticed += [Noticed(index, pair, "gap")] * (found - gaps[pair])
                gaps[pair] = found

    def _note(self, what: str, event: BookStale | BookResynced) -> None:
        self.noticed.append(Noticed(self._index, event.pair, what))

    def all(self, what: str) -> dict[str, list[int]]:
        """Pair → frames at which `what` was noticed; pairs without any are left out."""
        found: dict[str, list[int]] = {}
        for frame, pair, kind in self.noticed:
            if kind == what:
                found.setdefault(pair, []).append(frame)
        return found

    def metrics(self, pair: str) -> BookMetrics:
        return self.tracker.metrics(pair)

    def top(self, pair: str) -> tuple[list[PriceLevel], list[PriceLevel]]:
        """The best levels of both sides, whatever the book's state."""
        known = self.tracker.book(pair).last_known
        return known.bids(25), known.asks(25)
