"""Tapes: what is written is read back, and a file that is no tape is refused clearly."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from connector_sdk.errors import ConfigError, WireError
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.tape import Tape, TapeHeader, TapeRecord, TapeWriter

INSTRUMENT = Instrument(
    pair="BTC-USDT",
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.00001"),
)
HEADER = TapeHeader(venue="acme", pairs=("BTC-USDT",), instruments=(INSTRUMENT,))
RECORDS = [
    TapeRecord(1_000, "ws.1", "open", url="ws://127.0.0.1:1/stream"),
    TapeRecord(2_000, "ws.1", "out", '{"method":"SUBSCRIBE"}'),
    TapeRecord(1723161253937085768, "ws.1", "in", '{"p":"0.10","name":"ÄÖ"}'),
    TapeRecord(
        1723161253937085769, "http", "in", "{}", "http://127.0.0.1:1/depth", 200, {"a": "b"}
    ),
    TapeRecord(1723161253937085770, "ws.1", "close"),
]


def written(path: Path) -> Path:
    with TapeWriter(path, HEADER) as tape:
        for record in RECORDS:
            tape.write(record)
    return path


@pytest.mark.parametrize("name", ["tape.jsonl", "tape.jsonl.gz"])
def test_what_is_written_is_read_back_to_the_nanosecond(tmp_path: Path, name: str) -> None:
    tape = Tape(written(tmp_path / name))
    assert list(tape) == RECORDS
    assert tape.header == HEADER
    assert tape.records_read == len(RECORDS)


def test_a_tape_without_a_header_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "bare.jsonl"
    path.write_text('{"t":1.5,"conn":"ws.1","dir":"in","data":"{}"}\n')
    tape = Tape(path)
    assert tape.header is None
    assert list(tape) == [TapeRecord(1_500_000_000, "ws.1", "in", "{}")]


def test_a_frame_knows_its_url_only_when_it_answers_a_request() -> None:
    assert RECORDS[0].frame().url is None
    assert RECORDS[3].frame().url == "http://127.0.0.1:1/depth"


@pytest.mark.parametrize("left", [0.5, 0.9, 0.99])
def test_a_cut_gzip_gives_its_whole_records_and_then_says_it_is_cut(
    tmp_path: Path, left: float
) -> None:
    path = tmp_path / "long.jsonl.gz"
    with TapeWriter(path, HEADER) as tape:
        for number in range(5_000):
            tape.write(TapeRecord(number, "ws.1", "in", json.dumps({"n": number**5})))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * left)])
    cut = Tape(path)
    read: list[TapeRecord] = []
    with pytest.raises(WireError, match=r"cut off after \d+ records"):
        read.extend(cut)
    # `extend` keeps what came before the error.
    assert [json.loads(record.data)["n"] for record in read] == [n**5 for n in range(len(read))]
    assert len(read) == cut.records_read > 0


def test_a_plain_tape_cut_in_mid_line_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "tape.jsonl")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(WireError, match="cut off after 4 records"):
        list(Tape(path))


def test_a_line_in_the_middle_that_is_no_record_is_named_by_its_number(tmp_path: Path) -> None:
    path = written(tmp_path / "tape.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = b'{"t":1}\n'
    path.write_bytes(b"".join(lines))
    with pytest.raises(WireError, match="record 3 cannot be read"):
        list(Tape(path))


def test_what_is_not_gzip_though_its_name_says_so_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl.gz"
    path.write_text('{"t":1,"conn":"ws.1","dir":"in","data":""}\n')
    with pytest.raises(ConfigError, match="is not gzip"):
        Tape(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"hello\n", "is no tape"),
        (b"[1]\n", "is no tape"),
        (b'{"tape":2,"venue":"acme"}\n', "version 2"),
        (b'{"tape":1}\n', "header of the tape"),
    ],
)
def test_what_is_no_tape_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        Tape(path)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be opened"):
        Tape(tmp_path / "none.jsonl")


def test_a_tape_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        TapeWriter(tmp_path / "no" / "folder.jsonl", HEADER)


def test_the_file_is_gzip_when_its_name_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "tape.jsonl.gz")
    assert json.loads(gzip.decompress(path.read_bytes()).splitlines()[0])["tape"] == 1
