"""``replay``: a recorded tape through the tracker that runs live."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import orjson
import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from connector_sdk.cli.door import CommandFailed, say
from connector_sdk.cli.ladder import STATE_STYLE
from connector_sdk.cli.options import AsJson, Venue, trading_pairs
from connector_sdk.errors import ConfigError, VenueError, WireError
from connector_sdk.model.events import BookState
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.market_data import canonical
from connector_sdk.model.wire import RestResponse
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.connector import Connector
from connector_sdk.runtime import replay as replaying

TapeFile = Annotated[Path, typer.Argument(help="The tape.", metavar="FILE", show_default=False)]


def replay(
    venue: Venue,
    file: TapeFile,
    *,
    pairs: Annotated[
        str | None, typer.Option(metavar="PAIR,...", help="Only these pairs, by comma.")
    ] = None,
    instruments: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The instrument list: the venue's own answer, or ours as in a tape's header.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a tape through the tracker that runs live, and report what was found.

    Exit 1 if the tape is cut off: what was read until there is reported all the same.
    """
    connector = load_connector(venue)
    wanted = None if pairs is None else trading_pairs(pairs.split(","))
    listed = None if instruments is None else instruments_from(instruments, connector)
    with progress() as on_progress:
        report = replaying.replay(
            connector, file, pairs=wanted, instruments=listed, on_progress=on_progress
        )
    if as_json:
        sys.stdout.write(orjson.dumps(report.as_json()).decode() + "\n")
    else:
        Console().print(_table(report))
    if report.provisional:
        say("the tape holds no instrument list: pairs were told from the spelling of symbols")
    if report.cut_off is not None:
        raise CommandFailed(report.cut_off)


def instruments_from(path: Path, connector: Connector) -> Instruments:
    """The instrument list in `path`. Raises ConfigError for a file that holds none."""
    venue = connector.manifest.venue
    try:
        body = path.read_bytes()
        if body.lstrip().startswith(b"["):
            ours = TypeAdapter(list[Instrument]).validate_json(body)
            return Instruments(ours, venue)
        call = connector.market_api.instruments()
        found = call.decode(RestResponse(200, {}, body, call.request.path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (ValidationError, WireError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"{path} holds no instrument list of {venue}") from error
    if isinstance(found, VenueError):
        raise ConfigError(f"{path} holds a refusal, not a list: {found.message}") from found
    return found


@contextmanager
def progress() -> Generator[Callable[[int], None], None, None]:
    """A counter on stderr, where somebody watches it."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} frames"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:
        task = shown.add_task("replay", total=None)
        yield lambda records: shown.update(task, completed=records)


def _table(report: replaying.ReplayReport) -> Table:
    title = f"{report.venue}: {report.frames:,} frames, {report.seconds:,.1f} s on the tape"
    feed = report.tracker.feed_metrics
    notes = [f"{count} {kind}" for kind, count in feed.unrecognized.items()]
    notes += [f"{feed.wire_errors} broken frames: {feed.last_wire_error}"] * bool(feed.wire_errors)
    caption = f"not understood: {', '.join(notes)}" if notes else None
    table = Table(
        title=title,
        title_justify="left",
        caption=caption,
        caption_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("pair", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for name in ("deltas", "applied", "stale", "gaps", "resyncs", "trades", "bid | ask"):
        table.add_column(name, justify="right", no_wrap=True)
    for pair in report.tracker.pairs:
        table.add_row(*_row(report, pair))
    return table


def _row(report: replaying.ReplayReport, pair: str) -> Iterator[Text | str]:
    told = report.tracker.metrics(pair)
    book = report.tracker.book(pair)
    yield pair
    yield Text(told.state.value, STATE_STYLE[told.state])
    for count in (told.deltas, told.applied, told.stale):
        yield f"{count:,}"
    for count in (told.gaps, told.resyncs):
        yield Text(f"{count:,}", "bold yellow" if count else "")
    yield f"{told.trades:,}"
    known = book.last_known
    best = [canonical(level.price) for side in (known.bids(1), known.asks(1)) for level in side]
    yield Text(" | ".join(best), "" if told.state is BookState.SYNCED else "bright_black")
