"""PaperRequests: what the paper venue answers, and what it tells of its account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

import orjson

from connector_sdk.errors import InvariantError
from connector_sdk.model.order import Side, TimeInForce
from connector_sdk.sandbox.paper_venue import PaperVenue, fee_rates
from connector_sdk.sandbox.trading import (
    AccountBalance,
    BalanceEvent,
    NewOrder,
    OrderEvent,
    OrderPlaced,
    RefusalKind,
    Refused,
    UserEvent,
    UserFill,
    UserOrder,
    VenueOrderType,
)

Json: TypeAlias = Mapping[str, object]
REFUSED = 400
OK = 200


class PaperRequests:
    """Reads requests in the words of PaperApi, and answers them as of now."""

    def __init__(self, venue: PaperVenue) -> None:
        self._venue = venue
        self._desk = venue.desk

    def answer(self, method: str, path: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body."""
        answer = self._answered(f"{method} {path}", query)
        if isinstance(answer, Refused):
            words = f"{answer.kind.value} {answer.rule}".rstrip()
            return REFUSED, orjson.dumps({"code": answer.kind.name, "message": words})
        return OK, orjson.dumps(answer)

    def frame(self, event: UserEvent) -> bytes | None:
        """What the account's stream tells of an event; None: nothing."""
        if isinstance(event, OrderEvent):
            said = self._order(event.order)
            fill = {} if event.fill is None else {"fill": self._fill(event.order, event.fill)}
            return orjson.dumps({**said, **fill})
        if isinstance(event, BalanceEvent):
            return orjson.dumps(_balances(event.balances, event.at_ns))
        return None

    def _answered(self, line: str, query: Mapping[str, str]) -> Json | Sequence[Json] | Refused:
        match line:
            case "POST /order":
                placed = self._venue.place(self._new(query))
                return self._order(placed.order) if isinstance(placed, OrderPlaced) else placed
            case "DELETE /order" | "PUT /order" | "GET /order":
                return self._about_one(line, query)
            case "GET /open":
                pair = self._pair(query) if "symbol" in query else None
                account = self._venue.account
                return [self._order(order) for order in self._desk.open_orders(account, pair)]
            case "GET /fills":
                return self._fills(query)
            case "GET /balances":
                held = self._desk.balances(self._venue.account).values()
                changed_ns = self._desk.balances_changed_ns(self._venue.account)
                return _balances([one for one in held if one.free or one.locked], changed_ns)
            case "GET /fees":
                rates = fee_rates(self._pair(query), self._desk.life.fees)
                return {"maker": str(rates.maker), "taker": str(rates.taker)}
            case _:
                raise InvariantError(f"the paper venue knows no {line}")

    def _about_one(self, line: str, query: Mapping[str, str]) -> Json | Refused:
        name, account = query["client_order_id"], self._venue.account
        order = self._venue.order(self._pair(query), client_order_id=name)
        if order is None:
            return Refused(RefusalKind.NO_SUCH_ORDER)
        done: UserOrder | Refused = order
        if line == "DELETE /order":
            done = self._desk.cancel(account, order.order_id, "")
        elif line == "PUT /order":
            done = self._desk.amend(account, order.order_id, Decimal(query["quantity"]), name)
        return done if isinstance(done, Refused) else self._order(done)

    def _new(self, query: Mapping[str, str]) -> NewOrder:
        patience = query.get("time_in_force")
        return NewOrder(
            self._pair(query),
            Side(query["side"]),
            VenueOrderType(query["type"]),
            query["client_order_id"],
            quantity=Decimal(query["quantity"]),
            price=Decimal(query["price"]) if "price" in query else None,
            time_in_force=None if patience is None else TimeInForce(patience),
        )

    def _fills(self, query: Mapping[str, str]) -> Sequence[Json]:
        name, first = query.get("client_order_id"), int(query.get("from", "0"))
        found = [
            self._fill(order, fill)
            for order, fill in self._desk.fills(self._venue.account, self._pair(query))
            if name in {None, order.client_order_id}
            and fill.trade_id >= first
            and fill.at_ns >= int(query["since"])
        ]
        return found[: int(query["limit"])]

    def _pair(self, query: Mapping[str, str]) -> str:
        return self._venue.instruments.pair_for(query["symbol"])

    def _order(self, order: UserOrder) -> Json:
        reason = order.end_reason
        return {
            **self._name(order),
            "status": order.status.name,
            "filled": str(order.filled),
            "quantity": str(order.quantity),
            "type": order.new.type.value,
            "time_in_force": order.new.time_in_force and order.new.time_in_force.value,
            "price": None if order.new.price is None else str(order.new.price),
            "reason": reason and reason.value,
            "time": order.updated_ns,
        }

    def _fill(self, order: UserOrder, fill: UserFill) -> Json:
        return {
            **self._name(order),
            "trade_id": str(fill.trade_id),
            "price": str(fill.price),
            "quantity": str(fill.quantity),
            "fee": str(fill.fee),
            "fee_asset": fill.fee_asset,
            "maker": fill.maker,
            "time": fill.at_ns,
        }

    def _name(self, order: UserOrder) -> Json:
        return {
            "symbol": self._venue.instruments.symbol_of(order.new.pair),
            "client_order_id": order.client_order_id,
            "order_id": str(order.order_id),
            "side": order.new.side.value,
        }


def _balances(balances: Sequence[AccountBalance], at_ns: int) -> Json:
    told = [
        {"asset": one.asset, "available": str(one.free), "locked": str(one.locked)}
        for one in balances
    ]
    return {"balances": told, "time": at_ns}
