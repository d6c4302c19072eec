"""Binance spot, as the embedded venue speaks it: the public half."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from connector_sdk.sandbox.dialect import (
    Dialect,
    Oddity,
    Route,
    StreamProtocol,
    Throttle,
    VenueAnswer,
    VenueRequest,
    VenueRules,
    VenueView,
)
from connector_sdk.sandbox.publications import Publication, Topic
from connector_sdk_binance.sandbox import frames
from connector_sdk_binance.sandbox.names import symbol_of
from connector_sdk_binance.sandbox.oddities import odd_frame
from connector_sdk_binance.sandbox.parameters import json_answer
from connector_sdk_binance.sandbox.rest import answered, routed
from connector_sdk_binance.sandbox.stream import market_stream

WEIGHT_A_MINUTE = 6_000
TOO_MANY_REQUESTS, BANNED = 429, 418


class BinanceDialect(Dialect):
    """Binance spot."""

    venue: ClassVar[str] = "binance"
    rules: ClassVar[VenueRules] = VenueRules(weight=WEIGHT_A_MINUTE)
    intervals_ms: ClassVar[tuple[int, ...]] = (100, 1_000)

    def symbol(self, pair: str) -> str:
        """BTC-USDT → BTCUSDT."""
        return symbol_of(pair)

    def endpoints(self, address: str, *, secure: bool = False) -> Mapping[str, str]:
        """REST, market streams and the WS API all listen on one port."""
        http, ws = ("https", "wss") if secure else ("http", "ws")
        return {
            "rest": f"{http}://{address}",
            "ws": f"{ws}://{address}",
            "ws_api": f"{ws}://{address}/ws-api/v3",
        }

    def route(self, request: VenueRequest, venue: VenueView) -> Route:
        """What the request is for, and its weight."""
        return routed(request, venue)

    def answer(self, request: VenueRequest, venue: VenueView) -> VenueAnswer:
        """Answer a REST request."""
        return answered(request, venue)

    def refusal(self, throttle: Throttle, rules: VenueRules) -> VenueAnswer:
        """429, and 418 once the client is banned; both with Retry-After."""
        if throttle.banned:
            message = (
                f"Way too much request weight used; IP banned until "
                f"{throttle.until_ns // 1_000_000}. Please use WebSocket Streams for live "
                "updates to avoid bans."
            )
        else:
            message = (
                f"Too much request weight used; current limit is {rules.weight} request weight "
                "per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling "
                "the API."
            )
        status = BANNED if throttle.banned else TOO_MANY_REQUESTS
        answer = json_answer({"code": -1003, "msg": message}, status)
        headers = {**answer.headers, "Retry-After": str(throttle.retry_after_s)}
        return VenueAnswer(status, answer.body, headers)

    def failure(self) -> VenueAnswer:
        """An internal error."""
        message = "An unknown error occurred while processing the request."
        return json_answer({"code": -1000, "msg": message}, 503)

    def usage_headers(self, used_weight: int) -> Mapping[str, str]:
        """The weight used in this minute."""
        return {"X-MBX-USED-WEIGHT": str(used_weight), "X-MBX-USED-WEIGHT-1M": str(used_weight)}

    def protocol(self, request: VenueRequest) -> StreamProtocol | None:
        """The market stream at that URL."""
        return market_stream(request)

    def encode(self, topic: Topic, message: Publication, form: str, venue: VenueView) -> bytes:
        """The frame of `message`."""
        return frames.encoded(topic, message, form, venue.listings[topic.pair])

    def shutdown_notice(self, form: str, now_ns: int) -> bytes | None:
        """``serverShutdown``."""
        return frames.shutdown(form, now_ns)

    def odd(self, oddity: Oddity, frame: bytes, form: str) -> bytes:
        """`frame` made odd, or an odd frame beside it."""
        return odd_frame(oddity, frame, form)
