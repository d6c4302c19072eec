"""The venue in memory: it repeats exactly, and each fault does what its name says."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest

from connector_sdk.errors import Disconnected, RequestTimeout
from connector_sdk.sandbox.dialect import VenueRules
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk_binance.sandbox import dialect
from venue_reader import PAIR, Reader, after, gaps, get

DEPTH_PATH = "/api/v3/depth?symbol=BTCUSDT&limit=5000"


async def test_the_same_seed_gives_the_same_journal_and_the_same_messages() -> None:
    faults = "drop:p=0.1,duplicate:p=0.1,late:p=0.05,snapshot-stale"
    (one, venue_one), (two, venue_two) = await after(faults), await after(faults)
    assert one.texts == two.texts
    assert venue_one.journal.digest() == venue_two.journal.digest()
    assert list(venue_one.journal.faults) == list(venue_two.journal.faults)
    assert venue_one.journal.faults_total > 3
    three, venue_three = await after(faults, seed=2)
    assert three.texts != one.texts
    assert venue_three.journal.digest() != venue_one.journal.digest()


@pytest.mark.parametrize("interval", ["@100ms", ""])
async def test_diffs_replayed_on_a_snapshot_are_the_engines_book_at_every_id(
    interval: str,
) -> None:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, [PAIR], flow=400) as venue:
        async with Reader(venue, f"btcusdt@depth{interval}") as reader:
            await clock.advance(0.35)
            image = await get(venue, DEPTH_PATH)
            await clock.advance(5)
        sides = {
            "b": {Decimal(p): Decimal(q) for p, q in image["bids"]},
            "a": {Decimal(p): Decimal(q) for p, q in image["asks"]},
        }
        at = image["lastUpdateId"]
        applied = 0
        for message in reader.messages:
            if message["u"] <= at:
                continue
            assert message["U"] <= at + 1
            for name, side in sides.items():
                for price, quantity in message[name]:
                    side[Decimal(price)] = Decimal(quantity)
                    if not Decimal(quantity):
                        del side[Decimal(price)]
            at = message["u"]
            applied += 1
            true = venue.journal.book_at(PAIR, at)
            assert sorted(sides["b"].items(), reverse=True) == true.bids
            assert sorted(sides["a"].items()) == true.asks
        assert applied >= (4 if not interval else 45)


async def test_the_flow_makes_so_many_changes_a_second_and_bursts_on_demand() -> None:
    clock = ManualClock()
    pace = Pace(50, burst_every_s=2, burst_changes=1_000)
    async with MemoryVenue(dialect, clock, [PAIR], flow=pace) as venue:
        past = venue.journal[PAIR].changes
        await clock.advance(1.9)
        calm = venue.journal[PAIR].changes - past
        await clock.advance(0.2)
        stormy = venue.journal[PAIR].changes - past - calm
    assert 90 <= calm <= 96
    assert 1_000 <= stormy <= 1_020


async def test_nothing_is_published_while_nothing_changes() -> None:
    reader, _ = await after("", flow=0)
    assert reader.texts == []


async def test_without_a_fault_no_id_is_missing() -> None:
    reader, venue = await after("")
    assert len(reader.spans) == 30
    assert gaps(reader) == []
    assert list(venue.journal.faults) == []


async def test_a_dropped_delta_is_missing_and_journaled_by_its_place() -> None:
    reader, venue = await after("drop:after=5")
    assert len(gaps(reader)) == 1
    (record,) = venue.journal.faults
    assert (record.name, record.number, record.connection, record.message) == ("drop", 6, "ws.1", 6)
    assert record.detail == f"{reader.spans[4][1] + 1}..{reader.spans[5][0] - 1}"


async def test_a_duplicated_delta_comes_twice() -> None:
    reader, _ = await after("duplicate:after=5")
    assert reader.texts[5] == reader.texts[6]
    assert len(reader.spans) == 31


async def test_a_reordered_delta_comes_after_its_successor() -> None:
    reader, _ = await after("reorder:after=5")
    assert sorted(reader.spans) != reader.spans
    assert reader.spans[5] > reader.spans[6]
    assert len(reader.spans) == 30


async def test_a_late_delta_comes_behind_later_ones() -> None:
    reader, _ = await after("late:after=5:delay_ms=450")
    ordered = sorted(reader.spans)
    assert reader.spans.index(ordered[5]) == 9


async def test_a_slow_link_keeps_the_order() -> None:
    reader, venue = await after("slow:delay_ms=250:jitter_ms=400", 5)
    assert reader.spans == sorted(reader.spans)
    assert gaps(reader) == []
    assert 40 <= len(reader.spans) < 50
    assert len({record.detail for record in venue.journal.faults}) > 10


async def test_a_level_is_withheld_without_a_gap_and_counted() -> None:
    reader, venue = await after("withhold:every=10")
    assert gaps(reader) == []
    withheld = list(venue.journal.withheld)
    assert len(withheld) == 3
    for one in withheld:
        (message,) = [m for m in reader.messages if m["u"] == one.update_id]
        price = venue.core.listings[PAIR].price_text(one.price)
        assert price not in dict(message["b"] + message["a"])


async def test_a_snapshot_is_older_than_the_stream() -> None:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, [PAIR], faults="snapshot-stale:behind=70") as venue:
        await clock.advance(5)
        now = venue.journal[PAIR].last_id
        stale, fresh = await get(venue, DEPTH_PATH), await get(venue, DEPTH_PATH)
        assert (stale["lastUpdateId"], fresh["lastUpdateId"]) == (now - 70, now)
        true = venue.journal.book_at(PAIR, now - 70)
        assert [(Decimal(p), Decimal(q)) for p, q in stale["bids"]] == true.bids


async def test_the_stream_lags_thirty_deltas_behind_the_snapshot_then_catches_up() -> None:
    clock = ManualClock()
    faults = "snapshot-ahead:deltas=30:messages=60"
    async with MemoryVenue(dialect, clock, [PAIR], faults=faults) as venue:
        async with Reader(venue) as reader:
            await clock.advance(4)
            ahead = venue.journal[PAIR].last_id - reader.spans[-1][1]
            assert 140 <= ahead <= 160
            await clock.advance(4)
            assert venue.journal[PAIR].last_id - reader.spans[-1][1] <= 6
        assert gaps(reader) == []


async def test_a_snapshot_fails_and_another_is_cut() -> None:
    clock = ManualClock()
    faults = "snapshot-fail,snapshot-fail:after=1:lost=1"
    async with MemoryVenue(dialect, clock, [PAIR], faults=faults) as venue:
        assert (await get(venue, DEPTH_PATH))["code"] == -1000
        with pytest.raises(Disconnected, match="was cut"):
            await get(venue, DEPTH_PATH)
        assert "lastUpdateId" in await get(venue, DEPTH_PATH)
        assert [r.connection for r in venue.journal.faults] == ["http", "http"]
        assert [r.message for r in venue.journal.faults] == [1, 2]


async def test_a_slow_answer_runs_into_the_clients_timeout() -> None:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, faults="slow-answer:delay_ms=9000") as venue:
        url = venue.endpoints["rest"] + "/api/v3/ping"
        asked = asyncio.create_task(
            venue.transport.request("GET", url, headers={}, body=None, timeout_s=5)
        )
        await clock.advance(4.9)
        assert not asked.done()
        await clock.advance(0.2)
        with pytest.raises(RequestTimeout):
            await asked


async def test_a_burst_is_thousands_of_deltas_at_one_instant() -> None:
    reader, _ = await after("burst:after=10:changes=5000:each=5", 2)
    assert len(reader.spans) > 700
    assert gaps(reader) == []


@pytest.mark.parametrize(("fault", "extra"), [("unknown-event", 1), ("huge", 1)])
async def test_an_odd_message_stands_beside_the_true_ones(fault: str, extra: int) -> None:
    reader, _ = await after(f"{fault}:after=3", 1)
    assert gaps(reader) == []
    assert len(reader.texts) == len(reader.spans) + extra
    if fault == "huge":
        assert max(map(len, reader.texts)) > 10_000_000


async def test_a_malformed_message_is_no_json_and_its_delta_is_lost() -> None:
    reader, _ = await after("malformed:after=3", 1)
    with pytest.raises(json.JSONDecodeError):
        json.loads(reader.texts[3])
    del reader.texts[3]
    assert len(gaps(reader)) == 1


async def test_unknown_fields_leave_the_rest_as_it_was() -> None:
    reader, _ = await after("unknown-field:after=3", 1)
    assert "zz" in reader.messages[3]
    assert gaps(reader) == []


async def test_unknown_words_stand_in_the_instrument_list() -> None:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, [PAIR], faults="unknown-enum") as venue:
        answer = await get(venue, "/api/v3/exchangeInfo")
        assert [s["status"] for s in answer["symbols"]] == ["TRADING", "NOVELTY"]
        assert answer["symbols"][0]["filters"][0]["filterType"] == "PRICE_FILTER"
        assert len((await get(venue, "/api/v3/exchangeInfo"))["symbols"]) == 1


async def test_a_message_of_the_client_is_taken_for_one_too_many() -> None:
    clock = ManualClock()
    async with (
        MemoryVenue(dialect, clock, [PAIR], faults="message-cut:after=1") as venue,
        Reader(venue) as reader,
    ):
        assert reader.connection is not None
        for number in (1, 2):
            await reader.connection.send(f'{{"method":"LIST_SUBSCRIPTIONS","id":{number}}}')
            await clock.advance(2)
        assert "Too many requests" in reader.ended
        assert venue.journal.faults[0].name == "message-cut"


async def test_a_fault_can_be_injected_while_it_runs() -> None:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, [PAIR]) as venue, Reader(venue) as reader:
        await clock.advance(1)
        (fault,) = venue.inject("drop")
        assert gaps(reader) == []
        await clock.advance(1)
        assert len(gaps(reader)) == 1
        assert fault.fired == 1


async def test_raised_limits_are_never_met() -> None:
    clock = ManualClock()
    rules: VenueRules = dialect.rules.raised()
    async with (
        MemoryVenue(dialect, clock, [PAIR], rules=rules) as venue,
        Reader(venue) as reader,
    ):
        assert reader.connection is not None
        for number in range(50):
            await reader.connection.send(f'{{"method":"LIST_SUBSCRIPTIONS","id":{number}}}')
            await get(venue, "/api/v3/depth?symbol=BTCUSDT&limit=5")
        assert reader.ended == ""
