"""Market: what a strategy holds. MarketApi: what a plugin translates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import ClassVar, NamedTuple, Self, TypeVar

from connector_sdk.book.order_book import OrderBook
from connector_sdk.errors import EXCERPT_LENGTH, RateLimited, VenueError, WireError
from connector_sdk.model.events import Event
from connector_sdk.model.health import MarketHealth
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.redaction import without_secrets
from connector_sdk.model.wire import Call, RestRequest, RestResponse
from connector_sdk.protocols.trader import Trader

E = TypeVar("E")
T = TypeVar("T")
RATE_LIMITED = (418, 429)
SERVER_ERROR = 500
MALFORMED = (WireError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
"""What reading a malformed answer may raise."""


class Refusal(NamedTuple):
    """What a venue's error means.

    codes:  those it comes under, with spaces between.
    piece:  what its message holds; empty: any message.
    """

    meaning: type[VenueError]
    codes: str
    piece: str = ""


class MarketApi(ABC):
    """A venue's requests and answers, translated. Pure: every method returns a Call.

    venue:     the name of the entry point.
    refusals:  what its errors mean, by the first that fits. This is an allow-list: an error that
               is not in it is a plain VenueError, after which an order's outcome is unknown.
    """

    venue: ClassVar[str]
    refusals: ClassVar[Sequence[Refusal]] = ()

    @abstractmethod
    def reason(self, body: bytes) -> tuple[str, str]:
        """(code, message) in the body of a refusal; may raise as a decoder may."""

    def refusal(self, response: RestResponse) -> VenueError:
        """What a non-2xx answer says.

        429 and 418 are RateLimited, and 5xx are plain VenueErrors, whatever the body says: who
        fails does not know what became of the request.
        """
        try:
            code, message = self.reason(response.body)
        except MALFORMED:
            code, message = str(response.status), _excerpt(response.body)
        kind = self._meaning_of_status(response.status, code, message)
        return kind(self.venue, code, message, response.retry_after_s)

    def stream_refusal(self, code: str, message: str) -> VenueError:
        """What a refusal on a stream says, where there is no HTTP status."""
        return self._meaning(code, message)(self.venue, code, message)

    def _meaning_of_status(self, status: int, code: str, message: str) -> type[VenueError]:
        if status in RATE_LIMITED:
            return RateLimited
        if status >= SERVER_ERROR:
            return VenueError
        return self._meaning(code, message)

    def _meaning(self, code: str, message: str) -> type[VenueError]:
        fitting = (
            refusal.meaning
            for refusal in self.refusals
            if code in refusal.codes.split() and refusal.piece in message
        )
        return next(fitting, VenueError)

    def call(self, request: RestRequest, read: Callable[[RestResponse], T]) -> Call[T]:
        """A Call whose 2xx answer `read` reads; anything else is a refusal.

        What `read` raises from a malformed answer becomes a WireError.
        """

        def decode(response: RestResponse) -> T | VenueError:
            if not response.ok:
                return self.refusal(response)
            try:
                return read(response)
            except MALFORMED as error:
                said = f"{self.venue}: the answer to {request.path} cannot be read"
                raise WireError(said, _excerpt(response.body)) from error

        return Call(request, decode)

    @abstractmethod
    def instruments(self) -> Call[Instruments]:
        """The list of what the venue trades, with its rules.

        A malformed entry is skipped; the others are kept.
        """


def _excerpt(body: bytes) -> str:
    """Its beginning. Whoever stands before the venue may repeat the URL with its signature."""
    said = body[: 10 * EXCERPT_LENGTH].decode("latin-1")
    return without_secrets(said, received=True)[:EXCERPT_LENGTH]


class Market(Trader):
    """A live market, as a strategy sees it: `async with` opens and closes it.

    What a Trader does needs an account: without credentials it raises ConfigError.

    The same strategy code runs on any implementation: the live market, or one of your own.
    """

    @abstractmethod
    async def start(self) -> None:
        """Load instruments, open the streams. Raises ConfigError or TransportError."""

    @abstractmethod
    async def close(self) -> None:
        """Stop everything this market started. Idempotent."""

    @abstractmethod
    async def ready(self, timeout_s: float = 30.0) -> None:
        """Return once every book is synced, and the account (if there is one) is known.

        RequestTimeout names what is missing.
        """

    @property
    @abstractmethod
    def instruments(self) -> Instruments:
        """The venue's symbol map and rules."""

    @property
    @abstractmethod
    def pairs(self) -> Sequence[str]:
        """Pairs being followed."""

    @property
    @abstractmethod
    def health(self) -> MarketHealth:
        """What works and what does not, now."""

    @abstractmethod
    def order_book(self, pair: str) -> OrderBook:
        """The live book of a pair being followed; ConfigError for another."""

    @abstractmethod
    async def add_pair(self, pair: str) -> None:
        """Follow one more pair; the other books miss nothing."""

    @abstractmethod
    async def remove_pair(self, pair: str) -> None:
        """Stop following a pair and free its state."""

    @abstractmethod
    def on(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` at every event of `kind`, at once and in order.

        Callbacks must be brief; one that raises is reported and the others still hear.
        Returns a function that ends it.
        """

    @abstractmethod
    def events(self, *pairs: str, queue_size: int = 10_000) -> AsyncIterator[Event]:
        """All events of `pairs` (none named: of every pair), for a consumer that may be slow.

        BookUpdated and TopOfBook conflate, the newest per pair; everything else is kept in
        order. When more than `queue_size` events wait, the iterator raises ListenerOverrun.
        """

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
