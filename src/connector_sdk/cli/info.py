"""``info``: what a connector declares of itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from connector_sdk.cli.options import AsJson, Venue
from connector_sdk.model.manifest import ConnectorManifest
from connector_sdk.plugins import load_connector


def info(venue: Venue, *, as_json: AsJson = False) -> None:
    """Show a connector's manifest: API range, products, channels, auth, limits, endpoints."""
    manifest = load_connector(venue).manifest
    if as_json:
        sys.stdout.write(manifest.model_dump_json() + "\n")
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in facts(manifest):
        table.add_row(name, text)
    Console().print(table)


def facts(manifest: ConnectorManifest) -> Iterator[tuple[str, str]]:
    """The manifest, as rows of name and text."""
    yield "venue", f"{manifest.title} ({manifest.venue})"
    yield "connector API", str(manifest.api)
    yield "products", ", ".join(manifest.products)
    yield "channels", ", ".join(manifest.channels)
    yield (
        "order types",
        ", ".join(one.value for one in manifest.order_types) or "none: public data only",
    )
    yield "auth", ", ".join(manifest.auth) or "none"
    yield "example pair", manifest.example_pair
    for pool in manifest.rate_limits:
        yield f"limit {pool.name}", f"{pool.limit} per {pool.window_s:g} s"
    for domain, endpoints in manifest.domains.items():
        for name, url in endpoints.items():
            yield f"{domain} {name}", url
