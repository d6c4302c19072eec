"""``watch``: live books in the terminal."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from connector_sdk.cli.account import Keyring, WatchAccount, account_trouble, chosen_account
from connector_sdk.cli.door import CommandFailed
from connector_sdk.cli.following import Place, demand_a_book, follow
from connector_sdk.cli.line_views import JsonView, PlainView
from connector_sdk.cli.options import (
    AsJson,
    Endpoint,
    Pairs,
    Rest,
    Sandbox,
    Seconds,
    Venue,
    Ws,
    WsApi,
    named_endpoints,
    trading_pairs,
)
from connector_sdk.cli.running import Stop, run
from connector_sdk.cli.screen import LiveView
from connector_sdk.model.order_events import AccountReconciled


def watch(
    venue: Venue,
    pairs: Pairs,
    *,
    depth: Annotated[int, typer.Option(help="Levels a side.", min=1, max=1000)] = 10,
    seconds: Seconds = None,
    as_json: AsJson = False,
    account: WatchAccount = False,
    keyring: Keyring = False,
    sandbox: Sandbox = False,
    rest: Rest = None,
    ws: Ws = None,
    ws_api: WsApi = None,
    endpoint: Endpoint = None,
) -> None:
    """Show live, gap-checked order books.

    On a terminal a screen; into a pipe a line a second and pair; with --json a line an event.
    With --account (or --keyring) also what the account's orders do, whoever placed them.
    """
    whose = None
    if account or keyring:
        whose = chosen_account(venue, sandbox=sandbox, keyring=keyring, stored=False)
    place = Place(venue, sandbox, named_endpoints(endpoint, rest=rest, ws=ws, ws_api=ws_api), whose)
    wanted = trading_pairs(pairs)
    view = JsonView if as_json else LiveView if sys.stdout.isatty() else PlainView

    async def show(stop: Stop) -> None:
        async with place.market(wanted) as market:
            reconciled: list[AccountReconciled] = []
            market.on(AccountReconciled, reconciled.append)
            await follow(market, view(venue, market, depth), stop, seconds)
            demand_a_book(market)
            if whose is not None and not reconciled:
                raise CommandFailed(f"the account was not known in time: {account_trouble(market)}")

    run(show)
