"""Whose account a command means, and asking a person before something is sent."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Annotated

import typer

from connector_sdk.cli.door import CommandFailed
from connector_sdk.cli.embedded import dialect_of
from connector_sdk.cli.running import connecting
from connector_sdk.credentials import credentials_from
from connector_sdk.errors import AuthRejected, ConfigError, NotSupported, RequestTimeout
from connector_sdk.model.credentials import Credentials
from connector_sdk.plugins import load_connector
from connector_sdk.runtime.live_market import LiveMarket

KEYS = "Whose account"
READY_S = 20.0
LOOK_S = 0.25

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it is sent.")]
Keyring = Annotated[
    bool,
    typer.Option(
        "--keyring",
        help="Take the keys from the keyring, not from the environment.",
        rich_help_panel=KEYS,
    ),
]
WatchAccount = Annotated[
    bool,
    typer.Option(
        "--account",
        help="Show the account's own orders in the ladder; keys come from the environment.",
        rich_help_panel=KEYS,
    ),
]


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account it is.

    credentials: None: it is the first account of an embedded venue.
    stored:      whether orders are written down, in the user's state folder. A command that only
                 looks stores nothing, and so may run beside a program that trades.
    """

    credentials: Credentials | None
    stored: bool


def chosen_account(
    venue: str, *, sandbox: bool, keyring: bool = False, stored: bool = True
) -> Account:
    """The account that the options name: its keys never come from an argument.

    Raises ConfigError that says which key is missing, NotSupported where the venue cannot trade.
    """
    trading = load_connector(venue).trading
    if trading is None:
        raise NotSupported(f"{venue}: this connector is for public data only: it takes no keys")
    if sandbox:
        dialect_of(venue)
        return Account(None, stored=False)
    model = trading.credentials
    try:
        keys = credentials_from(model, venue, "keyring" if keyring else "environment")
    except ConfigError as error:
        advice = f"`connector-sdk info {venue}` names what it takes; --sandbox takes none"
        raise ConfigError(f"{error}. {advice}") from error
    return Account(keys, stored)


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person before something is sent. Raises ConfigError where nobody can be asked."""
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("nobody is there to confirm it: pass --yes")
    typer.confirm(question, abort=True, err=True)


async def account_known(market: LiveMarket, venue: str) -> None:
    """Return once the account was compared with the venue.

    Raises CommandFailed at once where the venue does not accept the keys, else after a while.
    """
    began_s = time.monotonic()
    with connecting(venue):
        while True:
            try:
                await market.ready(timeout_s=LOOK_S)
            except RequestTimeout as error:
                refused = refusal_of_keys(market)
                if refused:
                    raise CommandFailed(refused) from error
                if time.monotonic() - began_s > READY_S:
                    said = f"{venue} is not ready after {READY_S:g} s: {market.health.reason}"
                    raise CommandFailed(said) from error
            else:
                return


def refusal_of_keys(market: LiveMarket) -> str:
    """What the venue said of the keys; empty where it has not refused them."""
    trouble = market.health.trading["private stream"].reason
    kind, _, said = trouble.partition(": ")
    return said if kind == AuthRejected.__name__ else ""


def account_trouble(market: LiveMarket) -> str:
    """Why the account is not known, or not for sure."""
    parts = market.health.trading.items()
    return "; ".join(f"{name}: {part.reason}" for name, part in parts if not part.ok)
