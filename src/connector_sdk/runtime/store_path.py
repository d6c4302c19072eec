"""Where orders are written down when nobody says otherwise."""

from __future__ import annotations

from pathlib import Path

from connector_sdk.transport.state_folder import state_folder


def default_store_path(venue: str) -> Path:
    """The file of one venue's orders, in this user's state folder."""
    return state_folder() / f"{venue}.orders.sqlite"
