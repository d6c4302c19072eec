"""The tape format: recorded sessions as JSON Lines, gzip where the name ends in ``.gz``.

One object a frame, ordered by `t`:

    t, t_ns   receive time: seconds since the epoch (float), and nanoseconds where known
    conn      ``http`` or ``ws.N``: one id, one connection
    dir       ``in`` received, ``out`` sent, ``open`` and ``close`` of a connection
    url       on ``http`` and ``open``
    headers, status   on ``http``, where the recorder kept them
    data      the raw text

A tape written by this SDK starts with a header line, ``{"tape": 1, …}``; one without is read too.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, Self, TypeAlias, cast

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connector_sdk.errors import ConfigError, WireError
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.wire import Frame

Direction: TypeAlias = Literal["in", "out", "open", "close"]
DIRECTIONS = ("in", "out", "open", "close")
SECOND_NS = 1_000_000_000
TAPE_VERSION = 1


class TapeHeader(BaseModel):
    """The first line of a tape. `recorded` is an ISO time; `redacted` names what was taken out."""

    model_config = ConfigDict(extra="ignore")

    tape: int = TAPE_VERSION
    venue: str
    pairs: tuple[str, ...] = ()
    recorded: str = ""
    sdk: str = ""
    redacted: tuple[str, ...] = ()
    instruments: tuple[Instrument, ...] = ()


class TapeRecord(NamedTuple):
    """One line of a tape."""

    at_ns: int
    connection: str
    direction: Direction
    data: str = ""
    url: str | None = None
    status: int | None = None
    headers: Mapping[str, str] | None = None

    def frame(self) -> Frame:
        """What the tracker receives for it."""
        url = self.url if self.connection == "http" else None
        return Frame(self.data, self.at_ns, url, self.connection)


class Tape:
    """A tape being read. Iterating yields its records in order.

    Raises ConfigError for a file that is missing or is no tape. A tape that ends in mid-line or
    in mid-gzip raises WireError at its end, after all whole records: `records_read` says how
    many there were.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records_read = 0
        self.header = self._read_header()

    def _read_header(self) -> TapeHeader | None:
        with closing(self._open()) as file:
            line = self._line(file)
        if not line:
            raise ConfigError(f"{self.path} is empty: there is nothing to replay")
        body = _parsed(line)
        if body is None:
            raise ConfigError(
                f"{self.path} is no tape: its first line is not a JSON object. "
                "Make one with `connector-sdk record`."
            )
        if "tape" not in body:
            return None
        try:
            header = TapeHeader.model_validate(body)
        except ValidationError as error:
            raise ConfigError(f"{self.path}: the header of the tape cannot be read") from error
        if header.tape != TAPE_VERSION:
            raise ConfigError(
                f"{self.path} is a tape of version {header.tape}; this SDK reads {TAPE_VERSION}"
            )
        return header

    def _open(self) -> BinaryIO:
        try:
            if self.path.suffix == ".gz":
                return cast("BinaryIO", gzip.open(self.path, "rb"))
            return self.path.open("rb")
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be opened: {error.strerror}") from error

    def _line(self, file: BinaryIO) -> bytes:
        try:
            return file.readline()
        except gzip.BadGzipFile as error:
            raise ConfigError(f"{self.path} is not gzip, though its name says so") from error
        except (EOFError, OSError, zlib.error) as error:
            raise self._cut() from error

    def _cut(self) -> WireError:
        return WireError(f"{self.path} is cut off after {self.records_read} records")

    def __iter__(self) -> Iterator[TapeRecord]:
        with closing(self._open()) as file:
            if self.header is not None:
                self._line(file)
            while line := self._line(file):
                record = _record(line)
                if record is None and not line.endswith(b"\n"):
                    raise self._cut()
                if record is None:
                    raise WireError(
                        f"{self.path}: record {self.records_read + 1} cannot be read", line
                    )
                self.records_read += 1
                yield record


def _parsed(line: bytes) -> dict[str, object] | None:
    try:
        body = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return cast("dict[str, object]", body) if isinstance(body, dict) else None


class _Line(BaseModel):
    """A line as the file has it, checked."""

    model_config = ConfigDict(extra="ignore", strict=False)

    t: float = 0.0
    t_ns: int | None = None
    conn: str
    direction: Direction = Field(alias="dir")
    data: str = ""
    url: str | None = None
    status: int | None = None
    headers: dict[str, str] | None = None


def _record(line: bytes) -> TapeRecord | None:
    body = _parsed(line)
    if body is None:
        return None
    try:
        checked = _Line.model_validate(body)
    except ValidationError:
        return None
    return TapeRecord(
        at_ns=int(checked.t * SECOND_NS) if checked.t_ns is None else checked.t_ns,
        connection=checked.conn,
        direction=checked.direction,
        data=checked.data,
        url=checked.url,
        status=checked.status,
        headers=checked.headers,
    )


class TapeWriter:
    """Writes a tape; `close` it, or leave its `with` block, to have it whole on the disk."""

    def __init__(self, path: Path, header: TapeHeader) -> None:
        self.path = path
        self.records = 0
        try:
            # Open as long as the writer is; `close` ends it.
            self._file = cast(
                "BinaryIO",
                gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb"),  # noqa: SIM115
            )
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
        self._file.write(header.model_dump_json().encode() + b"\n")

    def write(self, record: TapeRecord) -> None:
        """Append one record."""
        line: dict[str, object] = {
            "t": record.at_ns / SECOND_NS,
            "t_ns": record.at_ns,
            "conn": record.connection,
            "dir": record.direction,
        }
        if record.url is not None:
            line["url"] = record.url
        if record.status is not None:
            line["status"] = record.status
        if record.headers is not None:
            line["headers"] = dict(record.headers)
        line["data"] = record.data
        self._file.write(orjson.dumps(line) + b"\n")
        self.records += 1

    def close(self) -> None:
        """Finish the file. Idempotent."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
