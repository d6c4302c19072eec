"""``buy`` and ``sell``: one order from the shell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer

from connector_sdk.cli.account import (
    Keyring,
    Yes,
    account_known,
    chosen_account,
    confirm,
)
from connector_sdk.cli.door import CommandFailed, say
from connector_sdk.cli.following import Place
from connector_sdk.cli.options import (
    AsJson,
    Domain,
    Endpoint,
    Sandbox,
    Venue,
    named_endpoints,
)
from connector_sdk.cli.order_lines import intent_words, show_orders
from connector_sdk.cli.running import run
from connector_sdk.errors import ConfigError, ConnectorError, IntentRefused
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.orders.intent import order_intent
from connector_sdk.orders.states import UNSETTLED_STATES
from connector_sdk.protocols.in_flight_order import InFlightOrder

ANSWER_S = 15.0

Pair = Annotated[str, typer.Argument(help="The trading pair, as in BTC-USDT.", show_default=False)]
Quantity = Annotated[str, typer.Argument(help="How much, in base units.", show_default=False)]
Price = Annotated[
    str | None, typer.Option(help="The limit, in quote units; without one a market order.")
]
Kind = Annotated[
    OrderType | None,
    typer.Option("--type", help="Default: limit where there is a price, else market."),
]
Force = Annotated[
    TimeInForce | None, typer.Option("--tif", help="How long a limit order stands; default gtc.")
]
Wait = Annotated[
    float | None,
    typer.Option(
        help="Seconds to wait for its end; default: an order that can rest is not waited for.",
        min=0.0,
        max=86_400.0,
        show_default=False,
    ),
]


def _command(side: Side) -> Callable[..., None]:
    def place(
        venue: Venue,
        pair: Pair,
        quantity: Quantity,
        *,
        price: Price = None,
        kind: Kind = None,
        tif: Force = None,
        wait: Wait = None,
        yes: Yes = False,
        as_json: AsJson = False,
        keyring: Keyring = False,
        sandbox: Sandbox = False,
        domain: Domain = None,
        endpoint: Endpoint = None,
    ) -> None:
        account = chosen_account(venue, sandbox=sandbox, keyring=keyring)
        place = Place(venue, sandbox, named_endpoints(endpoint), account, domain)
        try:
            intent = order_intent(
                pair, side, quantity, price=price, order_type=kind, time_in_force=tif
            )
        except IntentRefused as error:
            raise ConfigError(str(error)) from error
        where = "the embedded venue" if sandbox else venue
        confirm(f"{intent_words(intent)}, on {where}: send it?", yes=yes)
        run(lambda _: _place(place, intent, _patience(intent, wait), as_json=as_json))

    place.__doc__ = f"""{side.value.capitalize()}. Asks before it sends, unless --yes.

    Keys come from the environment (`info` names the variables) or, with --keyring, from the
    keyring. The order is written down before it is sent. Exit 1 if it was refused, or if what
    became of it is not known yet: then `orders` asks the venue again. It is never sent twice.
    """
    return place


buy, sell = _command(Side.BUY), _command(Side.SELL)


def _patience(intent: OrderIntent, wait_s: float | None) -> float:
    """How long to wait for the end of an order that the venue has."""
    if wait_s is not None:
        return wait_s
    rests = intent.order_type is not OrderType.MARKET and intent.time_in_force in {
        None,
        TimeInForce.GTC,
    }
    return 0.0 if rests else ANSWER_S


async def _place(place: Place, intent: OrderIntent, wait_s: float, *, as_json: bool) -> None:
    async with place.market([]) as market:
        await account_known(market, place.venue)
        order = await market.submit(intent)
        refusal = await _told(order, wait_s)
    show_orders([order], as_json=as_json)
    if refusal is not None:
        raise refusal
    if order.state in UNSETTLED_STATES:
        raise CommandFailed(_unknown(order))


async def _told(order: InFlightOrder, wait_s: float) -> ConnectorError | None:
    """Wait for what the venue says of it; what it was refused with."""
    try:
        async with asyncio.timeout(ANSWER_S):
            await order.acknowledged()
        if wait_s:
            async with asyncio.timeout(wait_s):
                await order.done()
    except TimeoutError:
        return None
    except ConnectorError as error:
        return error
    except asyncio.CancelledError:
        say(f"interrupted: {_unknown(order)}")
        raise
    return None


def _unknown(order: InFlightOrder) -> str:
    return (
        f"what became of order {order.client_order_id} is not known yet; it is written down, and "
        "`connector-sdk orders` asks the venue for it: do not send it anew"
    )
