"""BookReading: what can be asked of a book, whoever answers for its state."""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from connector_sdk.book.depth_queries import DepthQueries
from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import PriceLevel, UpdateId


class PriceType(Enum):
    """Which price of a book is meant."""

    BID = "bid"
    ASK = "ask"
    MID = "mid"
    LAST = "last"
    """The price of the last trade."""


class Horizon(NamedTuple):
    """The price to which each side is complete, that price included.

    None: the whole side is proven. Beyond it the snapshot said nothing, and no level is read.
    """

    bid: Decimal | None
    ask: Decimal | None


class BookImage(NamedTuple):
    """A copy of a book that nothing changes any more; levels best first."""

    pair: str
    update_id: UpdateId
    received_ns: int
    state: BookState
    bids: tuple[PriceLevel, ...]
    asks: tuple[PriceLevel, ...]


class BookReading(DepthQueries):
    """The questions a strategy asks of a book.

    Only proven levels are answered: those inside the horizon. A best that lies beyond it raises
    BookNotSynced; a side proven to be empty raises EmptySide.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def best_bid(self) -> PriceLevel:
        """The highest bid."""

    @property
    @abstractmethod
    def best_ask(self) -> PriceLevel:
        """The lowest ask."""

    @abstractmethod
    def price(self, kind: PriceType) -> Decimal:
        """The price of that kind. LAST raises NoTradeYet until a trade was seen."""

    @abstractmethod
    def snapshot(self, depth: int | None = None) -> BookImage:
        """A copy of the best `depth` levels a side (None: all) with the id they stand at."""

    @property
    def mid_price(self) -> Decimal:
        """Half-way between best bid and best ask."""
        return (self.best_bid.price + self.best_ask.price) / 2

    @property
    def spread(self) -> Decimal:
        """Best ask minus best bid; negative while the book is crossed."""
        return self.best_ask.price - self.best_bid.price
