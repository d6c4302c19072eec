"""The door out: whatever goes wrong in a command leaves here as one clear line."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, cast

import typer

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

P = ParamSpec("P")
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
TRACEBACK = "CONNECTOR_SDK_TRACEBACK"
"""Set in the environment, it lets an unexpected error through with its traceback."""
ADVICE: tuple[tuple[type[ConnectorError], str], ...] = (
    (ConnectFailed, "check the network, point elsewhere with --endpoint, or use --sandbox"),
    (RequestTimeout, "try again, or point elsewhere with --endpoint"),
    (RateLimited, "wait, then try again"),
    (UnknownInstrument, "check the pair"),
    (PluginError, "see `connector-sdk list --check`"),
    (NotSupported, "see `connector-sdk info`"),
    (InvariantError, "this is our own bug: please report it"),
)


class CommandFailed(ConnectorError):
    """The command did its work, and the work came out badly: exit 1."""


def one_line_errors(command: Callable[P, None]) -> Callable[P, None]:
    """`command`, whose every error becomes one line on stderr and an exit code."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        logging.basicConfig(level=logging.WARNING, handlers=[_OneLineHandler()])
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as failure:  # the outermost edge: nothing but a line goes further
            if TRACEBACK in os.environ:
                raise
            error = first_of(failure)
            if isinstance(error, BrokenPipeError):
                leave_quietly()
            say(said(error))
            raise typer.Exit(exit_code(error)) from None

    return guarded


def one_line(record: logging.LogRecord) -> str:
    """A log record as one line: of an exception its name and words, not its traceback."""
    error = record.exc_info[1] if record.exc_info else None
    why = f": {type(error).__name__}: {error}" if error is not None else ""
    return " ".join(f"{record.getMessage()}{why}".split())


class _OneLineHandler(logging.Handler):
    """Writes what is logged to stderr, a line a record."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(one_line(record) + "\n")


def say(message: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"connector-sdk: {' '.join(message.split())}\n")


def said(error: Exception) -> str:
    """`error` in words, with what to do about it."""
    match error:
        case ConnectorError():
            advice = next((text for kind, text in ADVICE if isinstance(error, kind)), "")
            words = str(error) or type(error).__name__
        case OSError():
            advice = ""
            words = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        case _:
            advice = f"this is our own bug: please report it, with what {TRACEBACK}=1 shows"
            words = f"{type(error).__name__}: {error}"
    told = not advice or "--sandbox" in words
    return words if told else f"{words.rstrip('.')}: {advice}"


def exit_code(error: Exception) -> int:
    """2 where words, settings or the installation are at fault, 1 for everything else."""
    wrong = isinstance(error, ConfigError | PluginError | NotSupported)
    return WRONG_USAGE if wrong else FAILED


def first_of(failure: Exception) -> Exception:
    """`failure`, or where several failed at once, the first of them."""
    while isinstance(failure, ExceptionGroup):
        failure = cast("ExceptionGroup[Exception]", failure).exceptions[0]
    return failure


def leave_quietly() -> NoReturn:
    """End when whoever read our output has gone, as in ``connector-sdk list | head -1``."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(0)
