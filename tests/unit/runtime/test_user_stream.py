"""The private stream: how it is opened, given up, handed over, and what its silence means."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, cast

import pytest

from connector_sdk.connect import connect
from connector_sdk.errors import ConfigError
from connector_sdk.model.events import Event, FeedInterrupted
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order_events import AccountReconciled, OrderAccepted, OrderFilled
from connector_sdk.model.wire import Frame, UserMessage
from connector_sdk.testing.manual_clock import ManualClock
from scripted_transport import ScriptedSocket
from tiny_connector import LISTED, TinyUserStream, report_of, tiny_connector
from tiny_venue import PAIR, TinyVenue, Upset
from trading_scene import Scene, scene

SECOND_NS = 1_000_000_000


class Grants(TinyUserStream):
    grants = True


class Impossible(TinyUserStream):
    """Can yield a report that the ledger fails at."""

    def open(self, instruments: Instruments) -> Callable[[Frame], Sequence[UserMessage]]:
        read = super().open(instruments)

        def decode(frame: Frame) -> Sequence[UserMessage]:
            row = json.loads(frame.data)
            if row["k"] != "impossible":
                return read(frame)
            return (report_of(row["order"])._replace(filled=cast("Decimal", "0.1")),)

        return decode


def logins(at: Scene) -> list[list[str]]:
    """What was sent on each private connection."""
    texts = [[text for _, text in socket.sent] for socket in at.venue.sockets]
    return [sent for sent in texts if sent and sent[0].startswith("{")]


def interruptions(at: Scene) -> list[Event]:
    return [e for e in at.events if isinstance(e, FeedInterrupted) and e.pair is None]


def reconciled(at: Scene) -> list[AccountReconciled]:
    return [e for e in at.events if isinstance(e, AccountReconciled)]


def refused(code: str) -> Any:
    def refuse(socket: ScriptedSocket, row: dict[str, Any]) -> None:
        socket.say({"k": "no", "ack": row["ack"], "code": code})

    return refuse


async def test_each_text_is_sent_after_the_one_before_was_acknowledged() -> None:
    waiting: list[tuple[ScriptedSocket, dict[str, Any]]] = []

    def slow(venue: TinyVenue) -> None:
        venue.login = lambda socket, row: waiting.append((socket, row))

    async with scene(prepare=slow) as at:
        assert [row["op"] for _, row in waiting] == ["login"]
        assert not at.market.health.trading["private stream"].ok
        at.venue.admit(*waiting[0])
        await at.clock.advance(1)
        assert [row["op"] for _, row in waiting] == ["login", "listen"]
        assert waiting[1][1]["now"] - waiting[0][1]["now"] == 1000  # signed when it is sent
        assert not at.market.user_stream_tracker.ready
        at.venue.admit(*waiting[1])
        await at.clock.settle()
        assert at.market.user_stream_tracker.ready


async def test_a_refused_login_is_typed_visible_and_tried_again_with_patience() -> None:
    def refuse(venue: TinyVenue) -> None:
        venue.login = refused("key")

    async with scene(prepare=refuse) as at:
        await at.clock.advance(300)
        health = at.market.health
        assert not health.ready
        assert "AuthRejected" in health.trading["private stream"].reason
        assert 10 < at.venue.attempts < 60
        at.venue.login = at.venue.admit
        await at.clock.advance(31)
        assert at.market.health.ready
        assert at.market.health.trading["private stream"].reason == ""


async def test_a_login_refused_for_its_time_has_the_venues_clock_read_anew() -> None:
    async with scene() as at:
        asked = at.venue.asked.count("GET /time")
        at.venue.login = refused("time")
        at.venue.private[0].cut()
        await at.clock.advance(3)
        assert at.venue.asked.count("GET /time") > asked


async def test_a_login_that_is_not_acknowledged_is_made_on_another_connection() -> None:
    deaf = [True]

    def forgetful(venue: TinyVenue) -> None:
        def login(socket: ScriptedSocket, row: dict[str, Any]) -> None:
            if not deaf or not deaf.pop():
                venue.admit(socket, row)

        venue.login = login

    async with scene(prepare=forgetful) as at:
        await at.clock.advance(10)
        assert at.market.health.ready
        assert [len(sent) for sent in logins(at)] == [1, 2]


async def test_a_key_revoked_in_mid_run_is_seen() -> None:
    async with scene() as at:
        at.venue.login = refused("key")
        at.venue.private[0].say({"k": "no", "ack": None, "code": "key"})
        await at.clock.advance(1)
        assert interruptions(at)
        assert "AuthRejected" in at.market.health.trading["private stream"].reason


async def test_an_interruption_is_told_and_followed_by_evidence() -> None:
    async with scene() as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        first = len(reconciled(at))
        at.venue.private[0].cut("cut by the script")
        cut_ns = at.clock.now_ns()
        at.venue.fill(order.client_order_id, "0.5")
        foreign = at.venue.foreign("x")
        await at.clock.advance(5)
        (lost,) = interruptions(at)
        assert lost == FeedInterrupted(None, "user.1", "cut by the script", cut_ns)
        (evidence,) = reconciled(at)[first:]
        assert evidence.proven
        assert evidence.from_ns == cut_ns
        assert evidence.to_ns >= cut_ns
        assert (evidence.orders, evidence.fills) == (2, 1)
        assert PAIR in evidence.evidence
        assert (PAIR, foreign["order"]) in at.market.user_stream_tracker.ledger.external_open
        assert order.filled == order.quantity


async def test_evidence_says_which_part_could_not_be_asked_and_comes_again_when_it_could() -> None:
    async with scene() as at:
        first = len(reconciled(at))
        at.venue.upsets.append(Upset("GET /fills", answer=(503, "x")))
        at.venue.private[0].cut()
        cut_ns = at.clock.now_ns()
        await at.clock.advance(3)
        (unproven,) = reconciled(at)[first:]
        assert not unproven.proven
        assert "could not ask for fills of BTC-USDT" in unproven.evidence
        assert not at.market.health.trading["reconciliation"].ok
        await at.clock.advance(10)
        proven = reconciled(at)[-1]
        assert proven.proven
        assert proven.from_ns == cut_ns
        assert at.market.health.ready


async def test_the_stream_is_handed_over_when_the_venue_says_it_will_end() -> None:
    async with scene() as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        (old,) = at.venue.private
        old.say({"k": "ending"})
        await at.clock.settle()
        assert not at.market.health.trading["private stream"].ok
        await at.clock.advance(2)
        assert not old.open
        assert len(at.venue.private) == 1
        assert not interruptions(at)
        at.venue.fill(order.client_order_id, "0.2")
        await at.clock.settle()
        assert at.told(OrderFilled) == ["OrderFilled"]
        assert at.market.health.ready


async def test_a_token_is_fetched_for_every_connection_and_renewed_at_half_its_life() -> None:
    async with scene(connector=tiny_connector(stream=Grants())) as at:
        assert at.venue.asked.count("GET /grant") == 1
        await at.clock.advance(1801)
        assert at.venue.asked.count("GET /grant") == 2
        assert len(at.venue.private) == 1
        assert not interruptions(at)
        at.venue.upsets.append(Upset("GET /grant", answer=(400, "key")))
        await at.clock.advance(1801)
        assert at.venue.asked.count("GET /grant") == 4  # refused; another, for another stream
        assert logins(at)[1]
        assert not interruptions(at)
        assert at.market.health.ready
        at.venue.private[0].cut()
        await at.clock.advance(5)
        assert at.venue.asked.count("GET /grant") == 5


async def test_a_stream_that_owes_a_word_is_distrusted_then_replaced() -> None:
    async with scene() as at:
        at.venue.speaks = False
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        await at.clock.advance(3)
        assert at.market.health.ready
        await at.clock.advance(4)
        assert "does not tell" in at.market.health.trading["private stream"].reason
        at.venue.fill(order.client_order_id, "0.5")
        await at.clock.advance(6)
        assert order.filled == order.quantity  # a short poll found it
        sockets = len(logins(at))
        await at.clock.advance(30)
        assert len(logins(at)) == sockets + 1
        await at.clock.advance(5)
        assert at.market.health.ready


async def test_a_quiet_account_is_no_silent_stream() -> None:
    async with scene() as at:
        await at.clock.advance(3600)
        assert at.market.health.ready
        assert len(logins(at)) == 1
        assert 30 <= at.venue.asked.count("GET /balances") <= 32  # the long poll alone


async def test_a_frame_that_cannot_be_read_has_the_account_compared() -> None:
    async with scene() as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        at.venue.speaks = False
        at.venue.fill(order.client_order_id, "0.5")
        for _ in range(50):
            at.venue.private[0].say({"k": "fill"})
        await at.clock.advance(3)
        assert order.filled == order.quantity
        assert at.venue.asked.count("GET /fills") < 6
        assert at.market.user_stream_tracker.feed_metrics.wire_errors == 50


async def test_a_bug_of_ours_is_no_unreadable_frame(caplog: pytest.LogCaptureFixture) -> None:
    async with scene(connector=tiny_connector(stream=Impossible())) as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        compared = len(reconciled(at))
        socket = at.venue.private[0]
        socket.say({"k": "impossible", "order": at.venue.orders[order.client_order_id]})
        at.venue.fill(order.client_order_id, "0.2")
        await at.clock.advance(3)
        (logged,) = [record for record in caplog.records if record.levelname == "ERROR"]
        assert "a bug" in logged.message
        assert logged.exc_info is not None
        health = at.market.health
        assert not health.ready
        assert "a bug of ours: TypeError" in health.trading["private stream"].reason
        assert at.market.user_stream_tracker.feed_metrics.wire_errors == 0
        assert len(reconciled(at)) == compared
        assert order.filled == Decimal("0.2")  # the next frame is taken
        socket.cut()
        await at.clock.advance(5)
        assert at.market.health.ready  # the account was compared anew


async def test_an_unknown_kind_is_counted_and_nothing_else() -> None:
    async with scene() as at:
        asked = len(at.venue.asked)
        at.venue.private[0].say({"k": "listStatus"})
        await at.clock.settle()
        assert at.market.user_stream_tracker.feed_metrics.unrecognized == {"listStatus": 1}
        assert len(at.venue.asked) == asked


async def test_order_events_keep_their_order_in_the_iterator_and_heed_its_pairs() -> None:
    async with scene() as at:
        of_pair, of_other = at.market.events(PAIR), at.market.events("ETH-USDT")
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        for _ in range(3):
            at.venue.fill(order.client_order_id, "0.1")
        at.venue.end(order.client_order_id)
        at.venue.private[0].say(at.venue.holdings("USDT", "5"))
        await at.clock.settle()
        await of_pair.aclose()
        await of_other.aclose()
        heard = [type(event).__name__ async for event in of_pair]
        assert heard == [
            "OrderAccepted",
            "OrderFilled",
            "OrderFilled",
            "OrderFilled",
            "OrderCanceled",
            "BalanceChanged",
        ]
        assert [type(event).__name__ async for event in of_other] == ["BalanceChanged"]


async def test_an_acknowledgement_of_the_stream_may_come_before_the_answer() -> None:
    async with scene() as at:
        at.venue.upsets.append(Upset("POST /order", executed=True, delay_s=5.0))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
        assert await order.acknowledged() == "1"
        await at.clock.advance(5)
        assert at.told(OrderAccepted) == ["OrderAccepted"]


async def test_public_data_needs_no_key_and_trading_says_what_to_pass() -> None:
    clock = ManualClock()
    venue = TinyVenue(clock)
    market = connect(tiny_connector(), [PAIR], transport=venue, clock=clock, instruments=LISTED)
    async with market:
        await clock.advance(1)
        assert market.health.ready
        assert venue.asked == []
        assert market.health.trading == {}
        with pytest.raises(ConfigError, match="credentials="):
            await market.buy(PAIR, "0.5", price="90")
        with pytest.raises(ConfigError, match="credentials="):
            _ = market.balances


async def test_an_account_can_be_traded_without_following_a_pair() -> None:
    async with scene(pairs=()) as at:
        await at.market.ready()
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        assert at.market.balances["USDT"].available == 100_000
