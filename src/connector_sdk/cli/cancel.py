"""``cancel``: orders that were placed here, by their client order ids, or all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import orjson
import typer

from connector_sdk.cli.account import (
    Keyring,
    Yes,
    account_known,
    chosen_account,
    confirm,
)
from connector_sdk.cli.door import CommandFailed
from connector_sdk.cli.following import Place
from connector_sdk.cli.options import (
    AsJson,
    Domain,
    Endpoint,
    Sandbox,
    Venue,
    named_endpoints,
)
from connector_sdk.cli.running import Stop, run
from connector_sdk.errors import (
    ConfigError,
    ConnectorError,
    OrderNotFound,
    RequestTimeout,
    Sent,
    TransportError,
)
from connector_sdk.model.instrument import trading_pair
from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.protocols.trader import CancelResult
from connector_sdk.runtime.live_market import LiveMarket

Orders = Annotated[
    list[str] | None,
    typer.Argument(help="Client order ids, as `orders` shows them.", metavar="ORDER"),
]
Everything = Annotated[bool, typer.Option("--all", help="Every open order that was placed here.")]


def cancel(
    venue: Venue,
    orders: Orders = None,
    *,
    everything: Everything = False,
    pair: Annotated[str | None, typer.Option(help="With --all: of this pair only.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds it may take.", min=0.1, max=600.0)] = 10.0,
    yes: Yes = False,
    as_json: AsJson = False,
    keyring: Keyring = False,
    sandbox: Sandbox = False,
    domain: Domain = None,
    endpoint: Endpoint = None,
) -> None:
    """Cancel orders that were placed here. Asks first, unless --yes.

    Says of each how it ended: it may have been filled before. Exit 1 if one may still be open.
    """
    named = list(dict.fromkeys(orders or ()))
    if bool(named) is everything:
        raise ConfigError("name client order ids, or pass --all")
    if pair is not None and not everything:
        raise ConfigError("--pair goes with --all")
    only = trading_pair(pair) if pair is not None else None
    account = chosen_account(venue, sandbox=sandbox, keyring=keyring)
    place = Place(venue, sandbox, named_endpoints(endpoint), account, domain)
    what = ", ".join(named) or f"every open order{f' of {only}' if only else ''}"
    confirm(f"cancel {what}, on {venue}?", yes=yes)

    async def act(_: Stop) -> None:
        async with place.market([]) as market:
            await account_known(market, venue)
            if everything:
                results = await market.cancel_all(only, timeout_s=timeout)
            else:
                results = await _canceled(market, named, timeout)
            shown = [(market.order(result.client_order_id), result.error) for result in results]
        _tell(shown, as_json=as_json)

    run(act)


async def _canceled(
    market: LiveMarket, names: list[str], timeout_s: float
) -> Sequence[CancelResult]:
    orders = [market.order(name) for name in names]  # all are known, or none is canceled
    return await asyncio.gather(*(_cancel(market, order, timeout_s) for order in orders))


async def _cancel(market: LiveMarket, order: InFlightOrder, timeout_s: float) -> CancelResult:
    name, error = order.client_order_id, None
    try:
        async with asyncio.timeout(timeout_s):
            try:
                await market.cancel(order)
            except (OrderNotFound, TransportError) as doubt:
                error = doubt  # it may be gone all the same: the venue is asked
            await order.done()
    except TimeoutError:
        late = RequestTimeout(f"not certain within {timeout_s:g} s", Sent.MAYBE)
        return CancelResult(name, error or late)
    except ConnectorError as refusal:
        return CancelResult(name, refusal)
    return CancelResult(name, None)


def _tell(results: list[tuple[InFlightOrder, ConnectorError | None]], *, as_json: bool) -> None:
    left: list[str] = []
    for order, error in results:
        name, state = order.client_order_id, order.state.value
        row = {"client_order_id": name, "state": state, "error": error and str(error)}
        words = f"{name}  {state}" + (f": {error}" if error is not None else "")
        typer.echo(orjson.dumps(row).decode() if as_json else words)
        if order.is_open:
            left.append(name)
    if left:
        raise CommandFailed(f"may still be open: {', '.join(left)}; `connector-sdk orders` asks")
    if not results:
        typer.echo("there is no open order that was placed here", err=True)
