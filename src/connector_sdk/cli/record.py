"""``record``: a live session onto a tape."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from connector_sdk.cli.door import CommandFailed, say
from connector_sdk.cli.following import Place
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
from connector_sdk.model.events import BookState
from connector_sdk.model.tape import TapeHeader, TapeRecord, TapeWriter
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.transport.recording import REDACTED

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
    place = Place(venue, sandbox, named_endpoints(rest, ws, ws_api, endpoint))
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
        self.records = 0

    def tap(self, told: TapeRecord) -> None:
        """Take one record."""
        self.records += 1
        if self._writer is not None:
            self._writer.write(told)
        elif len(self._early) < MOST_EARLY:
            self._early.append(told)

    def begin(self, market: LiveMarket) -> None:
        """Write the header, and what was kept back. Raises ConfigError for a bad path."""
        header = TapeHeader(
            venue=self._venue,
            pairs=self._pairs,
            recorded=datetime.now(UTC).isoformat(timespec="seconds"),
            sdk=version("connector-sdk"),
            redacted=REDACTED,
            instruments=tuple(market.instruments[pair] for pair in self._pairs),
        )
        self._writer = TapeWriter(self._path, header)
        for told in self._early:
            self._writer.write(told)
        self._early.clear()

    def close(self) -> None:
        """Have the tape whole on the disk."""
        if self._writer is not None:
            self._writer.close()


async def _record(
    place: Place, pairs: list[str], tape: Recorder, stop: Stop, seconds: float | None
) -> None:
    console = Console(stderr=True)
    try:
        async with place.market(pairs, tap=tape.tap) as market:
            with Live(console=console, auto_refresh=False, transient=True) as live:
                async with market:
                    tape.begin(market)
                    began_s = time.monotonic()
                    while not await stop.wait(_left(seconds, began_s)):
                        live.update(_progress(market, tape, began_s, seconds), refresh=True)
                        if seconds is not None and time.monotonic() - began_s >= seconds:
                            break
                    reason = _why_nothing(market)
    finally:
        tape.close()
    if reason:
        raise CommandFailed(f"no book was synced while recording: {reason}")


def _left(seconds: float | None, began_s: float) -> float:
    if seconds is None:
        return PERIOD_S
    return max(0.0, min(PERIOD_S, began_s + seconds - time.monotonic()))


def _why_nothing(market: LiveMarket) -> str:
    states = [market.order_book(pair).state for pair in market.pairs]
    if BookState.SYNCED in states:
        return ""
    return market.health.reason or "the venue sent none in time"


def _progress(market: LiveMarket, tape: Recorder, began_s: float, seconds: float | None) -> Text:
    passed = time.monotonic() - began_s
    of = "" if seconds is None else f" of {seconds:g}"
    states = ", ".join(f"{p} {market.order_book(p).state.value}" for p in market.pairs)
    return Text(f"● {passed:.0f}{of} s  {tape.records:,} records  {states}")
