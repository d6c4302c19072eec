"""One budget for several processes: limiters of their own, on one folder, under one clock."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Priority
from connector_sdk.testing.manual_clock import START_NS, ManualClock
from connector_sdk.transport import shared_budget
from connector_sdk.transport.file_lock import FileTaken, HeldFile, held_file
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.shared_budget import LONGEST_MEMORY_S, BudgetFolder, user_folder

MINUTE = RateLimitPool(name="weight", limit=100, window_s=60, reserve=0.1)
OF_KEY = RateLimitPool(name="orders", limit=10, window_s=10, per_key=True)


class Machine:
    """Several processes of one machine."""

    def __init__(self, folder: Path, *, start_ns: int = START_NS) -> None:
        self.clock = ManualClock(start_ns)
        self.folder = folder
        self.went: list[str] = []

    def process(self, identity: str = "key", address: str = "http://venue") -> RateLimiter:
        folder = BudgetFolder(self.folder, "venue", address, identity)
        return RateLimiter([MINUTE, OF_KEY], self.clock, folder=folder)

    async def go(
        self,
        limiter: RateLimiter,
        name: str,
        costs: Mapping[str, int],
        priority: Priority = Priority.POLL,
    ) -> None:
        await limiter.acquire(costs, priority)
        self.went.append(name)

    async def spend(self, limiter: RateLimiter, name: str, weight: int, times: int) -> None:
        for _ in range(times):
            await self.go(limiter, name, {"weight": weight})


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "budgets")


def budget_file(machine: Machine, name: str = "weight") -> Path:
    (file,) = machine.folder.glob(f"venue-{name}-*.json")
    return file


async def test_what_one_process_spent_another_has_not(machine: Machine) -> None:
    first, second = machine.process(), machine.process()
    await machine.spend(first, "first", 9, 9)
    await machine.spend(second, "second", 1, 6)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(machine.go(second, "late", {"weight": 4}))
        await machine.clock.advance(59)
        assert "late" not in machine.went
        await machine.clock.advance(3)
    assert machine.went[-1] == "late"


async def test_a_lease_is_spent_once(machine: Machine) -> None:
    first, second = machine.process(), machine.process()
    await machine.spend(first, "first", 1, 50)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(machine.spend(second, "second", 1, 90))
        await machine.clock.advance(1)
        assert machine.went.count("second") <= 40
        await machine.clock.advance(120)


async def test_the_reserve_of_all_is_for_what_is_urgent_in_any(machine: Machine) -> None:
    first, second = machine.process(), machine.process()
    await machine.spend(first, "first", 9, 10)
    async with asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(machine.go(second, "poll", {"weight": 1}))
        await machine.clock.advance(1)
        for number in range(10):
            await machine.go(second, f"cancel {number}", {"weight": 1}, Priority.CANCEL)
        last = tasks.create_task(machine.go(first, "one more", {"weight": 1}, Priority.CANCEL))
        await machine.clock.advance(1)
        assert machine.went[-1] == "cancel 9"
        poll.cancel()
        last.cancel()


async def test_both_of_two_that_want_all_get_their_part(machine: Machine) -> None:
    first, second = machine.process(), machine.process()
    await machine.spend(first, "first", 1, 85)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(machine.spend(limiter, name, 1, 10_000))
            for limiter, name in ((first, "first"), (second, "second"))
        ]
        await machine.clock.advance(120)
        machine.went.clear()
        await machine.clock.advance(240)
        for spending in running:
            spending.cancel()
    shares = [machine.went.count(name) for name in ("first", "second")]
    assert sum(shares) >= 0.9 * 360
    assert min(shares) >= 0.4 * sum(shares)


async def test_what_a_dead_process_had_leased_counts_for_a_window_and_no_longer(
    machine: Machine,
) -> None:
    await machine.go(machine.process(), "dead", {"weight": 1})  # 3 were leased, and 1 spent
    heir = machine.process()
    await machine.spend(heir, "heir", 29, 3)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(machine.go(heir, "more", {"weight": 1}))
        await machine.clock.advance(55)
        assert "more" not in machine.went
        await machine.clock.advance(20)
        assert "more" in machine.went


async def test_one_who_closes_gives_back_what_it_did_not_spend(machine: Machine) -> None:
    first = machine.process()
    await machine.go(first, "first", {"weight": 1})
    first.close()
    first.close()
    second = machine.process()
    await machine.spend(second, "second", 89, 1)
    assert machine.went == ["first", "second"]


async def test_a_freeze_in_one_is_a_freeze_in_all(machine: Machine) -> None:
    first, second = machine.process(), machine.process()
    first.freeze("weight", 20)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(machine.go(second, "second", {"weight": 1}))
        await machine.clock.advance(19)
        assert machine.went == []
        await machine.clock.advance(2)
    assert machine.went == ["second"]


async def test_keys_addresses_and_venues_elsewhere_have_budgets_of_their_own(
    machine: Machine,
) -> None:
    await machine.go(machine.process("one"), "one", {"orders": 10})
    await machine.go(machine.process("other"), "other", {"orders": 10})
    await machine.go(machine.process("one", "http://test-net"), "test net", {"orders": 10})
    await machine.go(machine.process("one"), "address", {"weight": 89})
    async with asyncio.TaskGroup() as tasks:
        shared = tasks.create_task(machine.go(machine.process("other"), "no", {"weight": 2}))
        await machine.clock.advance(1)
        assert machine.went == ["one", "other", "test net", "address"]
        shared.cancel()


async def test_the_venues_count_is_compared_with_what_all_processes_spent(
    machine: Machine,
) -> None:
    first, second = machine.process(), machine.process()
    await machine.go(first, "first", {"weight": 40})
    await machine.go(second, "second", {"weight": 10})
    second.observe("weight", 50)
    assert second.used("weight") == 10
    second.observe("weight", 80)  # 30 are spent on another machine
    assert second.used("weight") == 40
    first.observe("weight", 80)
    assert first.used("weight") == 40


async def test_a_damaged_file_is_begun_anew_half_spent(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    await machine.go(machine.process(), "before", {"weight": 1})
    for damage in (
        b"{",
        b"null",
        b'{"version": 2}',
        b"\xff\x00" * 50,
        b'{"owners":{"a":{"held":-1}}}',
    ):
        budget_file(machine).write_bytes(damage)
        limiter = machine.process()
        await machine.go(limiter, "half", {"weight": 39})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(machine.go(limiter, "more", {"weight": 2}))
            await machine.clock.advance(59)
            assert machine.went[-1] == "half"
            await machine.clock.advance(20)
            assert machine.went[-1] == "more"
        assert "damaged" in caplog.text
        await machine.clock.advance(80)
        caplog.clear()


async def test_a_file_from_before_the_machine_started_is_begun_anew(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    await machine.go(machine.process(), "before", {"weight": 80})
    restarted = Machine(machine.folder, start_ns=START_NS - 10_000_000_000_000)
    await restarted.go(restarted.process(), "after", {"weight": 39})
    assert "before the machine last started" in caplog.text


async def test_a_file_that_stays_taken_is_waited_for_a_second_and_then_left_alone(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = machine.process()
    await machine.go(limiter, "first", {"weight": 3})
    with held_file(budget_file(machine)):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(machine.go(limiter, "taken", {"weight": 50}))
            await machine.clock.advance(0.9)
            assert machine.went == ["first"]
            await machine.clock.advance(0.2)
            assert machine.went == ["first", "taken"]
            assert "does not let go" in caplog.text
            late = tasks.create_task(machine.go(limiter, "late", {"weight": 38}))
            await machine.clock.advance(1)
            assert machine.went == ["first", "taken"]  # its own window still holds
            late.cancel()
    await machine.clock.advance(61)
    await machine.go(limiter, "after", {"weight": 3})
    other = machine.process()
    await machine.go(other, "other", {"weight": 1})
    assert "after" in machine.went


async def test_a_folder_that_cannot_be_made_is_told_and_lived_with(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    machine = Machine(tmp_path / "file" / "budgets")
    await machine.go(machine.process(), "alone", {"weight": 1})
    assert machine.went == ["alone"]
    assert caplog.text.count("going on alone") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")
async def test_files_and_folder_are_the_users_alone(machine: Machine) -> None:
    await machine.go(machine.process(), "first", {"weight": 1})
    assert stat.S_IMODE(machine.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(budget_file(machine).stat().st_mode) == 0o600


def test_a_file_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with held_file(path) as held:
        held.write(b"longer than the next")
        with pytest.raises(FileTaken), held_file(path):
            pass
        held.write(b"short")
        assert held.read() == b"short"
    with held_file(path) as held:
        assert held.read() == b"short"


async def test_what_nobody_used_for_days_is_swept_away(machine: Machine) -> None:
    await machine.go(machine.process(), "first", {"weight": 1, "orders": 1})
    now_s = budget_file(machine).stat().st_mtime
    os.utime(budget_file(machine, "orders"), (0, now_s - LONGEST_MEMORY_S - 1))
    BudgetFolder(machine.folder, "venue", "", "").sweep(now_s)
    assert [file.name.split("-")[1] for file in machine.folder.iterdir()] == ["weight"]


def test_all_processes_of_a_user_agree_on_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert user_folder().is_relative_to(Path.home())
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_STATE_HOME", os.sep + "state")
        assert user_folder() == Path(os.sep, "state", "connector-sdk", "budgets")


async def test_a_lease_spares_nearly_all_looks_at_the_file(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = BudgetFolder(machine.folder, "venue", "http://venue", "key")
    large = RateLimitPool(name="weight", limit=6_000, window_s=60)
    limiter = RateLimiter([large], machine.clock, folder=folder)
    opened: list[Path] = []

    def counted(path: Path) -> AbstractContextManager[HeldFile]:
        opened.append(path)
        return held_file(path)

    monkeypatch.setattr(shared_budget, "held_file", counted)
    for _ in range(3_000):
        await limiter.acquire({"weight": 1})
    assert 0 < len(opened) <= 20
