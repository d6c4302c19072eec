"""Binance spot, as the embedded venue speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from connector_sdk.sandbox.dialect import (
    Dialect,
    Failure,
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
from connector_sdk_binance.sandbox.failures import failure_error, throttle_error
from connector_sdk_binance.sandbox.names import symbol_of
from connector_sdk_binance.sandbox.oddities import odd_frame
from connector_sdk_binance.sandbox.rest import answered, routed
from connector_sdk_binance.sandbox.stream import market_stream
from connector_sdk_binance.sandbox.ws_api import ws_api

WEIGHT_A_MINUTE = 6_000


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
        answer = throttle_error(throttle, rules).answer()
        headers = {**answer.headers, "Retry-After": str(throttle.retry_after_s)}
        return VenueAnswer(answer.status, answer.body, headers)

    def failure(self, failure: Failure) -> VenueAnswer:
        """An error of the venue's own."""
        return failure_error(failure).answer()

    def usage_headers(self, used_weight: int) -> Mapping[str, str]:
        """The weight used in this minute."""
        return {"X-MBX-USED-WEIGHT": str(used_weight), "X-MBX-USED-WEIGHT-1M": str(used_weight)}

    def protocol(self, request: VenueRequest) -> StreamProtocol | None:
        """The market stream at that URL, or the WebSocket API."""
        return ws_api(request) or market_stream(request)

    def encode(self, topic: Topic, message: Publication, form: str, venue: VenueView) -> bytes:
        """The frame of `message`."""
        return frames.encoded(topic, message, form, venue.listings[topic.pair])

    def shutdown_notice(self, form: str, now_ns: int) -> bytes | None:
        """``serverShutdown``."""
        return frames.shutdown(form, now_ns)

    def odd(self, oddity: Oddity, frame: bytes, form: str) -> bytes:
        """`frame` made odd, or an odd frame beside it."""
        return odd_frame(oddity, frame, form)
