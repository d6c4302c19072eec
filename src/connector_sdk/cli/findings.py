"""What a demonstration was to show, and whether it did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.table import Table

from connector_sdk.cli.door import CommandFailed


class Finding(NamedTuple):
    """One thing that was to be shown, and whether it was."""

    statement: str
    holds: bool
    detail: str


def verdict(findings: Iterable[Finding], well: str) -> Table:
    """All of them on one screen. well: the title when all hold."""
    rows = list(findings)
    title = well if all(finding.holds for finding in rows) else "This did not go well."
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    for finding in rows:
        mark = "[green]ok[/green]" if finding.holds else "[bold red]NO[/bold red]"
        table.add_row(mark, finding.statement, f"[bright_black]{finding.detail}[/bright_black]")
    return table


def demand(findings: Iterable[Finding]) -> None:
    """Raise CommandFailed, naming those that do not hold."""
    failed = [finding.statement for finding in findings if not finding.holds]
    if failed:
        raise CommandFailed(f"the demo did not show: {'; '.join(failed)}")
