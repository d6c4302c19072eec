"""``demo``: a book loses a message, an order loses its answer; neither is lost with it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console

from connector_sdk.cli.book_story import DEPTH, BookStory
from connector_sdk.cli.embedded import dialect_of, keys_of
from connector_sdk.cli.findings import Finding, demand, verdict
from connector_sdk.cli.following import follow
from connector_sdk.cli.line_views import PlainView
from connector_sdk.cli.order_story import OrderStory
from connector_sdk.cli.running import Stop, connecting, run
from connector_sdk.cli.screen import LiveView
from connector_sdk.cli.views import View
from connector_sdk.connect import connect
from connector_sdk.errors import ConnectorError, NotSupported, PluginError
from connector_sdk.plugins import installed_connectors, load_connector
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.sandbox.venue import EmbeddedVenue

NEIGHBOURS = ("ETH-USDT", "SOL-USDT")
READY_S = 20.0
WELL = "A book is right, or says that it is not. An order is never lost."
SLOW_S = 1.2
"""The answer that mends the book takes so long at most: time enough to see it refuse."""
QUIET, SLOW, PAUSE = 0.2, 0.15, 0.1
"""Shares of the time: nothing goes wrong yet; the answer takes; between the acts of trading."""
GRACE_S = 15.0
"""On a busy machine the last act may end so much later than it should."""


def demo(
    *,
    seconds: Annotated[
        float, typer.Option(help="How long it takes, once it is connected.", min=2.0, max=40.0)
    ] = 20.0,
    plain: Annotated[bool, typer.Option("--plain", help="Lines, for no terminal.")] = False,
) -> None:
    """Show it: an embedded exchange, live books, a lost message, orders, a lost answer.

    Needs no account and no internet. Exit 0 only if the gap was noticed and the book recovered, and
    no order was lost, doubled or left behind.
    """
    venue = demonstrable()
    pair = load_connector(venue).manifest.example_pair
    on_screen = sys.stdout.isatty() and not plain
    findings = run(lambda stop: _demo(venue, pair, stop, seconds, on_screen=on_screen))
    Console().print(verdict(findings, WELL))
    demand(findings)


def demonstrable() -> str:
    """The first installed connector that trades and brings an embedded venue.

    Raises PluginError if there is none.
    """
    for each in installed_connectors():
        with suppress(PluginError, NotSupported):
            dialect_of(each.name)
            if load_connector(each.name).trading is not None:
                return each.name
    raise PluginError("no installed connector brings an embedded venue to show")


async def _demo(
    venue: str, pair: str, stop: Stop, seconds: float, *, on_screen: bool
) -> list[Finding]:
    pairs = list(dict.fromkeys([pair, *NEIGHBOURS]))
    async with EmbeddedVenue(dialect_of(venue), pairs) as embedded:
        keys, urls = keys_of(embedded), embedded.endpoints
        market = connect(venue, pairs, endpoints=urls, credentials=keys, store=NullStore())
        with connecting(f"the embedded {venue}"):
            await market.start()
        async with market:
            await market.ready(timeout_s=READY_S)
            view: View = (LiveView if on_screen else PlainView)(venue, market, DEPTH)
            return await _told(market, embedded, view, stop, seconds)


async def _told(
    market: LiveMarket, venue: EmbeddedVenue, view: View, stop: Stop, seconds: float
) -> list[Finding]:
    pair = market.pairs[0]
    books, orders = BookStory(market, venue, pair), OrderStory(market, venue, pair)

    async def acts() -> str:
        try:
            await asyncio.sleep(seconds * QUIET)
            view.note(f"now losing a book message of {pair}, on purpose")
            await books.unfold(min(seconds * SLOW, SLOW_S))
            await orders.unfold(view.note, seconds * PAUSE)
        except (ConnectorError, TimeoutError) as error:
            return f"{type(error).__name__} {error}"
        return ""

    async with asyncio.TaskGroup() as tasks:
        acting = tasks.create_task(acts())
        await follow(market, view, stop, seconds, lambda _: books.compare())
        await asyncio.wait([acting], timeout=0.0 if stop.asked else GRACE_S)
        acting.cancel()
    findings = [*books.findings(), *orders.findings()]
    broken = "it was not given the time" if acting.cancelled() else acting.result()
    return (
        [*findings, Finding("the show was over", holds=False, detail=broken)]
        if broken
        else findings
    )
