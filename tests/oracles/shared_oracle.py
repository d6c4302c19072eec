"""Somebody else's script lets unmodified ccxt trade at `connector-sdk sandbox binance`.

The script is no part of this project: it lies in the folder `oracles` beside the one that
CONNECTOR_SDK_TAPES names. Where there is none, this says so and exits 0. Else it runs twice at the
same time, over the plain port and over TLS, each with an account of its own; one JSON line is
printed for each, and the exit status is 0 when every check of both passed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NAME = "accept_ccxt_binance.py"
CHECKS = 36
READY_S, TRADED_S, STOPPED_S = 30.0, 180.0, 10.0
VENUE = ("-m", "connector_sdk.cli", "sandbox", "binance", "--tls-port", "0", "--accounts", "2")


def script() -> Path:
    """Where the script is, or would be."""
    tapes = Path(os.environ.get("CONNECTOR_SDK_TAPES", ROOT.parent / "shared" / "data"))
    return tapes.resolve().parent / "oracles" / NAME


async def run(road: str, urls: dict[str, str], account: dict[str, str]) -> bool:
    """Let the script trade over one road; whether all its checks passed."""
    started = time.monotonic()
    options = {
        "--rest": urls["rest"],
        "--ws": f"{urls['ws']}/stream/ws",
        "--ws-api": urls["ws_api"],
        "--key": account["key"],
        "--secret": account["secret"],
        **({"--cafile": urls["ca"]} if "ca" in urls else {}),
    }
    words = [word for pair in options.items() for word in pair]
    trader = await asyncio.create_subprocess_exec(
        sys.executable, str(script()), *words, stdout=PIPE, cwd=ROOT
    )
    try:
        async with asyncio.timeout(TRADED_S):
            said, _ = await trader.communicate()
    except TimeoutError:
        await stop(trader)
        said = b"{}"
    verdict: dict[str, Any] = json.loads(said or b"{}")
    whole = bool(verdict.get("ok")) and verdict.get("total", 0) >= CHECKS
    told = {name: verdict.get(name) for name in ("client", "passed", "total", "failed")}
    seconds = round(time.monotonic() - started, 1)
    print(json.dumps({"oracle": NAME, "road": road, "seconds": seconds, **told, "ok": whole}))
    return whole


async def stop(process: Process) -> None:
    """End a process of ours, by force if it does not end by itself."""
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(STOPPED_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def trade() -> bool:
    """Start the venue as the command line does; let the script trade over both roads."""
    venue = await asyncio.create_subprocess_exec(sys.executable, *VENUE, stdout=PIPE, cwd=ROOT)
    if venue.stdout is None:
        return False
    try:
        async with asyncio.timeout(READY_S):
            ready = json.loads(await venue.stdout.readline())
        plain, secure = ready["accounts"]
        async with asyncio.TaskGroup() as group:
            roads = [
                group.create_task(run("plain", ready["endpoints"], plain)),
                group.create_task(run("tls", ready["tls"], secure)),
            ]
        return all(road.result() for road in roads)
    finally:
        await stop(venue)


def main() -> int:
    """Run; 0 when all is well, or there is nothing to run."""
    if not script().is_file():
        print(f"skipped: no {script()}; CONNECTOR_SDK_TAPES names the folder beside its own")
        return 0
    return 0 if asyncio.run(trade()) else 1


if __name__ == "__main__":
    sys.exit(main())
