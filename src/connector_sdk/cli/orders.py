"""``orders``: what is open, after asking the venue."""

from __future__ import annotations

from typing import Annotated

import typer

from connector_sdk.cli.account import Keyring, account_known, chosen_account
from connector_sdk.cli.following import Place
from connector_sdk.cli.options import (
    AsJson,
    Domain,
    Endpoint,
    Sandbox,
    Venue,
    named_endpoints,
)
from connector_sdk.cli.order_lines import show_orders
from connector_sdk.cli.running import Stop, run
from connector_sdk.model.instrument import trading_pair
from connector_sdk.model.order_update import OrderReport
from connector_sdk.protocols.in_flight_order import InFlightOrder


def orders(
    venue: Venue,
    *,
    pair: Annotated[str | None, typer.Option(help="Of this pair only.")] = None,
    as_json: AsJson = False,
    keyring: Keyring = False,
    sandbox: Sandbox = False,
    domain: Domain = None,
    endpoint: Endpoint = None,
) -> None:
    """Show the account's open orders, and how those ended that were open the last time.

    The venue is asked first, also for orders of which nobody could tell what became of them. The
    order's client order id, which `cancel` takes, stands first in its line.
    """
    only = trading_pair(pair) if pair is not None else None
    account = chosen_account(venue, sandbox=sandbox, keyring=keyring)
    place = Place(venue, sandbox, named_endpoints(endpoint), account, domain)

    async def act(_: Stop) -> None:
        async with place.market([]) as market:
            ours = dict(market.in_flight_orders)  # as an earlier command left them
            await account_known(market, venue)
            ours.update(market.in_flight_orders)
            others = market.user_stream_tracker.ledger.external_open.values()
            listed: list[InFlightOrder | OrderReport] = [*ours.values(), *others]
        show_orders((one for one in listed if only in {None, one.pair}), as_json=as_json)

    run(act)
