"""Two processes with one key against one venue: its limit holds, and both get on."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TypedDict

import pytest

from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk_binance.sandbox import dialect

CLIENT = Path(__file__).with_name("limit_client.py")
POOL = RateLimitPool(name="weight", limit=200, window_s=2, reserve=0.1, per_key=True)
WINDOW_S = 2


class Did(TypedDict):
    """What one process says it did."""

    statuses: dict[str, int]
    waits: dict[str, list[float]]


async def client(url: str, folder: Path, seconds: float) -> Did:
    told = {
        "url": url,
        "folder": str(folder),
        "identity": "key",
        "seconds": seconds,
        "pool": POOL.model_dump(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(CLIENT), json.dumps(told), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(seconds + 30):
        out, _ = await process.communicate()
    assert process.returncode == 0
    did: Did = json.loads(out)
    return did


@pytest.mark.campaign
async def test_two_processes_saturate_one_budget_without_one_breach(
    tmp_path: Path, campaign: bool
) -> None:
    seconds = 60.0 if campaign else 5.0
    rules = replace(dialect.rules, weight=POOL.limit, window_s=WINDOW_S)
    async with EmbeddedVenue(dialect, flow=1, rules=rules) as venue:
        url = venue.endpoints["rest"]
        did = await asyncio.gather(*(client(url, tmp_path, seconds) for _ in range(2)))
    assert [set(each["statuses"]) for each in did] == [{"200"}] * 2
    answered = [each["statuses"]["200"] for each in did]
    assert sum(answered) >= 0.5 * POOL.limit / POOL.window_s * seconds
    assert min(answered) >= 0.3 * sum(answered)
    cancels = [wait for each in did for wait in each["waits"]["CANCEL"]]
    polls = [wait for each in did for wait in each["waits"]["POLL"]]
    assert len(cancels) >= seconds
    assert max(cancels) < median(polls)
