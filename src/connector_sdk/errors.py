"""The error tree, sorted by what the caller may now assume.

    ConnectorError
      ConfigError         your settings are wrong; nothing was attempted
      PluginError         a connector is missing, broken, twice installed or of another API version
      NotSupported        this venue cannot do that (known from its manifest; nothing was sent)
      BookNotSynced       the book cannot be trusted now; .state .since_ns
      EmptySide           the book is right, and has no such level
      NoTradeYet          no trade was seen since the pair was added
      ListenerOverrun     this iterator fell behind and lost events; the books did not
      TransportError      .sent is NO or MAYBE
        ConnectFailed     no connection came about: nothing was sent
        RequestTimeout    no answer in time
        Disconnected      the connection ended in mid-exchange
      VenueError          the venue answered no; .code .message .retry_after_s
        RateLimited       too many requests, or banned for a while
        UnknownInstrument the venue does not know this symbol
      WireError           the venue's bytes were not what its documentation says; .excerpt
        UnlistedSymbol    a symbol that the instrument list does not have
      InvariantError      our own bug

Ordinary surprises (a gap, a stale delta, an unknown message) are values, never exceptions.
"""

from __future__ import annotations

from enum import Enum

EXCERPT_LENGTH = 200


class ConnectorError(Exception):
    """Anything this SDK raises on purpose."""


class ConfigError(ConnectorError):
    """Your settings are wrong; nothing was attempted."""


class PluginError(ConnectorError):
    """A connector is missing, broken, installed twice or built for another API version."""


class NotSupported(ConnectorError):
    """The venue cannot do that: its manifest says so, and nothing was sent."""


class BookNotSynced(ConnectorError):
    """The book cannot be trusted now.

    state:     the state it is in, as its wire text (``syncing`` or ``stale``).
    since_ns:  when it left the synced state, in nanoseconds; None if it never was synced.
    """

    def __init__(self, pair: str, state: str, since_ns: int | None, reason: str = "") -> None:
        said = f": {reason}" if reason else ""
        standing = "cannot answer" if state == "synced" else f"is {state}, not synced"
        super().__init__(
            f"{pair}: the book {standing}{said}. Wait for BookResynced, or read "
            "`book.last_known` if levels that may be wrong will do."
        )
        self.pair = pair
        self.state = state
        self.since_ns = since_ns


class EmptySide(ConnectorError):
    """The book is right, and this side (``bid`` or ``ask``) has no level."""

    def __init__(self, pair: str, side: str) -> None:
        super().__init__(f"{pair}: the book has no {side} at all")
        self.pair = pair
        self.side = side


class NoTradeYet(ConnectorError):
    """The last trade's price was asked for, and no trade was seen yet."""

    def __init__(self, pair: str) -> None:
        super().__init__(f"{pair}: no trade was seen since the pair was added")
        self.pair = pair


class ListenerOverrun(ConnectorError):
    """A slow iterator's queue overflowed: it ends here; open a new one to go on."""


class Sent(Enum):
    """Whether a request may have reached the venue."""

    NO = "no"
    MAYBE = "maybe"


class TransportError(ConnectorError):
    """The network failed; `sent` says whether the request may have reached the venue."""

    def __init__(self, message: str, sent: Sent) -> None:
        super().__init__(message)
        self.sent = sent


class ConnectFailed(TransportError):
    """No connection came about (refused, no such host, TLS); nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Sent.NO)


class RequestTimeout(TransportError):
    """No answer came in time."""


class Disconnected(TransportError):
    """The connection ended in mid-exchange."""


class VenueError(ConnectorError):
    """The venue answered no.

    code:           the venue's own code as text, or the HTTP status where it gave none.
    message:        the venue's own words.
    retry_after_s:  seconds the venue asks us to wait; None where it does not say.
    """

    def __init__(
        self, venue: str, code: str, message: str, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{venue}: the venue answered {code}: {message}")
        self.venue = venue
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s


class RateLimited(VenueError):
    """Too many requests, or banned for a while; `retry_after_s` says how long."""


class UnknownInstrument(VenueError):
    """The venue does not know this symbol."""


class WireError(ConnectorError):
    """The venue's bytes were not what its documentation says.

    excerpt: the first 200 characters of what came.
    """

    def __init__(self, message: str, excerpt: bytes | str = "") -> None:
        text = excerpt if isinstance(excerpt, str) else excerpt[:EXCERPT_LENGTH].decode("latin-1")
        self.excerpt = text[:EXCERPT_LENGTH]
        super().__init__(f"{message}: {self.excerpt!r}" if self.excerpt else message)


class UnlistedSymbol(WireError):
    """A message about a symbol the instrument list does not have: counted, not fatal."""

    def __init__(self, symbol: str) -> None:
        super().__init__(f"symbol {symbol} is not listed")
        self.symbol = symbol


class InvariantError(ConnectorError):
    """Our own bug: please report it with the message."""
