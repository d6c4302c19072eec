"""The embedded venue, as the command line starts it."""

from __future__ import annotations

from collections.abc import Mapping

from connector_sdk.errors import NotSupported, PluginError
from connector_sdk.plugins import VENUES, installed_connectors, load_connector, load_entry_point
from connector_sdk.sandbox.dialect import Dialect
from connector_sdk.sandbox.venue import EmbeddedVenue


def dialect_of(venue: str) -> Dialect:
    """The wire protocol of `venue`, for its embedded twin.

    Raises PluginError where no such connector is installed, NotSupported where it brings none.
    """
    try:
        loaded = load_entry_point(VENUES, venue)
    except PluginError as missing:
        if venue in {each.name for each in installed_connectors()}:
            raise NotSupported(f"{venue} brings no embedded venue: {missing}") from missing
        load_connector(venue)  # says which connectors there are
        raise
    if not isinstance(loaded, Dialect):
        raise PluginError(f"{venue}: its embedded venue is no Dialect")
    return loaded


def keys_of(venue: EmbeddedVenue) -> Mapping[str, str]:
    """The credentials of its first account, by field."""
    account = venue.account(0)
    return {"api_key": account.key, "secret": account.secret}
