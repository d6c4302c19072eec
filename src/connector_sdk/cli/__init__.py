"""The command line: one module a command. Needs the extra ``cli``."""

from __future__ import annotations

import sys

INSTALL = "connector-sdk: the command line needs its extra: pip install 'connector-sdk[cli]'\n"


def main() -> None:
    """Run the command that the arguments name; never returns, never shows a traceback."""
    try:
        from connector_sdk.cli.app import app
    except ModuleNotFoundError as missing:
        if missing.name not in {"rich", "typer"}:
            raise
        sys.stderr.write(INSTALL)
        raise SystemExit(2) from missing
    app()
