"""The text that names faults: ``NAME[:key=value…]``, comma-separated.

Placement: a fault fires at messages (or requests) that match its ``stream``, ``pair``, ``conn``
and ``request``, counted on each connection from 1: beyond the first ``after``, at each ``every``th
or with probability ``p`` (seeded), at most ``count`` times in all.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from connector_sdk.errors import ConfigError
from connector_sdk.model.instrument import trading_pair
from connector_sdk.sandbox.dialect import RequestKind
from connector_sdk.sandbox.fault_catalogue import CATALOGUE, FaultKind
from connector_sdk.sandbox.publications import StreamKind

ENDLESS = 1 << 62


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One fault, placed. None: not limited by that."""

    kind: FaultKind
    options: Mapping[str, int]
    stream: StreamKind | None = None
    pair: str | None = None
    connection: int | None = None
    request: RequestKind | None = None
    after: int = 0
    every: int | None = None
    count: int = 1
    probability: float | None = None


def parse_faults(text: str) -> tuple[FaultSpec, ...]:
    """The faults that `text` names. Raises ConfigError, saying what to write in its place."""
    return tuple(_fault(part.strip()) for part in text.split(",") if part.strip())


def _fault(text: str) -> FaultSpec:
    name, *settings = text.split(":")
    kind = CATALOGUE.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, CATALOGUE, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"there is no fault {name!r}{hint}: `--faults list` prints them all")
    values: dict[str, str] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (equals and value):
            raise ConfigError(f"{text}: write {setting!r} as key=value")
        if key not in kind.keys:
            raise ConfigError(f"{name} has no key {key!r}: it has {', '.join(kind.keys)}")
        values[key] = value
    return _placed(kind, values, text)


def _placed(kind: FaultKind, values: Mapping[str, str], text: str) -> FaultSpec:
    every = _number(values, "every", text)
    probability = _probability(values, text)
    endless = kind.endless or every is not None or probability is not None
    count = _number(values, "count", text)
    connection = _number(values, "conn", text)
    if every == 0 or connection == 0:
        raise ConfigError(f"{text}: every and conn count from 1")
    options = {
        key: default if (given := _number(values, key, text)) is None else given
        for key, default in kind.options.items()
    }
    return FaultSpec(
        kind,
        options,
        stream=StreamKind(_word(values, "stream", StreamKind))
        if "stream" in values
        else kind.stream,
        pair=trading_pair(values["pair"]) if "pair" in values else None,
        connection=connection,
        request=(
            RequestKind(_word(values, "request", RequestKind))
            if "request" in values
            else kind.request
        ),
        after=_number(values, "after", text) or 0,
        every=every,
        count=count if count is not None else ENDLESS if endless else 1,
        probability=probability,
    )


def _word(values: Mapping[str, str], key: str, words: type[StreamKind | RequestKind]) -> str:
    known = [word.value for word in words]
    if values[key] not in known:
        raise ConfigError(f"{key}={values[key]}: write one of {', '.join(known)}")
    return values[key]


def _number(values: Mapping[str, str], key: str, text: str) -> int | None:
    value = values.get(key)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()):
        raise ConfigError(f"{text}: {key} is a whole number, not {value!r}")
    return int(value)


def _probability(values: Mapping[str, str], text: str) -> float | None:
    value = values.get("p")
    if value is None:
        return None
    try:
        probability = float(value)
    except ValueError:
        probability = -1.0
    if not 0 < probability <= 1:
        raise ConfigError(f"{text}: p is a probability, as in p=0.01, not {value!r}")
    return probability
