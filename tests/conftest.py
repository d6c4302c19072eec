"""What several parts of the test-suite share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def tapes() -> Path:
    """The folder of recorded sessions; skips where it is absent."""
    folder = Path(os.environ.get("CONNECTOR_SDK_TAPES", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no recorded sessions: CONNECTOR_SDK_TAPES names their folder")
    return folder


@pytest.fixture(scope="session")
def campaign() -> bool:
    """Whether seeded tests run at their full size."""
    return os.environ.get("CONNECTOR_SDK_CAMPAIGN") == "1"
