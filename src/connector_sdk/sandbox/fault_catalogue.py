"""The fault catalogue: every fault by name, its number, its keys, and what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from connector_sdk.sandbox.dialect import RequestKind
from connector_sdk.sandbox.publications import StreamKind


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
    on_user:  its number where it befalls an account's events; 0 for no other.
    options:  keys of its own, and their defaults.
    endless:  without ``count`` it fires wherever it matches, not once.
    stream, request: what it is limited to where the text does not say.
    private:  it fires at requests that concern an account only.
    """

    name: str
    number: int
    place: Place
    help: str
    options: Mapping[str, int] = field(default_factory=dict[str, int])
    endless: bool = False
    stream: StreamKind | None = None
    request: RequestKind | None = None
    private: bool = False
    on_user: int = 0

    def number_on(self, stream: StreamKind) -> int:
        """Its number on that kind of stream."""
        return self.on_user or self.number if stream is StreamKind.USER else self.number

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key its text may have."""
        return (*PLACEMENT_KEYS[self.place], *self.options)


def _message(
    name: str, number: int, text: str, *, stream: StreamKind | None = None, **options: int
) -> FaultKind:
    return FaultKind(name, number, Place.MESSAGE, text, options, stream=stream)


def _delivery(name: str, text: str, **options: int) -> FaultKind:
    return FaultKind(name, 6, Place.MESSAGE, text, options, on_user=8)


def _request(
    name: str, number: int, text: str, *, request: RequestKind | None = None, **options: int
) -> FaultKind:
    return FaultKind(name, number, Place.REQUEST, text, options, request=request)


def _private(name: str, number: int, text: str, **options: int) -> FaultKind:
    return FaultKind(name, number, Place.REQUEST, text, options, private=True)


_MARKET = (
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
    _delivery("drop", "the message is lost"),
    _delivery("duplicate", "the message comes twice"),
    _delivery("reorder", "the message comes after its successor"),
    _delivery("late", "the message comes delay_ms late, behind later ones", delay_ms=1500),
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

_TRADING = (
    _request(
        "answer-lost",
        3,
        "it is done, and the answer never comes; cut=1: the connection is cut in its place",
        request=RequestKind.PLACE,
        cut=1,
    ),
    _request(
        "request-lost",
        3,
        "it never arrives; cut=1: the connection is cut",
        request=RequestKind.PLACE,
        cut=1,
    ),
    _request(
        "status-unknown",
        4,
        "the venue does not know what became of it; executed=0: it was not done",
        request=RequestKind.PLACE,
        executed=1,
    ),
    _request("server-error", 4, "an error inside; executed=1: it was done", executed=0),
    _request(
        "fill-first",
        9,
        "so many percent of the order are filled just before its cancel is handled",
        request=RequestKind.CANCEL,
        share=100,
    ),
    _private("timestamp-refused", 11, "its time is taken for one outside the window"),
    _request(
        "clock-skew",
        11,
        "the venue's clock leaps by ahead_ms less behind_ms; for_ms=0: for good",
        ahead_ms=0,
        behind_ms=0,
        for_ms=0,
    ),
    _private(
        "key-revoked",
        12,
        "the key that asks is worth nothing for so long, and the account's streams end",
        for_ms=5000,
    ),
    _message(
        "stream-end", 12, "the account's stream ends, the event unsaid", stream=StreamKind.USER
    ),
    _private("nonce-refused", 12, "its nonce is taken for a used one"),
    _request(
        "halt",
        14,
        "the pair (all, where the request names none) takes no orders for so long; expire=1: "
        "those that rest end",
        for_ms=5000,
        expire=0,
    ),
    _request(
        "tick-change",
        14,
        "the pair (all, where the request names none) takes prices in steps so many times as large",
        factor=10,
    ),
    _request("maintenance", 14, "nobody is served for so long", for_ms=5000),
    _request("refuse-connections", 16, "no connection comes about for so long", for_ms=5000),
    _request("dns-failure", 16, "the venue's name leads nowhere for so long", for_ms=5000),
    _request(
        "bad-certificate",
        16,
        "no secure connection comes about for so long: the certificate has expired; expired=0: "
        "nobody known has signed it",
        for_ms=5000,
        expired=1,
    ),
)

CATALOGUE: Mapping[str, FaultKind] = {
    kind.name: kind for kind in sorted((*_MARKET, *_TRADING), key=lambda kind: kind.number)
}
