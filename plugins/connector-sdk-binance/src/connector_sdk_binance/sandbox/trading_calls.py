"""Trading: placing, canceling, replacing and amending orders.

Source: binance-spot-api-docs, "REST API: Trading endpoints", "Order Amend Keep Priority"
(read 2026-11).
"""

from __future__ import annotations

from connector_sdk.sandbox.dialect import RequestKind
from connector_sdk.sandbox.trading import (
    NewOrder,
    RefusalKind,
    Refused,
    UserOrder,
    VenueOrderStatus,
)
from connector_sdk_binance.sandbox.account_reports import tested_commission
from connector_sdk_binance.sandbox.api_error import (
    AMEND_REJECTED,
    BAD_RESTRICTION,
    BAD_VALUE,
    CANCEL_REJECTED,
    OTHER_CLIENT_ID,
    REPLACE_FAILED,
    REPLACED_PARTLY,
    ApiError,
    missing,
    refusal_error,
)
from connector_sdk_binance.sandbox.endpoint import Asked, Endpoint, weighs
from connector_sdk_binance.sandbox.order_reports import (
    Json,
    amended_report,
    canceled_report,
    placed_report,
)
from connector_sdk_binance.sandbox.order_words import (
    ORDER_NAMES,
    fresh_id,
    minted,
    new_order,
    response_type,
)
from connector_sdk_binance.sandbox.parameters import Parameters

SUCCESS, FAILURE, NOT_ATTEMPTED = "SUCCESS", "FAILURE", "NOT_ATTEMPTED"
STOP_ON_FAILURE, ALLOW_FAILURE = "STOP_ON_FAILURE", "ALLOW_FAILURE"
MODES = {mode: mode for mode in (STOP_ON_FAILURE, ALLOW_FAILURE)}
DO_NOTHING, CANCEL_ONLY = "DO_NOTHING", "CANCEL_ONLY"
RATE_MODES = {mode: mode for mode in (DO_NOTHING, CANCEL_ONLY)}
RESTRICTIONS = {
    "ONLY_NEW": VenueOrderStatus.NEW,
    "ONLY_PARTIALLY_FILLED": VenueOrderStatus.PARTIALLY_FILLED,
}
CANCEL_NAMES = ("symbol", "orderId", "origClientOrderId", "newClientOrderId", "cancelRestrictions")
REPLACE_NAMES = (
    *ORDER_NAMES,
    "cancelReplaceMode",
    "cancelOrderId",
    "cancelOrigClientOrderId",
    "cancelNewClientOrderId",
    "cancelRestrictions",
    "orderRateLimitExceededMode",
)
AMEND_NAMES = ("symbol", "orderId", "origClientOrderId", "newClientOrderId", "newQty")


def wanted_order(asked: Asked) -> NewOrder:
    """The order a request asks for."""
    pair = asked.parameters.pair(asked.venue)
    identifier = asked.parameters.client_id("newClientOrderId")
    if identifier is None:
        identifier = fresh_id(asked.desk, asked.account, pair, asked.venue.now_ns)
    return new_order(asked.parameters, pair, identifier)


def found_order(asked: Asked, id_name: str, client_id_name: str) -> UserOrder | None:
    """The order a request is about; the venue's error where it names none, or two."""
    parameters, pair = asked.parameters, asked.parameters.pair(asked.venue)
    parameters.need_one_of(client_id_name, id_name)
    order_id, client_id = parameters.integer(id_name), parameters.text(client_id_name)
    if order_id is None:
        return asked.desk.order(asked.account, pair, client_order_id=client_id or "")
    order = asked.desk.order(asked.account, pair, order_id=order_id)
    if order is not None and client_id not in {None, order.client_order_id}:
        raise ApiError(OTHER_CLIENT_ID, "Client order ID is not correct for this order ID.")
    return order


def _place(asked: Asked) -> object:
    order, form = wanted_order(asked), response_type(asked.parameters)
    return _placed(asked, order, form)


def _placed(asked: Asked, order: NewOrder, form: str) -> Json:
    outcome = asked.desk.place(asked.account, order)
    if isinstance(outcome, Refused):
        raise refusal_error(outcome)
    return placed_report(outcome, asked.venue, form)


def _test(asked: Asked) -> object:
    order = wanted_order(asked)
    response_type(asked.parameters)
    refused = asked.desk.check(asked.account, order)
    if refused is not None:
        raise refusal_error(refused)
    if asked.parameters.flag("computeCommissionRates"):
        return tested_commission(asked.account, asked.desk)
    return {}


def _test_weight(parameters: Parameters) -> int:
    return 20 if parameters.flag("computeCommissionRates") else 1


def _cancel(asked: Asked) -> object:
    order = found_order(asked, "orderId", "origClientOrderId")
    return _canceled(asked, order, asked.parameters.client_id("newClientOrderId"))


def _canceled(asked: Asked, order: UserOrder | None, cancel_id: str | None) -> Json:
    wanted = asked.parameters.word(
        "cancelRestrictions",
        RESTRICTIONS,
        (
            BAD_RESTRICTION,
            "`cancelRestrictions` has to be either `ONLY_NEW` or `ONLY_PARTIALLY_FILLED`.",
        ),
    )
    if order is None or not order.status.is_open:
        raise ApiError(CANCEL_REJECTED, "Unknown order sent.")
    if wanted not in {None, order.status}:
        raise refusal_error(Refused(RefusalKind.CANCEL_RESTRICTED))
    return _taken_out(asked, order, cancel_id or _cancel_id(asked, order))


def _taken_out(asked: Asked, order: UserOrder, cancel_id: str) -> Json:
    outcome = asked.desk.cancel(asked.account, order.order_id, cancel_id)
    if isinstance(outcome, Refused):
        raise refusal_error(outcome)
    return canceled_report(outcome, cancel_id, asked.venue)


def _cancel_id(asked: Asked, order: UserOrder) -> str:
    return minted(f"cancel/{order.order_id}/{asked.venue.now_ns}")


def _cancel_all(asked: Asked) -> object:
    pair = asked.parameters.pair(asked.venue)
    orders = asked.desk.open_orders(asked.account, pair)
    if not orders:
        raise ApiError(CANCEL_REJECTED, "Unknown order sent.")
    cancel_id = _cancel_id(asked, orders[0])
    return [_taken_out(asked, order, cancel_id) for order in tuple(orders)]


def _amend(asked: Asked) -> object:
    parameters = asked.parameters
    order = found_order(asked, "orderId", "origClientOrderId")
    quantity = parameters.amount("newQty")
    if quantity is None:
        raise missing("newQty")
    if order is None or not order.status.is_open:
        raise ApiError(AMEND_REJECTED, "Unknown order sent.")
    if quantity == order.quantity:
        raise ApiError(AMEND_REJECTED, "The requested action would change no state; rejecting.")
    before, identifier = order.client_order_id, parameters.client_id("newClientOrderId")
    if identifier is None:
        identifier = fresh_id(asked.desk, asked.account, order.new.pair, asked.venue.now_ns)
    outcome = asked.desk.amend(asked.account, order.order_id, quantity, identifier)
    if isinstance(outcome, Refused):
        raise _amend_error(outcome)
    return amended_report(outcome, before, outcome.execution_id, asked.venue)


def _amend_error(refused: Refused) -> ApiError:
    """What the matching engine says of an amendment carries the amendment's own code."""
    error = refusal_error(refused)
    engine = refused.kind in {RefusalKind.NO_SUCH_ORDER, RefusalKind.DUPLICATE}
    return ApiError(AMEND_REJECTED, error.message) if engine else error


def _replace(asked: Asked) -> object:
    parameters = asked.parameters
    mode = parameters.word("cancelReplaceMode", MODES, _bad("cancelReplaceMode"))
    if mode is None:
        raise missing("cancelReplaceMode")
    over_rate = "orderRateLimitExceededMode"
    cancel_only = parameters.word(over_rate, RATE_MODES, _bad(over_rate)) == CANCEL_ONLY
    order, form = wanted_order(asked), response_type(parameters)
    # Filters and the count of orders are looked at before anything is canceled.
    stops = {RefusalKind.RULE, RefusalKind.PRECISION}
    if not cancel_only:
        stops.add(RefusalKind.TOO_MANY_ORDERS)
    refused = asked.desk.check(asked.account, order)
    if refused is not None and refused.kind in stops:
        raise refusal_error(refused)
    old = found_order(asked, "cancelOrderId", "cancelOrigClientOrderId")
    return _replaced(asked, old, order, (mode, form))


def _replaced(
    asked: Asked, old: UserOrder | None, order: NewOrder, chosen: tuple[str, str]
) -> Json:
    mode, form = chosen
    cancel_result, new_result = SUCCESS, SUCCESS
    cancel_response: Json
    new_response: Json | None
    try:
        cancel_id = asked.parameters.client_id("cancelNewClientOrderId")
        cancel_response = _canceled(asked, old, cancel_id)
    except ApiError as error:
        cancel_result, cancel_response = FAILURE, error.body
    if cancel_result == FAILURE and mode == STOP_ON_FAILURE:
        new_result, new_response = NOT_ATTEMPTED, None
    else:
        try:
            new_response = _placed(asked, order, form)
        except ApiError as error:
            new_result, new_response = FAILURE, error.body
    both: Json = {
        "cancelResult": cancel_result,
        "newOrderResult": new_result,
        "cancelResponse": cancel_response,
        "newOrderResponse": new_response,
    }
    if SUCCESS not in {cancel_result, new_result}:
        raise ApiError(REPLACE_FAILED, "Order cancel-replace failed.", data=both)
    if cancel_result != new_result:
        raise ApiError(REPLACED_PARTLY, "Order cancel-replace partially failed.", 409, both)
    return both


def _bad(name: str) -> tuple[int, str]:
    return BAD_VALUE, f"Data sent for parameter '{name}' is not valid."


PLACE = Endpoint(
    ORDER_NAMES, RequestKind.PLACE, weighs(1), _place, signed=True, free=True, counts=True
)
TEST = Endpoint(
    (*ORDER_NAMES, "computeCommissionRates"), RequestKind.OTHER, _test_weight, _test, signed=True
)
CANCEL = Endpoint(CANCEL_NAMES, RequestKind.CANCEL, weighs(1), _cancel, signed=True, free=True)
CANCEL_ALL = Endpoint(
    ("symbol",), RequestKind.CANCEL, weighs(1), _cancel_all, signed=True, free=True
)
REPLACE = Endpoint(
    REPLACE_NAMES, RequestKind.PLACE, weighs(1), _replace, signed=True, free=True, counts=True
)
AMEND = Endpoint(AMEND_NAMES, RequestKind.AMEND, weighs(4), _amend, signed=True)
