"""The curated names of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import connector_sdk


@pytest.mark.parametrize("name", connector_sdk.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(connector_sdk, name) is not None
    assert name in dir(connector_sdk)


def test_what_a_type_checker_sees_is_what_there_is() -> None:
    tree = ast.parse(Path(connector_sdk.__file__ or "").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        (alias.name, statement.module)
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    there = {(n, f"connector_sdk.{home}") for n, home in connector_sdk._HOME_OF.items()}
    assert seen == there
    assert sorted(n for n, _ in seen) == sorted(connector_sdk.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = connector_sdk.no_such_name


def test_connect_stays_the_function_whoever_imports_the_module_of_that_name() -> None:
    code = (
        "import connector_sdk.connect, connector_sdk as sdk\n"
        "from connector_sdk.connect import connect\n"
        "assert sdk.connect is connect and callable(sdk.connect)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
