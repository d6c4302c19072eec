"""Comparisons of the whole account that follow each other: they leave room for orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from connector_sdk.model.account import BalanceReport
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order_events import AccountReconciled
from connector_sdk.model.order_update import FillPage, OrderReport
from connector_sdk.model.wire import Call
from connector_sdk.orders.states import OrderState
from tiny_connector import TinyTradingApi, tiny_connector
from tiny_venue import PAIR
from trading_scene import Scene, scene

T = TypeVar("T")


class Costly(TinyTradingApi):
    """A comparison costs a fiftieth of the budget of a minute, as at a real venue."""

    def _weighing(self, call: Call[T], weight: int) -> Call[T]:
        return Call(replace(call.request, costs={"weight": weight}), call.decode)

    def open_orders(
        self, pair: str | None, instruments: Instruments
    ) -> Call[Sequence[OrderReport]]:
        return self._weighing(super().open_orders(pair, instruments), 80 if pair is None else 6)

    def balances(self) -> Call[BalanceReport]:
        return self._weighing(super().balances(), 20)

    def recent_fills(
        self, pair: str, since_ns: int, cursor: str | None, instruments: Instruments
    ) -> Call[FillPage]:
        return self._weighing(super().recent_fills(pair, since_ns, cursor, instruments), 20)


def spoil(at: Scene) -> None:
    """A frame of the private stream that cannot be read."""
    for socket in at.venue.private:
        socket.say({"k": "fill"})


async def test_frames_that_cannot_be_read_hold_up_no_order() -> None:
    async with scene(connector=tiny_connector(Costly())) as at:
        before = at.sent("GET /open")
        for half_second in range(400):
            spoil(at)
            await at.clock.advance(0.5)
            if half_second % 20 == 0:
                order = await at.market.buy(PAIR, "0.5", price="90")
                await at.clock.settle()
                assert order.state is OrderState.OPEN, half_second
        # The start's was the first: then after 1, 2, 4 … 32, 60 and 60 seconds.
        assert at.sent("GET /open") - before == 8


async def test_what_is_missed_between_them_is_found_by_the_next_one_and_proven() -> None:
    async with scene() as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        for _ in range(40):
            spoil(at)
            await at.clock.advance(0.5)
        at.venue.speaks = False
        at.venue.fill(order.client_order_id, "0.5")
        missed_ns = at.clock.now_ns()
        spoil(at)
        await at.clock.advance(60)
        assert order.state is OrderState.FILLED
        evidence = [event for event in at.events if isinstance(event, AccountReconciled)][-1]
        assert evidence.proven
        assert evidence.fills == 1
        assert evidence.from_ns <= missed_ns <= evidence.to_ns


async def test_after_a_quiet_time_the_account_is_compared_at_once_again() -> None:
    async with scene() as at:
        for _ in range(100):
            spoil(at)
            await at.clock.advance(0.5)
        await at.clock.advance(130)
        for _ in range(2):
            before = at.sent("GET /open")
            spoil(at)
            await at.clock.advance(1.1)
            assert at.sent("GET /open") == before + 1
