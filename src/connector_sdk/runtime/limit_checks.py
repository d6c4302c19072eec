"""Every request a connector can make is weighed before the first of them is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Protocol

from connector_sdk.errors import ConnectorError
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderIntent, OrderKey, Side
from connector_sdk.model.wire import RestRequest
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.trading import TradingApi
from connector_sdk.transport.rest import RestClient

KEY = "check"
ONE = Decimal(1)


class _Carrier(Protocol):
    """A Call, whatever it gives."""

    @property
    def request(self) -> RestRequest: ...


Asked = Callable[[], _Carrier | None]


def check_limits(
    rest: RestClient,
    connector: Connector,
    pair: str,
    instruments: Instruments,
    *,
    trades: bool = True,
) -> None:
    """Raise ConfigError for a request that costs of a pool the manifest does not name, or too much.

    pair:    of the instruments; the requests are made for it, and none is sent.
    trades:  whether those of an account count.

    Raises InvariantError for one to an endpoint that the manifest does not name.
    """
    for request in _requests(connector, pair, instruments, trades=trades):
        rest.check(request)


def _requests(
    connector: Connector, pair: str, instruments: Instruments, *, trades: bool
) -> Iterator[RestRequest]:
    asked: list[Asked] = [
        connector.market_api.instruments,
        lambda: connector.order_book.snapshot_request(pair, instruments),
    ]
    if trades and connector.trading is not None:
        asked.append(connector.trading.user_stream.preparation)
        asked += _trading_requests(connector.trading.api, pair, instruments)
    for ask in asked:
        try:
            call = ask()
        except ConnectorError:
            continue  # this one cannot be said of this pair, so it is never sent
        if call is not None:
            yield call.request


def _trading_requests(api: TradingApi, pair: str, instruments: Instruments) -> list[Asked]:
    intent = OrderIntent(pair, Side.BUY, ONE, ONE)
    order = OrderKey(pair, KEY, KEY)
    return [
        lambda: api.place(intent, KEY, instruments),
        lambda: api.cancel(order, instruments),
        lambda: api.amend(order, intent, intent, instruments),
        lambda: api.place_batch([(intent, KEY)], instruments),
        lambda: api.cancel_batch([order], instruments),
        lambda: api.order_status(order, instruments),
        lambda: api.order_fills(order, instruments),
        lambda: api.open_orders(None, instruments),
        lambda: api.open_orders(pair, instruments),
        lambda: api.recent_fills(pair, 0, None, instruments),
        lambda: api.fee_rates(pair, instruments),
        api.balances,
        api.server_time,
    ]
