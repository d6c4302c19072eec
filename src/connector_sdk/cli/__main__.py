"""``python -m connector_sdk.cli``: the command line, where its script is not on the PATH."""

from __future__ import annotations

from connector_sdk.cli import main

main()
