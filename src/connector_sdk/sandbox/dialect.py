"""Dialect: one venue's wire protocol, as the embedded venue speaks it. Written in the plugin.

Everything here is pure: texts and bytes in, texts and bytes out.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, NamedTuple

from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.publications import (
    BookImage,
    Publication,
    TopChange,
    Topic,
    TradePrint,
)
from connector_sdk.sandbox.trading import TradingDesk, UserEvent

RAISED = 1_000_000


@dataclass(frozen=True, slots=True)
class VenueRules:
    """The limits a venue holds its clients to.

    weight, window_s:       request weight a client address may use in a fixed clock window.
    strikes, ban_s:         so many requests beyond it in one window mean a ban of `ban_s`.
    incoming_per_s:         messages, pings and pongs a stream may send in a second.
    streams:                subscriptions a stream connection may hold.
    ping_every_s, pong_within_s, life_s: when a stream is pinged, and when it is closed.
    orders_10s, orders_day: new orders of an account in a fixed window, but for those that filled.
    open_orders, open_triggers, amends: orders of an account and pair that rest or wait, those
        whose trigger waits, and changes one order may see.
    iceberg_parts:          parts an order may be shown in.
    """

    weight: int
    window_s: int = 60
    strikes: int = 10
    ban_s: int = 120
    incoming_per_s: int = 5
    streams: int = 1024
    ping_every_s: float = 20.0
    pong_within_s: float = 60.0
    life_s: float = 86_400.0
    orders_10s: int = 50
    orders_day: int = 160_000
    open_orders: int = 200
    open_triggers: int = 5
    amends: int = 10
    iceberg_parts: int = 10

    def raised(self) -> VenueRules:
        """The same without a limit on requests, messages and orders that a client could reach."""
        return dataclasses.replace(
            self,
            weight=RAISED,
            incoming_per_s=RAISED,
            orders_10s=RAISED,
            orders_day=RAISED,
            open_orders=RAISED,
        )


@dataclass(frozen=True, slots=True)
class VenueRequest:
    """An HTTP request as it came, or the one that opens a stream.

    query:    raw, as sent, without the question mark.
    headers:  lower-case names.
    client:   the sender's address.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    client: str = ""


@dataclass(frozen=True, slots=True)
class VenueAnswer:
    """An HTTP answer, or that of a request on a stream (which is its body alone).

    delay_s:  how long it is held back.
    lost:     the connection is cut in its place.
    weight:   what the request weighs after all; None: what its route says.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0
    lost: bool = False
    weight: int | None = None


class RequestKind(Enum):
    """What a request is for; the values are the words of a fault's ``request=``."""

    SNAPSHOT = "snapshot"
    INSTRUMENTS = "instruments"
    TIME = "time"
    PLACE = "place"
    CANCEL = "cancel"
    AMEND = "amend"
    QUERY = "query"
    OPEN_ORDERS = "open-orders"
    ORDERS = "orders"
    FILLS = "fills"
    BALANCES = "balances"
    LOGIN = "login"
    OTHER = "other"


PRIVATE_KINDS = frozenset(
    {
        RequestKind.PLACE,
        RequestKind.CANCEL,
        RequestKind.AMEND,
        RequestKind.QUERY,
        RequestKind.OPEN_ORDERS,
        RequestKind.ORDERS,
        RequestKind.FILLS,
        RequestKind.BALANCES,
        RequestKind.LOGIN,
    }
)
"""What concerns an account."""


class Route(NamedTuple):
    """What a request is for, whose it is, and what it weighs.

    client_order_id:  of the order a request is about, where it names one.
    account:          whose key it carries; empty for none, or an unknown one.
    """

    kind: RequestKind
    weight: int
    pair: str = ""
    client_order_id: str = ""
    account: str = ""


class Failure(Enum):
    """Ways in which a venue fails a request by no fault of the client's."""

    INTERNAL = "internal"
    """An error inside; what became of the request is not said."""
    UNKNOWN_OUTCOME = "unknown outcome"
    """The venue says that it does not know what became of the request."""
    MAINTENANCE = "maintenance"
    """It serves nobody now."""
    TIMESTAMP = "timestamp"
    """It takes the request's time for one outside its window; nothing was done."""
    NONCE = "nonce"
    """It takes the request's nonce for a used one; nothing was done."""


class Throttle(NamedTuple):
    """A request refused for its rate. `banned`: the client went on after it was told."""

    banned: bool
    retry_after_s: int
    until_ns: int


class Oddity(Enum):
    """Ways in which a frame or an answer may be odd."""

    MALFORMED = "malformed"
    UNKNOWN_EVENT = "unknown-event"
    UNKNOWN_FIELD = "unknown-field"
    UNKNOWN_ENUM = "unknown-enum"
    HUGE = "huge"


class VenueView(ABC):
    """What a dialect may ask of the venue, as of now."""

    @property
    @abstractmethod
    def now_ns(self) -> int:
        """Venue time, ns since the epoch."""

    @property
    @abstractmethod
    def rules(self) -> VenueRules:
        """The limits in force."""

    @property
    @abstractmethod
    def listings(self) -> Mapping[str, Listing]:
        """Pair → listing."""

    @property
    @abstractmethod
    def desk(self) -> TradingDesk:
        """Its trading half."""

    @abstractmethod
    def used_weight(self, client: str) -> int:
        """Request weight that client address used in the window of now."""

    @abstractmethod
    def pair_of(self, symbol: str) -> str | None:
        """The pair of the venue's symbol."""

    @abstractmethod
    def snapshot(self, pair: str, levels: int | None = None) -> BookImage:
        """The book, `levels` a side."""

    @abstractmethod
    def top(self, pair: str) -> TopChange:
        """Best bid and ask."""

    @abstractmethod
    def trades(self, pair: str, count: int) -> Sequence[TradePrint]:
        """The newest `count` trades, oldest first."""


class VenueCall(ABC):
    """One request, whatever carries it: an HTTP exchange, or a message on a stream.

    client: the sender's address, whose weight it takes.
    """

    client: str

    @abstractmethod
    def route(self, venue: VenueView) -> Route:
        """What it is for, and its weight."""

    @abstractmethod
    def answer(self, venue: VenueView) -> VenueAnswer:
        """Do what it asks for, and answer it."""

    @abstractmethod
    def refusal(self, throttle: Throttle, venue: VenueView) -> VenueAnswer:
        """The answer to one beyond the rate limit."""

    @abstractmethod
    def failure(self, failure: Failure) -> VenueAnswer:
        """The answer of a venue that fails it."""


class SubscriptionDesk(ABC):
    """One stream connection's subscriptions, and the requests that come on it."""

    @property
    @abstractmethod
    def venue(self) -> VenueView:
        """The venue behind it."""

    @abstractmethod
    def subscribe(self, topic: Topic) -> None:
        """Publish `topic` to this connection from now on. Idempotent."""

    @abstractmethod
    def unsubscribe(self, topic: Topic) -> None:
        """Stop that. Idempotent."""

    @abstractmethod
    def subscribe_account(self, account: str) -> None:
        """Tell this connection what happens to that account from now on. Idempotent."""

    @abstractmethod
    def unsubscribe_account(self, account: str) -> None:
        """Stop that. Idempotent."""

    @abstractmethod
    def perform(self, call: VenueCall) -> None:
        """Handle a request under the venue's rate limits and faults; its answer is sent here."""


class StreamProtocol(ABC):
    """One stream connection's side of the venue's protocol.

    form:   how its frames are dressed; sessions of equal form share the encoded bytes.
    paced:  whether the client's messages count against `incoming_per_s`, as pings and pongs do;
        not where each is a request that has a weight.
    """

    form: str
    paced: bool = True

    @abstractmethod
    def opened(self, desk: SubscriptionDesk) -> Iterable[bytes]:
        """Subscribe to what the URL names; return what is said first."""

    @abstractmethod
    def receive(self, text: str, desk: SubscriptionDesk) -> Iterable[bytes]:
        """Answer one message of the client; what goes to `desk.perform` is answered there."""

    def user_frame(self, event: UserEvent, venue: VenueView) -> bytes | None:
        """The frame of an event of an account subscribed here; None: not told.

        A StreamEnded is the last of its account; its subscription is over after it.
        """
        return None


class Dialect(ABC):
    """A venue's wire protocol.

    venue:         its name.
    rules:         the limits its documentation states.
    intervals_ms:  the periods its gathered streams are published with.
    """

    venue: ClassVar[str]
    rules: ClassVar[VenueRules]
    intervals_ms: ClassVar[tuple[int, ...]]

    @abstractmethod
    def symbol(self, pair: str) -> str:
        """The venue's symbol of `pair`."""

    @abstractmethod
    def endpoints(self, address: str, *, secure: bool = False) -> Mapping[str, str]:
        """Endpoint name → URL, for a venue that listens at `address` (host:port)."""

    @abstractmethod
    def route(self, request: VenueRequest, venue: VenueView) -> Route:
        """What the request is for, and its weight."""

    @abstractmethod
    def answer(self, request: VenueRequest, venue: VenueView) -> VenueAnswer:
        """Answer an HTTP request."""

    @abstractmethod
    def refusal(self, throttle: Throttle, rules: VenueRules) -> VenueAnswer:
        """The answer to a request beyond the rate limit."""

    @abstractmethod
    def failure(self, failure: Failure) -> VenueAnswer:
        """The answer of a venue that fails a request by no fault of the client's."""

    @abstractmethod
    def usage_headers(self, used_weight: int) -> Mapping[str, str]:
        """Headers that report the weight used in this window."""

    @abstractmethod
    def protocol(self, request: VenueRequest) -> StreamProtocol | None:
        """The protocol of the stream that `request` opens; None: no stream is there."""

    @abstractmethod
    def encode(self, topic: Topic, message: Publication, form: str, venue: VenueView) -> bytes:
        """`message` as a frame of `topic` in that form.

        The venue stands at the message: a checksum may be taken of its book as it is.
        """

    @abstractmethod
    def shutdown_notice(self, form: str, now_ns: int) -> bytes | None:
        """The frame that says the venue will soon close; None where it has no such frame."""

    @abstractmethod
    def odd(self, oddity: Oddity, frame: bytes, form: str) -> bytes:
        """`frame` made odd in that way (for HUGE and UNKNOWN_EVENT: a frame beside it)."""
