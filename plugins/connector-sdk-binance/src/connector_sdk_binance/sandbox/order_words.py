"""The words of an order, as Binance spells them.

Source: binance-spot-api-docs, "ENUM definitions" and "New order" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from connector_sdk.model.order import Side, TimeInForce
from connector_sdk.sandbox.trading import (
    EndReason,
    Execution,
    NewOrder,
    TradePrevention,
    TradingDesk,
    UserOrder,
    VenueOrderStatus,
    VenueOrderType,
)
from connector_sdk_binance.sandbox.api_error import (
    BAD_COMPOSITION,
    BAD_SIDE,
    BAD_TIF,
    BAD_TYPE,
    BAD_VALUE,
    NEW_REJECTED,
    NOT_REQUIRED,
    ApiError,
    missing,
)
from connector_sdk_binance.sandbox.parameters import Parameters

ID_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 22
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
TYPES = {kind.name: kind for kind in VenueOrderType}
FORCES = {force.name: force for force in TimeInForce}
PREVENTIONS = {mode.name: mode for mode in TradePrevention}
EXECUTIONS: Mapping[Execution, str] = {
    Execution.NEW: "NEW",
    # A stop order that goes to the book is told as new a second time, now with w true.
    Execution.TRIGGERED: "NEW",
    Execution.TRADE: "TRADE",
    Execution.CANCELED: "CANCELED",
    Execution.AMENDED: "REPLACED",
    Execution.EXPIRED: "EXPIRED",
    Execution.TRADE_PREVENTED: "TRADE_PREVENTION",
}
STATUSES: Mapping[VenueOrderStatus, str] = {status: status.name for status in VenueOrderStatus}
EXPIRY_REASONS: Mapping[EndReason, str] = {
    EndReason.UNFILLED_IOC: "UNFILLED_IOC_QUANTITY_EXPIRED",
    EndReason.UNFILLED_FOK: "UNFILLED_FOK_ORDER_EXPIRED",
    EndReason.NO_LIQUIDITY: "INSUFFICIENT_LIQUIDITY",
    EndReason.HALT: "EXCHANGE_CANCELED",
}
RESPONSES = {"ACK": "ACK", "RESULT": "RESULT", "FULL": "FULL"}

ORDER_NAMES = (
    "symbol",
    "side",
    "type",
    "timeInForce",
    "quantity",
    "quoteOrderQty",
    "price",
    "newClientOrderId",
    "strategyId",
    "strategyType",
    "stopPrice",
    "trailingDelta",
    "icebergQty",
    "newOrderRespType",
    "selfTradePreventionMode",
)


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What a type of order must and may say of itself.

    mandatory:  parameters it needs.
    optional:   parameters it may have beside them.
    trigger:    whether it needs ``stopPrice`` or ``trailingDelta``.
    """

    mandatory: tuple[str, ...]
    optional: tuple[str, ...] = ()
    trigger: bool = False


PRICED = ("timeInForce", "quantity", "price")
RULES: Mapping[VenueOrderType, TypeRule] = {
    VenueOrderType.LIMIT: TypeRule(PRICED, ("icebergQty",)),
    VenueOrderType.MARKET: TypeRule((), ("quantity", "quoteOrderQty")),
    VenueOrderType.LIMIT_MAKER: TypeRule(("quantity", "price"), ("icebergQty",)),
    VenueOrderType.STOP_LOSS: TypeRule(("quantity",), trigger=True),
    VenueOrderType.STOP_LOSS_LIMIT: TypeRule(PRICED, ("icebergQty",), trigger=True),
    VenueOrderType.TAKE_PROFIT: TypeRule(("quantity",), trigger=True),
    VenueOrderType.TAKE_PROFIT_LIMIT: TypeRule(PRICED, ("icebergQty",), trigger=True),
}
BY_TYPE = ("timeInForce", "quantity", "quoteOrderQty", "price", "icebergQty")
TRIGGERS = ("stopPrice", "trailingDelta")


def new_order(asked: Parameters, pair: str, client_order_id: str) -> NewOrder:
    """The order that the parameters ask for; raises the venue's error where they do not fit."""
    side = asked.word("side", SIDES, (BAD_SIDE, "Invalid side."))
    kind = asked.word("type", TYPES, (BAD_TYPE, "Invalid orderType."))
    if side is None:
        raise missing("side")
    if kind is None:
        raise missing("type")
    _check_fit(asked, kind)
    iceberg, quantity = asked.amount("icebergQty"), asked.amount("quantity")
    force = time_in_force(asked)
    if iceberg is not None and force not in {None, TimeInForce.GTC}:
        raise ApiError(BAD_COMPOSITION, "Unsupported order combination.")
    if iceberg is not None and quantity is not None and iceberg > quantity:
        raise ApiError(NEW_REJECTED, "IcebergQty exceeds QTY.")
    prevention = asked.word(
        "selfTradePreventionMode",
        PREVENTIONS,
        (BAD_VALUE, "Data sent for parameter 'selfTradePreventionMode' is not valid."),
    )
    return NewOrder(
        pair,
        side,
        kind,
        client_order_id,
        quantity=quantity,
        quote_quantity=asked.amount("quoteOrderQty"),
        price=asked.amount("price"),
        stop_price=asked.amount("stopPrice"),
        trailing_delta=asked.integer("trailingDelta"),
        iceberg=iceberg,
        time_in_force=force,
        prevention=prevention or TradePrevention.NONE,
    )


def time_in_force(asked: Parameters) -> TimeInForce | None:
    """How long the order shall stand."""
    return asked.word("timeInForce", FORCES, (BAD_TIF, "Invalid timeInForce."))


def response_type(asked: Parameters) -> str:
    """ACK, RESULT or FULL; by default FULL for the two plain types, ACK for the others."""
    chosen = asked.word(
        "newOrderRespType",
        RESPONSES,
        (BAD_VALUE, "Data sent for parameter 'newOrderRespType' is not valid."),
    )
    plain = asked.text("type") in {"LIMIT", "MARKET"}
    return chosen or ("FULL" if plain else "ACK")


def fresh_id(desk: TradingDesk, account: str, pair: str, now_ns: int) -> str:
    """A client order id for an order that came without one; unused so far."""
    attempt = 0
    while True:
        identifier = minted(f"{account}/{pair}/{now_ns}/{attempt}")
        if desk.order(account, pair, client_order_id=identifier) is None:
            return identifier
        attempt += 1


def minted(seed: str) -> str:
    """22 letters and digits, always the same for one seed."""
    number = int.from_bytes(sha256(seed.encode()).digest())
    letters: list[str] = []
    for _ in range(ID_LENGTH):
        number, place = divmod(number, len(ID_LETTERS))
        letters.append(ID_LETTERS[place])
    return "".join(letters)


def force_word(order: UserOrder) -> str:
    """Its time in force; types that have none are shown as GTC."""
    return (order.new.time_in_force or TimeInForce.GTC).name


def expiry_reason(order: UserOrder) -> str | None:
    """Why the venue expired it; None where the venue does not say."""
    return None if order.end_reason is None else EXPIRY_REASONS.get(order.end_reason)


def _check_fit(asked: Parameters, kind: VenueOrderType) -> None:
    rule = RULES[kind]
    for name in rule.mandatory:
        asked.required(name)
    if kind is VenueOrderType.MARKET:
        asked.need_one_of("quantity", "quoteOrderQty")
        if asked.has("quantity") and asked.has("quoteOrderQty"):
            raise _not_required("quoteOrderQty")
    if rule.trigger:
        asked.need_one_of(*TRIGGERS)
    allowed = {*rule.mandatory, *rule.optional, *(TRIGGERS if rule.trigger else ())}
    for name in (*BY_TYPE, *TRIGGERS):
        if asked.has(name) and name not in allowed:
            raise _not_required(name)


def _not_required(name: str) -> ApiError:
    return ApiError(NOT_REQUIRED, f"Parameter '{name}' sent when not required.")
