"""Where this user's programs keep what must outlive them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = "connector-sdk"


def state_folder() -> Path:
    """Our folder: one for all of a user's processes, whatever started them.

    It is in ``$XDG_STATE_HOME`` or ``~/.local/state`` on Linux, in
    ``~/Library/Application Support`` on macOS and in ``%LOCALAPPDATA%`` on Windows.
    """
    return _of_all_programs() / FOLDER


def _of_all_programs() -> Path:
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
