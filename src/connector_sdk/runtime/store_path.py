"""Where orders are written down when nobody says otherwise."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = "connector-sdk"


def default_store_path(venue: str) -> Path:
    """The file of one venue's orders, in the folder where this user's programs keep their state.

    That is ``$XDG_STATE_HOME`` or ``~/.local/state`` on Linux, ``~/Library/Application Support`` on
    macOS and ``%LOCALAPPDATA%`` on Windows.
    """
    return _state_folder() / FOLDER / f"{venue}.orders.sqlite"


def _state_folder() -> Path:
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
