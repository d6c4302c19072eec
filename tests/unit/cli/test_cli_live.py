"""The commands that run a live market, each against an embedded venue over real sockets."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

import pytest

from connector_sdk.model.tape import Tape
from served import CLI, Served, run

PAIRS = ("BTC-USDT", "ETH-USDT")


@pytest.fixture(scope="module")
def calm() -> Iterator[Served]:
    with Served("--pairs", ",".join(PAIRS)) as served:
        yield served


@pytest.fixture(scope="module")
def lossy() -> Iterator[Served]:
    faults = "drop:stream=depth:pair=BTC-USDT:every=9"
    with Served("--pairs", ",".join(PAIRS), "--faults", faults) as served:
        yield served


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_says_when_it_is_ready_and_ends_on_a_signal(number: signal.Signals) -> None:
    served = Served("--pairs", "btc/usdt", "--seed", "7")
    assert served.ready["venue"] == "binance"
    assert served.ready["seed"] == 7
    assert {"rest", "ws", "ws_api"} <= set(served.ready)
    assert served.ready["endpoints"] == {n: served.ready[n] for n in ("rest", "ws", "ws_api")}
    assert served.end(number) == 0


def test_the_sandbox_serves_tls_too_with_an_authority_of_its_own() -> None:
    with Served("--pairs", "BTC-USDT") as served:
        secure = served.ready["tls"]
        assert isinstance(secure, dict)
        assert {name: url.partition(":")[0] for name, url in secure.items() if name != "ca"} == {
            "rest": "https",
            "ws": "wss",
            "ws_api": "wss",
        }
        trusting = ssl.create_default_context(cafile=secure["ca"])
        with urlopen(f"{secure['rest']}/api/v3/ping", context=trusting, timeout=20) as answer:
            assert (answer.status, answer.read()) == (200, b"{}")


@pytest.mark.parametrize("option", [("--no-tls",), ("--tls-port", "-1")])
def test_the_sandbox_serves_no_tls_where_it_is_not_wanted(option: tuple[str, ...]) -> None:
    with Served("--pairs", "BTC-USDT", *option) as served:
        assert "tls" not in served.ready


def test_watch_as_json_tells_exact_books(calm: Served) -> None:
    code, stdout, _ = run(
        "watch", "binance", *PAIRS, *calm.where, "--seconds", "2", "--json", "--depth", "3"
    )
    assert code == 0
    events = [json.loads(line) for line in stdout.splitlines()]
    books = [event for event in events if event["event"] == "book"]
    assert {book["pair"] for book in books} == set(PAIRS)
    for book in books:
        assert set(book) == {
            *("event", "venue", "pair", "state", "update_id", "received_ns", "bids", "asks"),
        }
        assert (book["venue"], book["state"]) == ("binance", "synced")
        assert len(book["bids"]) == len(book["asks"]) == 3
        assert Decimal(book["bids"][0][0]) < Decimal(book["asks"][0][0])
    assert [event["event"] for event in events[:2]] == ["resynced", "book"]


def test_watch_as_json_tells_every_loss_and_recovery(lossy: Served) -> None:
    code, stdout, _ = run("watch", "binance", *PAIRS, *lossy.where, "--seconds", "3", "--json")
    assert code == 0
    events = [json.loads(line) for line in stdout.splitlines()]
    stale = [event for event in events if event["event"] == "stale"]
    assert stale
    assert {event["pair"] for event in stale} == {"BTC-USDT"}
    assert all("gap" in event["reason"] for event in stale)
    resynced = [e for e in events if e["event"] == "resynced" and e["pair"] == "BTC-USDT"]
    ids = [e["update_id"] for e in events if e["event"] == "book" and e["pair"] == "BTC-USDT"]
    assert ids == sorted(set(ids))
    assert len(resynced) >= len(stale)


def test_watch_into_a_pipe_is_plain_lines(calm: Served) -> None:
    code, stdout, _ = run("watch", "binance", "BTC-USDT", *calm.where, "--seconds", "1.5")
    assert code == 0
    assert "\x1b" not in stdout
    assert "BTC-USDT synced" in stdout
    assert "spread" in stdout
    assert "stale" not in stdout


def test_an_unknown_pair_is_refused_by_the_venues_own_list(calm: Served) -> None:
    code, stdout, stderr = run("watch", "binance", "BTC-USDC", *calm.where)
    assert (code, stdout) == (2, "")
    assert stderr.count("\n") == 1
    assert "does not list BTC-USDC; did you mean BTC-USDT" in stderr


def test_a_stream_that_is_refused_fails_with_its_reason(calm: Served) -> None:
    where = [*calm.where, "--endpoint", "ws=ws://127.0.0.1:1"]
    code, _, stderr = run("watch", "binance", "BTC-USDT", *where, "--seconds", "1", "--json")
    assert code == 1
    last = stderr.splitlines()[-1]
    assert last.startswith("connector-sdk: no book was synced")
    assert "127.0.0.1:1" in last


def test_what_record_wrote_replays_to_a_synced_book(calm: Served, tmp_path: Path) -> None:
    out = tmp_path / "session.jsonl.gz"
    code, _, stderr = run(
        "record", "binance", *PAIRS, *calm.where, "--seconds", "2", "--out", str(out)
    )
    assert code == 0
    tape = Tape(out)
    assert tape.header is not None
    assert tape.header.pairs == PAIRS
    assert {each.pair for each in tape.header.instruments} == set(PAIRS)
    records = list(tape)
    assert [record.at_ns for record in records] == sorted(record.at_ns for record in records)
    assert {record.direction for record in records} == {"in", "out", "open"}
    assert f"{len(records):,} records" in stderr

    code, stdout, stderr = run("replay", "binance", str(out), "--json", "--pairs", "ETH/USDT")
    assert (code, stderr) == (0, "")
    report = json.loads(stdout)
    assert list(report["pairs"]) == ["ETH-USDT"]
    found = report["pairs"]["ETH-USDT"]
    assert (found["state"], found["gaps"]) == ("synced", 0)
    assert len(found["top"]["bids"]) == len(found["top"]["asks"]) == 20
    assert report["wire_errors"] == 0


def test_a_recording_that_is_interrupted_is_whole(calm: Served, tmp_path: Path) -> None:
    out = tmp_path / "cut.jsonl.gz"
    command = [*CLI, "record", "binance", "BTC-USDT", *calm.where, "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        deadline_s = time.monotonic() + 20
        while not out.exists() and time.monotonic() < deadline_s:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
        process.send_signal(signal.SIGINT)
        # 1: it had no time to see a synced book
        assert process.wait(timeout=10) in {0, 1}
    tape = Tape(out)
    assert tape.header is not None
    first, *_ = tape
    assert first.connection == "http"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_disk_that_fills_up_ends_a_recording_in_one_line() -> None:
    # With one pair the header fits the buffer: the disk is found full in mid-stream.
    command = [*CLI, "record", "binance", "BTC-USDT", "--sandbox", "--out", "/dev/full"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "connector-sdk: No space left on device\n"


def test_the_demo_shows_gap_recovery_and_a_lost_answer_settled() -> None:
    code, stdout, stderr = run("demo", "--seconds", "5", "--plain")
    assert code == 0, stdout + stderr
    assert "gap: delta" in stdout
    assert "outcome unknown" in stdout
    assert "NO" not in stdout
    assert stdout.count("\nok ") == 11
