"""The error tree, sorted by what the caller may now assume.

    ConnectorError
      ConfigError         your settings are wrong; nothing was attempted
      PluginError         a connector is missing, broken, twice installed or of another API version
      NotSupported        this venue cannot do that (known from its manifest; nothing was sent)
      IntentRefused       we declined the order locally; nothing was sent
      StoreFailed         the order could not be written down; nothing was sent
      BookNotSynced       the book cannot be trusted now; .state .since_ns
      EmptySide           the book is right, and has no such level
      InsufficientDepth   the book is right, and holds less than was asked for; .available
      NoTradeYet          no trade was seen since the pair was added
      ListenerOverrun     this iterator fell behind and lost events; the books did not
      TransportError      .sent is NO or MAYBE
        ConnectFailed     no connection came about: nothing was sent
        RequestTimeout    no answer in time
        Disconnected      the connection ended in mid-exchange
      VenueError          the venue answered no; .code .message .retry_after_s
        RateLimited       too many requests, or banned for a while
        UnknownInstrument the venue does not know this symbol
        InvalidRequest    the venue could not read the request: a bug of ours or of the plugin
        AuthRejected      the key, its permissions or the signature were not accepted
        TimestampRejected the request's time lay outside the venue's window
        OrderNotFound     the venue says it does not have this order
        OrderRejected     the venue refused the order or the change to it
          InsufficientFunds  the account cannot pay for it
          PostOnlyRejected   a post-only order would have matched at once
          RuleViolated       a rule of the instrument (tick, lot, notional, count of orders)
          MarketClosed       the instrument does not take orders now
          DuplicateOrder     an open order has this client order id already
      WireError           the venue's bytes were not what its documentation says; .excerpt
        UnlistedSymbol    a symbol that the instrument list does not have
      InvariantError      our own bug

Ordinary surprises (a gap, a stale delta, an unknown message) are values, never exceptions.
"""

from __future__ import annotations

from decimal import Decimal
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


class IntentRefused(ConnectorError):
    """We declined the order locally; nothing was sent. The message says what to change."""


class StoreFailed(ConnectorError):
    """The order could not be written down, so it was not sent."""


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


class InsufficientDepth(ConnectorError):
    """The book is right, and holds less than was asked for.

    available: what it proves to hold, in the unit of the question; of a price, how far it is known.
    """

    def __init__(self, pair: str, asked: Decimal, available: Decimal) -> None:
        super().__init__(
            f"{pair}: {asked} was asked for, and the book proves {available}: ask within that"
        )
        self.pair = pair
        self.asked = asked
        self.available = available


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


class InvalidRequest(VenueError):
    """The venue could not read the request: a bug of ours or of the plugin."""


class AuthRejected(VenueError):
    """The key, its permissions or the signature were not accepted."""


class TimestampRejected(VenueError):
    """The request's time lay outside the venue's window; it was not executed."""


class OrderNotFound(VenueError):
    """The venue says it does not have this order."""


class OrderRejected(VenueError):
    """The venue refused the order, or the change to it."""


class InsufficientFunds(OrderRejected):
    """The account cannot pay for it."""


class PostOnlyRejected(OrderRejected):
    """A post-only order would have matched at once."""


class RuleViolated(OrderRejected):
    """A rule of the instrument: tick, lot, notional, number of orders."""


class MarketClosed(OrderRejected):
    """The instrument does not take orders now."""


class DuplicateOrder(OrderRejected):
    """An open order has this client order id already: ours may be the one that rests."""


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
