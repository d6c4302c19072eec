"""What an import costs, and which layer may know which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def modules_after(statement: str) -> set[str]:
    """Names of the modules a fresh interpreter holds after `statement`."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    return set(done.stdout.split())


def test_importing_the_sdk_brings_in_no_network() -> None:
    assert not {"aiohttp", "asyncio", "pydantic"} & modules_after("import connector_sdk")


def test_listing_connectors_imports_none_of_them() -> None:
    held = modules_after("import connector_sdk as sdk\nsdk.installed_connectors()")
    assert not {name for name in held if name.startswith("connector_sdk_")}


def test_importing_a_connector_brings_in_no_network() -> None:
    held = modules_after("import connector_sdk as sdk\nsdk.load_connector('binance')")
    assert "aiohttp" not in held


def test_every_layer_knows_only_those_below_it() -> None:
    pytest.importorskip("importlinter", reason="import-linter is not installed")
    # In a process of its own: it reconfigures logging.
    command = [sys.executable, "-c", "from importlinter.cli import *; lint_imports_command()"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout
