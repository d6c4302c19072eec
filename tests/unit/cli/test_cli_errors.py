"""Whatever is wrong, a user sees one clear line and an exit code."""

from __future__ import annotations

import gzip
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer import Exit

from connector_sdk.cli.app import COMMANDS
from connector_sdk.cli.door import exit_code, first_of, one_line, one_line_errors, said
from connector_sdk.errors import (
    ConfigError,
    ConnectFailed,
    ConnectorError,
    InvariantError,
    NotSupported,
    PluginError,
)
from served import assert_one_line, run

FRAME = b'{"t":1.0,"conn":"ws.1","dir":"in","data":"{}"}\n'
TRADE = (
    b'{"t":1.0,"conn":"ws.1","dir":"in","data":"{\\"e\\":\\"trade\\",\\"s\\":\\"BTCUSDT\\",'
    b'\\"t\\":1,\\"p\\":\\"1\\",\\"q\\":\\"1\\",\\"T\\":1,\\"m\\":true}"}\n'
)
STRANGE = b'{"t":1.0,"conn":"ws.1","dir":"in","data":"{\\"channel\\":\\"book\\"}"}\n'


def refused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("watch", "nowhere", "BTC-USDT"), ("nowhere", "installed: binance")),
        (("watch", "binanse", "BTC-USDT"), ("did you mean binance?",)),
        (("info", "nowhere"), ("nowhere",)),
        (("sandbox", "nowhere"), ("nowhere",)),
        (("watch", "binance", "BTCUSDT"), ("BTCUSDT", "BASE-QUOTE")),
        (("watch", "binance", "BTC-USDT", "--rest", "htp:/host"), ("htp:/host", "https://")),
        (("watch", "binance", "BTC-USDT", "--ws", "ws://host:99999"), ("valid port",)),
        (("watch", "binance", "BTC-USDT", "--endpoint", "rest"), ("NAME=URL",)),
        (("watch", "binance", "BTC-USDT", "--endpoint", "fix=ws://h"), ("no endpoint 'fix'",)),
        (("sandbox", "binance", "--faults", "dorp"), ("did you mean drop?",)),
        (("sandbox", "binance", "--faults", "drop:every=often"), ("whole number",)),
        (("sandbox", "binance", "--pairs", "BTCUSDT"), ("BASE-QUOTE",)),
        (("record", "binance", "BTC-USDT", "--sandbox", "--out", "no/such/dir/t"), ("no/such",)),
        (("replay", "binance", "absent.jsonl"), ("absent.jsonl", "No such file")),
    ],
)
def test_wrong_words_are_one_line_and_exit_2(
    arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    code, _, stderr = run(*arguments)
    assert_one_line(code, stderr, 2, *words)


@pytest.mark.parametrize(
    "arguments", [("watch",), ("frobnicate",), ("watch", "binance"), ("demo", "--seconds", "x")]
)
def test_wrong_usage_exits_2_and_names_the_help(arguments: tuple[str, ...]) -> None:
    code, _, stderr = run(*arguments)
    assert code == 2
    assert "Try" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize("command", ["watch", "record"])
def test_a_refused_connection_says_what_to_try(command: str, tmp_path: Path) -> None:
    url = f"127.0.0.1:{refused_port()}"
    more = ["--out", str(tmp_path / "t.jsonl")] if command == "record" else []
    code, _, stderr = run(
        command, "binance", "BTC-USDT", "--rest", f"http://{url}", "--ws", f"ws://{url}", *more
    )
    assert_one_line(code, stderr, 1, "cannot connect", "--sandbox")
    assert stderr.count("--sandbox") == 1


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("plain.jsonl.gz", FRAME, 2, ("not gzip",)),
        ("empty.jsonl", b"", 2, ("empty",)),
        ("text.jsonl", b"once upon a time\n", 2, ("no tape", "record")),
        ("other.jsonl", b'{"tape":1,"venue":"elsewhere"}\n' + FRAME, 2, ("elsewhere",)),
        ("newer.jsonl", b'{"tape":9,"venue":"binance"}\n' + FRAME, 2, ("version 9",)),
        ("strange.jsonl", STRANGE * 3, 2, ("none of its 3 frames",)),
        ("cut.jsonl", TRADE * 2 + TRADE[:20], 1, ("cut off after 2 records",)),
        ("cut.jsonl.gz", gzip.compress(TRADE * 5000)[:-40], 1, ("cut off",)),
    ],
)
def test_a_bad_tape_is_one_line(
    name: str, content: bytes, code: int, words: Sequence[str], tmp_path: Path
) -> None:
    tape = tmp_path / name
    tape.write_bytes(content)
    found, _, stderr = run("replay", "binance", str(tape), "--pairs", "BTC-USDT")
    told = "\n".join(line for line in stderr.splitlines() if "instrument list" not in line)
    assert_one_line(found, told, code, *words)


def test_a_bad_instrument_list_is_one_line(tmp_path: Path) -> None:
    tape, listing = tmp_path / "t.jsonl", tmp_path / "list.json"
    tape.write_bytes(FRAME)
    listing.write_text('[{"pair": "BTC-USDT"}]')
    code, _, stderr = run("replay", "binance", str(tape), "--instruments", str(listing))
    assert_one_line(code, stderr, 2, "holds no instrument list")


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_every_command_shows_an_example_in_its_help(name: str) -> None:
    code, stdout, _ = run(name, "--help")
    assert code == 0
    assert f"Example: connector-sdk {name}" in stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("c"), 2),
        (PluginError("p"), 2),
        (NotSupported("n"), 2),
        (ConnectFailed("f"), 1),
        (InvariantError("i"), 1),
    ],
)
def test_the_exit_code_says_whose_fault_it_is(error: ConnectorError, code: int) -> None:
    assert exit_code(error) == code


def test_of_errors_that_came_together_the_first_is_told() -> None:
    inner = ExceptionGroup("inner", [ConfigError("first"), ConfigError("second")])
    assert str(first_of(ExceptionGroup("outer", [inner]))) == "first"


def test_our_own_bugs_ask_to_be_reported() -> None:
    assert "report" in said(InvariantError("the ladder lost a level"))


def raising(error: Exception) -> Callable[[], None]:
    def command() -> None:
        raise error

    return one_line_errors(command)


def test_a_full_disk_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exit):
        raising(OSError(28, "No space left on device", "tape.gz"))()
    assert capsys.readouterr().err == "connector-sdk: No space left on device: tape.gz\n"


def test_a_bug_of_ours_is_one_line_that_asks_to_be_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Exit):
        raising(KeyError("bids"))()
    said_of_it = capsys.readouterr().err
    assert said_of_it.startswith("connector-sdk: KeyError: 'bids': this is our own bug")
    assert said_of_it.count("\n") == 1
    monkeypatch.setenv("CONNECTOR_SDK_TRACEBACK", "1")
    with pytest.raises(KeyError):
        raising(KeyError("bids"))()


def test_a_logged_exception_is_one_line_without_its_traceback() -> None:
    error = ValueError("no\nsuch")
    caught = (ValueError, error, None)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "it %s", ("broke",), caught)
    assert one_line(record) == "it broke: ValueError: no such"


@pytest.mark.parametrize(
    "arguments",
    ["sandbox binance --faults list", "watch binance BTC-USDT --sandbox --seconds 5 --json"],
)
def test_a_reader_that_goes_away_is_no_error(arguments: str) -> None:
    command = f"{sys.executable} -m connector_sdk.cli {arguments} | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def test_without_its_extra_the_command_says_how_to_install_it() -> None:
    code = (
        "import sys; sys.modules['typer'] = None; import connector_sdk.cli as c\n"
        "try: c.main()\nexcept SystemExit as end: sys.exit(end.code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'connector-sdk[cli]'" in done.stderr
    assert "Traceback" not in done.stderr
