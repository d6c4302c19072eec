"""Running a command, and an embedded venue in a process of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from typer.testing import CliRunner

from connector_sdk.cli.app import app

JsonLine = dict[str, object]
CLI = [sys.executable, "-m", "connector_sdk.cli"]


def run(*arguments: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of one command."""
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def assert_one_line(code: int, stderr: str, expected_code: int, *words: str) -> None:
    """The command failed with that code, and said `words` in one line."""
    assert code == expected_code, stderr
    assert "Traceback" not in stderr
    lines = [line for line in stderr.splitlines() if line.startswith("connector-sdk: ")]
    assert len(lines) == 1, stderr
    for word in words:
        assert word in lines[0]


class Served:
    """An embedded venue, while the context lasts.

    ready:  its ready line.
    """

    def __init__(self, *options: str) -> None:
        command = [*CLI, "sandbox", "binance", "--limits", "raised", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.ready: Mapping[str, object] = json.loads(self.process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end(signal.SIGTERM)

    @property
    def where(self) -> list[str]:
        """The options that lead there."""
        endpoints = self.ready["endpoints"]
        assert isinstance(endpoints, dict)
        return [f"--endpoint={name}={url}" for name, url in endpoints.items()]

    def enter(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        """Put the keys of an account, by its number, into the environment."""
        accounts = self.ready["accounts"]
        assert isinstance(accounts, Sequence)
        monkeypatch.setenv("BINANCE_API_KEY", accounts[number]["key"])
        monkeypatch.setenv("BINANCE_SECRET", accounts[number]["secret"])

    def call(self, method: str, path: str, **parameters: str) -> JsonLine:
        """A signed request about BTC-USDT with the keys of the environment, as others make it."""
        stamped = {"symbol": "BTCUSDT", **parameters, "timestamp": str(time.time_ns() // 1_000_000)}
        query, secret = urlencode(stamped), os.environ["BINANCE_SECRET"]
        signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        url = f"{self.ready['rest']}{path}?{query}&signature={signature}"
        key = {"X-MBX-APIKEY": os.environ["BINANCE_API_KEY"]}
        with urlopen(Request(url, headers=key, method=method), timeout=20) as answer:
            said: JsonLine = json.load(answer)
        return said

    def end(self, number: signal.Signals) -> int:
        """Send it that signal; its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def told(*arguments: str) -> list[JsonLine]:
    """What a command that must work prints as JSON, a line each."""
    code, stdout, stderr = run(*arguments, "--json")
    assert (code, stderr) == (0, ""), stderr
    return [json.loads(line) for line in stdout.splitlines()]


def orders_written(state: Path) -> int:
    """How many orders the file of this user's orders holds."""
    file = state / "connector-sdk" / "binance.orders.sqlite"
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            count: int = connection.execute("SELECT count(*) FROM orders").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        if "connection" in locals():
            connection.close()
    return count
