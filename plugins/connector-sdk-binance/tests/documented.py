"""The documented answers and events: field → type, as the documentation's examples have them.

From binance-spot-api-docs (read 2026-11), by section:
https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md
https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md
https://github.com/binance/binance-spot-api-docs/blob/master/user-data-stream.md
"""

from __future__ import annotations

from typing import TypeAlias

Fields: TypeAlias = dict[str, type]


def fields(kind: type, *names: str) -> Fields:
    return dict.fromkeys(names, kind)


# rest-api.md, "New order (TRADE)", Response ACK.
ACK: Fields = {
    **fields(str, "symbol", "clientOrderId"),
    **fields(int, "orderId", "orderListId", "transactTime"),
}
AMOUNTS = fields(str, "origQty", "executedQty", "origQuoteOrderQty", "cummulativeQuoteQty")
TERMS = fields(str, "status", "timeInForce", "type", "side", "selfTradePreventionMode")
# Response RESULT, and FULL with its fills.
RESULT: Fields = {**ACK, "price": str, **AMOUNTS, **TERMS, "workingTime": int}
FULL: Fields = {**RESULT, "fills": list}
FILL: Fields = {**fields(str, "price", "qty", "commission", "commissionAsset"), "tradeId": int}
# "Conditional fields in Order Responses".
CONDITIONAL: Fields = {
    **fields(str, "icebergQty", "stopPrice", "preventedQuantity", "expiryReason"),
    **fields(int, "trailingDelta", "trailingTime", "preventedMatchId"),
}
# "Query order (USER_DATA)".
ORDER: Fields = {
    **fields(str, "symbol", "clientOrderId", "price", "stopPrice", "icebergQty"),
    **AMOUNTS,
    **TERMS,
    **fields(int, "orderId", "orderListId", "time", "updateTime", "workingTime"),
    "isWorking": bool,
}
# "Cancel order (TRADE)".
CANCELED: Fields = {**ACK, "origClientOrderId": str, "price": str, **AMOUNTS, **TERMS}
# "Order Amend Keep Priority (TRADE)".
AMENDMENT: Fields = {"transactTime": int, "executionId": int, "amendedOrder": dict}
AMENDED: Fields = {
    **fields(str, "symbol", "origClientOrderId", "clientOrderId", "price", "qty", "executedQty"),
    **fields(str, "preventedQty", "quoteOrderQty", "cumulativeQuoteQty"),
    **TERMS,
    **fields(int, "orderId", "orderListId", "workingTime"),
}
# "Cancel an Existing Order and Send a New Order (TRADE)".
REPLACED: Fields = {
    **fields(str, "cancelResult", "newOrderResult"),
    **fields(dict, "cancelResponse", "newOrderResponse"),
}
# "Account trade list (USER_DATA)".
TRADE: Fields = {
    **fields(str, "symbol", "price", "qty", "quoteQty", "commission", "commissionAsset"),
    **fields(int, "id", "orderId", "orderListId", "time"),
    **fields(bool, "isBuyer", "isMaker", "isBestMatch"),
}
# "Account information (USER_DATA)".
ACCOUNT: Fields = {
    **fields(int, "makerCommission", "takerCommission", "buyerCommission", "sellerCommission"),
    "commissionRates": dict,
    **fields(bool, "canTrade", "canWithdraw", "canDeposit", "brokered"),
    **fields(bool, "requireSelfTradePrevention", "preventSor"),
    **fields(int, "updateTime", "uid"),
    "accountType": str,
    **fields(list, "balances", "permissions"),
}
BALANCE = fields(str, "asset", "free", "locked")
# "Query Commission Rates (USER_DATA)".
COMMISSION: Fields = {
    "symbol": str,
    **fields(dict, "standardCommission", "specialCommission", "taxCommission", "discount"),
}
RATES = fields(str, "maker", "taker", "buyer", "seller")
DISCOUNT: Fields = {
    **fields(bool, "enabledForAccount", "enabledForSymbol"),
    **fields(str, "discountAsset", "discount"),
}
# "Query Unfilled Order Count (USER_DATA)", and rateLimits of web-socket-api.md.
LIMIT: Fields = {
    **fields(str, "rateLimitType", "interval"),
    **fields(int, "intervalNum", "limit", "count"),
}
# "Test new order" with computeCommissionRates.
TESTED = fields(
    dict,
    "standardCommissionForOrder",
    "specialCommissionForOrder",
    "taxCommissionForOrder",
    "discount",
)
# user-data-stream.md, "Order Update".
EXECUTION: Fields = {
    **fields(str, "e", "s", "c", "S", "o", "f", "q", "p", "P", "F", "C", "x", "X", "r"),
    **fields(str, "l", "z", "L", "n", "Z", "Y", "Q", "V"),
    **fields(int, "E", "g", "i", "T", "t", "I", "O"),
    **fields(bool, "w", "m", "M"),
    "N": type(None),
}
TRADED: Fields = {**EXECUTION, "N": str}
# "Conditional Fields in Execution Report".
EXECUTION_CONDITIONAL: Fields = {
    **fields(int, "d", "D", "v", "u", "U", "W"),
    **fields(str, "A", "B", "Cs", "pl", "pL", "pY", "eR"),
}
# "Account Update", "Balance Update", "Event Stream Terminated".
POSITION: Fields = {"e": str, "E": int, "u": int, "B": list}
POSITION_ROW = fields(str, "a", "f", "l")
BALANCE_UPDATE: Fields = {"e": str, "E": int, "a": str, "d": str, "T": int}
TERMINATED: Fields = {"e": str, "E": int}
# web-socket-api.md, "Query session status".
SESSION: Fields = {
    **fields(type(None), "apiKey", "authorizedSince"),
    **fields(int, "connectedSince", "serverTime"),
    **fields(bool, "returnRateLimits", "userDataStream"),
}
