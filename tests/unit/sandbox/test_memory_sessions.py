"""How connections of the venue in memory end, and what a restart keeps."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest

from connector_sdk.errors import ConfigError, ConnectFailed, Disconnected
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk_binance.sandbox import dialect
from venue_reader import PAIR, Reader, after, gaps, get

DEPTH_PATH = "/api/v3/depth?symbol=BTCUSDT"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("reset", "reset by peer"), ("close:mid=1", "ended without a close frame")],
)
async def test_a_connection_is_cut_at_its_message(fault: str, reason: str) -> None:
    name, _, rest = fault.partition(":")
    reader, venue = await after(":".join(filter(None, [name, "after=4", rest])))
    assert len(reader.texts) == 4
    assert reason in reader.ended
    assert not venue.core.sessions


async def test_a_silent_connection_says_nothing_more_and_does_not_end() -> None:
    clock = ManualClock()
    async with (
        MemoryVenue(dialect, clock, [PAIR], faults="silence:after=4") as venue,
        Reader(venue) as reader,
    ):
        assert reader.connection is not None
        await clock.advance(30)
        heard_ns = reader.connection.heard_ns
        await reader.connection.ping()
        assert reader.connection.heard_ns == heard_ns
        assert len(reader.texts) == 4
        assert reader.ended == ""


async def test_pings_are_answered_until_the_connection_is_too_old() -> None:
    clock = ManualClock()
    assert dialect.rules.life_s == 86_400
    rules = dataclasses.replace(dialect.rules, life_s=600)
    async with (
        MemoryVenue(dialect, clock, [PAIR], flow=0, rules=rules) as venue,
        Reader(venue) as reader,
    ):
        await clock.advance(599)
        assert reader.ended == ""
        assert reader.connection is not None
        assert clock.now_ns() - reader.connection.heard_ns <= 20 * 10**9
        await clock.advance(2)
        assert "closed with 1001 connection too old" in reader.ended


async def test_a_client_that_never_pongs_is_closed_within_a_minute() -> None:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, [PAIR], flow=0) as venue:
        url = f"{venue.endpoints['ws']}/ws"
        connection = await venue.transport.open_websocket(url, timeout_s=5)
        await clock.advance(79)
        assert len(venue.core.sessions) == 1
        await clock.advance(2)
        assert not venue.core.sessions
        with pytest.raises(Disconnected, match="no pong"):
            await connection.receive()


async def test_a_connection_ends_at_the_age_a_fault_gives_it() -> None:
    reader, venue = await after("life:seconds=2:conn=1")
    assert "too old" in reader.ended
    assert 18 <= len(reader.texts) <= 20
    assert [(r.name, r.connection) for r in venue.journal.faults] == [("life", "ws.1")]


async def test_the_shutdown_notice_comes_before_the_end() -> None:
    reader, _ = await after("shutdown-notice:after=3:grace_ms=1000")
    (at,) = [i for i, m in enumerate(reader.messages) if m["e"] == "serverShutdown"]
    assert at == 3
    assert len(reader.texts) == 3 + 1 + 1 + 9
    assert "closed with 1001 shutdown" in reader.ended


async def test_a_restart_keeps_the_state_and_is_away_for_a_while() -> None:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, [PAIR], faults="restart:after=5:down_ms=800") as venue:
        async with Reader(venue) as reader:
            await clock.advance(1)
        assert "1001 restart" in reader.ended
        assert (await get(venue, DEPTH_PATH))["code"] == -1000
        with pytest.raises(ConnectFailed):
            await venue.transport.open_websocket(venue.endpoints["ws"] + "/ws", timeout_s=5)
        await clock.advance(1)
        assert (await get(venue, DEPTH_PATH))["lastUpdateId"] > reader.spans[-1][1]


async def test_a_rolling_restart_ends_one_stream_after_the_other() -> None:
    clock = ManualClock()
    faults = "restart:conn=1:after=5:down_ms=0:gap_ms=1000"
    async with (
        MemoryVenue(dialect, clock, [PAIR], faults=faults) as venue,
        Reader(venue) as one,
        Reader(venue) as two,
    ):
        await clock.advance(1)
        assert (bool(one.ended), bool(two.ended)) == (True, False)
        await clock.advance(1)
        assert two.ended


async def test_a_sequence_reset_goes_on_from_lower_ids_with_the_book_kept() -> None:
    clock = ManualClock()
    faults = "sequence-reset:after=5:to=1000:down_ms=0"
    async with MemoryVenue(dialect, clock, [PAIR], faults=faults) as venue:
        async with Reader(venue) as reader:
            await clock.advance(1)
        last = reader.spans[-1][1]
        kept = venue.journal.book_at(PAIR, 1_000).bids
        # One change may stand between the last delta and the reset of the same instant.
        assert kept in known_bids(venue, range(last, last + 3))
        async with Reader(venue) as again:
            await clock.advance(1)
        assert 1_000 < again.spans[0][0] < 1_100
        assert gaps(again) == []
        image = await get(venue, DEPTH_PATH)
        assert image["lastUpdateId"] == venue.journal[PAIR].last_id < 1_200


def known_bids(venue: MemoryVenue, ids: range) -> list[object]:
    found: list[object] = []
    for update_id in ids:
        with contextlib.suppress(ConfigError):
            found.append(venue.journal.book_at(PAIR, update_id).bids)
    return found
