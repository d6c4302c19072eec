"""``balances``: what the account holds."""

from __future__ import annotations

import orjson
import typer
from rich.console import Console
from rich.table import Table

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
from connector_sdk.cli.running import Stop, run
from connector_sdk.model.market_data import canonical


def balances(
    venue: Venue,
    *,
    as_json: AsJson = False,
    keyring: Keyring = False,
    sandbox: Sandbox = False,
    domain: Domain = None,
    endpoint: Endpoint = None,
) -> None:
    """Show what the account holds: available, and locked by open orders.

    May run beside a program that trades with the account.
    """
    account = chosen_account(venue, sandbox=sandbox, keyring=keyring, stored=False)
    place = Place(venue, sandbox, named_endpoints(endpoint), account, domain)

    async def act(_: Stop) -> None:
        async with place.market([]) as market:
            await account_known(market, venue)
            held = [market.balances[asset] for asset in sorted(market.balances)]
        rows = {one.asset: (canonical(one.available), canonical(one.locked)) for one in held}
        if as_json:
            said = {asset: {"available": a, "locked": b} for asset, (a, b) in rows.items()}
            typer.echo(orjson.dumps(said).decode())
            return
        table = Table(box=None, pad_edge=False)
        for name in ("asset", "available", "locked"):
            table.add_column(name, justify="left" if name == "asset" else "right", no_wrap=True)
        for asset, amounts in rows.items():
            table.add_row(asset, *amounts)
        Console().print(table)

    run(act)
