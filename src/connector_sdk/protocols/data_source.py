"""DataSource: how a venue's streams are asked for and read. A plugin subclasses this."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, NamedTuple, TypeAlias, TypeVar

from connector_sdk.book.checksum import ChecksumRule
from connector_sdk.book.sequence import SequenceRule
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.market_data import BookSnapshot
from connector_sdk.model.wire import (
    Call,
    Frame,
    Message,
    SessionGrant,
    StreamRequest,
    UserMessage,
)
from connector_sdk.protocols.auth import Auth, Stamp

M_co = TypeVar("M_co", covariant=True)
Decode: TypeAlias = Callable[[Frame], Sequence[Message]]
"""Reads one frame: market data and control words in the wire's order, or nothing."""
UserDecode: TypeAlias = Callable[[Frame], Sequence[UserMessage]]
"""Reads one frame of a private stream: what concerns the account, and control words."""


class DataSource(ABC, Generic[M_co]):
    """A venue's stream, translated. Pure: no await, clock or socket.

    heartbeat:               (period in seconds, text) to send while connected; None where
                             websocket pings are enough.
    silence_timeout_s:       a connection with no frame (pings count) for this long is dead.
    session_lifetime_s:      the venue cuts connections at this age; None if it does not.
    pairs_per_connection:    how many pairs one connection may carry; the feed opens more.
    messages_per_second:     how many texts a connection may send; None for no limit.
    connects_per_minute:     how many connection attempts the venue allows.
    """

    heartbeat: ClassVar[tuple[float, str] | None] = None
    silence_timeout_s: ClassVar[float] = 60.0
    session_lifetime_s: ClassVar[float | None] = None
    pairs_per_connection: ClassVar[int] = 100
    messages_per_second: ClassVar[float | None] = None
    connects_per_minute: ClassVar[float] = 60.0

    @abstractmethod
    def endpoint(self) -> tuple[str, str]:
        """(name of an endpoint in the manifest, path and query to append to its URL)."""

    @abstractmethod
    def open(self, instruments: Instruments) -> Callable[[Frame], Sequence[M_co]]:
        """A fresh decoder for one connection; it may remember that connection's channel ids.

        The decoder also reads answers to HTTP requests (frames whose `url` is set). It yields
        Unrecognized for a kind of message it does not know, nothing for one it knows and does
        not need, and may let ValueError, KeyError, TypeError and the like rise from malformed
        input: the tracker turns them into a counted WireError.
        """


class OrderBookTrackerDataSource(DataSource[Message]):
    """The public market data of a venue.

    sequence_rule:  how its deltas continue a book.
    checksum_rule:  how its checksums are computed; None where it publishes none.
    kept_depth:     levels a side the venue keeps for a subscription; deeper ones are dropped
                    after each message. None: the stream covers the whole book.
    audit_period_s: how often the book is compared with a fresh snapshot.
    """

    sequence_rule: ClassVar[SequenceRule]
    checksum_rule: ClassVar[ChecksumRule | None] = None
    kept_depth: ClassVar[int | None] = None
    audit_period_s: ClassVar[float] = 3600.0

    @abstractmethod
    def subscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """Texts that subscribe `pairs`; `request_id` and those after it are free to use."""

    @abstractmethod
    def unsubscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """Texts that end the subscriptions of `pairs`."""

    @abstractmethod
    def snapshot_request(self, pair: str, instruments: Instruments) -> Call[BookSnapshot] | None:
        """The call that fetches a snapshot; None where subscribing anew brings one in-stream.

        A 2xx answer re-enters through the decoder, as a frame with its `url`; `decode` of the
        call reads refusals.
        """


class Login(NamedTuple):
    """What opens a private stream.

    grant:  the answer to `preparation`; None where there is none.
    """

    auth: Auth
    stamp: Stamp
    grant: SessionGrant | None = None


class UserStreamTrackerDataSource(DataSource[UserMessage]):
    """The private stream of an account: its orders, fills and balances.

    sends_balances: whether balances come on the stream; where not, they are estimated between two
                    polls from fills and open orders.
    """

    sends_balances: ClassVar[bool] = True

    @abstractmethod
    def endpoint(self, grant: SessionGrant | None = None) -> tuple[str, str]:
        """(name of an endpoint in the manifest, path and query to append to its URL)."""

    @abstractmethod
    def subscribe(self, login: Login, request_id: int) -> Sequence[StreamRequest]:
        """Texts that open the account's stream; built anew for each, just before it is sent."""

    def preparation(self) -> Call[SessionGrant] | None:
        """The call that must be made before each connection; None where none is needed."""
        return None

    def renewal(self, grant: SessionGrant) -> Call[SessionGrant] | None:
        """The call that keeps `grant` alive, made at half its lifetime; None where none does."""
        del grant
        return None
