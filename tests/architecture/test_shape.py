"""The shape of the code: sizes, names and what may stand where."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
MOST_PARAMETERS = 5
CONNECTOR_BUDGET = 400
EXEMPT: frozenset[str] = frozenset()
"""Named exceptions to the sizes, `path` or `path::function`: none so far."""

VENUES = (
    *("binance", "bitcom", "bitfinex", "bitget", "bithumb", "bitmart", "bitmex", "bitstamp"),
    *("bittrex", "bybit", "coinbase", "deribit", "dydx", "gateio", "gemini", "hitbtc", "huobi"),
    *("htx", "hyperliquid", "kraken", "kucoin", "mexc", "okex", "okx", "poloniex", "upbit"),
)
FIELDS = ("lastUpdateId", "depthUpdate", "exchangeInfo", "executionReport", "prev_change_id")
TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".cfg", ".txt", ".sh", ""}
PLUGIN_SOURCES = sorted(ROOT.glob("plugins/*/src/*"))


def files(*tops: str) -> list[Path]:
    """Python files under `tops`, and the noxfile."""
    found = [path for top in tops for path in sorted((ROOT / top).rglob("*.py"))]
    return [*found, ROOT / "noxfile.py"]


CODE = files("src", "plugins", "tests", "benchmarks", "examples")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def outside_docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines of `path` that are code or comment."""
    text = path.read_text("utf-8")
    documentation: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            documentation |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), 1)
    return ((number, line) for number, line in lines if number not in documentation)


def imported(path: Path) -> set[str]:
    """Every module named by an import statement of `path`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "connector_sdk":
            found |= {f"connector_sdk.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def connector_modules(package: Path) -> list[Path]:
    """The modules of a plugin that translate: all but its venue's dialect."""
    inside = [path for path in sorted(package.rglob("*.py")) if "sandbox" not in name(path)]
    return [path for path in inside if not path.name.startswith("_conformance")]


def test_no_file_is_longer_than_400_lines() -> None:
    long = {name(path): len(path.read_text("utf-8").splitlines()) for path in CODE}
    assert {p: n for p, n in long.items() if n > LONGEST_FILE and p not in EXEMPT} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = {
        f"{name(path)}::{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in CODE
        for function in functions(path)
    }
    assert {f: n for f, n in long.items() if n > LONGEST_FUNCTION and f not in EXEMPT} == {}


def test_no_function_takes_more_than_five_positional_parameters() -> None:
    wide: list[str] = []
    for path in files("src", "plugins"):
        for function in functions(path):
            taken = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
            if len([a for a in taken if a not in {"self", "cls"}]) > MOST_PARAMETERS:
                wide.append(f"{name(path)}::{function.name}")
    assert wide == []


@pytest.mark.parametrize("package", PLUGIN_SOURCES, ids=lambda path: path.name)
def test_a_connector_stays_under_400_lines(package: Path) -> None:
    sources = [p for p in sorted(package.rglob("*")) if p.is_file() and "sandbox" not in name(p)]
    counted = [p for p in sources if p.suffix not in {".pyc", ".typed"} and p.stat().st_size]
    assert sum(len(p.read_text("utf-8").splitlines()) for p in counted) < CONNECTOR_BUDGET


def test_no_venue_is_named_in_the_sdk() -> None:
    """But for the docstrings, which cite their sources."""
    word = re.compile(rf"(?<![a-z])({'|'.join(VENUES + FIELDS)})", re.IGNORECASE)
    named = {
        f"{name(path)}:{number}": line.strip()
        for path in sorted((ROOT / "src").rglob("*.py"))
        for number, line in outside_docstrings(path)
        if word.search(line)
    }
    assert named == {}


@pytest.mark.parametrize("package", PLUGIN_SOURCES, ids=lambda path: path.name)
def test_the_import_contracts_name_every_connector_module(package: Path) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    modules = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts)
        for path in connector_modules(package)
        if path.name != "__init__.py"
    }
    for contract in contracts["contracts"]:
        if contract["id"] in {"thinking-does-not-wait", "plugins-do-not-run", "two-readings"}:
            assert modules <= set(contract["source_modules"]), contract["id"]
        if contract["id"] == "two-readings-back":
            assert modules <= set(contract["forbidden_modules"])


@pytest.mark.parametrize("package", PLUGIN_SOURCES, ids=lambda path: path.name)
def test_a_connector_imports_only_what_cannot_wait(package: Path) -> None:
    allowed = {"model", "book", "orders", "protocols", "signing", "errors"}
    for path in connector_modules(package):
        for module in imported(path):
            top, _, rest = module.partition(".")
            assert top not in {"asyncio", "socket", "ssl", "time", "random", "logging", "aiohttp"}
            if top == "connector_sdk":
                assert rest.split(".")[0] in allowed, f"{name(path)} imports {module}"


def test_no_path_of_a_machine_stands_in_the_tree() -> None:
    machine = re.compile(r"(?<![\w.~-])/(work|farm|home|root|opt|Users|tmp)/\w")
    tracked = [
        p
        for top in ("src", "plugins", "tests", "docs", "benchmarks", "examples", "changes")
        for p in sorted((ROOT / top).rglob("*"))
    ]
    tracked += [p for p in ROOT.iterdir() if p.is_file()] + [ROOT / ".ci" / "run"]
    found = {
        f"{name(path)}:{number}": line.strip()
        for path in tracked
        if path.is_file() and path.suffix in TEXT and "egg-info" not in name(path)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if machine.search(line)
    }
    assert found == {}


def test_the_readme_shows_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for session in ("demo", "tests"):
        assert f"python -m pip install nox && python -m nox -s {session}" in readme


def test_the_architecture_page_stays_within_80_lines() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 80


def test_the_architecture_page_names_only_files_that_exist() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = re.findall(r"`([a-z_]+/[a-z_]*(?:\.py)?)`", page)
    assert len(named) > 10
    homes = (ROOT / "src" / "connector_sdk", ROOT)
    assert [path for path in named if not any((home / path).exists() for home in homes)] == []
