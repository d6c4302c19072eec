"""What can be done here: `python -m nox --list`."""

from __future__ import annotations

import nox

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["tests"]
nox.options.reuse_venv = "yes"

PROJECT = nox.project.load_toml("pyproject.toml")
PLUGINS = ("plugins/connector-sdk-binance",)


def install(session: nox.Session, extras: str, *groups: str) -> None:
    """Put the SDK, its plugins and groups of development tools into the session's environment."""
    tools = nox.project.dependency_groups(PROJECT, *groups) if groups else ()
    editable = [part for path in (f".[{extras}]", *PLUGINS) for part in ("--editable", path)]
    session.install(*editable, *tools)


@nox.session
def tests(session: nox.Session) -> None:
    """Check all that must hold: style, types, layers, sizes, docs, the whole test-suite."""
    install(session, "cli,testing,uvloop", "checks")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("basedpyright")
    session.run("lint-imports")
    session.run("pytest", *session.posargs)
    session.notify("oracle", posargs=[])


@nox.session
def oracle(session: nox.Session) -> None:
    """Let unmodified ccxt follow the embedded venue's book and trade there; compare with it."""
    install(session, "cli,testing", "foreign-client")
    session.run("python", "tests/oracles/follow_ccxt.py", *session.posargs)
    session.run("python", "tests/oracles/trade_ccxt.py")
    session.run("python", "tests/oracles/shared_oracle.py")


@nox.session
def demo(session: nox.Session) -> None:
    """Show a live book lose a frame and recover, and orders survive a lost answer."""
    session.install(".[cli]", *(f"./{path}" for path in PLUGINS))
    session.run("connector-sdk", "demo", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Print the performance table; exit 1 beyond a gate."""
    install(session, "cli,testing,uvloop", "foreign-client")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def campaign(session: nox.Session) -> None:
    """Run the seeded tests at their full size."""
    install(session, "cli,testing,uvloop", "checks")
    session.run("pytest", "-m", "campaign", *session.posargs, env={"CONNECTOR_SDK_CAMPAIGN": "1"})


@nox.session
def mutants(session: nox.Session) -> None:
    """Break core and connector on purpose; each mutant must be caught by its named test."""
    install(session, "cli,testing,uvloop", "checks")
    session.run("python", "tests/mutants/run.py", *session.posargs)
