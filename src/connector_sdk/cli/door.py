"""The door out: whatever goes wrong in a command leaves here as one clear line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from typer.core import TyperGroup

from connector_sdk.errors import (
    ConfigError,
    ConnectFailed,
    ConnectorError,
    InvariantError,
    NotSupported,
    PluginError,
    RateLimited,
    RequestTimeout,
    UnknownInstrument,
)

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
ADVICE: tuple[tuple[type[ConnectorError], str], ...] = (
    (ConnectFailed, "check the network, point elsewhere with --rest and --ws, or use --sandbox"),
    (RequestTimeout, "try again, or point elsewhere with --rest and --ws"),
    (RateLimited, "wait, then try again"),
    (UnknownInstrument, "check the pair"),
    (PluginError, "see `connector-sdk list --check`"),
    (NotSupported, "see `connector-sdk info`"),
    (InvariantError, "this is our own bug: please report it"),
)


class CommandFailed(ConnectorError):
    """The command did its work, and the work came out badly: exit 1."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn every error into one line on stderr, and an exit code: 1 failed, 2 wrong usage."""
    try:
        yield
    except BrokenPipeError:
        leave_quietly()
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except ConnectorError as error:
        say(said(error))
        raise typer.Exit(exit_code(error)) from None
    except ExceptionGroup as group:
        error = first_of(group)
        say(said(error))
        raise typer.Exit(exit_code(error)) from None
    except OSError as error:
        say(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        raise typer.Exit(FAILED) from None


class Commands(TyperGroup):
    """All commands, behind the one door."""

    def invoke(self, ctx: typer.Context) -> object:
        """Run the command that was named."""
        with one_line_errors():
            return super().invoke(ctx)


def say(message: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"connector-sdk: {' '.join(message.split())}\n")


def said(error: Exception) -> str:
    """`error` in words, with what to do about it."""
    advice = next((text for kind, text in ADVICE if isinstance(error, kind)), "")
    words = str(error) or type(error).__name__
    return f"{words.rstrip('.')}: {advice}" if advice and advice not in words else words


def exit_code(error: Exception) -> int:
    """2 where the caller's words or settings are at fault, 1 for everything else."""
    return WRONG_USAGE if isinstance(error, ConfigError) else FAILED


def first_of(group: ExceptionGroup[Exception]) -> Exception:
    """The first error of ours in `group`, else its first."""
    ours = group.subgroup(ConnectorError)
    error: Exception = ours or group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def leave_quietly() -> NoReturn:
    """End when whoever read our output has gone, as in ``connector-sdk list | head -1``."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(0)
