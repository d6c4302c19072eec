"""One thing the API does, whatever carries the request: REST or the WebSocket API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from connector_sdk.sandbox.dialect import RequestKind, Route, VenueView
from connector_sdk.sandbox.trading import TradingDesk
from connector_sdk_binance.sandbox.parameters import Parameters
from connector_sdk_binance.sandbox.proof import PROOF

ORDER_ID_NAMES: Mapping[RequestKind, tuple[str, ...]] = {
    RequestKind.PLACE: ("newClientOrderId",),
    RequestKind.CANCEL: ("origClientOrderId",),
    RequestKind.AMEND: ("origClientOrderId",),
    RequestKind.QUERY: ("origClientOrderId",),
}


class Asked(NamedTuple):
    """A request that may be answered now. account: who signed it; empty where nobody has to."""

    parameters: Parameters
    venue: VenueView
    account: str = ""

    @property
    def desk(self) -> TradingDesk:
        """The venue's trading half."""
        return self.venue.desk


class Endpoint(NamedTuple):
    """What it is for, and how it is answered.

    names:   the parameters it knows, but for those that prove who asks.
    weight:  what it takes of the client's budget.
    signed:  whether it must be signed.
    free:    whether it weighs nothing where it succeeds.
    counts:  whether it takes from the account's budget of new orders.
    """

    names: tuple[str, ...]
    kind: RequestKind
    weight: Callable[[Parameters], int]
    answer: Callable[[Asked], object]
    signed: bool = False
    free: bool = False
    counts: bool = False

    @property
    def known(self) -> tuple[str, ...]:
        """Every parameter's name."""
        return (*self.names, *PROOF) if self.signed else self.names


def weighs(weight: int) -> Callable[[Parameters], int]:
    """The same weight always."""
    return lambda _: weight


def routed_to(endpoint: Endpoint, asked: Asked) -> Route:
    """What a request is for; raises the venue's error where its parameters cannot be read."""
    parameters = asked.parameters
    pair = asked.venue.pair_of(parameters.text("symbol") or "")
    names = ORDER_ID_NAMES.get(endpoint.kind, ())
    client_order_id = next(filter(None, map(parameters.text, names)), "")
    return Route(
        endpoint.kind, endpoint.weight(parameters), pair or "", client_order_id, asked.account
    )
