"""The feed's patience, in virtual time: no socket, no waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from connector_sdk.connect import connect
from connector_sdk.errors import ConnectFailed, RequestTimeout
from connector_sdk.model.events import BookStale
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.plugins import load_connector
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.backoff import Spacing
from scripted_transport import ScriptedSocket, ScriptedTransport

PAIRS = ("BTC-USDT", "ETH-USDT")
SECOND_NS = 1_000_000_000
HOUR_S = 3600.0
SNAPSHOT = b'{"lastUpdateId":7,"bids":[["1","1"]],"asks":[["2","1"]]}'
ONE = Decimal(1)
LISTED = Instruments(
    Instrument(
        pair=pair,
        symbol=pair.replace("-", ""),
        base=pair[:3],
        quote="USDT",
        tick_size=ONE,
        lot_size=ONE,
    )
    for pair in PAIRS
)


def acknowledge(socket: ScriptedSocket, text: str) -> None:
    socket.say({"result": None, "id": json.loads(text)["id"]})


def streams(text: str) -> set[str]:
    """Symbols a subscription names."""
    return {name.partition("@")[0] for name in json.loads(text)["params"]}


class Scene:
    def __init__(self, react: Callable[[ScriptedSocket, str], None]) -> None:
        self.clock = ManualClock()
        self.transport = ScriptedTransport(self.clock, react)
        self.market: LiveMarket = connect(
            "binance",
            PAIRS,
            transport=self.transport,
            clock=self.clock,
            instruments=LISTED,
            settings=FeedSettings(tick_s=10, seed=1),
        )

    @property
    def socket(self) -> ScriptedSocket:
        return self.transport.sockets[-1]


@asynccontextmanager
async def scene(
    react: Callable[[ScriptedSocket, str], None] = acknowledge,
) -> AsyncIterator[Scene]:
    made = Scene(react)
    async with made.market:
        await made.clock.settle()
        yield made


async def test_a_quiet_day_has_its_audits_and_one_handover_before_the_venue_cuts() -> None:
    async with scene() as at:
        at.transport.status, at.transport.body = 200, SNAPSHOT
        stale: list[BookStale] = []
        at.market.on(BookStale, stale.append)
        await at.clock.advance(24 * HOUR_S)
        assert at.market.health.ready
        assert stale == []
        assert 2 * 20 < at.transport.requests < 2 * 30
        assert [socket.open for socket in at.transport.sockets] == [False, True]
        lasted_s = (at.transport.attempts_ns[1] - at.transport.attempts_ns[0]) / SECOND_NS
        assert 20 * HOUR_S < lasted_s < 23 * HOUR_S
        assert at.socket.pings > 0
        assert list(at.market.health.connections) == ["ws.2"]


async def test_an_hour_without_name_service_is_spent_with_capped_spaced_attempts() -> None:
    async with scene() as at:
        at.transport.refusal = ConnectFailed("no such host")
        at.socket.cut()
        await at.clock.advance(HOUR_S)
        tried = len(at.transport.attempts_ns)
        assert 100 < tried < 400
        at.transport.refusal = None
        await at.clock.advance(31)
        assert at.socket.open
        assert len(at.transport.sockets) == 2


async def test_a_message_that_kills_every_session_does_not_reconnect_at_full_speed() -> None:
    def poison(socket: ScriptedSocket, text: str) -> None:
        acknowledge(socket, text)
        socket.cut()

    async with scene(poison) as at:
        await at.clock.advance(600)
        assert len(at.transport.attempts_ns) < 80
        (link,) = at.market.health.connections.values()
        assert link.attempts > 10


async def test_connection_attempts_keep_to_the_venues_rule_a_minute() -> None:
    connector = load_connector("binance")
    slow = type("Slow", (type(connector.order_book),), {"connects_per_minute": 6.0})
    clock = ManualClock()
    transport = ScriptedTransport(clock, acknowledge)
    transport.refusal = ConnectFailed("refused")
    async with connect(
        replace(connector, order_book=slow()),
        PAIRS,
        transport=transport,
        clock=clock,
        instruments=LISTED,
        settings=FeedSettings(reconnects=Spacing(0.01, 0.1), seed=1),
    ):
        await clock.advance(600)
    times = transport.attempts_ns
    assert len(times) >= 55
    assert all(b - a >= 60 * SECOND_NS for a, b in zip(times, times[6:], strict=False))


async def test_a_session_that_lasted_is_replaced_at_once() -> None:
    async with scene() as at:
        for _ in range(5):
            await at.clock.advance(120)
            at.socket.cut()
            cut_ns = at.clock.now_ns()
            await at.clock.advance(1)
            assert at.transport.attempts_ns[-1] - cut_ns < SECOND_NS
        assert len(at.transport.sockets) == 6


async def test_every_reconnect_subscribes_every_pair_anew() -> None:
    async with scene() as at:
        for _ in range(3):
            await at.clock.advance(1)
            at.socket.cut()
            await at.clock.advance(30)
        assert len(at.transport.sockets) == 4
        for socket in at.transport.sockets:
            assert [streams(text) for _, text in socket.sent] == [{"btcusdt", "ethusdt"}]


async def test_a_lost_acknowledgement_brings_the_subscription_again() -> None:
    deaf = [True]

    def forgetful(socket: ScriptedSocket, text: str) -> None:
        if not deaf.pop() if deaf else True:
            acknowledge(socket, text)

    async with scene(forgetful) as at:
        await at.clock.advance(30)
        assert len(at.transport.sockets) == 1
        assert [streams(text) for _, text in at.socket.sent] == [{"btcusdt", "ethusdt"}] * 2
        assert at.market.order_book_tracker.owned_by("ws.1") == set(PAIRS)


async def test_a_refused_pair_is_found_alone_reported_and_tried_again() -> None:
    def choosy(socket: ScriptedSocket, text: str) -> None:
        if "btcusdt" in streams(text):
            request = json.loads(text)["id"]
            socket.say({"code": 2, "msg": "no such stream", "id": request})
        else:
            acknowledge(socket, text)

    async with scene(choosy) as at:
        await at.clock.advance(1)
        assert at.market.order_book_tracker.owned_by("ws.1") == {"ETH-USDT"}
        health = at.market.health
        assert "no such stream" in (health.pairs["BTC-USDT"].last_error or "")
        assert health.pairs["BTC-USDT"].degraded
        assert not health.pairs["ETH-USDT"].degraded
        tries = len(at.socket.sent)
        await at.clock.advance(600)
        assert tries < len(at.socket.sent) < tries + 20
        assert len(at.transport.sockets) == 1


async def test_subscriptions_keep_to_the_messages_a_second_the_venue_allows() -> None:
    async with scene() as at:
        for _ in range(30):
            for pair in PAIRS:
                await at.market.remove_pair(pair)
                await at.market.add_pair(pair)
            await at.clock.settle()
        await at.clock.advance(60)
        for socket in at.transport.sockets:
            times = [at_ns for at_ns, _ in socket.sent]
            assert all(b - a >= SECOND_NS for a, b in zip(times, times[5:], strict=False))


async def test_a_silent_connection_is_pinged_then_given_up_in_time() -> None:
    async with scene() as at:
        at.socket.answers_pings = False
        quiet_since_ns = at.socket.heard_ns
        await at.clock.advance(59)
        assert at.socket.pings == 1
        assert len(at.transport.sockets) == 1
        await at.clock.advance(3)
        assert len(at.transport.sockets) == 2
        assert at.transport.attempts_ns[1] - quiet_since_ns <= 62 * SECOND_NS


async def test_a_pause_of_our_own_process_kills_no_connection() -> None:
    async with scene() as at:
        at.clock._now_ns += 600 * SECOND_NS  # the machine slept
        await at.clock.advance(30)
        assert len(at.transport.sockets) == 1
        assert at.socket.pings >= 1


async def test_waiting_for_readiness_ends_in_virtual_time_and_names_the_pairs() -> None:
    async with scene() as at:

        async def give_up() -> None:
            with pytest.raises(RequestTimeout, match="BTC-USDT is syncing; ETH-USDT is syncing"):
                await at.market.ready(30)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(give_up())
            await at.clock.advance(31)


async def test_a_loop_that_dies_is_started_again_and_visible_meanwhile(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with scene() as at:
        tracker = at.market.order_book_tracker
        tick, broken = tracker.tick, [True]

        def tick_or_die(now_ns: int) -> None:
            if broken:
                raise RuntimeError("a bug of ours")
            tick(now_ns)

        tracker.tick = tick_or_die  # type: ignore[method-assign]  # the bug is put in by hand
        await at.clock.advance(10)
        assert "ticker died: RuntimeError: a bug of ours" in at.market.health.reason
        assert at.socket.open
        broken.clear()
        await at.clock.advance(120)
        assert "ticker" not in at.market.health.reason
        assert "a bug of ours" in caplog.text
