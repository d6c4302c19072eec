"""``sandbox``: the embedded venue as a server."""

from __future__ import annotations

import sys
from enum import Enum
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from connector_sdk.cli.embedded import dialect_of
from connector_sdk.cli.options import Venue, trading_pairs
from connector_sdk.cli.running import Stop, run
from connector_sdk.sandbox.bounds import FEW, USUAL
from connector_sdk.sandbox.core import DEFAULT_ACCOUNTS
from connector_sdk.sandbox.fault_catalogue import CATALOGUE
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.venue import LOOPBACK, EmbeddedVenue
from connector_sdk.sandbox.venue_host import DEFAULT_PAIRS

BOTH = ",".join(DEFAULT_PAIRS)


class Memory(Enum):
    """How much the venue remembers of orders, trades and books."""

    MUCH = "much"
    LITTLE = "little"


class Limits(Enum):
    """Which rate limits the venue enforces."""

    DOCUMENTED = "documented"
    RAISED = "raised"


Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="0: any free one.", min=0, max=65535)]
SecurePort = Annotated[
    int,
    typer.Option(help="Where TLS is served too; 0: any free one; negative: nowhere.", max=65535),
]
NoTls = Annotated[bool, typer.Option("--no-tls", help="The same as --tls-port -1.")]
Accounts = Annotated[int, typer.Option(help="How many accounts it has.", min=0, max=1_000)]
Traded = Annotated[str, typer.Option(metavar="PAIR,...", help="What it trades, by comma.")]
Seed = Annotated[int, typer.Option(help="The same seed makes the same market.")]
Flow = Annotated[float, typer.Option(help="Book changes a second and pair.", min=0.0, max=100_000)]
BurstEvery = Annotated[
    float, typer.Option(help="Seconds between bursts of changes; 0: none.", min=0.0)
]
BurstChanges = Annotated[int, typer.Option(help="Changes in a burst.", min=1)]
Enforced = Annotated[Limits, typer.Option(help="The venue's own rate limits, or practically none.")]
Remembered = Annotated[
    Memory, typer.Option(help="What it keeps for tests to ask; little where it runs for hours.")
]
Faults = Annotated[
    str,
    typer.Option(
        metavar="SPEC",
        help="NAME[:key=value...], by comma, as in drop:stream=depth:every=500; or: list.",
    ),
]


def sandbox(
    venue: Venue,
    *,
    host: Host = LOOPBACK,
    port: Port = 0,
    tls_port: SecurePort = 0,
    no_tls: NoTls = False,
    pairs: Traded = BOTH,
    seed: Seed = 1,
    flow: Flow = 50.0,
    burst_every: BurstEvery = 0.0,
    burst_changes: BurstChanges = 1_000,
    limits: Enforced = Limits.DOCUMENTED,
    accounts: Accounts = DEFAULT_ACCOUNTS,
    remember: Remembered = Memory.MUCH,
    faults: Faults = "",
) -> None:
    """Serve the embedded venue: a real exchange on this machine.

    Prints one JSON line when it accepts connections, then serves until SIGINT or SIGTERM.
    `--faults list` prints the faults it can inject.
    """
    if faults == "list":
        print_faults()
        return
    dialect = dialect_of(venue)
    served = EmbeddedVenue(
        dialect,
        trading_pairs(pairs.split(",")),
        seed=seed,
        flow=Pace(flow, burst_every, burst_changes),
        rules=dialect.rules.raised() if limits is Limits.RAISED else None,
        host=host,
        port=port,
        tls_port=None if no_tls or tls_port < 0 else tls_port,
        accounts=accounts,
        bounds=FEW if remember is Memory.LITTLE else USUAL,
        faults=faults,
    )
    run(lambda stop: _serve(served, stop))


async def _serve(venue: EmbeddedVenue, stop: Stop) -> None:
    async with venue:
        sys.stdout.write(orjson.dumps(venue.ready_line()).decode() + "\n")
        sys.stdout.flush()
        await stop.wait(None)


def print_faults() -> None:
    """The catalogue: name, number, keys, and what it does."""
    table = Table(box=None, pad_edge=False)
    for name in ("fault", "no.", "keys", "what happens"):
        table.add_column(name, overflow="fold", no_wrap=name == "fault")
    for kind in CATALOGUE.values():
        keys = [f"{key}={kind.options[key]}" if key in kind.options else key for key in kind.keys]
        numbers = f"{kind.number}, {kind.on_user}" if kind.on_user else str(kind.number)
        table.add_row(kind.name, numbers, " ".join(keys), kind.help)
    Console().print(table)
