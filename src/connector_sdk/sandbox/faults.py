"""The fault catalogue, and the text that names faults: ``NAME[:key=value…]``, comma-separated.

Placement: a fault fires at messages (or requests) that match its ``stream``, ``pair``, ``conn``
and ``request``, counted on each connection from 1: beyond the first ``after``, at each ``every``th
or with probability ``p`` (seeded), at most ``count`` times in all.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from connector_sdk.errors import ConfigError
from connector_sdk.model.instrument import trading_pair
from connector_sdk.sandbox.dialect import RequestKind
from connector_sdk.sandbox.publications import StreamKind

ENDLESS = 1 << 62


class Place(Enum):
    """What a fault is placed by."""

    MESSAGE = "message"
    REQUEST = "request"
    INCOMING = "incoming message"
    OPENING = "opening"


PLACEMENT_KEYS: Mapping[Place, tuple[str, ...]] = {
    Place.MESSAGE: ("stream", "pair", "conn", "after", "every", "count", "p"),
    Place.REQUEST: ("request", "pair", "after", "every", "count", "p"),
    Place.INCOMING: ("conn", "after", "every", "count", "p"),
    Place.OPENING: ("conn", "count"),
}


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One line of the catalogue.

    number:   its number in the fault catalogue of the design.
    options:  keys of its own, and their defaults.
    endless:  without ``count`` it fires wherever it matches, not once.
    stream, request: what it is limited to where the text does not say.
    """

    name: str
    number: int
    place: Place
    help: str
    options: Mapping[str, int] = field(default_factory=dict[str, int])
    endless: bool = False
    stream: StreamKind | None = None
    request: RequestKind | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key its text may have."""
        return (*PLACEMENT_KEYS[self.place], *self.options)


def _message(
    name: str, number: int, text: str, *, stream: StreamKind | None = None, **options: int
) -> FaultKind:
    return FaultKind(name, number, Place.MESSAGE, text, options, stream=stream)


def _request(
    name: str, number: int, text: str, *, request: RequestKind | None = None, **options: int
) -> FaultKind:
    return FaultKind(name, number, Place.REQUEST, text, options, request=request)


CATALOGUE: Mapping[str, FaultKind] = {
    kind.name: kind
    for kind in (
        _message("reset", 1, "RST before the message; mid=1: in the middle of it", mid=0),
        _message("close", 1, "FIN before the message; mid=1: in the middle of it", mid=0),
        _message("silence", 2, "half-open from here on: nothing more is said, no pong, no FIN"),
        FaultKind(
            "slow",
            5,
            Place.MESSAGE,
            "each message late by delay_ms and up to jitter_ms more, in pieces of so many bytes",
            {"delay_ms": 50, "jitter_ms": 0, "piece": 0},
            endless=True,
        ),
        FaultKind(
            "slow-answer",
            5,
            Place.REQUEST,
            "the answer comes late",
            {"delay_ms": 500},
            endless=True,
        ),
        _message("drop", 6, "the message is lost"),
        _message("duplicate", 6, "the message comes twice"),
        _message("reorder", 6, "the message comes after its successor"),
        _message("late", 6, "the message comes delay_ms late, behind later ones", delay_ms=1500),
        _request(
            "snapshot-stale",
            6,
            "the snapshot is that of so many update ids ago",
            request=RequestKind.SNAPSHOT,
            behind=200,
        ),
        _message(
            "snapshot-ahead",
            6,
            "the pair's stream lags so many deltas behind, for so many messages",
            stream=StreamKind.DEPTH,
            deltas=30,
            messages=90,
        ),
        _request(
            "snapshot-fail",
            6,
            "the snapshot fails with the venue's error; lost=1: the connection is cut",
            request=RequestKind.SNAPSHOT,
            lost=0,
        ),
        _message(
            "withhold",
            7,
            "so many levels are left out of a delta, without a gap",
            stream=StreamKind.DEPTH,
            levels=1,
        ),
        _request("rate-limit", 10, "refused for its rate", retry_after=1),
        _request("ban", 10, "banned for so many seconds", retry_after=5),
        _request("weight", 10, "so much more weight was used by others of that address", add=3000),
        FaultKind("message-cut", 10, Place.INCOMING, "cut as if it had sent too many messages"),
        FaultKind(
            "life",
            13,
            Place.OPENING,
            "the connection ends at that age",
            {"seconds": 86_400},
            endless=True,
        ),
        _message("shutdown-notice", 13, "the venue says it will close, and does", grace_ms=5000),
        _message("restart", 13, "every stream ends, one each gap_ms", down_ms=500, gap_ms=0),
        _message("sequence-reset", 13, "a restart with lower ids", to=1000, down_ms=500),
        _message("burst", 15, "so many changes at once, a diff each so many", changes=5000, each=5),
        _message("malformed", 17, "the message is broken JSON"),
        _message("unknown-event", 17, "a message of an unknown kind comes first"),
        _message("unknown-field", 17, "the message has fields nobody documented"),
        _request(
            "unknown-enum",
            17,
            "the instrument list has values nobody documented",
            request=RequestKind.INSTRUMENTS,
        ),
        _message("huge", 17, "a message of 10 MB comes first"),
    )
}


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
