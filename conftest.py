"""Keeps what programs leave behind for each other out of the home of whoever runs the tests."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

FOLDER = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Give stores and shared budgets a folder of this run's own."""
    config.stash[FOLDER] = os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="state-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take it away."""
    shutil.rmtree(config.stash[FOLDER], ignore_errors=True)
