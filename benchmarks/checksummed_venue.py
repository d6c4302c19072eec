"""A venue that numbers nothing and proves its book by a checksum, as Kraken's v2 feed does.

The dense stream in that feed's form: objects of JSON numbers with all their decimals, an
in-stream snapshot, 1,000 levels kept a side, CRC-32 over the digits of the best ten of each.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zlib import crc32

import orjson

from connector_sdk.book.checksum import DigitsCrc32
from connector_sdk.book.sequence import Timestamps
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.market_data import BookDelta, BookSnapshot, Row
from connector_sdk.model.number_text import number_text
from connector_sdk.model.wire import Frame, Message, StreamRequest
from connector_sdk.protocols.data_source import Decode, OrderBookTrackerDataSource
from connector_sdk_binance import connector as other_venue
from dense_stream import dense_frames

DEPTH = 10
KEPT = 1_000
DECIMALS = 8
DEAD = "0.00000000"
AS_TEXT = (
    (b'[{"price":', b'[["'),
    (b'},{"price":', b'"],["'),
    (b',"qty":', b'","'),
    (b'}],"', b'"]],"'),
)


class ChecksummedSource(OrderBookTrackerDataSource):
    """Its decoder alone matters here: nothing is asked of this venue."""

    sequence_rule = Timestamps()
    checksum_rule = DigitsCrc32(DEPTH)
    kept_depth = KEPT

    def endpoint(self) -> tuple[str, str]:
        return "ws", "/v2"

    def subscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        return ()

    def unsubscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        return ()

    def snapshot_request(self, pair: str, instruments: Instruments) -> None:
        return None

    def open(self, instruments: Instruments) -> Decode:
        pair_for = instruments.pair_for

        def decode(frame: Frame) -> Sequence[Message]:
            body = _parsed(frame.data)
            event = body["data"][0]
            pair = pair_for(event["symbol"])
            bids, asks, checksum = _rows(event["bids"]), _rows(event["asks"]), event["checksum"]
            if body["type"] == "update":
                return (BookDelta(pair, bids, asks, checksum=checksum),)
            return (BookSnapshot(pair, bids, asks, checksum=checksum),)

        return decode


def _parsed(data: bytes | str) -> dict[str, Any]:
    """The frame, its levels as rows of the wire's own digits, where it is written as ever.

    The checksum is computed over digits that a number loses. So each level, an object of two
    numbers, is made a row of two texts before it is parsed. Where that does not come out as
    JSON (other spaces, another order of the members), the frame is parsed as it is.
    """
    raw = text = data.encode() if isinstance(data, str) else data
    for written, wanted in AS_TEXT:
        text = text.replace(written, wanted)
    try:
        body: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        body = orjson.loads(raw)
    return body


def _rows(levels: list[Any]) -> list[Row]:
    if not levels or type(levels[0]) is list:
        return levels
    return [[number_text(x["price"], 2), number_text(x["qty"], DECIMALS)] for x in levels]


checksummed_venue = replace(other_venue, order_book=ChecksummedSource())


def checksummed_frames(messages: int, seed: int) -> tuple[bytes, list[bytes]]:
    """(snapshot frame, update frames), each with the checksum of the book after it."""
    snapshot, stream = dense_frames(messages, seed)
    image = orjson.loads(snapshot)
    bids, asks = _Side(sign=-1), _Side(sign=1)
    first = _frame("snapshot", (bids, image["bids"]), (asks, image["asks"]))
    events = (orjson.loads(data)["data"] for data in stream)
    return first, [_frame("update", (bids, e["b"]), (asks, e["a"])) for e in events]


class _Side:
    """Quantities by price step, and the steps in order, best first."""

    def __init__(self, *, sign: int) -> None:
        self._sign = sign
        self._steps: list[int] = []
        self._levels: dict[int, tuple[str, str]] = {}

    def take(self, price: str, quantity: str) -> None:
        step = self._sign * int(price.replace(".", ""))
        if quantity != DEAD:
            if step not in self._levels:
                insort(self._steps, step)
            self._levels[step] = (price, quantity)
        elif self._levels.pop(step, None):
            del self._steps[bisect_left(self._steps, step)]

    def keep_best(self) -> None:
        for step in self._steps[KEPT:]:
            del self._levels[step]
        del self._steps[KEPT:]

    def digits(self) -> str:
        best = (self._levels[step] for step in self._steps[:DEPTH])
        return "".join(text.replace(".", "").lstrip("0") for level in best for text in level)


def _frame(kind: str, *sides: tuple[_Side, list[list[str]]]) -> bytes:
    written: list[str] = []
    for side, rows in sides:
        short = [(price[:-6], quantity) for price, quantity in rows]
        for price, quantity in short:
            side.take(price, quantity)
        side.keep_best()
        levels = ",".join(f'{{"price":{price},"qty":{quantity}}}' for price, quantity in short)
        written.append(f"[{levels}]")
    (bids, _), (asks, _) = sides
    checksum = crc32((asks.digits() + bids.digits()).encode())
    return (
        f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"BTCUSDT","bids":{written[0]},'
        f'"asks":{written[1]},"checksum":{checksum},"timestamp":"2023-07-30T15:29:58.343415Z"}}]}}'
    ).encode()
