"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector_sdk.errors import ConfigError
from connector_sdk.model.instrument import trading_pair

ENDPOINTS = "Where to connect"

Venue = Annotated[str, typer.Argument(help="An installed connector.", show_default=False)]
Pairs = Annotated[
    list[str],
    typer.Argument(help="Trading pairs, as in BTC-USDT.", metavar="PAIR", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seconds = Annotated[
    float | None,
    typer.Option(help="Stop after this many seconds; else at Ctrl-C.", min=0.1),
]
Sandbox = Annotated[
    bool,
    typer.Option(
        "--sandbox",
        help="Start the embedded venue and connect to it: no account, no internet.",
        rich_help_panel=ENDPOINTS,
    ),
]
Rest = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The REST endpoint.", rich_help_panel=ENDPOINTS),
]
Ws = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The websocket endpoint.", rich_help_panel=ENDPOINTS),
]
WsApi = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The websocket API endpoint.", rich_help_panel=ENDPOINTS),
]
Endpoint = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=URL",
        help="Any endpoint the manifest names; may be repeated.",
        rich_help_panel=ENDPOINTS,
    ),
]
Domain = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="One of the networks that `info` shows, as a test network; default: its first.",
        rich_help_panel=ENDPOINTS,
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        "--out", metavar="FILE", help="The tape to write; gzip if it ends in .gz.", dir_okay=False
    ),
]


def named_endpoints(endpoint: list[str] | None, **named: str | None) -> dict[str, str]:
    """Endpoint name → URL, as given by options. Raises ConfigError for one without a name."""
    endpoints = {name: url for name, url in named.items() if url is not None}
    for text in endpoint or ():
        name, found, url = text.partition("=")
        if not (found and name and url):
            raise ConfigError(f"--endpoint {text!r}: write NAME=URL, as in rest=https://host")
        endpoints[name] = url
    return endpoints


def trading_pairs(texts: list[str]) -> list[str]:
    """Pairs in our spelling, each once, in the order given."""
    return list(dict.fromkeys(trading_pair(text) for text in texts))
