"""The SQLite store: files of another age, of others, damaged, full or taken away."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from connector_sdk.errors import StoreFailed
from connector_sdk.protocols.store import StoredOrder
from connector_sdk.runtime import order_file
from connector_sdk.runtime.order_file import Retention
from stored import kept, opened, order


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "orders.sqlite"


async def test_an_older_file_is_brought_up_to_date_and_keeps_its_orders(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(path) as store:
        await store.save([order("a")])
    later = (*order_file.MIGRATIONS, ("ALTER TABLE marks ADD COLUMN note TEXT", "SELECT 1"))
    with monkeypatch.context() as newer:
        newer.setattr(order_file, "MIGRATIONS", later)
        async with opened(path) as store:
            assert await store.load("venue", "account") == [order("a")]
            await store.save_marks({"nonce": 1})
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT note FROM marks").fetchall() == [(None,)]
    async with opened(path) as store:
        with pytest.raises(StoreFailed, match=r"newer connector-sdk.*upgrade"):
            await store.load("venue", "account")


async def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(path) as store:
        await store.save([order("a")])
    broken = (*order_file.MIGRATIONS, ("DROP TABLE marks", "NONSENSE"))
    with monkeypatch.context() as newer:
        newer.setattr(order_file, "MIGRATIONS", broken)
        async with opened(path) as store:
            with pytest.raises(StoreFailed):
                await store.save([order("b")])
    async with opened(path) as store:
        assert await store.load_marks() == {}
        assert await store.load("venue", "account") == [order("a")]


def foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def damaged_store(path: Path) -> None:
    asyncio.run(_filled(path))
    content = bytearray(path.read_bytes())
    content[4_096:] = b"\xff" * (len(content) - 4_096)
    path.write_bytes(content)


async def _filled(path: Path) -> None:
    async with opened(path) as store:
        await store.save([order(f"{n}") for n in range(100)])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("prose " * 1_000), "it is no order store: name another file"),
        (foreign_database, "another program's database: name another file"),
        (damaged_store, "damaged: move it away"),
        (lambda path: path.mkdir(), "cannot be opened: check the path"),
    ],
    ids=["no database", "foreign", "damaged", "a directory"],
)
async def test_a_file_that_cannot_be_used_is_named_with_what_to_do(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / "orders.sqlite"
    await asyncio.to_thread(make, path)
    async with opened(path) as store:
        with pytest.raises(StoreFailed, match=said) as failure:
            await store.save([order("a")])
    assert str(path) in str(failure.value)


async def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with opened(tmp_path / "file" / "orders.sqlite") as store:
        with pytest.raises(StoreFailed, match="check the path"):
            await store.load_marks()


async def failing(save: Callable[[StoredOrder], Awaitable[None]], said: str) -> int:
    """Save until it fails as `said`; how many were saved."""
    for number in range(1_000):
        try:
            await save(order(f"{number}", body="x" * 10_000))
        except StoreFailed as error:
            failure = str(error)
            break
    else:
        pytest.fail("the disk never failed")
    assert said in failure
    return number


async def test_a_disk_that_takes_no_more_fails_the_save_and_the_next_one_works(path: Path) -> None:
    async with opened(path) as store:
        await store.load("venue", "account")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
        try:
            saved = await failing(lambda one: store.save([one]), "the disk fails: check it")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        await store.save([order("after")])
    assert await kept(path) == [*(str(n) for n in range(saved)), "after"]


async def test_a_full_disk_is_told_as_such(path: Path) -> None:
    file = order_file.OrderFile(path, Retention(), 1.0)
    file._connection.execute("PRAGMA max_page_count = 30")

    async def save(one: StoredOrder) -> None:
        try:
            file.write([one], [])
        except sqlite3.Error as error:
            raise order_file.failed(path, error) from error

    saved = await failing(save, "the disk is full: free some space")
    file.close()
    assert await kept(path) == [str(n) for n in range(saved)]


def make_empty(path: Path) -> None:
    path.touch()


def take_away(path: Path) -> None:
    path.rename(path.with_suffix(".old"))


async def test_a_file_that_was_deleted_under_the_store_takes_no_order(path: Path) -> None:
    async with opened(path) as store:
        await store.save([order("a")])
        take_away(path)
        with pytest.raises(StoreFailed):
            await store.save([order("b")])
        make_empty(path)
        with pytest.raises(StoreFailed, match="moved or replaced"):
            await store.save([order("b")])
