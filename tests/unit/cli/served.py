"""Running a command, and an embedded venue in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import pytest
from typer.testing import CliRunner

from connector_sdk.cli.app import app

CLI = [sys.executable, "-m", "connector_sdk.cli"]


def run(*arguments: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of one command."""
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


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

    def end(self, number: signal.Signals) -> int:
        """Send it that signal; its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code
