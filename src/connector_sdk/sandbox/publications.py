"""What the venue publishes, in ticks and lots, before a dialect gives it the venue's words."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeAlias

from connector_sdk.model.order import Side

Levels: TypeAlias = tuple[tuple[int, int], ...]


class StreamKind(Enum):
    """The kinds of stream; their values are the words of a fault's ``stream=``."""

    DEPTH = "depth"
    PARTIAL = "partial"
    TRADE = "trade"
    AGGREGATE = "aggregate"
    TOP = "top"
    USER = "user"
    """What happens to an account; the topic's name is the account's."""


class Topic(NamedTuple):
    """One stream that sessions may subscribe to.

    name:         the venue's own name of it.
    interval_ms:  how often it is gathered; 0 for one message an event.
    levels:       how many levels a side a PARTIAL shows.
    """

    kind: StreamKind
    pair: str
    name: str
    interval_ms: int = 0
    levels: int = 0


class DepthDiff(NamedTuple):
    """Levels that changed with the update ids first_id..last_id; (ticks, lots), 0 lots deletes."""

    pair: str
    first_id: int
    last_id: int
    bids: Levels
    asks: Levels
    event_ns: int


class BookImage(NamedTuple):
    """The book, or its top, as it stands at `update_id`; (ticks, lots), best first."""

    pair: str
    update_id: int
    bids: Levels
    asks: Levels
    event_ns: int


class TradePrint(NamedTuple):
    """One fill."""

    pair: str
    trade_id: int
    price: int
    lots: int
    taker_side: Side
    event_ns: int


class AggregatePrint(NamedTuple):
    """One taker's fills at one price, first_trade_id..last_trade_id."""

    pair: str
    aggregate_id: int
    price: int
    lots: int
    first_trade_id: int
    last_trade_id: int
    taker_side: Side
    event_ns: int


class TopChange(NamedTuple):
    """Best bid and ask at `update_id`."""

    pair: str
    update_id: int
    bid_price: int
    bid_lots: int
    ask_price: int
    ask_lots: int
    event_ns: int


Publication: TypeAlias = DepthDiff | BookImage | TradePrint | AggregatePrint | TopChange
