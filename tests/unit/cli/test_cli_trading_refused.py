"""What the trading commands refuse, and what the venue refuses them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector_sdk.cli.app import COMMANDS
from served import Served, assert_one_line, orders_written, run, told

STRANGER = "Stranger" * 8
"""A key of the right form that the venue does not know."""


@pytest.fixture(scope="module")
def calm() -> Iterator[Served]:
    with Served("--pairs", "BTC-USDT") as served:
        yield served


def test_what_the_venue_refuses_is_shown_with_its_words(
    calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm.enter(monkeypatch, 0)
    sell = ("sell", "binance", "BTC-USDT", "0.1", "--price", "50000", "--type", "limit_maker")
    code, stdout, stderr = run(*sell, "--yes", "--json", *calm.where)
    assert json.loads(stdout)["state"] == "rejected"
    assert_one_line(code, stderr, 1, "-2010", "immediately match")
    assert told("orders", "binance", *calm.where) == []


def test_what_the_instruments_rules_forbid_is_not_sent(
    calm: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calm.enter(monkeypatch, 0)
    buy = ("buy", "binance", "BTC-USDT", "0.00001", "--price", "50000", "--yes", *calm.where)
    code, stdout, stderr = run(*buy)
    assert stdout == ""
    assert_one_line(code, stderr, 1, "BTC-USDT", "0.5", "minimum")
    assert orders_written(tmp_path) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("buy", "binance", "BTC-USDT", "abc", "--price", "1", "--yes"), ("'abc'", "number")),
        (("buy", "binance", "BTCUSDT", "1", "--price", "1", "--yes"), ("BASE-QUOTE",)),
        (("buy", "binance", "BTC-USDT", "1", "--tif", "ioc", "--yes"), ("time in force",)),
        (("buy", "binance", "BTC-USDT", "1", "--price", "1"), ("--yes",)),
        (("cancel", "binance", "--all"), ("--yes",)),
        (("cancel", "binance", "--yes"), ("--all",)),
        (("cancel", "binance", "a", "--all", "--yes"), ("--all",)),
        (("cancel", "binance", "a", "--pair", "BTC-USDT", "--yes"), ("--all",)),
        (("sell", "nowhere", "BTC-USDT", "1", "--yes"), ("nowhere",)),
        (("orders", "binance", "--domain", "paper"), ("paper", "testnet")),
    ],
)
def test_wrong_words_exit_2_before_anything_is_connected(
    arguments: tuple[str, ...], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINANCE_API_KEY", "unused")
    monkeypatch.setenv("BINANCE_SECRET", "unused")
    code, stdout, stderr = run(*arguments, "--endpoint", "rest=http://127.0.0.1:1")
    assert stdout == ""
    assert_one_line(code, stderr, 2, *words)


@pytest.mark.parametrize(
    "command",
    [
        "buy binance BTC-USDT 1",
        "sell binance BTC-USDT 1",
        "cancel binance --all",
        "orders binance",
        "balances binance",
        "watch binance BTC-USDT --account",
    ],
)
def test_missing_keys_are_named_before_anything_else_happens(command: str) -> None:
    code, stdout, stderr = run(*command.split())
    assert stdout == ""
    assert_one_line(code, stderr, 2, "BINANCE_API_KEY", "connector-sdk info binance", "--sandbox")


def test_half_of_the_keys_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINANCE_API_KEY", "only-this")
    code, _, stderr = run("balances", "binance")
    assert_one_line(code, stderr, 2, "give either secret or private_key")
    assert "only-this" not in stderr


def test_keys_the_venue_does_not_know_end_the_command_at_once(
    calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINANCE_API_KEY", STRANGER)
    monkeypatch.setenv("BINANCE_SECRET", "Whisper")
    began_s = time.monotonic()
    code, stdout, stderr = run("balances", "binance", *calm.where)
    assert stdout == ""
    assert_one_line(code, stderr, 1, "-2015")
    assert time.monotonic() - began_s < 10
    assert STRANGER not in stderr
    assert "Whisper" not in stderr


def test_no_option_of_any_command_takes_a_key() -> None:
    options = {
        option for name, _, _ in COMMANDS for option in re.findall(r"--[a-z-]+", run(name, "-h")[1])
    }
    assert {"--price", "--yes"} <= options
    assert [opt for opt in options if re.search("key|secret|pass", opt)] == ["--keyring"]


def test_watching_an_account_that_is_not_let_in_says_why(
    calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINANCE_API_KEY", STRANGER)
    monkeypatch.setenv("BINANCE_SECRET", "nothing")
    watch = ("watch", "binance", "BTC-USDT", "--account", "--seconds", "2", "--json", *calm.where)
    code, stdout, stderr = run(*watch)
    assert '"event":"book"' in stdout
    assert_one_line(code, stderr, 1, "the account was not known", "-2015")
