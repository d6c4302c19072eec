"""Trading from the shell, each command against an embedded venue over real sockets."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from connector_sdk.cli import place
from served import CLI, JsonLine, Served, assert_one_line, orders_written, run, told

PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def calm() -> Iterator[Served]:
    with Served("--pairs", "BTC-USDT,ETH-USDT", "--accounts", "12") as served:
        yield served


def eventually(what: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until_s, "it did not come"
        time.sleep(0.05)


# --- the whole way


def test_an_order_is_placed_listed_and_canceled_by_commands_of_their_own(
    calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm.enter(monkeypatch, 0)
    buy = ("buy", "binance", "btc/usdt", "0.0100009", "--price", "50000", "--yes", *calm.where)
    (placed,) = told(*buy)
    assert placed["state"] == "open"
    assert placed["quantity"] == "0.01"
    assert placed["exchange_order_id"]
    (held,) = told("balances", "binance", *calm.where)
    assert held["USDT"] == {"available": "999500", "locked": "500"}

    name = str(placed["client_order_id"])
    code, stdout, stderr = run("orders", "binance", *calm.where)
    assert (code, stderr) == (0, "")
    assert stdout == f"{name}  buy 0.01 BTC-USDT, limit at 50000 gtc: open\n"
    assert told("orders", "binance", "--pair", "ETH-USDT", *calm.where) == []

    (gone,) = told("cancel", "binance", name, "--yes", *calm.where)
    assert gone == {"client_order_id": name, "state": "canceled", "error": None}
    assert told("orders", "binance", *calm.where) == []
    (held,) = told("balances", "binance", *calm.where)
    assert held["USDT"] == {"available": "1000000", "locked": "0"}


def test_a_market_order_comes_back_filled_and_its_money_adds_up(
    calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm.enter(monkeypatch, 1)
    (order,) = told("sell", "binance", "BTC-USDT", "0.5", "--yes", *calm.where)
    assert (order["state"], order["filled"]) == ("filled", "0.5")
    fees = order["fees"]
    assert isinstance(fees, dict)
    earned = Decimal("0.5") * Decimal(str(order["average_price"])) - Decimal(fees["USDT"])
    (held,) = told("balances", "binance", *calm.where)
    assert held["BTC"] == {"available": "999.5", "locked": "0"}
    balance = held["USDT"]
    assert isinstance(balance, dict)
    assert abs(Decimal(balance["available"]) - 1_000_000 - earned) < Decimal("0.00000001")


def test_what_was_filled_is_told_with_its_price_and_its_fee(
    calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm.enter(monkeypatch, 9)
    code, stdout, _ = run("buy", "binance", "ETH-USDT", "0.01", "--yes", *calm.where)
    assert code == 0
    told_of_it = r"\w+  buy 0.01 ETH-USDT, market: filled 0.01 at \d+(\.\d+)?, fee 0.00001 ETH\n"
    assert re.fullmatch(told_of_it, stdout)


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0

    def __init__(self, **entries: str) -> None:
        self.entries = entries

    def get_password(self, service: str, username: str) -> str | None:
        assert service == "connector-sdk"
        return self.entries.get(username.removeprefix("binance."))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


def test_the_keys_may_come_from_the_keyring(calm: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    calm.enter(monkeypatch, 10)
    ring = Ring(api_key=os.environ["BINANCE_API_KEY"], secret=os.environ["BINANCE_SECRET"])
    for field in ("API_KEY", "SECRET"):
        monkeypatch.delenv(f"BINANCE_{field}")
    monkeypatch.setattr(keyring.core, "_keyring_backend", ring)
    (order,) = told("buy", "binance", "BTC-USDT", "0.01", "--keyring", "--yes", *calm.where)
    assert order["state"] == "filled"


def test_every_open_order_of_a_pair_is_canceled_at_once(
    calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm.enter(monkeypatch, 2)
    for pair, price in (("BTC-USDT", "50000"), ("ETH-USDT", "2500")):
        told("buy", "binance", pair, "0.1", "--price", price, "--yes", *calm.where)
    (gone,) = told("cancel", "binance", "--all", "--pair", "ETH-USDT", "--yes", *calm.where)
    assert gone["state"] == "canceled"
    (left,) = told("orders", "binance", *calm.where)
    assert left["pair"] == "BTC-USDT"


def test_an_order_of_another_program_is_shown_as_such_and_left_alone(
    calm: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calm.enter(monkeypatch, 3)
    (order,) = told("buy", "binance", "BTC-USDT", "0.1", "--price", "50000", "--yes", *calm.where)
    # Another program of the account, with a file of its own:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    (seen,) = told("orders", "binance", *calm.where)
    assert (seen["client_order_id"], seen["external"]) == (order["client_order_id"], True)
    name = str(order["client_order_id"])
    code, _, stderr = run("cancel", "binance", name, "--yes", *calm.where)
    assert_one_line(code, stderr, 2, name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    told("cancel", "binance", name, "--yes", *calm.where)
    assert told("orders", "binance", *calm.where) == []


def test_how_an_order_ended_while_nobody_listened_is_told_once(
    calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm.enter(monkeypatch, 5)
    (order,) = told("sell", "binance", "BTC-USDT", "0.1", "--price", "70000", "--yes", *calm.where)
    ended = calm.call("DELETE", "/api/v3/order", origClientOrderId=str(order["client_order_id"]))
    assert ended["status"] == "CANCELED"
    (seen,) = told("orders", "binance", *calm.where)
    assert (seen["client_order_id"], seen["state"]) == (order["client_order_id"], "canceled")
    assert told("orders", "binance", *calm.where) == []


@pytest.mark.parametrize(
    ("options", "state"),
    [
        (("--price", "50000", "--tif", "fok"), "expired"),
        (("--price", "50000", "--tif", "ioc"), "expired"),
        (("--price", "50000", "--type", "limit_maker"), "open"),
        (("--type", "market"), "filled"),
    ],
)
def test_type_and_time_in_force_reach_the_venue(
    options: tuple[str, ...], state: str, calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm.enter(monkeypatch, 4)
    (order,) = told("buy", "binance", "BTC-USDT", "0.1", *options, "--yes", *calm.where)
    assert order["state"] == state


def test_the_embedded_account_needs_no_keys_and_leaves_no_file(tmp_path: Path) -> None:
    (order,) = told("buy", "binance", "BTC-USDT", "0.01", "--sandbox", "--yes")
    assert order["state"] == "filled"
    (held,) = told("balances", "binance", "--sandbox")
    assert held["USDT"] == {"available": "1000000", "locked": "0"}
    assert list(tmp_path.rglob("*.sqlite*")) == []


# --- when things go wrong


def test_a_lost_answer_is_settled_by_asking_and_nothing_is_sent_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Served("--pairs", "BTC-USDT", "--faults", "answer-lost:request=place") as venue:
        venue.enter(monkeypatch, 0)
        buy = ("buy", "binance", "BTC-USDT", "0.1", "--price", "50000", "--yes", *venue.where)
        (order,) = told(*buy)
        assert order["state"] == "open"
        (listed,) = told("orders", "binance", *venue.where)
        assert listed["client_order_id"] == order["client_order_id"]
        (held,) = told("balances", "binance", *venue.where)
        assert held["USDT"] == {"available": "995000", "locked": "5000"}


def test_an_order_nobody_can_tell_about_exits_1_and_says_not_to_send_it_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(place, "ANSWER_S", 1.0)
    faults = "request-lost:request=place"
    with Served("--pairs", "BTC-USDT", "--faults", faults) as venue:
        venue.enter(monkeypatch, 0)
        buy = ("buy", "binance", "BTC-USDT", "0.1", "--price", "50000", "--yes", *venue.where)
        code, stdout, stderr = run(*buy, "--json")
        order = json.loads(stdout)
        assert order["state"] == "unknown"
        assert_one_line(code, stderr, 1, order["client_order_id"], "do not send it anew")
        (still,) = told("orders", "binance", *venue.where)
        assert (still["client_order_id"], still["state"]) == (order["client_order_id"], "unknown")


def test_a_buy_that_is_interrupted_names_its_order_which_is_then_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = "slow-answer:request=place:delay_ms=20000,drop:stream=user:every=1"
    with Served("--pairs", "BTC-USDT", "--faults", slow) as venue:
        venue.enter(monkeypatch, 0)
        buy = ["buy", "binance", "BTC-USDT", "0.1", "--price", "50000", "--yes", *venue.where]
        with subprocess.Popen([*CLI, *buy], stderr=subprocess.PIPE, text=True) as command:
            eventually(lambda: orders_written(tmp_path) == 1)
            command.send_signal(signal.SIGINT)
            _, stderr = command.communicate(timeout=PATIENCE_S)
        assert_one_line(command.returncode, stderr, 130, "interrupted", "do not send it anew")
        (order,) = told("orders", "binance", *venue.where)
        assert str(order["client_order_id"]) in stderr


def test_beside_a_program_that_trades_one_may_look_but_not_trade(
    calm: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calm.enter(monkeypatch, 6)
    trades = ["sell", "binance", "BTC-USDT", "0.1", "--price", "70000", "--wait", "30", "--yes"]
    with subprocess.Popen([*CLI, *trades, *calm.where], stdout=subprocess.DEVNULL) as other:
        eventually(lambda: orders_written(tmp_path) == 1)
        code, _, stderr = run("orders", "binance", *calm.where)
        assert_one_line(code, stderr, 1, "in hand", "end that one")
        (held,) = told("balances", "binance", *calm.where)
        assert held["BTC"] == {"available": "999.9", "locked": "0.1"}
        other.send_signal(signal.SIGINT)
        assert other.wait(timeout=PATIENCE_S) == 130


# --- a person at a terminal


def test_a_person_who_says_no_has_sent_nothing(
    calm: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calm.enter(monkeypatch, 7)
    ours, theirs = pty.openpty()
    buy = ["buy", "binance", "BTC-USDT", "0.1", "--price", "50000", *calm.where]
    with subprocess.Popen([*CLI, *buy], stdin=theirs, stdout=theirs, stderr=theirs) as command:
        os.close(theirs)
        seen = ""
        while "[y/N]" not in seen:
            assert select.select([ours], [], [], PATIENCE_S)[0], seen
            seen += os.read(ours, 65536).decode()
        os.write(ours, b"n\n")
        assert command.wait(timeout=PATIENCE_S) == 1
    os.close(ours)
    assert "buy 0.1 BTC-USDT, limit at 50000 gtc, on binance: send it?" in " ".join(seen.split())
    assert orders_written(tmp_path) == 0


# --- watching


def test_watch_marks_own_orders_and_tells_what_becomes_of_them(
    calm: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm.enter(monkeypatch, 8)
    (order,) = told("buy", "binance", "BTC-USDT", "0.1", "--price", "50000", "--yes", *calm.where)
    name = str(order["client_order_id"])
    watch = [*CLI, "watch", "binance", "BTC-USDT", "--account", *calm.where]
    lines: list[JsonLine] = []
    with (
        subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as plain,
        subprocess.Popen([*watch, "--json"], stdout=subprocess.PIPE, text=True) as program,
    ):
        assert plain.stdout is not None
        assert program.stdout is not None
        while not any(line["event"] == "order" for line in lines):
            lines.append(json.loads(program.stdout.readline()))
        words = ""
        while "own orders at 1" not in words:
            words += plain.stdout.readline()
        told("cancel", "binance", name, "--yes", *calm.where)
        while lines[-1].get("change") != "canceled":
            lines.append(json.loads(program.stdout.readline()))
        while f"order {name} canceled" not in words:
            words += plain.stdout.readline()
        for process in (plain, program):
            process.send_signal(signal.SIGINT)
        rest = plain.communicate(timeout=PATIENCE_S)[0], program.communicate()[0]
        assert (plain.returncode, program.returncode) == (0, 0), rest
    changes = [(line["change"], line["client_order_id"]) for line in lines if "change" in line]
    assert changes == [("open", name), ("canceled", name)]
    assert any(line["event"] == "reconciled" for line in lines)
