"""OrderFile: the SQLite file behind SqliteStore. Synchronous: it belongs to one thread."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from connector_sdk.errors import StoreFailed
from connector_sdk.protocols.store import StoredOrder
from connector_sdk.transport.file_lock import FileTaken, held_file

Room: TypeAlias = tuple[str, str]
"""(venue, account)."""

APPLICATION_ID: Final = 0x0CDE5EED
"""Stands in the file's header, and tells it from other programs' databases."""
CREATE_ROOMS = (
    "CREATE TABLE rooms (room INTEGER PRIMARY KEY, venue TEXT NOT NULL, account TEXT NOT NULL,"
    " UNIQUE (venue, account))"
)
CREATE_ORDERS = (
    "CREATE TABLE orders (number INTEGER PRIMARY KEY, room INTEGER NOT NULL,"
    " client_order_id TEXT NOT NULL, done INTEGER NOT NULL, updated_ns INTEGER NOT NULL,"
    " body TEXT NOT NULL, UNIQUE (room, client_order_id))"
)
INDEX_DONE = "CREATE INDEX done_orders ON orders (room, updated_ns) WHERE done"
CREATE_MARKS = "CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID"
MIGRATIONS: tuple[tuple[str, ...], ...] = ((CREATE_ROOMS, CREATE_ORDERS, INDEX_DONE, CREATE_MARKS),)
"""One entry a version of the file; each is what makes its version of the one before."""
SAVE_ORDER = (
    "INSERT INTO orders (room, client_order_id, done, updated_ns, body) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (room, client_order_id) DO UPDATE SET done = excluded.done,"
    " updated_ns = excluded.updated_ns, body = excluded.body"
)
SAVE_MARK = (
    "INSERT INTO marks (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"
)
ENTER_ROOM = "INSERT OR IGNORE INTO rooms (venue, account) VALUES (?, ?)"
ROOM = "SELECT room FROM rooms WHERE venue = ? AND account = ?"
LOAD = (
    "SELECT venue, account, client_order_id, done, updated_ns, body FROM orders JOIN rooms"
    " USING (room) WHERE venue = ? AND account = ? ORDER BY number"
)
TOO_OLD = (
    "SELECT number FROM orders WHERE room = ? AND done AND updated_ns <"
    " (SELECT max(updated_ns) FROM orders WHERE room = ?) - ? ORDER BY updated_ns LIMIT ?"
)
TOO_MANY = (
    "SELECT number FROM orders WHERE room = ? AND done"
    " ORDER BY updated_ns DESC, number DESC LIMIT ? OFFSET ?"
)
PRUNED_AT_ONCE = 2_000
"""Rows a pruning forgets at most, so that no order waits long behind it."""

ADVICE: Mapping[str, str] = {
    "SQLITE_FULL": "the disk is full: free some space",
    "SQLITE_READONLY": "it cannot be written: check who owns the file and its directory",
    "SQLITE_CANTOPEN": "it cannot be opened: check the path, and who owns the directory",
    "SQLITE_PERM": "it cannot be opened: check who owns the file and its directory",
    "SQLITE_IOERR": "the disk fails: check it, or name a store elsewhere",
    "SQLITE_BUSY": "another program keeps it locked: end that program",
    "SQLITE_LOCKED": "another program keeps it locked: end that program",
    "SQLITE_CORRUPT": "it is damaged: move it away and start anew; open orders are then found at "
    "the venue, as orders that this program does not know",
    "SQLITE_NOTADB": "it is no order store: name another file",
}


@dataclass(frozen=True, slots=True)
class Retention:
    """How long done orders are kept, a room: by age (counted from the newest order) and number."""

    seconds: float = 7 * 86_400.0
    orders: int = 100_000


class OrderFile:
    """One open file. Whatever it raises but StoreFailed is sqlite3's or the system's own."""

    def __init__(self, path: Path, retention: Retention, busy_s: float) -> None:
        self.path = path
        self._retention = retention
        self._busy_s = busy_s
        self._rooms: dict[Room, int] = {}
        self._held = ExitStack()
        _make_private(path)
        self._connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
        try:
            self._prepare()
            self._identity = _identity(path)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        self._check_kind()  # before anything is changed: the file may be somebody else's
        mode: str = run("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StoreFailed(f"{self.path}: no write-ahead log can be kept here ({mode})")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA fullfsync = ON")  # where a sync alone does not reach the disk
        with _Transaction(self._connection):
            for statements in MIGRATIONS[self._check_kind() :]:
                for statement in statements:
                    run(statement)
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _check_kind(self) -> int:
        """The version of this file; 0 of an empty one."""
        return file_version(self._connection, self.path)

    def enter(self, room: Room) -> int:
        """Keep that room from every other process until `close`; its number in the file."""
        known = self._rooms.get(room)
        if known is not None:
            return known
        with ExitStack() as lock:
            self._hold(room, lock)
            with _Transaction(self._connection):
                self._connection.execute(ENTER_ROOM, room)
                number: int = self._connection.execute(ROOM, room).fetchone()[0]
            self._held.push(lock.pop_all())
        self._rooms[room] = number
        return number

    def _hold(self, room: Room, lock: ExitStack) -> None:
        digest = hashlib.sha256("\0".join(room).encode()).hexdigest()[:16]
        path = self.path.with_name(f"{self.path.name}.{digest}.lock")
        try:
            lock.enter_context(held_file(path)).write(str(os.getpid()).encode())
        except FileTaken as error:
            raise StoreFailed(
                f"{self.path}: process {path.read_text('ascii') or 'unknown'} has the orders of "
                f"{' '.join(filter(None, room))} in hand. Two would settle the same orders: end "
                "that one, or give this one a store file of its own"
            ) from error

    def write(self, orders: Sequence[StoredOrder], marks: Sequence[tuple[str, int]]) -> None:
        """Write all or none; synced once this returns. Rooms are entered on the way."""
        if _identity(self.path) != self._identity:
            raise StoreFailed(f"{self.path} was moved or replaced while in use: restart")
        rows = [
            (self.enter((o.venue, o.account)), o.client_order_id, o.done, o.updated_ns, o.body)
            for o in orders
        ]
        if not rows and not marks:
            return
        with _Transaction(self._connection):
            self._connection.executemany(SAVE_ORDER, rows)
            self._connection.executemany(SAVE_MARK, marks)

    def prune(self) -> None:
        """Forget done orders that are too old or too many, of the rooms entered."""
        age_ns = int(self._retention.seconds * 1e9)
        with _Transaction(self._connection):
            for room in self._rooms.values():
                for numbers, arguments in (
                    (TOO_OLD, (room, room, age_ns, PRUNED_AT_ONCE)),
                    (TOO_MANY, (room, PRUNED_AT_ONCE, self._retention.orders)),
                ):
                    query = f"DELETE FROM orders WHERE number IN ({numbers})"  # noqa: S608
                    self._connection.execute(query, arguments)

    def close(self) -> None:
        """Leave the rooms, and close the file."""
        self._connection.close()
        self._held.close()


def load_orders(path: Path, room: Room, busy_s: float) -> list[StoredOrder]:
    """The orders of a room, in the order they were first saved; by a connection of its own."""
    with closing(sqlite3.connect(path, timeout=busy_s, isolation_level=None)) as connection:
        return [
            StoredOrder(venue, account, identifier, bool(done), updated_ns, body)
            for venue, account, identifier, done, updated_ns, body in connection.execute(LOAD, room)
        ]


def load_marks(path: Path, busy_s: float) -> dict[str, int]:
    """All marks; by a connection of its own."""
    with closing(sqlite3.connect(path, timeout=busy_s, isolation_level=None)) as connection:
        return dict(connection.execute("SELECT name, value FROM marks"))


def file_version(connection: sqlite3.Connection, path: Path) -> int:
    """Which version of ours the file is; 0: empty. Raises StoreFailed for any other file."""
    version, kind, tables = (
        int(connection.execute(query).fetchone()[0])
        for query in (
            "PRAGMA user_version",
            "PRAGMA application_id",
            "SELECT count(*) FROM sqlite_master",
        )
    )
    if kind != APPLICATION_ID and (tables or version or kind):
        raise StoreFailed(f"{path} is another program's database: name another file")
    if version > len(MIGRATIONS):
        raise StoreFailed(
            f"{path} was written by a newer connector-sdk (version {version} of the file; this one "
            f"reads up to {len(MIGRATIONS)}): upgrade, or name another file"
        )
    return version


def failed(path: Path, error: BaseException) -> StoreFailed:
    """What went wrong with the file, and what to do."""
    if isinstance(error, StoreFailed):
        return StoreFailed(*error.args)
    name = "SQLITE_CANTOPEN" if isinstance(error, OSError) else _name(error)
    advice = next((said for kind, said in ADVICE.items() if name.startswith(kind)), "")
    return StoreFailed(f"{path}: {f'{advice} ({error})' if advice else error}; nothing was sent")


def _name(error: BaseException) -> str:
    return getattr(error, "sqlite_errorname", "")


def _identity(path: Path) -> tuple[int, int]:
    """Which file it is: SQLite itself goes on writing to one that was deleted."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _make_private(path: Path) -> None:
    """Create the file if need be; its owner alone may read and write it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # Only a new file is opened here: to close any descriptor of a file that SQLite has open
        # would drop this process's locks on it.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)


class _Transaction:
    """All of the block, or nothing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            try:
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        else:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
