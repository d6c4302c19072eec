"""Messages of the WebSocket API: what a client sends, read exactly, and what is replied.

Source: binance-spot-api-docs, "WebSocket API: Request format", "Response format", "Request
security" (read 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

import orjson

from connector_sdk_binance.sandbox.api_error import BAD_JSON, ApiError, missing

RequestId: TypeAlias = int | str | None

VERSION = "v3/"
RATE_LIMITS = "returnRateLimits"


class NumberText(str):
    """A JSON number as it was written: signatures are over the text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class WsRequest:
    """One request.

    params:   name → text; strings without their quotes, all else as JSON spells it.
    payload:  what its signature is over.
    """

    id: RequestId
    method: str
    params: Mapping[str, str]
    payload: bytes


def parsed(text: str) -> Mapping[str, object]:
    """The JSON object of a message; numbers stay texts."""
    try:
        message = json.loads(
            text, parse_float=NumberText, parse_int=NumberText, parse_constant=_no_constant
        )
    except ValueError as error:
        raise ApiError(BAD_JSON, "Invalid JSON Request") from error
    if not isinstance(message, dict):
        raise ApiError(BAD_JSON, "Invalid JSON Request")
    return cast("Mapping[str, object]", message)


def request_id(message: Mapping[str, object]) -> RequestId:
    """The client's own id of a request; it is echoed with its type."""
    match message.get("id"):
        case NumberText() as number if number.lstrip("-").isdigit():
            return int(number)
        case NumberText() | bool() | dict() | list():
            raise ApiError(BAD_JSON, "Invalid JSON Request")
        case identifier:
            return cast("str | None", identifier)


def read_request(message: Mapping[str, object]) -> WsRequest:
    """The request a message holds."""
    method, params = message.get("method"), message.get("params")
    if not isinstance(method, str) or isinstance(method, NumberText) or not method:
        raise missing("method")
    if params is not None and not isinstance(params, dict):
        raise ApiError(BAD_JSON, "Invalid JSON Request")
    given = cast("Mapping[str, object]", params or {})
    texts = {name: _text(value) for name, value in given.items()}
    signed = "&".join(f"{name}={texts[name]}" for name in sorted(texts) if name != "signature")
    return WsRequest(
        request_id(message),
        method.removeprefix(VERSION),
        {name: text for name, text in texts.items() if given[name] is not None},
        signed.encode(),
    )


def reply(
    number: RequestId, status: int, content: object, rate_limits: object | None = None
) -> bytes:
    """What answers a request: a result, or an error for a status other than 200."""
    message: dict[str, object] = {"id": number, "status": status}
    message["result" if status == 200 else "error"] = content
    if rate_limits is not None:
        message["rateLimits"] = rate_limits
    # An id may be any whole number, also one that orjson does not write.
    if isinstance(number, int) and number.bit_length() > 63:
        return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    return orjson.dumps(message)


def _text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
