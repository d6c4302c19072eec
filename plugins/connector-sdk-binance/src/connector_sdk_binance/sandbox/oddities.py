"""Frames and answers that no documentation announced."""

from __future__ import annotations

from typing import TypeAlias, assert_never, cast

import orjson

from connector_sdk.sandbox.dialect import Oddity
from connector_sdk_binance.sandbox.frames import dressed

JsonObject: TypeAlias = dict[str, object]

NOVELTY_STREAM = "!novelty"
HUGE_BYTES = 10 * 1024 * 1024
NEW_FIELD: JsonObject = {"zz": {"since": 2027, "rows": [["1", 2, None]]}}


def odd_frame(oddity: Oddity, frame: bytes, form: str) -> bytes:
    """`frame` made odd, or the odd frame that stands beside it."""
    match oddity:
        case Oddity.MALFORMED:
            return frame[: len(frame) // 2]
        case Oddity.UNKNOWN_EVENT:
            return _novelty("x", form)
        case Oddity.HUGE:
            return _novelty("x" * HUGE_BYTES, form)
        case Oddity.UNKNOWN_FIELD:
            return _with_new_fields(frame)
        case Oddity.UNKNOWN_ENUM:
            return _with_new_words(frame)
        case _:
            assert_never(oddity)


def _novelty(padding: str, form: str) -> bytes:
    payload = orjson.dumps({"e": "novelty", "E": 0, "padding": padding})
    return dressed(NOVELTY_STREAM, payload, form)


def _with_new_fields(frame: bytes) -> bytes:
    try:
        message = cast("JsonObject", orjson.loads(frame))
    except orjson.JSONDecodeError:
        return frame  # another fault broke it before: it stays broken
    for wrapped in ("data", "event"):
        inner = message.get(wrapped)
        if isinstance(inner, dict):
            message[wrapped] = {**NEW_FIELD, **cast("JsonObject", inner)}
    return orjson.dumps({**NEW_FIELD, **message})


def _with_new_words(body: bytes) -> bytes:
    return orjson.dumps(_reworded(orjson.loads(body)))


def _reworded(answer: object) -> object:
    """An instrument list, or orders, with words nobody documented; all else as it is."""
    if isinstance(answer, list):
        return [_reworded(row) for row in cast("list[object]", answer)]
    if not isinstance(answer, dict):
        return answer
    fields = cast("JsonObject", answer)
    if "symbols" in fields:
        return _reworded_list(cast("dict[str, list[JsonObject]]", fields))
    if "result" in fields:
        return {**fields, "result": _reworded(fields["result"])}
    return {**fields, "status": "NOVELTY"} if "orderId" in fields else fields


def _reworded_list(answer: dict[str, list[JsonObject]]) -> object:
    """An instrument list with a new status, order type, filter and limit."""
    symbols = answer["symbols"]
    answer["rateLimits"].append(
        {"rateLimitType": "NOVELTY", "interval": "FORTNIGHT", "intervalNum": 1, "limit": 1}
    )
    for symbol in symbols:
        symbol["orderTypes"] = [*cast("list[str]", symbol["orderTypes"]), "NOVELTY"]
        filters = cast("list[JsonObject]", symbol["filters"])
        symbol["filters"] = [*filters, {"filterType": "NOVELTY", "most": "1"}]
    if symbols:
        listed = {"symbol": "NOVELTYUSDT", "baseAsset": "NOVELTY", "quoteAsset": "USDT"}
        symbols.append({**symbols[0], **listed, "status": "NOVELTY"})
    return answer
