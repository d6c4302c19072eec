"""`watch` on a terminal: a real one, as far as a pseudo-terminal is one."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

WATCH = [sys.executable, "-m", "connector_sdk.cli", "watch", "binance", "--sandbox"]
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
PATIENCE_S = 30.0


def read_until(terminal: int, mark: str, seen: str = "") -> str:
    """All that was written to `terminal` until `mark`."""
    deadline_s = time.monotonic() + PATIENCE_S
    while mark not in seen:
        assert time.monotonic() < deadline_s, f"{mark!r} never came: {seen[-500:]!r}"
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


def test_watch_draws_synced_books_and_gives_the_terminal_back() -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    command = [*WATCH, "BTC-USDT", "ETH-USDT"]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = read_until(ours, ENTER_SCREEN)
        seen = read_until(ours, "SYNCED", seen)
        seen = read_until(ours, "spread", seen)
        process.send_signal(signal.SIGINT)
        seen = read_until(ours, LEAVE_SCREEN, seen)
        seen = read_until(ours, "ETH-USDT synced", seen)
        assert process.wait(timeout=10) == 0
    os.close(ours)
    assert "Traceback" not in seen
