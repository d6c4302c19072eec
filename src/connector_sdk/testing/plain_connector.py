"""A connector for a venue that does not exist: messages as plain JSON, for tests without a venue.

One object a frame: ``k`` is its kind (delta, snapshot, trade, top, ok, beat), ``n`` its number on
the connection, all other keys are the fields of our own message. Any other kind is unrecognized.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import orjson

from connector_sdk.book.checksum import ChecksumRule
from connector_sdk.book.sequence import SequenceRule
from connector_sdk.errors import NotSupported
from connector_sdk.model.instrument import Instruments, SymbolFormat
from connector_sdk.model.manifest import SUPPORTED_API, ConnectorManifest
from connector_sdk.model.market_data import BookDelta, BookSnapshot, TopOfBook, Trade
from connector_sdk.model.order import Side
from connector_sdk.model.wire import (
    Call,
    Frame,
    Message,
    RestRequest,
    RestResponse,
    Sequenced,
    StreamRequest,
    Subscribed,
    Unrecognized,
)
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.data_source import Decode, OrderBookTrackerDataSource
from connector_sdk.protocols.market import MarketApi

SNAPSHOT_URL = "http://plain.invalid/snapshot"

Wire: TypeAlias = dict[str, object]

KINDS: Mapping[type, str] = {
    BookDelta: "delta",
    BookSnapshot: "snapshot",
    Trade: "trade",
    TopOfBook: "top",
    Subscribed: "ok",
}


def encoded(
    message: BookDelta | BookSnapshot | Trade | TopOfBook | Subscribed, number: int | None = None
) -> str:
    """The text of a frame that says `message`; `number`: the frame's, on its connection."""
    wire: Wire = {"k": KINDS[type(message)]}
    if number is not None:
        wire["n"] = number
    for name, value in zip(message._fields, message, strict=True):
        if value is not None:
            wire[name] = value.value if isinstance(value, Side) else value
    return orjson.dumps(wire).decode()


def heartbeat(number: int) -> str:
    """The text of a frame that says nothing, but is counted."""
    return orjson.dumps({"k": "beat", "n": number}).decode()


def _trade(pair: str, trade_id: str, side: str, **rest: str) -> Trade:
    return Trade(pair, trade_id, Side(side), **rest)  # type: ignore[arg-type]  # JSON's fields


MESSAGES: Mapping[str, Callable[..., Message]] = {
    "delta": BookDelta,
    "snapshot": BookSnapshot,
    "trade": _trade,
    "top": TopOfBook,
    "ok": Subscribed,
}


def decode(frame: Frame) -> Sequence[Message]:
    """Read one frame; raises what JSON and wrong fields make Python raise."""
    wire = orjson.loads(frame.data)
    kind = wire.pop("k")
    number = wire.pop("n", None)
    made = MESSAGES.get(kind)
    if made is not None:
        message = made(**wire)
    elif kind != "beat":
        message = Unrecognized(kind)
    else:
        return (Sequenced(number),)
    return (message,) if number is None else (Sequenced(number), message)


class Rules(NamedTuple):
    """What the venue declares of its books, and whether its snapshots come on the stream."""

    sequence: SequenceRule
    in_stream: bool = False
    checksum: ChecksumRule | None = None
    kept_depth: int | None = None


class PlainDataSource(OrderBookTrackerDataSource):
    """Reads the plain form, under whatever rules it is given."""

    def __init__(self, rules: Rules) -> None:
        self.sequence_rule = rules.sequence  # type: ignore[misc]  # a venue a test, not a class
        self.checksum_rule = rules.checksum  # type: ignore[misc]  # the same
        self.kept_depth = rules.kept_depth  # type: ignore[misc]  # the same
        self._in_stream = rules.in_stream

    def endpoint(self) -> tuple[str, str]:
        """The only one."""
        return "ws", "/"

    def open(self, instruments: Instruments) -> Decode:
        """The same for all connections."""
        return decode

    def subscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """One text a pair."""
        return [StreamRequest(f"subscribe {pair}", pair) for pair in pairs]

    def unsubscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """One text a pair, not acknowledged."""
        return [StreamRequest(f"unsubscribe {pair}", None) for pair in pairs]

    def snapshot_request(self, pair: str, instruments: Instruments) -> Call[BookSnapshot] | None:
        """None where snapshots come on the stream."""
        if self._in_stream:
            return None
        return Call(RestRequest("GET", "/snapshot", (("pair", pair),)), _read_snapshot)


def _read_snapshot(response: RestResponse) -> BookSnapshot:
    wire = orjson.loads(response.body)
    wire.pop("k")
    return BookSnapshot(**wire)


class PlainMarketApi(MarketApi):
    """Nothing to ask."""

    venue = "plain"

    def reason(self, body: bytes) -> tuple[str, str]:
        """The body itself."""
        return "", body.decode()

    def instruments(self) -> Call[Instruments]:
        """Not to be had."""
        raise NotSupported("plain: this venue lists no instruments")


def plain_connector(rules: Rules) -> Connector:
    """The connector of a venue that keeps `rules` and speaks the plain form."""
    manifest = ConnectorManifest(
        venue="plain",
        title="A venue that does not exist",
        api=SUPPORTED_API,
        products=("spot",),
        channels=("book", "trades", "top"),
        domains={"main": {"rest": "http://plain.invalid", "ws": "ws://plain.invalid"}},
        symbol_format=SymbolFormat(separator="-"),
        example_pair="BTC-USD",
    )
    return Connector(manifest, PlainMarketApi(), PlainDataSource(rules))
