"""``list``: the connectors that are installed."""

from __future__ import annotations

import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from connector_sdk.cli.door import FAILED
from connector_sdk.cli.options import AsJson
from connector_sdk.plugins import PluginCheck, check_connectors, installed_connectors


def list_connectors(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Import each one, and say what is wrong with it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List installed connectors, from their entry points: none is imported.

    With --check each is imported; exit 1 if one of them cannot be used.
    """
    if check:
        found = check_connectors()
        rows = [each._asdict() for each in found]
    else:
        found = []
        rows = [each._asdict() for each in installed_connectors()]
    if as_json:
        sys.stdout.write(orjson.dumps(rows).decode() + "\n")
    elif rows:
        Console().print(_table([{k: str(v or "") for k, v in row.items()} for row in rows], found))
    else:
        sys.stdout.write("no connector is installed: pip install connector-sdk-VENUE\n")
    if any(each.error for each in found):
        raise typer.Exit(FAILED)


def _table(rows: list[dict[str, str]], checked: list[PluginCheck]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("venue", "distribution", "version"):
        table.add_column(name, no_wrap=True)
    table.add_column("check" if checked else "entry point", overflow="fold")
    for row in rows:
        last = (row["error"] or "ok") if checked else row["target"]
        table.add_row(row["name"], row["distribution"], row["version"], last)
    return table
