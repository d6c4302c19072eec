"""What every test of a command starts from."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Orders are written down in a folder of this test's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name in ("BINANCE_API_KEY", "BINANCE_SECRET", "BINANCE_PRIVATE_KEY"):
        monkeypatch.delenv(name, raising=False)
