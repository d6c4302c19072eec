"""Replay: a tape runs through the tracker that runs live, and the report says what it found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.market_data import Trade
from connector_sdk.model.tape import TapeHeader, TapeRecord, TapeWriter
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk.runtime.replay import ReplayReport, replay
from connector_sdk_binance import connector

URL = "https://127.0.0.1/api/v3/depth?symbol=BTCUSDT&limit=1000"
SECOND_NS = 1_000_000_000
Make = Callable[..., Path]


def delta(first: int, last: int, bid: str = "10.00", quantity: str = "1.50") -> str:
    event = {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": first, "u": last}
    return json.dumps({"data": event | {"b": [[bid, quantity]], "a": []}})


def snapshot(at: int) -> str:
    body = {"lastUpdateId": at, "bids": [["9.00", "1.0"]], "asks": [["11.00", "2.0"]]}
    return json.dumps(body)


def stream(*frames: str) -> list[TapeRecord]:
    return [TapeRecord(0, "ws.1", "in", frame) for frame in frames]


def answer(body: str, url: str = URL, status: int = 200) -> TapeRecord:
    return TapeRecord(0, "http", "in", body, url, status, {})


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(records: Sequence[TapeRecord], venue: str = "binance") -> Path:
        path = tmp_path / "tape.jsonl.gz"
        with TapeWriter(path, TapeHeader(venue=venue)) as tape:
            for number, record in enumerate(records, 1):
                tape.write(record._replace(at_ns=number * SECOND_NS // 10))
        return path

    return made


def pair_of(report: ReplayReport, pair: str = "BTC-USDT") -> dict[str, object]:
    pairs = report.as_json()["pairs"]
    assert isinstance(pairs, dict)
    found = pairs[pair]
    assert isinstance(found, dict)
    return dict(found)


def test_a_clean_tape_ends_synced_with_canonical_rows(make: Make) -> None:
    records = [*stream(delta(3, 4)), answer(snapshot(4)), *stream(delta(5, 6))]
    report = replay(connector, make(records))
    assert pair_of(report) == {
        "state": "synced",
        "update_id": 6,
        "snapshots": 1,
        "deltas": 2,
        "applied": 1,
        "stale": 1,
        "gaps": 0,
        "resyncs": 0,
        "checksums": {"ok": 0, "failed": 0},
        "trades": 0,
        "crossed": 0,
        "top": {"bids": [["10", "1.5"], ["9", "1"]], "asks": [["11", "2"]]},
    }
    assert (report.frames, report.as_json()["seconds"]) == (3, 0.2)
    assert report.provisional


def test_a_gap_without_a_later_snapshot_ends_stale_and_shows_no_levels(make: Make) -> None:
    records = [*stream(delta(3, 4)), answer(snapshot(4)), *stream(delta(6, 7))]
    found = pair_of(replay(connector, make(records)))
    assert (found["state"], found["gaps"], found["resyncs"]) == ("stale", 1, 0)
    assert found["top"] == {"bids": [], "asks": []}


def test_a_later_snapshot_of_the_tape_resyncs(make: Make) -> None:
    gap = [*stream(delta(3, 4)), answer(snapshot(4)), *stream(delta(6, 7))]
    found = pair_of(replay(connector, make([*gap, answer(snapshot(6)), *stream(delta(8, 8))])))
    assert (found["state"], found["gaps"], found["resyncs"]) == ("synced", 1, 1)
    assert found["update_id"] == 8


def test_a_closed_connection_makes_its_books_stale(make: Make) -> None:
    close = TapeRecord(0, "ws.1", "close")
    records = [*stream(delta(3, 4)), answer(snapshot(4)), *stream(delta(5, 5)), close]
    assert pair_of(replay(connector, make(records)))["state"] == "stale"


def test_a_refused_request_on_the_tape_is_no_snapshot(make: Make) -> None:
    refusal = answer('{"code":-1003,"msg":"Too many requests."}', status=429)
    report = replay(connector, make([*stream(delta(3, 4)), refusal]))
    assert pair_of(report)["snapshots"] == 0
    assert report.as_json()["wire_errors"] == 0


def test_pairs_that_were_not_asked_for_are_left_out(make: Make) -> None:
    other = delta(1, 2).replace("BTCUSDT", "ETHUSDT")
    report = replay(connector, make(stream(delta(3, 4), other)), pairs=["eth/usdt"])
    assert report.tracker.pairs == ["ETH-USDT"]


def test_the_instrument_list_on_the_tape_names_the_pairs(make: Make) -> None:
    listing = {
        "symbols": [
            {
                "symbol": "BTCUSDT",
                "status": "TRADING",
                "baseAsset": "BTCU",
                "quoteAsset": "SDT",
                "orderTypes": [],
                "filters": [
                    {
                        "filterType": "PRICE_FILTER",
                        "minPrice": "0",
                        "maxPrice": "0",
                        "tickSize": "0.01",
                    },
                    {"filterType": "LOT_SIZE", "minQty": "0", "maxQty": "0", "stepSize": "0.1"},
                ],
            }
        ]
    }
    url = "https://127.0.0.1/api/v3/exchangeInfo"
    records = [answer(json.dumps(listing), url), *stream(delta(3, 4))]
    report = replay(connector, make(records))
    assert report.tracker.pairs == ["BTCU-SDT"]
    assert not report.provisional


def test_a_given_instrument_list_is_used(make: Make) -> None:
    path = make(stream(delta(3, 4), delta(5, 6)))
    with pytest.raises(ConfigError, match="none of its 2 frames"):
        replay(connector, path, instruments=Instruments((), "binance"))


def test_a_tape_whose_header_names_another_venue_is_refused(make: Make) -> None:
    with pytest.raises(ConfigError, match="recorded from acme, not binance"):
        replay(connector, make(stream(delta(3, 4)), venue="acme"))


def test_a_tape_in_another_venues_language_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    opened = '{"t":1,"conn":"ws.1","dir":"open","url":"wss://ws.acme.test/feed","data":""}\n'
    frame = {"t": 1, "conn": "ws.1", "dir": "in", "data": '{"topic":"book","rows":[]}'}
    path.write_text(opened + (json.dumps(frame) + "\n") * 5)
    with pytest.raises(ConfigError, match=r"none of its 5 frames .* names ws\.acme\.test"):
        replay(connector, path)


def test_listeners_hear_the_tape_and_progress_is_told(make: Make) -> None:
    trade = {"e": "trade", "s": "BTCUSDT", "t": 7, "p": "1", "q": "2", "T": 1, "m": True}
    heard: list[Trade] = []
    told: list[int] = []
    path = make(stream(*[json.dumps(trade | {"t": n // 2}) for n in range(3_000)]))

    def listen(tracker: OrderBookTracker) -> None:
        tracker.on(Trade, heard.append)

    replay(connector, path, on_start=listen, on_progress=told.append)
    assert told == [1_000, 2_000, 3_000]
    assert len(heard) == 1_500, "a trade told twice is one trade"


def test_a_tape_cut_off_reports_what_was_read_and_why_it_ended(make: Make) -> None:
    records = [*stream(delta(3, 4)), answer(snapshot(4))]
    path = make([*records, *stream(*[delta(n, n, quantity=str(n)) for n in range(5, 3_000)])])
    path.write_bytes(path.read_bytes()[:-200])
    report = replay(connector, path)
    assert report.cut_off is not None
    assert pair_of(report)["gaps"] == 0
    assert "cut off" in str(report.as_json()["error"])
