"""What became of a request, as far as can be known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from connector_sdk.errors import (
    AuthRejected,
    ConnectorError,
    DuplicateOrder,
    IntentRefused,
    InvalidRequest,
    NotSupported,
    OrderNotFound,
    OrderRejected,
    RateLimited,
    Sent,
    StoreFailed,
    TimestampRejected,
    TransportError,
    UnknownInstrument,
)
from connector_sdk.model.order_update import OrderMessage


class Confirmed(NamedTuple):
    """The venue answered yes; `messages` are what it said of the order, perhaps nothing."""

    messages: Sequence[OrderMessage] = ()


class Refused(NamedTuple):
    """The venue answered no, in words that are known to mean that nothing was done."""

    error: ConnectorError


class Unknown(NamedTuple):
    """It may have been done or not: only the venue can tell."""

    error: ConnectorError


class NotSent(NamedTuple):
    """Proven never to have left this machine."""

    error: ConnectorError


RequestOutcome: TypeAlias = Confirmed | Refused | Unknown | NotSent

REFUSALS: Final[tuple[type[ConnectorError], ...]] = (
    AuthRejected,
    InvalidRequest,
    OrderNotFound,
    OrderRejected,
    RateLimited,
    TimestampRejected,
    UnknownInstrument,
)
"""The errors that are believed to mean "nothing was done". Every other answer means Unknown."""

NEVER_SENT: Final[tuple[type[ConnectorError], ...]] = (
    IntentRefused,
    NotSupported,
    StoreFailed,
)
"""Errors that are raised before anything is sent, by their definition."""


def outcome_of(error: ConnectorError) -> Refused | Unknown | NotSent:
    """What `error` proves about the request that raised it. An allow-list: doubt means Unknown.

    DuplicateOrder is doubt, too: the order that has this id already may be ours. OrderNotFound
    means something for a cancel or an amendment only: the order rests no more, or never did.
    """
    if isinstance(error, TransportError):
        return NotSent(error) if error.sent is Sent.NO else Unknown(error)
    if isinstance(error, DuplicateOrder):
        return Unknown(error)
    if isinstance(error, NEVER_SENT):
        return NotSent(error)
    return Refused(error) if isinstance(error, REFUSALS) else Unknown(error)
