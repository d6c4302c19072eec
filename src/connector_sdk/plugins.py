"""Finds connectors by their entry points, without importing them, and loads them safely.

One broken plugin is named, with its distribution and the reason; it never takes another down.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

from importlib_metadata import (
    EntryPoint,
    MetadataNotFound,
    entry_points,  # pyright: ignore[reportUnknownVariableType]  # its **params has no type
)
from pydantic import ValidationError

from connector_sdk.errors import PluginError
from connector_sdk.model.manifest import SUPPORTED_API, ConnectorManifest
from connector_sdk.protocols.connector import Connector

CONNECTORS = "connector_sdk.connectors"
"""Entry points whose object is a Connector."""
VENUES = "connector_sdk.venues"
"""Entry points whose object is the wire protocol of an embedded venue."""
UNKNOWN = "unknown distribution"


class InstalledConnector(NamedTuple):
    """What the metadata of a distribution says of a connector; nothing was imported.

    target: the entry point's value, ``module:attribute``.
    """

    name: str
    distribution: str
    version: str
    target: str


class PluginCheck(NamedTuple):
    """Whether an installed connector can be used; `error` is None if it can."""

    name: str
    distribution: str
    version: str
    error: str | None


def installed_connectors() -> list[InstalledConnector]:
    """Every installed connector, by name, without importing any."""
    return [_described(point) for point in _points(CONNECTORS)]


def load_connector(name: str) -> Connector:
    """Import the connector `name`.

    Raises PluginError if it is missing, installed by two distributions, broken, or made for a
    connector API that this SDK does not speak.
    """
    return _connector(_only(CONNECTORS, name))


def check_connectors() -> list[PluginCheck]:
    """Load every installed connector and tell, for each, what is wrong with it."""
    checks: list[PluginCheck] = []
    for point in _points(CONNECTORS):
        found = _described(point)
        error = None
        try:
            _connector(_only(CONNECTORS, point.name))
        except PluginError as refusal:
            error = str(refusal)
        checks.append(PluginCheck(found.name, found.distribution, found.version, error))
    return checks


def load_entry_point(group: str, name: str) -> object:
    """Import what the entry point `name` of `group` points to.

    Raises PluginError if it is missing, doubled or raises on import.
    """
    return _loaded(_only(group, name))


def _points(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda point: (point.name, _described(point)))


def _described(point: EntryPoint) -> InstalledConnector:
    distribution, version = _signature(point)
    return InstalledConnector(point.name, distribution, version, point.value)


def _signature(point: EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution: what an interrupted uninstallation left has none."""
    if point.dist is None:
        return UNKNOWN, ""
    try:
        return point.dist.name or UNKNOWN, point.dist.version or ""
    except (MetadataNotFound, KeyError):
        return UNKNOWN, ""


def _only(group: str, name: str) -> EntryPoint:
    points = _points(group)
    named = [point for point in points if point.name == name]
    if not named:
        raise PluginError(_missing(name, [point.name for point in points]))
    if len(named) > 1:
        owners = " and ".join(_owner(point) for point in named)
        raise PluginError(f"{name} is installed twice, by {owners}: uninstall one of them")
    return named[0]


def _missing(name: str, installed: Sequence[str]) -> str:
    near = difflib.get_close_matches(name.lower(), installed, n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    known = ", ".join(installed) or "none"
    return f"no connector named {name!r} is installed (installed: {known}){hint}"


def _owner(point: EntryPoint) -> str:
    found = _described(point)
    return f"{found.distribution} {found.version}".rstrip()


def _loaded(point: EntryPoint) -> object:
    try:
        loaded: object = point.load()
    except KeyboardInterrupt:
        raise
    # A stranger's module may raise anything: SystemExit, or a compiled extension's own panic.
    except BaseException as error:
        raise PluginError(
            f"{point.name} ({_owner(point)}) cannot be imported from {point.value}: "
            f"{_reason(error)}"
        ) from error
    return loaded


def _reason(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        wrong = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        return f"{error.title}: {'; '.join(wrong)}"
    return f"{type(error).__name__}: {error}"


def _connector(point: EntryPoint) -> Connector:
    loaded = _loaded(point)
    owner = f"{point.name} ({_owner(point)})"
    if not isinstance(loaded, Connector):
        raise PluginError(
            f"{owner}: {point.value} is a {type(loaded).__name__}, where a Connector is expected"
        )
    manifest = _declared(loaded, owner)
    if not manifest.api.overlaps(SUPPORTED_API):
        raise PluginError(
            f"{owner} was made for connector API {manifest.api}, "
            f"this SDK speaks {SUPPORTED_API}: install versions that fit"
        )
    if manifest.venue != point.name:
        raise PluginError(f"{owner}: its manifest says venue {manifest.venue!r}")
    return loaded


def _declared(connector: Connector, owner: str) -> ConnectorManifest:
    manifest: object = getattr(connector, "manifest", None)
    if not isinstance(manifest, ConnectorManifest):
        raise PluginError(f"{owner}: its manifest is no ConnectorManifest")
    return manifest
