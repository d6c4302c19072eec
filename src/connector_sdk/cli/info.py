"""``info``: what a connector declares of itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import get_args

import orjson
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from connector_sdk.cli.options import AsJson, Venue
from connector_sdk.credentials import variable_of
from connector_sdk.model.manifest import ClientOrderIdFormat, ConnectorManifest
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.connector import Trading


def info(venue: Venue, *, as_json: AsJson = False) -> None:
    """Show a connector's manifest: products, orders, keys it takes, limits, endpoints.

    With --json the manifest, and the schema of its credentials.
    """
    connector = load_connector(venue)
    manifest, trading = connector.manifest, connector.trading
    if as_json:
        schema = None if trading is None else trading.credentials.model_json_schema()
        said = {**manifest.model_dump(mode="json"), "credentials": schema}
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in (*facts(manifest), *keys(manifest.venue, trading), *places(manifest)):
        table.add_row(name, text)
    Console().print(table)


def facts(manifest: ConnectorManifest) -> Iterator[tuple[str, str]]:
    """What it is for, as rows of name and text."""
    yield "venue", f"{manifest.title} ({manifest.venue})"
    yield "connector API", str(manifest.api)
    yield "products", ", ".join(manifest.products)
    yield "channels", ", ".join(manifest.channels)
    orders = ", ".join(one.value for one in manifest.order_types)
    yield "order types", orders or "none: public data only"
    if orders:
        yield "time in force", ", ".join(one.value for one in manifest.time_in_force) or "none"
        yield "client order ids", _id_words(manifest.client_order_ids)
    yield "example pair", manifest.example_pair


def keys(venue: str, trading: Trading | None) -> Iterator[tuple[str, str]]:
    """What it takes to trade: a row for each field of the credentials."""
    for field, declared in ({} if trading is None else trading.credentials.model_fields).items():
        kinds = (declared.annotation, *get_args(declared.annotation))
        secret = "secret" if SecretStr in kinds else "not secret"
        needed = "required" if declared.is_required() else "optional"
        yield f"credentials {field}", f"{needed}, {secret}: {variable_of(venue, field)}"


def places(manifest: ConnectorManifest) -> Iterator[tuple[str, str]]:
    """How it signs, what it may ask, and where it is."""
    yield "auth", ", ".join(manifest.auth) or "none"
    for pool in manifest.rate_limits:
        whose = " and key" if pool.per_key else ""
        yield f"limit {pool.name}", f"{pool.limit} per {pool.window_s:g} s{whose}"
    for domain, endpoints in manifest.domains.items():
        for name, url in endpoints.items():
            yield f"{domain} {name}", url


def _id_words(form: ClientOrderIdFormat) -> str:
    match form.kind:
        case "text":
            what = f"text of at most {form.maximum_length} characters"
        case "integer":
            what = f"integers of {form.bits} bits"
        case kind:
            what = kind
    return f"{what}, beginning with {form.prefix}" if form.prefix else what
