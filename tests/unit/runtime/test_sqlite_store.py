"""The SQLite store: what it keeps, for whom, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from connector_sdk.errors import StoreFailed
from connector_sdk.protocols.store import StoredOrder
from connector_sdk.runtime import order_file
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.runtime.order_file import Retention
from connector_sdk.runtime.sqlite_store import SqliteStore
from connector_sdk.testing.manual_clock import ManualClock
from stored import kept, opened, order

DAY_NS = 86_400 * 1_000_000_000
HOLDS_A_ROOM = """
import asyncio, sys
from connector_sdk.runtime.sqlite_store import SqliteStore
async def main():
    await SqliteStore(sys.argv[1]).load("venue", "account")
    print("in", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "orders.sqlite"


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


async def test_orders_come_back_as_they_were_last_saved_oldest_first(path: Path) -> None:
    first, second = order("b", body='{"é": 1}'), order("a", at_ns=2)
    async with opened(path) as store:
        assert await store.load("venue", "account") == []
        await store.save([first, second])
        later = order("b", done=True, at_ns=3, body="{2}")
        await store.save([later])
        assert await store.load("venue", "account") == [later, second]
    async with opened(path) as store:
        assert await store.load("venue", "account") == [later, second]


async def test_a_venue_and_account_is_a_room_of_its_own(path: Path) -> None:
    mine, theirs = order("a"), order("a", account="other", body="{other}")
    elsewhere = mine._replace(venue="elsewhere", body="{elsewhere}")
    async with opened(path) as store:
        await store.save([mine, theirs, elsewhere])
        assert await store.load("venue", "account") == [mine]
        assert await store.load("venue", "other") == [theirs]
        assert await store.load("elsewhere", "account") == [elsewhere]


async def test_marks_never_fall_and_are_shared_by_all(path: Path) -> None:
    async with opened(path) as store, opened(path) as other:
        await store.save_marks({"nonce": 7, "cursor": 2**62})
        await other.save_marks({"nonce": 5, "mine": -3})
        assert await store.load_marks() == {"nonce": 7, "cursor": 2**62, "mine": -3}


async def test_every_commit_is_synced_to_the_disk(path: Path) -> None:
    file = order_file.OrderFile(path, Retention(), 1.0)
    (level,) = file._connection.execute("PRAGMA synchronous").fetchone()
    (mode,) = file._connection.execute("PRAGMA journal_mode").fetchone()
    file.close()
    assert (level, mode) == (2, "wal")  # FULL: the log is synced at every commit


def make_readable_by_all(path: Path) -> None:
    path.parent.mkdir()
    path.touch(0o644)


async def test_only_the_owner_may_read_what_is_kept(path: Path) -> None:
    await asyncio.to_thread(make_readable_by_all, path)
    async with opened(path) as store:
        await store.save([order("a")])
        modes = {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()}
    assert set(modes.values()) == {"0o600"}
    assert len(modes) == 4  # the file, its log, the log's index, the room's lock


async def test_saves_that_come_together_share_commits(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = order_file.OrderFile.write
    commits: list[int] = []

    def counted(
        file: order_file.OrderFile,
        orders: Sequence[StoredOrder],
        marks: Sequence[tuple[str, int]],
    ) -> None:
        commits.append(len(orders))
        write(file, orders, marks)

    monkeypatch.setattr(order_file.OrderFile, "write", counted)
    async with opened(path) as store:
        await store.save([order("first")])
        await asyncio.gather(*(store.save([order(f"{n}")]) for n in range(200)))
    assert sum(commits) == 201
    assert len(commits) <= 20


async def test_one_order_that_cannot_be_written_harms_no_other(path: Path) -> None:
    async with opened(path) as store:
        await store.save([order("first")])
        results = await asyncio.gather(
            store.save([order("a")]),
            store.save([order("b"), order("\ud800")]),
            store.save_marks({"nonce": 2**63}),
            store.save([order("c")]),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [
            *(type(None), StoreFailed, StoreFailed, type(None))
        ]
    assert await kept(path) == ["first", "a", "c"]


async def test_a_full_queue_makes_callers_wait_and_loses_nothing(path: Path) -> None:
    store = SqliteStore(path, queue_size=2)
    await asyncio.gather(*(store.save([order(f"{n}")]) for n in range(50)))
    await store.close()
    assert len(await kept(path)) == 50


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program writes to the file, and does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def test_no_save_waits_longer_than_the_timeout(path: Path) -> None:
    store = SqliteStore(path, timeout_s=0.2, queue_size=2)
    await store.load("venue", "account")
    with locked(path):
        results = await asyncio.gather(
            *(store.save([order(f"{n}")]) for n in range(5)), return_exceptions=True
        )
    assert [type(result) for result in results] == [StoreFailed] * 5
    assert all("nothing was sent" in str(result) for result in results)
    await store.save([order("after")])
    await store.close()
    assert "after" in await kept(path)


async def test_a_disk_that_hangs_fails_every_save_in_time_and_the_queue_stays_bounded(
    path: Path,
) -> None:
    clock = ManualClock()
    store = SqliteStore(path, timeout_s=10.0, queue_size=2, clock=clock)
    await store.load("venue", "account")
    with locked(path):
        for _ in range(3):
            saves = [asyncio.create_task(store.save([order(f"{n}")])) for n in range(5)]
            await clock.advance(10.0)
            results = await asyncio.gather(*saves, return_exceptions=True)
            assert [type(result) for result in results] == [StoreFailed] * 5
            assert "did not answer within 10 s" in str(results[0])
        assert store._queue.qsize() <= 2
    await store.save([order("after")])
    await store.close()
    assert "after" in await kept(path)


async def test_a_save_that_was_given_up_before_it_began_is_not_written(path: Path) -> None:
    async with opened(path) as store:
        await store.load("venue", "account")
        with locked(path):
            busy = asyncio.create_task(store.save([order("busy")]))
            await asyncio.sleep(0.05)  # for the thread to meet the lock; no event tells of it
            given_up = asyncio.create_task(store.save([order("given up")]))
            await asyncio.sleep(0)
            given_up.cancel()
            await asyncio.gather(given_up, return_exceptions=True)
        await busy
    assert await kept(path) == ["busy"]


async def test_closing_writes_what_waits_and_can_be_done_twice(path: Path) -> None:
    store = SqliteStore(path)
    before = set(threading.enumerate())
    saves = [asyncio.create_task(store.save([order(f"{n}")])) for n in range(20)]
    await asyncio.sleep(0)
    (writer,) = set(threading.enumerate()) - before
    await asyncio.gather(store.close(), store.close())
    await asyncio.gather(*saves)
    await store.close()
    writer.join(10)  # it answers in its last breath
    assert not writer.is_alive()
    assert len(await kept(path)) == 20
    for use in (store.save([order("late")]), store.load("venue", "account")):
        with pytest.raises(StoreFailed, match="closed"):
            await use


async def test_a_store_that_was_never_used_makes_no_file(path: Path) -> None:
    await SqliteStore(path).close()
    assert not await asyncio.to_thread(path.exists)


async def test_done_orders_are_forgotten_by_age_and_by_number_open_ones_never(path: Path) -> None:
    old = [order(f"open {n}") for n in range(3)] + [order("done long ago", done=True)]
    recent = [order(f"done {n}", done=True, at_ns=9 * DAY_NS + n) for n in range(10)]
    others = [order("done elsewhere", done=True, account="other")]
    async with opened(path) as store:
        await store.save(others)
    async with opened(path, Retention(seconds=7 * 86_400, orders=4)) as store:
        await store.save(old + recent)
    left = await kept(path)
    assert left == ["open 0", "open 1", "open 2", "done 6", "done 7", "done 8", "done 9"]
    assert await kept(path, "other") == ["done elsewhere"]


async def test_forgetting_goes_on_while_orders_come(path: Path) -> None:
    async with opened(path, Retention(orders=100)) as store:
        for first in range(0, 6_000, 500):
            await store.save([order(f"{n}", done=True, at_ns=n) for n in range(first, first + 500)])
        assert len(await store.load("venue", "account")) <= 1_600


def save_elsewhere(path: Path, room: str) -> None:
    program = f"""
import asyncio, sys
from connector_sdk.protocols.store import StoredOrder
from connector_sdk.runtime.sqlite_store import SqliteStore
async def main():
    store = SqliteStore({str(path)!r})
    for n in range(20):
        await store.save([StoredOrder("venue", {room!r}, f"{{n}}", False, n, "")])
    await store.close()
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


async def test_processes_with_accounts_of_their_own_share_a_file(path: Path) -> None:
    rooms = [f"account {n}" for n in range(4)]
    await asyncio.gather(*(asyncio.to_thread(save_elsewhere, path, room) for room in rooms))
    for room in rooms:
        assert await kept(path, room) == [str(n) for n in range(20)]


async def test_a_second_process_with_the_same_account_is_refused_until_the_first_ends(
    path: Path,
) -> None:
    with running("-c", HOLDS_A_ROOM, str(path)) as child:
        assert line(child) == "in"
        async with opened(path) as store:
            await store.save([order("a", account="other")])
            for use in (store.load("venue", "account"), store.save([order("a")])):
                with pytest.raises(StoreFailed, match=f"process {child.pid} has the orders of"):
                    await use
            child.send_signal(signal.SIGKILL)
            child.wait(10)
            assert await store.load("venue", "account") == []


async def test_a_second_store_of_this_process_is_refused_the_same_account_too(path: Path) -> None:
    async with opened(path) as store:
        await store.save([order("a")])
        async with opened(path) as other:
            with pytest.raises(StoreFailed, match="give this one a store file of its own"):
                await other.load("venue", "account")
        # The other's end took no lock from this one.
        async with opened(path) as third:
            with pytest.raises(StoreFailed):
                await third.load("venue", "account")
    assert await kept(path) == ["a"]


@pytest.mark.parametrize("tasks", [1, 8])
async def test_what_a_killed_process_was_told_is_saved_is_there(path: Path, tasks: int) -> None:
    child_script = Path(__file__).parent / "saving_child.py"
    with running(str(child_script), str(path), str(tasks)) as child:
        told = [line(child) for _ in range(60)]
        child.send_signal(signal.SIGKILL)
        assert child.stdout is not None
        told += [one for one in child.stdout.read().splitlines() if one]
    async with opened(path) as store:
        found = await store.load("venue", "account")
    names = {one.client_order_id for one in found}
    assert {f"{one}-{half}" for one in told for half in "ab"} <= names
    assert {name[:-2] + "-a" for name in names} == {n for n in names if n.endswith("a")}
    assert all(one.body == f"{{{one.client_order_id}}}" for one in found)
    assert len(found) % 2 == 0


async def test_the_null_store_forgets() -> None:
    store = NullStore()
    await store.save([order("a")])
    await store.save_marks({"nonce": 1})
    assert list(await store.load("venue", "account")) == []
    assert dict(await store.load_marks()) == {}
    await store.close()
