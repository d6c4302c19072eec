"""Every code block of the README and of docs/ runs, or says why it does not.

A block in python runs as it stands; `sdk.connect` without endpoints meets the embedded venue, and
the environment holds the keys of its first account.
A console block's lines that begin with `$ connector-sdk` run, one after the other, in an empty
directory; those that would go to the real venue are sent to the embedded one.
Blocks in json and toml are parsed. Any other block follows a comment `<!-- not run: reason -->`.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

import connector_sdk
from connector_sdk.cli.app import app
from connector_sdk.connect import connect

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
FENCE = re.compile(
    r"^(?P<before>[^\n]*)\n```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
EXCUSE = re.compile(r"<!-- not run: \S.* -->")
REACHES_OUT = ("watch", "record", "buy", "sell", "cancel", "orders", "balances")


class Block(NamedTuple):
    page: str
    line: int
    kind: str
    text: str
    excused: bool


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for match in FENCE.finditer(text):
            line = text[: match.start("text")].count("\n") + 1
            excused = EXCUSE.fullmatch(match["before"].strip()) is not None
            name = page.relative_to(ROOT).as_posix()
            yield Block(name, line, match["kind"], match["text"], excused)


BLOCKS = list(blocks())


def of_kind(*kinds: str) -> pytest.MarkDecorator:
    """Parametrize a test with the blocks that are written in one of `kinds`."""
    chosen = [block for block in BLOCKS if block.kind in kinds and not block.excused]
    ids = [f"{block.page}:{block.line}" for block in chosen]
    return pytest.mark.parametrize("block", chosen, ids=ids)


class Served(NamedTuple):
    endpoints: Mapping[str, str]
    accounts: Sequence[Mapping[str, str]]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """An embedded venue that serves while the pages are read."""
    command = [
        sys.executable,
        "-m",
        "connector_sdk.cli",
        "sandbox",
        "binance",
        "--limits",
        "raised",
    ]
    command += ["--pairs", "BTC-USDT,ETH-USDT,SOL-USDT"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as venue:
        assert venue.stdout is not None
        ready = json.loads(venue.stdout.readline())
        yield Served(ready["endpoints"], ready["accounts"])
        venue.terminate()


@pytest.fixture(autouse=True)
def _at_home(served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, the keys of an account, and nothing that an earlier block wrote down."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("BINANCE_API_KEY", served.accounts[0]["key"])
    monkeypatch.setenv("BINANCE_SECRET", served.accounts[0]["secret"])


@of_kind("python")
def test_a_python_block_runs(block: Block, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector_sdk, "connect", partial(connect, endpoints=served.endpoints))
    code = compile("\n" * (block.line - 1) + block.text, block.page, "exec")
    exec(code, {"__name__": "__main__"})


@of_kind("console")
def test_a_console_block_runs(block: Block, served: Served) -> None:
    lines = [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]
    assert lines, "a console block shows a command after `$ `"
    for line in lines:
        program, *arguments = shlex.split(line, comments=True)
        assert program == "connector-sdk"
        if arguments[0] in REACHES_OUT and "--sandbox" not in arguments:
            arguments += [f"--endpoint={name}={url}" for name, url in served.endpoints.items()]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, f"{line}\n{result.stderr}"


@of_kind("json")
def test_a_json_block_is_json(block: Block) -> None:
    try:
        json.loads(block.text)
    except ValueError:
        for line in block.text.splitlines():
            json.loads(line)


@of_kind("toml")
def test_a_toml_block_is_toml(block: Block) -> None:
    tomllib.loads(block.text)


def test_every_other_block_says_why_it_is_not_run() -> None:
    run = {"python", "console", "json", "toml"}
    silent = [f"{b.page}:{b.line}" for b in BLOCKS if b.kind not in run and not b.excused]
    assert silent == []


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
    link = re.compile(r"\]\((?!https?://|#)([^)#]+)")
    links = [(page, target) for page in pages for target in link.findall(page.read_text("utf-8"))]
    assert [(p.name, to) for p, to in links if not (p.parent / to).exists()] == []
