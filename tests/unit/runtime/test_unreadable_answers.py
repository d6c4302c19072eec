"""An answer that cannot be read says nothing of the order that it is about."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pytest

from connector_sdk.model.order_events import OrderAccepted, OrderFailed, OrderOutcomeUnknown
from connector_sdk.model.order_update import OrderMessage
from connector_sdk.model.wire import Call, RestRequest
from connector_sdk.orders.states import OrderState
from tiny_connector import TinyTradingApi, report_of, tiny_connector
from tiny_venue import PAIR, Upset
from trading_scene import scene


class Raw(TinyTradingApi):
    """Its answers are read without a net."""

    def _order(self, request: RestRequest) -> Call[Sequence[OrderMessage]]:
        return Call(request, lambda answer: (report_of(orjson.loads(answer.body)),))


@pytest.mark.parametrize("api", [TinyTradingApi(), Raw()], ids=["in a net", "raw"])
async def test_an_order_whose_answer_cannot_be_read_is_found(api: TinyTradingApi) -> None:
    async with scene(connector=tiny_connector(api)) as at:
        at.venue.speaks = False
        at.venue.upsets.append(Upset("POST /order", executed=True, answer=(200, "strange")))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(5)
        assert order.state is OrderState.OPEN
        told = at.told(OrderOutcomeUnknown, OrderAccepted, OrderFailed)
        assert told == ["OrderOutcomeUnknown", "OrderAccepted"]
