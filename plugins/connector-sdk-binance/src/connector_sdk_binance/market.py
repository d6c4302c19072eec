"""BinanceMarketApi: requests and answers of Binance spot."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson

from connector_sdk import errors
from connector_sdk.model.account import FeeRates
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.order import OrderIntent, OrderKey
from connector_sdk.model.order_update import OrderMessage, OrderStatus
from connector_sdk.model.wire import Call, Priority, RestResponse
from connector_sdk.protocols.account_reader import AccountReader, Told
from connector_sdk.protocols.flat_trading import FlatTradingApi, Operation, Operations, Parameters
from connector_sdk.protocols.market import Refusal

VENUE = "binance"
MS = 1_000_000
STATUS = {
    "NEW": OrderStatus.OPEN,
    "PENDING_NEW": OrderStatus.OPEN,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
UNREADABLE = "-1100 -1101 -1102 -1103 -1104 -1105 -1106 -1114 -1115 -1116 -1117 -1118 -1128 -1130"
# Not among them, for they leave the outcome unknown: -1000 -1001 -1006 -1007 -1008.
REFUSALS = (
    Refusal(errors.InvalidRequest, UNREADABLE),
    Refusal(errors.RateLimited, "-1003 -1015 -1034"),
    Refusal(errors.AuthRejected, "-1002 -1022 -2014 -2015"),
    Refusal(errors.TimestampRejected, "-1021"),
    Refusal(errors.UnknownInstrument, "-1121"),
    Refusal(errors.OrderNotFound, "-2013 -2026"),
    Refusal(errors.OrderNotFound, "-2011 -2038", "Unknown order"),
    Refusal(errors.InsufficientFunds, "-1013 -2010", "insufficient balance"),
    Refusal(errors.DuplicateOrder, "-1013 -2010", "Duplicate order"),
    Refusal(errors.PostOnlyRejected, "-1013 -2010", "immediately match"),
    Refusal(errors.MarketClosed, "-1013 -2010", "Market is closed"),
    Refusal(errors.RuleViolated, "-1013 -1111"),
    Refusal(errors.RuleViolated, "-2010 -2038", "Filter failure"),
    Refusal(errors.OrderRejected, "-2010 -2011 -2038"),
)
LISTING = Operation("GET /api/v3/exchangeInfo", {"weight": 20}, Priority.POLL, signed=False)
TIME = Operation("GET /api/v3/time", {"weight": 1}, signed=False)
COMMISSION = Operation("GET /api/v3/account/commission", {"weight": 20})
ORDERED = {"weight": 1, "orders_10s": 1, "orders_1d": 1}


class BinanceMarketApi(FlatTradingApi):
    """Binance Spot REST API v3 (docs read 2026-11)."""

    venue = VENUE
    refusals = REFUSALS
    order_validity_s = 5.0
    always = (("recvWindow", "5000"),)
    page_size = 1_000
    operations = Operations(
        place=Operation("POST /api/v3/order", ORDERED, Priority.PLACE),
        cancel=Operation("DELETE /api/v3/order", {"weight": 1}, Priority.CANCEL),
        status=Operation("GET /api/v3/order", {"weight": 4}),
        amend=Operation("PUT /api/v3/order/amend/keepPriority", {"weight": 4}),
        fills=Operation("GET /api/v3/myTrades", {"weight": 5}),
        recent_fills=Operation("GET /api/v3/myTrades", {"weight": 20}),
        open_orders=Operation("GET /api/v3/openOrders", {"weight": 6}),
        all_open_orders=Operation("GET /api/v3/openOrders", {"weight": 80}),
        balances=Operation("GET /api/v3/account?omitZeroBalances=true", {"weight": 20}),
    )
    reader = AccountReader(
        STATUS,
        # In answers to a cancel or an amendment, `clientOrderId` is that request's own.
        orders="symbol origClientOrderId|clientOrderId orderId status executedQty origQty|qty"
        " side type timeInForce price expiryReason transactTime|updateTime",
        fills="symbol id|tradeId clientOrderId orderId isBuyer|side price qty"
        " commission commissionAsset isMaker time|transactTime",
        balances="balances asset free locked updateTime",
    )

    def instruments(self) -> Call[Instruments]:
        """`exchangeInfo`."""
        return self.ask(LISTING, _listed)

    def server_time(self) -> Call[int]:
        """`time`."""
        return self.ask(TIME, lambda answer: int(orjson.loads(answer.body)["serverTime"]) * MS)

    def fee_rates(self, pair: str, instruments: Instruments) -> Call[FeeRates]:
        """`account/commission`, without what paying in BNB would save."""
        symbol = {"symbol": instruments.symbol_of(pair)}
        return self.ask(COMMISSION, lambda answer: _fee_rates(answer, pair), symbol)

    def placing(self, intent: OrderIntent, client_order_id: str) -> Parameters:
        """Answered in full, with the fills it met."""
        return {
            "side": intent.side.name,
            "type": intent.order_type.name,
            "timeInForce": intent.time_in_force and intent.time_in_force.name,
            "quantity": f"{intent.quantity:f}",
            "price": None if intent.price is None else f"{intent.price:f}",
            "newClientOrderId": client_order_id,
            "newOrderRespType": "FULL",
        }

    def naming(self, order: OrderKey) -> Parameters:
        """By both ids, which the venue compares."""
        return {"orderId": order.exchange_order_id, "origClientOrderId": order.client_order_id}

    def amending(
        self, order: OrderKey, standing: OrderIntent, wanted: OrderIntent
    ) -> Parameters | None:
        """To a smaller quantity, and nothing else."""
        if not standing.shrinks_to(wanted):
            return None
        return {"newQty": f"{wanted.quantity:f}", "newClientOrderId": order.client_order_id}

    def paging(self, order: OrderKey | None, since_ns: int, cursor: str | None) -> Parameters:
        """By a time or by an id: both at once are refused."""
        return {
            "orderId": order and order.exchange_order_id,
            "startTime": None if order or cursor else str(since_ns // MS),
            "fromId": cursor,
            "limit": str(self.page_size),
        }

    def read_order(self, told: Told, instruments: Instruments) -> Sequence[OrderMessage]:
        """With the fills of a new order, all of which took; what an amendment leaves is wrapped."""
        order = {**told, **told.get("amendedOrder", {})}
        fills = ({**order, **fill, "isMaker": False} for fill in order.get("fills", ()))
        trades = (self.reader.fill(fill, instruments) for fill in fills)
        return (self.reader.order(order, instruments), *trades)


def _fee_rates(answer: RestResponse, pair: str) -> FeeRates:
    told = orjson.loads(answer.body)
    kinds = [told[f"{kind}Commission"] for kind in ("standard", "special", "tax")]
    maker, taker = (
        sum((Decimal(kind[role]) for kind in kinds), Decimal(0)) for role in ("maker", "taker")
    )
    return FeeRates(pair, maker, taker)


def _listed(answer: RestResponse) -> Instruments:
    return Instruments.read(orjson.loads(answer.body)["symbols"], _instrument, VENUE)


def _instrument(symbol: dict[str, Any]) -> Instrument:
    rules: dict[str, dict[str, Any]] = {rule["filterType"]: rule for rule in symbol["filters"]}
    price, lot = rules["PRICE_FILTER"], rules["LOT_SIZE"]
    market = rules.get("MARKET_LOT_SIZE", {})
    # Which of the two a symbol has depends on its age.
    notional = rules.get("NOTIONAL") or rules.get("MIN_NOTIONAL") or {}
    base, quote = symbol["baseAsset"], symbol["quoteAsset"]
    return Instrument(
        pair=f"{base}-{quote}",
        symbol=symbol["symbol"],
        base=base,
        quote=quote,
        tick_size=price["tickSize"],
        lot_size=lot["stepSize"],
        minimum_price=price["minPrice"],
        maximum_price=price["maxPrice"],
        minimum_quantity=lot["minQty"],
        maximum_quantity=lot["maxQty"],
        minimum_notional=notional.get("minNotional"),
        maximum_notional=notional.get("maxNotional"),
        market_lot_size=market.get("stepSize"),
        minimum_market_quantity=market.get("minQty"),
        maximum_market_quantity=market.get("maxQty"),
        order_types=symbol["orderTypes"],
        tradable=symbol["status"] == "TRADING",
        amendable=symbol.get("amendAllowed", False),
    )


MARKET_API = BinanceMarketApi()
