"""Symbols and stream names, as Binance spot spells them."""

from __future__ import annotations

import re

from connector_sdk.sandbox.dialect import VenueView
from connector_sdk.sandbox.publications import StreamKind, Topic

STREAM = re.compile(
    r"(?P<symbol>[^@]+)@(?:(?P<depth>depth)(?P<levels>5|10|20)?(?:@(?P<every>100|1000)ms)?"
    r"|(?P<event>trade|aggTrade|bookTicker))"
)
EVENTS = {
    "trade": StreamKind.TRADE,
    "aggTrade": StreamKind.AGGREGATE,
    "bookTicker": StreamKind.TOP,
}
SLOW_MS = 1_000


def symbol_of(pair: str) -> str:
    """BTC-USDT → BTCUSDT."""
    return pair.replace("-", "")


def topic_of(name: str, venue: VenueView) -> Topic | None:
    """The topic a stream name stands for; None for a name that never delivers."""
    found = STREAM.fullmatch(name)
    if found is None or name != name.lower().replace("aggtrade", "aggTrade").replace(
        "bookticker", "bookTicker"
    ):
        return None
    pair = venue.pair_of(found["symbol"].upper())
    if pair is None:
        return None
    if found["event"]:
        return Topic(EVENTS[found["event"]], pair, name)
    every_ms = int(found["every"] or SLOW_MS)
    if found["levels"]:
        return Topic(StreamKind.PARTIAL, pair, name, every_ms, int(found["levels"]))
    return Topic(StreamKind.DEPTH, pair, name, every_ms)
