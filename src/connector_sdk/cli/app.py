"""The commands, gathered."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from connector_sdk.cli.balances import balances
from connector_sdk.cli.cancel import cancel
from connector_sdk.cli.demo import demo
from connector_sdk.cli.door import one_line_errors
from connector_sdk.cli.info import info
from connector_sdk.cli.list import list_connectors
from connector_sdk.cli.orders import orders
from connector_sdk.cli.place import buy, sell
from connector_sdk.cli.record import record
from connector_sdk.cli.replay import replay
from connector_sdk.cli.sandbox import sandbox
from connector_sdk.cli.watch import watch
from connector_sdk.plugins import installed_connectors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS: tuple[tuple[str, Callable[..., None], str], ...] = (
    ("list", list_connectors, "list --check"),
    ("info", info, "info {venue} --json"),
    ("watch", watch, "watch {venue} BTC-USDT ETH-USDT --sandbox"),
    ("record", record, "record {venue} BTC-USDT --out session.jsonl.gz --seconds 60"),
    ("replay", replay, "replay {venue} session.jsonl.gz --json"),
    ("buy", buy, "buy {venue} BTC-USDT 0.01 --price 50000 --sandbox --yes"),
    ("sell", sell, "sell {venue} BTC-USDT 0.01 --price 90000 --tif ioc --sandbox --yes"),
    ("cancel", cancel, "cancel {venue} --all --yes"),
    ("orders", orders, "orders {venue} --json"),
    ("balances", balances, "balances {venue} --sandbox"),
    ("sandbox", sandbox, "sandbox {venue} --pairs BTC-USDT --faults drop:every=500"),
    ("demo", demo, "demo --seconds 10 --plain"),
)
"""Name, function and example of each command."""


def gather() -> None:
    """Register the commands; their examples name a venue that is installed here."""
    venues = [each.name for each in installed_connectors()]
    venue = venues[0] if venues else "VENUE"
    for name, function, example in COMMANDS:
        epilog = f"Example: [bold]connector-sdk {example.format(venue=venue)}[/bold]"
        app.command(name, epilog=epilog)(one_line_errors(function))


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"connector-sdk {version('connector-sdk')}")
        raise typer.Exit


@app.callback()
def connector_sdk(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True),
    ] = False,
) -> None:
    """Exact, gap-checked order books from exchanges. Venues are plugins."""
    del version


gather()
