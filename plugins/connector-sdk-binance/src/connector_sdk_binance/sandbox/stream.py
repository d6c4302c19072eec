"""One market-stream connection: its URL, its control messages, its forms.

Source: binance-spot-api-docs, "WebSocket Streams" (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias, cast
from urllib.parse import parse_qs, unquote

import orjson

from connector_sdk.sandbox.dialect import StreamProtocol, SubscriptionDesk, VenueRequest
from connector_sdk_binance.sandbox.frames import COMBINED, MICROSECONDS
from connector_sdk_binance.sandbox.names import topic_of

JsonObject: TypeAlias = dict[str, object]
RequestId: TypeAlias = int | str | None

RAW_PATH = re.compile(r"(?:/stream)?/ws(?:/(?P<names>.*))?")
COMBINED_PATH = re.compile(r"/stream/?")
ID_TEXT = re.compile(r"[A-Za-z0-9_-]{0,36}")
LARGEST_ID = 2**63
METHODS = "SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY"
UNKNOWN_PROPERTY, BAD_TYPE, BAD_REQUEST, BAD_JSON = 0, 1, 2, 3


class _Refused(Exception):
    """A control message that is not served; `code` as the documentation numbers them."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def market_stream(request: VenueRequest) -> MarketStream | None:
    """The stream `request` opens: ``/ws…`` is raw, ``/stream…`` combined; None elsewhere."""
    options = parse_qs(request.query)
    unit = options.get("timeUnit", [""])[-1].upper()
    raw = RAW_PATH.fullmatch(request.path)
    if raw is not None:
        names = unquote(raw["names"] or "").split("/")
    elif COMBINED_PATH.fullmatch(request.path):
        names = "/".join(options.get("streams", [])).split("/")
    else:
        return None
    wanted = [name for name in names if name]
    return MarketStream(wanted, combined=raw is None, micro=unit.startswith("MICRO"))


class MarketStream(StreamProtocol):
    """One connection.

    A name that stands for no stream is acknowledged, listed, and never delivers.
    QUIRK binance 2026-11: so it was observed; the documentation does not say.
    """

    def __init__(self, names: Iterable[str], *, combined: bool, micro: bool) -> None:
        self._combined = combined
        self._micro = micro
        self._first = tuple(names)
        self._names: dict[str, None] = {}
        self.form = self._form()

    def opened(self, desk: SubscriptionDesk) -> Iterable[bytes]:
        """Subscribe to what the URL names; the venue says nothing at first."""
        self._subscribe(list(self._first[: desk.venue.rules.streams]), desk)
        return ()

    def receive(self, text: str, desk: SubscriptionDesk) -> Iterable[bytes]:
        """Answer one control message."""
        number: RequestId = None
        try:
            message = _parsed(text)
            number = _request_id(message)
            answer: JsonObject = {"result": self._perform(message, desk), "id": number}
        except _Refused as refused:
            answer = {"code": refused.code, "msg": refused.message, "id": number}
        return (orjson.dumps(answer),)

    def _perform(self, message: JsonObject, desk: SubscriptionDesk) -> object:
        params = message.get("params", [])
        if not isinstance(params, list):
            raise _Refused(BAD_REQUEST, "Invalid request: params must be an array")
        return self._called(message.get("method"), cast("list[object]", params), desk)

    def _called(self, method: object, params: list[object], desk: SubscriptionDesk) -> object:
        match method:
            case "SUBSCRIBE":
                self._subscribe(_names(params), desk)
            case "UNSUBSCRIBE":
                self._unsubscribe(_names(params), desk)
            case "LIST_SUBSCRIPTIONS":
                return list(self._names)
            case "SET_PROPERTY":
                self._set_property(params)
            case "GET_PROPERTY":
                return self._property(params)
            case None:
                raise _Refused(BAD_REQUEST, "Invalid request: missing field `method`")
            case other:
                raise _Refused(
                    BAD_REQUEST,
                    f"Invalid request: unknown variant {other}, expected one of {METHODS}",
                )
        return None

    def _subscribe(self, names: list[str], desk: SubscriptionDesk) -> None:
        if len({*self._names, *names}) > desk.venue.rules.streams:
            raise _Refused(BAD_REQUEST, "Invalid request: too many parameters")
        for name in names:
            self._names[name] = None
            topic = topic_of(name, desk.venue)
            if topic is not None:
                desk.subscribe(topic)

    def _unsubscribe(self, names: list[str], desk: SubscriptionDesk) -> None:
        for name in names:
            self._names.pop(name, None)
            topic = topic_of(name, desk.venue)
            if topic is not None:
                desk.unsubscribe(topic)

    def _set_property(self, params: list[object]) -> None:
        _check_property(params)
        match params:
            case [_, bool() as combined]:
                self._combined = combined
                self.form = self._form()
            case _:
                raise _Refused(BAD_TYPE, "Invalid value type: expected Boolean")

    def _property(self, params: list[object]) -> bool:
        _check_property(params)
        return self._combined

    def _form(self) -> str:
        combined, micro = COMBINED if self._combined else "raw", MICROSECONDS
        return f"{combined} {micro}" if self._micro else combined


def _parsed(text: str) -> JsonObject:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _Refused(BAD_JSON, f"Invalid JSON: {error}") from error
    if not isinstance(message, dict):
        raise _Refused(BAD_REQUEST, "Invalid request: expected an object")
    return cast("JsonObject", message)


def _request_id(message: JsonObject) -> RequestId:
    match message.get("id"):
        case None:
            return None
        case bool():
            pass
        case int() as number if -LARGEST_ID <= number < LARGEST_ID:
            return number
        case str() as text if ID_TEXT.fullmatch(text):
            return text
        case _:
            pass
    raise _Refused(
        BAD_REQUEST,
        "Invalid request: request ID must be an unsigned integer or a short string",
    )


def _names(params: list[object]) -> list[str]:
    names = [name for name in params if isinstance(name, str)]
    if len(names) != len(params):
        raise _Refused(BAD_REQUEST, "Invalid request: stream names must be strings")
    return names


def _check_property(params: list[object]) -> None:
    if not params or not isinstance(params[0], str):
        raise _Refused(BAD_REQUEST, "Invalid request: property name must be a string")
    if params[0] != COMBINED:
        raise _Refused(UNKNOWN_PROPERTY, "Unknown property")
