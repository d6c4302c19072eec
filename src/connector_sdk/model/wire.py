"""What crosses the wire, and the control words a decoder may yield beside market data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, NamedTuple, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from connector_sdk.errors import VenueError
from connector_sdk.model.market_data import BookDelta, BookSnapshot, TopOfBook, Trade
from connector_sdk.model.order_update import AccountMessage
from connector_sdk.model.redaction import without_secrets

T = TypeVar("T")
_PLAIN = re.compile(r"[A-Za-z0-9_.~&=-]*")


class Frame(NamedTuple):
    """Bytes as they came.

    data:         the text of one websocket message, or the body of one HTTP answer.
    received_ns:  when it came, ns since the epoch.
    url:          set when it is the answer to an HTTP request (2xx only): the URL asked.
    connection:   which connection it came on; one name, one connection.
    """

    data: bytes | str
    received_ns: int
    url: str | None = None
    connection: str = ""

    def asked(self, path: str) -> Mapping[str, str] | None:
        """The query of the HTTP request to `path` that this answers; None for any other frame."""
        parts = urlsplit(self.url or "")
        return dict(parse_qsl(parts.query)) if parts.path.endswith(path) else None


class Priority(IntEnum):
    """Who goes first when the rate budget is short: the lowest number."""

    CANCEL = 0
    RECONCILE = 1
    PLACE = 2
    SNAPSHOT = 3
    POLL = 4


def query_text(query: Sequence[tuple[str, str]]) -> str:
    """Names and values, percent-encoded, as they go over the wire."""
    # Most have nothing to encode, which one look at the whole tells in a tenth of the time.
    text = "&".join([f"{name}={value}" for name, value in query])
    if _PLAIN.fullmatch(text) and text.count("=") == len(query) == text.count("&") + 1:
        return text
    return urlencode(query)


@dataclass(frozen=True, slots=True)
class RestRequest:
    """One HTTP request, before signing.

    path:      begins with ``/``; joined to the endpoint's URL.
    query:     name and value pairs, in the order they are sent.
    endpoint:  the name of an endpoint in the manifest.
    costs:     rate-limit pool → weight.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    endpoint: str = "rest"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    signed: bool = False
    costs: Mapping[str, int] = field(default_factory=dict[str, int])
    priority: Priority = Priority.POLL

    @property
    def query_string(self) -> str:
        """The query as it goes over the wire, percent-encoded: what a signature is made over."""
        return query_text(self.query)

    def __repr__(self) -> str:
        """Where it goes, without what proves who sent it."""
        query = without_secrets(self.query_string)
        asked = f"{self.path}?{query}" if query else self.path
        return f"RestRequest({self.method} {asked}, signed={self.signed})"


class Stamp(NamedTuple):
    """When a request is signed.

    now_ms: the venue's time, ms since the epoch.
    nonce:  rises strictly for one key, over tasks and restarts; 0 where the venue wants none.
    """

    now_ms: int
    nonce: int


@dataclass(frozen=True, slots=True)
class RestResponse:
    """One HTTP answer. `headers` has lower-case names; `url` is the URL asked, without secrets."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def retry_after_s(self) -> float | None:
        """Seconds of the Retry-After header; None where there is none in seconds."""
        text = self.headers.get("retry-after", "").strip()
        whole, _, part = text.partition(".")
        return float(text) if whole.isdecimal() and (not part or part.isdecimal()) else None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and the pure function that reads its answer.

    decode(response) returns what was asked for, or the VenueError the venue answered with (any
    status, also non-2xx); it raises WireError when the bytes are neither.
    """

    request: RestRequest
    decode: Callable[[RestResponse], T | VenueError]


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A text to send on a websocket, and the key of the acknowledgement it waits for."""

    text: str
    ack: str | None

    def __repr__(self) -> str:
        """What is sent, without what proves who sends it."""
        return f"StreamRequest({without_secrets(self.text)!r}, ack={self.ack!r})"


class Subscribed(NamedTuple):
    """The venue acknowledged the StreamRequest whose `ack` this is."""

    ack: str


class SubscriptionRefused(NamedTuple):
    """The venue refused the StreamRequest whose `ack` this is (None: it did not say which)."""

    ack: str | None
    code: str
    message: str


class Reply(NamedTuple):
    """Send this text back on the same connection (an application-level pong)."""

    text: str


class SessionEnding(NamedTuple):
    """The venue says it will soon close this connection: open another one first."""

    reason: str


class Sequenced(NamedTuple):
    """The number of this frame on its connection, for venues with one counter a connection.

    Yielded before the frame's own message; heartbeats carry one too.
    """

    number: int


class Unrecognized(NamedTuple):
    """A well-formed message of a kind this connector does not know. Counted, never fatal."""

    kind: str


class SessionGrant(NamedTuple):
    """What opens a private stream where a request must be made for it: a token, a listen key.

    lifetime_s: how long it serves without being renewed; None: as long as its connection.
    """

    token: str
    lifetime_s: float | None = None

    def __repr__(self) -> str:
        """How long it serves; never the token."""
        return f"SessionGrant(lifetime_s={self.lifetime_s})"


MarketMessage: TypeAlias = BookDelta | BookSnapshot | Trade | TopOfBook
ControlWord: TypeAlias = (
    Subscribed | SubscriptionRefused | Reply | SessionEnding | Sequenced | Unrecognized
)
Message: TypeAlias = MarketMessage | ControlWord
UserMessage: TypeAlias = AccountMessage | ControlWord
