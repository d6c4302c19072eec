"""``record``: a live session onto a tape."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from connector_sdk.cli.door import say
from connector_sdk.cli.following import Place, demand_a_book, follow
from connector_sdk.cli.options import (
    Endpoint,
    Out,
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
from connector_sdk.cli.views import View, in_words
from connector_sdk.model.events import Event
from connector_sdk.model.redaction import SENT
from connector_sdk.model.tape import TapeHeader, TapeRecord, TapeWriter
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.transport.aiohttp_transport import AiohttpTransport
from connector_sdk.transport.clock import SystemClock
from connector_sdk.transport.recording import RecordingTransport

PERIOD_S = 0.5
MOST_EARLY = 10_000


def record(
    venue: Venue,
    pairs: Pairs,
    *,
    out: Out,
    seconds: Seconds = None,
    sandbox: Sandbox = False,
    rest: Rest = None,
    ws: Ws = None,
    ws_api: WsApi = None,
    endpoint: Endpoint = None,
) -> None:
    """Record a live session as a tape, for `replay` and for tests.

    Every frame received and sent is kept as it was; secrets never reach the tape.
    """
    place = Place(venue, sandbox, named_endpoints(endpoint, rest=rest, ws=ws, ws_api=ws_api))
    wanted = trading_pairs(pairs)
    tape = Recorder(place.venue, wanted, out)
    run(lambda stop: _record(place, wanted, tape, stop, seconds))
    say(f"{tape.records:,} records in {out}")


class Recorder:
    """Writes records once the header can be written: it names the instruments.

    What comes before that (the instrument list itself) is kept back, and goes behind the header.
    """

    def __init__(self, venue: str, pairs: Sequence[str], path: Path) -> None:
        self._venue = venue
        self._pairs = tuple(pairs)
        self._path = path
        self._early: list[TapeRecord] = []
        self._writer: TapeWriter | None = None
        self._ended = False
        self._failed: OSError | None = None
        self.records = 0

    def tap(self, told: TapeRecord) -> None:
        """Take one record. A disk that is full never disturbs the market: see `demand_a_disk`."""
        if self._ended or self._failed is not None:
            return
        self.records += 1
        if self._writer is not None:
            try:
                self._writer.write(told)
            except OSError as error:
                self._failed = error
        elif len(self._early) < MOST_EARLY:
            self._early.append(told)

    def demand_a_disk(self) -> None:
        """Raise the OSError that ended the recording, if one did."""
        if self._failed is not None:
            raise self._failed

    def begin(self, market: LiveMarket) -> None:
        """Write the header, and what was kept back. Raises ConfigError for a bad path."""
        header = TapeHeader(
            venue=self._venue,
            pairs=self._pairs,
            recorded=datetime.now(UTC).isoformat(timespec="seconds"),
            sdk=version("connector-sdk"),
            redacted=SENT,
            instruments=tuple(market.instruments[pair] for pair in self._pairs),
        )
        self._writer = TapeWriter(self._path, header)
        for told in self._early:
            self._writer.write(told)
        self._early.clear()

    def end(self) -> None:
        """Take no more: our own way out is not the venue's doing. The tape is whole on the disk."""
        self._ended = True
        if self._writer is not None:
            self._writer.close()


async def _record(
    place: Place, pairs: list[str], tape: Recorder, stop: Stop, seconds: float | None
) -> None:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        stack.callback(tape.end)
        transport = RecordingTransport(AiohttpTransport(clock), tape.tap, clock)
        stack.push_async_callback(transport.close)
        market = await stack.enter_async_context(place.market(pairs, transport))
        tape.begin(market)
        await follow(market, Progress(place.venue, market, tape, seconds), stop, seconds)
        tape.end()
        demand_a_book(market)


class Progress(View):
    """How far the recording is, on stderr where somebody watches it."""

    period_s = PERIOD_S

    def __init__(
        self, venue: str, market: LiveMarket, tape: Recorder, seconds: float | None
    ) -> None:
        super().__init__(venue, market, depth=0)
        self._tape = tape
        self._of = "" if seconds is None else f" of {seconds:g}"
        self._began_s = time.monotonic()
        console = Console(stderr=True)
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._shown = console.is_terminal

    def __enter__(self) -> Self:
        if self._shown:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wipe the line."""
        super().__exit__(kind, error, traceback)
        if self._shown:
            self._live.stop()

    def hear(self, event: Event) -> None:
        """Tell of losses and recoveries, above the line."""
        if self._shown and (text := in_words(event)):
            self._live.console.print(text)

    def note(self, text: str) -> None:
        """Tell it above the line."""
        self._live.console.print(text)

    def refresh(self) -> None:
        """Count on. Raises OSError when the tape cannot be written any more."""
        self._tape.demand_a_disk()
        if not self._shown:
            return
        market = self.market
        passed_s = time.monotonic() - self._began_s
        states = ", ".join(f"{p} {market.order_book(p).state.value}" for p in market.pairs)
        told = f"● {passed_s:.0f}{self._of} s  {self._tape.records:,} records  {states}"
        self._live.update(Text(told), refresh=True)
