"""Orders and fills in JSON, field for field, as REST and the WebSocket API answer alike.

Source: binance-spot-api-docs, "REST API: Trading endpoints", "Conditional fields in Order
Responses" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from connector_sdk.model.order import Side
from connector_sdk.sandbox.dialect import VenueView
from connector_sdk.sandbox.trading import OrderPlaced, UserFill, UserOrder
from connector_sdk_binance.sandbox.exchange_info import text
from connector_sdk_binance.sandbox.order_words import STATUSES, expiry_reason, force_word

Json = dict[str, object]

NO_LIST = -1
NOT_WORKING = -1


def milliseconds(at_ns: int) -> int:
    """As JSON tells times."""
    return at_ns // 1_000_000


def placed_report(placed: OrderPlaced, venue: VenueView, form: str) -> Json:
    """The answer to a new order: ACK, RESULT or FULL."""
    order = placed.order
    report: Json = {
        "symbol": _symbol(order, venue),
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": order.client_order_id,
        "transactTime": milliseconds(order.updated_ns),
    }
    if form == "ACK":
        return report
    report |= {
        "price": text(order.new.price),
        **_amounts(order),
        **_terms(order),
        "workingTime": _working_time(order),
        "selfTradePreventionMode": order.new.prevention.name,
        **_conditional(order, shown=True),
    }
    if form == "FULL":
        report["fills"] = [_fill(fill) for fill in placed.fills]
    return report


def order_report(order: UserOrder, venue: VenueView) -> Json:
    """An order as it stands."""
    return {
        "symbol": _symbol(order, venue),
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": order.client_order_id,
        "price": text(order.new.price),
        **_amounts(order),
        **_terms(order),
        "stopPrice": text(order.new.stop_price),
        "icebergQty": text(order.new.iceberg),
        "time": milliseconds(order.created_ns),
        "updateTime": milliseconds(order.updated_ns),
        "isWorking": order.working_ns is not None,
        "workingTime": _working_time(order),
        "selfTradePreventionMode": order.new.prevention.name,
        **_conditional(order, shown=False),
    }


def canceled_report(order: UserOrder, cancel_id: str, venue: VenueView) -> Json:
    """The answer to a cancel; its own id stands in ``clientOrderId``."""
    return {
        "symbol": _symbol(order, venue),
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "clientOrderId": cancel_id,
        "transactTime": milliseconds(order.updated_ns),
        "price": text(order.new.price),
        **_amounts(order),
        **_terms(order),
        "selfTradePreventionMode": order.new.prevention.name,
        **_conditional(order, shown=True),
    }


def amended_report(order: UserOrder, before: str, execution_id: int, venue: VenueView) -> Json:
    """The answer to an amendment. before: the client order id it had."""
    amended: Json = {
        "symbol": _symbol(order, venue),
        "orderId": order.order_id,
        "orderListId": NO_LIST,
        "origClientOrderId": before,
        "clientOrderId": order.client_order_id,
        "price": text(order.new.price),
        "qty": text(order.quantity),
        "executedQty": text(order.filled),
        "preventedQty": text(order.prevented),
        "quoteOrderQty": text(order.new.quote_quantity),
        # Spelled with one m here, and only here.
        "cumulativeQuoteQty": text(order.filled_quote),
        **_terms(order),
        "workingTime": _working_time(order),
        "selfTradePreventionMode": order.new.prevention.name,
        **_conditional(order, shown=True),
    }
    return {
        "transactTime": milliseconds(order.updated_ns),
        "executionId": execution_id,
        "amendedOrder": amended,
    }


def trade_reports(fills: Iterable[tuple[UserOrder, UserFill]], venue: VenueView) -> list[Json]:
    """Rows of ``myTrades``."""
    return [
        {
            "symbol": _symbol(order, venue),
            "id": fill.trade_id,
            "orderId": order.order_id,
            "orderListId": NO_LIST,
            "price": text(fill.price),
            "qty": text(fill.quantity),
            "quoteQty": text(fill.quote),
            "commission": text(fill.fee),
            "commissionAsset": fill.fee_asset,
            "time": milliseconds(fill.at_ns),
            "isBuyer": order.new.side is Side.BUY,
            "isMaker": fill.maker,
            "isBestMatch": True,
        }
        for order, fill in fills
    ]


def _symbol(order: UserOrder, venue: VenueView) -> str:
    return venue.listings[order.new.pair].instrument.symbol


def _amounts(order: UserOrder) -> Json:
    return {
        "origQty": text(order.quantity),
        "executedQty": text(order.filled),
        "origQuoteOrderQty": text(order.new.quote_quantity),
        "cummulativeQuoteQty": text(order.filled_quote),
    }


def _terms(order: UserOrder) -> Json:
    return {
        "status": STATUSES[order.status],
        "timeInForce": force_word(order),
        "type": order.new.type.name,
        "side": order.new.side.name,
    }


def _working_time(order: UserOrder) -> int:
    return NOT_WORKING if order.working_ns is None else milliseconds(order.working_ns)


def _conditional(order: UserOrder, *, shown: bool) -> Json:
    """Fields that only some orders have; `shown`: stop price and iceberg are among them."""
    fields: Json = {}
    new, reason = order.new, expiry_reason(order)
    if shown and new.iceberg is not None:
        fields["icebergQty"] = text(new.iceberg)
    if shown and new.stop_price is not None:
        fields["stopPrice"] = text(new.stop_price)
    if new.trailing_delta is not None:
        fields["trailingDelta"] = new.trailing_delta
        fields["trailingTime"] = _trailing_time(order)
    if order.prevented > Decimal(0):
        fields["preventedQuantity"] = text(order.prevented)
    if reason is not None:
        fields["expiryReason"] = reason
    return fields


def _trailing_time(order: UserOrder) -> int:
    return milliseconds(order.created_ns)


def _fill(fill: UserFill) -> Json:
    return {
        "price": text(fill.price),
        "qty": text(fill.quantity),
        "commission": text(fill.fee),
        "commissionAsset": fill.fee_asset,
        "tradeId": fill.trade_id,
    }
