"""Each fault of orders and accounts does what its name says, once, and is journaled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from connector_sdk.errors import ConnectFailed, Disconnected, RequestTimeout
from connector_sdk.sandbox.invariants import violations
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.sandbox.trading_journal import Fate
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk_binance.sandbox import dialect
from trading_client import Client
from venue_reader import PAIR, get

REJECTED = 400
ORDER = {"symbol": "BTCUSDT"}


@asynccontextmanager
async def trading(faults: str = "", **options: Any) -> AsyncIterator[tuple[Client, ManualClock]]:
    """A client that hears its account, on a venue whose flow stands still; no law is broken.

    The faults are armed once it listens.
    """
    clock = ManualClock()
    options.setdefault("flow", 0)
    async with MemoryVenue(dialect, clock, [PAIR], **options) as venue:
        async with Client(venue) as client:
            await client.listen()
            client.frames.clear()
            venue.inject(faults)
            yield client, clock
        assert violations(venue.core) == []


def fates(client: Client, kind: str) -> list[Fate]:
    return [row.fate for row in client.venue.journal.arrivals if row.kind == kind]


@pytest.mark.parametrize(
    ("fault", "accepted", "fate"),
    [
        ("answer-lost", 1, Fate.DONE),
        ("request-lost", 0, Fate.NOT_REACHED),
    ],
)
async def test_a_connection_is_cut_after_or_before_an_order_is_done(
    fault: str, accepted: int, fate: Fate
) -> None:
    async with trading(fault) as (client, _):
        with pytest.raises(Disconnected):
            await client.place(newClientOrderId="mine")
        journal = client.venue.journal
        assert len(journal.orders) == accepted
        assert fates(client, "place") == [fate]
        assert [row.client_order_id for row in journal.arrivals] == ["mine"]
        assert [(f.name, f.number, f.stream) for f in journal.faults] == [(fault, 3, "place")]
        await asyncio.sleep(0)
        assert client.events == ["NEW", "outboundAccountPosition"] * accepted
        assert (await client.place())[0] == 200


@pytest.mark.parametrize("fault", ["answer-lost:cut=0", "request-lost:cut=0"])
async def test_an_answer_never_comes_and_the_connection_stays(fault: str) -> None:
    async with trading(fault) as (client, clock):
        asked = asyncio.create_task(client.place())
        await clock.advance(5.1)
        with pytest.raises(RequestTimeout):
            await asked
        assert len(client.venue.journal.orders) == (fault.startswith("answer"))


@pytest.mark.parametrize(
    ("fault", "status", "code", "accepted"),
    [
        ("status-unknown", 504, -1007, 1),
        ("status-unknown:executed=0", 504, -1007, 0),
        ("server-error:request=place", 503, -1000, 0),
        ("server-error:request=place:executed=1", 503, -1000, 1),
    ],
)
async def test_the_venue_does_not_say_what_became_of_an_order(
    fault: str, status: int, code: int, accepted: int
) -> None:
    async with trading(fault) as (client, _):
        told, body = await client.place()
        assert (told, body["code"]) == (status, code)
        assert len(client.venue.journal.orders) == accepted
        assert client.venue.journal.faults[0].number == 4


async def test_the_same_faults_meet_requests_on_a_socket() -> None:
    faults = "answer-lost,status-unknown:after=1,slow-answer:request=place:delay_ms=700:after=2"
    async with trading(faults) as (client, clock):
        await client.say(
            "order.place",
            1,
            symbol="BTCUSDT",
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.01",
            price="50000",
        )
        await clock.advance(0.1)
        assert "reset" in client.ended
        assert len(client.venue.journal.orders) == 1
        async with Client(client.venue) as other:
            wanted = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
            await other.say("order.place", 2, **wanted)
            await clock.advance(0.1)
            assert (other.frames[0]["id"], other.frames[0]["error"]["code"]) == (2, -1007)
            await other.say("order.place", 3, **wanted)
            await clock.advance(0.5)
            assert len(other.frames) == 1
            await clock.advance(0.5)
            assert (other.frames[1]["id"], other.frames[1]["status"]) == (3, 200)
        assert [fault.connection for fault in client.venue.journal.faults] == [
            *("ws.1", "ws.2", "ws.2")
        ]


async def test_events_of_an_account_are_dropped_doubled_swapped_and_late() -> None:
    faults = (
        "drop:stream=user,duplicate:stream=user:after=2,reorder:stream=user:after=4,"
        "late:stream=user:after=6:delay_ms=400"
    )
    async with trading(faults) as (client, clock):
        expected = [
            ["outboundAccountPosition"],
            ["NEW", "NEW", "outboundAccountPosition"],
            ["outboundAccountPosition", "NEW"],
            ["outboundAccountPosition"],
        ]
        for events in expected:
            await client.place()
            await clock.advance(0.2)
            assert client.events == events
            client.frames.clear()
        await clock.advance(0.3)
        assert client.events == ["NEW"]
        faulted = {(f.number, f.stream, f.pair) for f in client.venue.journal.faults}
        assert faulted == {(8, "user", PAIR)}


async def test_a_fault_may_be_placed_on_the_events_of_a_pair() -> None:
    async with trading("drop:stream=user:pair=ETH-USDT") as (client, clock):
        await client.place()
        await clock.advance(0.1)
        assert client.events == ["NEW", "outboundAccountPosition"]


@pytest.mark.parametrize(("share", "status"), [(100, "FILLED"), (40, "CANCELED")])
async def test_an_order_is_filled_just_before_its_cancel(share: int, status: str) -> None:
    async with trading(f"fill-first:share={share}") as (client, clock):
        _, placed = await client.place()
        await clock.advance(0.1)
        code, body = await client.call("DELETE", "order", **ORDER, orderId=placed["orderId"])
        await clock.advance(0.1)
        _, found = await client.call("GET", "order", **ORDER, orderId=placed["orderId"])
        assert found["status"] == status
        assert Decimal(found["executedQty"]) == Decimal("0.01") * share / 100
        if share == 100:
            assert (code, body["code"]) == (REJECTED, -2011)
            assert client.events[2:] == ["TRADE", "outboundAccountPosition"]
        else:
            assert body["executedQty"] == "0.00400000"
            assert client.events[2:] == [
                *("TRADE", "outboundAccountPosition", "CANCELED"),
                "outboundAccountPosition",
            ]


@pytest.mark.parametrize(
    ("fault", "after_s"),
    [
        ("timestamp-refused", 0.0),
        ("nonce-refused", 0.0),
        ("clock-skew:ahead_ms=6000:for_ms=900", 1.0),
        ("clock-skew:behind_ms=1500:for_ms=900", 1.0),
    ],
)
async def test_the_time_of_a_request_is_refused(fault: str, after_s: float) -> None:
    async with trading(fault) as (client, clock):
        status, body = await client.place()
        assert (status, body["code"]) == (REJECTED, -1021)
        assert list(client.venue.journal.orders) == []
        await clock.advance(after_s)
        assert (await client.place())[0] == 200


async def test_a_clock_that_leaps_for_good_is_told_by_the_venue() -> None:
    async with trading("clock-skew:behind_ms=5000") as (client, clock):
        true_ms = client.venue.core.agenda.now_ns // 1_000_000
        assert (await get(client.venue, "/api/v3/time"))["serverTime"] == true_ms - 5_000
        await clock.advance(60)
        now_ms = client.venue.core.agenda.now_ns // 1_000_000
        assert (await get(client.venue, "/api/v3/time"))["serverTime"] == now_ms - 5_000


async def test_a_key_is_revoked_for_a_while_and_its_stream_ends() -> None:
    async with trading("key-revoked:for_ms=2000") as (client, clock):
        assert (await client.place())[1]["code"] == -2015
        await asyncio.sleep(0)
        assert client.events == ["eventStreamTerminated"]
        async with Client(client.venue, 1) as other:
            assert (await other.place())[0] == 200
        await clock.advance(1.9)
        assert (await client.place())[1]["code"] == -2015
        await clock.advance(0.2)
        assert (await client.place())[0] == 200
        await client.listen()


async def test_a_stream_ends_and_what_it_was_about_to_say_is_lost() -> None:
    async with trading("stream-end") as (client, clock):
        await client.place()
        await clock.advance(0.1)
        assert client.events == ["outboundAccountPosition", "eventStreamTerminated"]
        await client.place()
        await clock.advance(0.1)
        assert len(client.events) == 2
        await client.listen()


@pytest.mark.parametrize("expire", [0, 1])
async def test_a_pair_is_halted_and_opens_again(expire: int) -> None:
    async with trading(f"halt:after=1:request=place:for_ms=1500:expire={expire}", flow=50) as (
        client,
        clock,
    ):
        _, rests = await client.place()
        await clock.advance(0.1)
        status, body = await client.place()
        assert (status, body["code"], body["msg"]) == (REJECTED, -2010, "Market is closed.")
        (told,) = (await get(client.venue, "/api/v3/exchangeInfo"))["symbols"]
        assert told["status"] == "HALT"
        before = client.venue.journal[PAIR].changes
        await clock.advance(1.2)
        assert client.venue.journal[PAIR].changes == before
        _, found = await client.call("GET", "order", **ORDER, orderId=rests["orderId"])
        assert found["status"] == ("EXPIRED" if expire else "NEW")
        await clock.advance(0.5)
        assert (await client.place())[0] == 200
        assert client.venue.journal[PAIR].changes > before


async def test_the_tick_size_changes_in_mid_run_for_new_orders() -> None:
    async with trading("tick-change:request=place:after=1:factor=100") as (client, clock):
        _, rests = await client.place(price="50000.01")
        assert (await client.place(price="50000.01"))[1]["msg"] == "Filter failure: PRICE_FILTER"
        (told,) = (await get(client.venue, "/api/v3/exchangeInfo"))["symbols"]
        assert told["filters"][0]["tickSize"] == "1.00000000"
        assert (await client.place(price="50001"))[0] == 200
        assert (await client.call("DELETE", "order", **ORDER, orderId=rests["orderId"]))[0] == 200
        await clock.advance(0.1)


async def test_in_maintenance_nobody_is_served() -> None:
    async with trading("maintenance:for_ms=1000:request=place") as (client, clock):
        assert (await client.place())[0] == 503
        assert (await get(client.venue, "/api/v3/ping"))["code"] == -1008
        assert fates(client, "place") == [Fate.NOT_REACHED]
        await clock.advance(1.1)
        assert (await client.place())[0] == 200


@pytest.mark.parametrize(
    ("fault", "why", "lost"),
    [
        ("refuse-connections", "was refused", True),
        ("dns-failure", "leads nowhere", True),
        ("bad-certificate", "has expired", False),
        ("bad-certificate:expired=0", "signed by nobody", False),
    ],
)
async def test_no_connection_comes_about_for_a_while(fault: str, why: str, lost: bool) -> None:
    async with trading(f"{fault}:for_ms=60000:request=place") as (client, clock):
        if lost:
            with pytest.raises(Disconnected):
                await client.place()
        else:
            assert (await client.place())[0] == 200
        assert len(client.venue.journal.orders) == (not lost)
        for _ in range(2):
            with pytest.raises(ConnectFailed, match=why):
                await client.place()
            await clock.advance(29)
        assert client.ended
        with pytest.raises(ConnectFailed, match=why):
            await Client(client.venue).__aenter__()
        await clock.advance(3)
        assert (await client.place())[0] == 200


async def test_faults_of_accounts_leave_public_requests_alone() -> None:
    async with trading("timestamp-refused,key-revoked,nonce-refused") as (client, _):
        assert await get(client.venue, "/api/v3/ping") == {}
        assert list(client.venue.journal.faults) == []


async def test_a_subscription_of_an_account_may_be_refused_too() -> None:
    async with trading("timestamp-refused:request=login") as (client, _):
        assert (await client.place())[0] == 200
        await client.say("userDataStream.subscribe.signature", 5)
        await asyncio.sleep(0)
        assert client.frames[-1]["error"]["code"] == -1021


async def test_what_limits_refuse_is_counted_and_what_faults_refuse_is_not() -> None:
    async with trading("rate-limit:request=place") as (client, clock):
        assert (await client.place())[0] == 429
        trading_journal = client.venue.journal.trading
        assert trading_journal.breaches == 0
        for _ in range(51):
            last, _ = await client.place()
        assert (last, trading_journal.breaches) == (429, 1)
        await clock.advance(0.1)


async def test_a_run_with_orders_and_faults_repeats_from_its_seed() -> None:
    async def run(seed: int) -> tuple[str, list[Any]]:
        faults = "drop:stream=user:p=0.3,late:stream=user:p=0.2,status-unknown:p=0.3"
        async with trading(faults, flow=200, seed=seed) as (client, clock):
            for number in range(20):
                price = 60_000 + number
                await client.place(price=price, newClientOrderId=f"n-{number}")
                await clock.advance(0.1)
            return client.venue.journal.digest(), client.frames

    one, two, other = await run(5), await run(5), await run(6)
    assert one == two
    assert one[0] != other[0]
