"""User events of the embedded venue, against the documentation's frames and their order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from documented import (
    BALANCE_UPDATE,
    EXECUTION,
    EXECUTION_CONDITIONAL,
    POSITION,
    POSITION_ROW,
    TERMINATED,
    TRADED,
    Fields,
)
from private_client import (
    SECOND_NS,
    START_NS,
    STOP,
    ApiSocket,
    PrivateClient,
    quiet_venue,
    types,
)

from connector_sdk.sandbox.trading import StreamEnded

NOW_MS = START_NS // 1_000_000
MARKET = {"type": "MARKET", "timeInForce": "", "price": ""}
BTC = {"symbol": "BTCUSDT"}


class Watched:
    """An account that trades by REST and is watched by socket."""

    def __init__(self) -> None:
        core = quiet_venue()
        self.trade = PrivateClient(core)
        self.socket = ApiSocket(core, self.trade.account)
        self.socket.signed("userDataStream.subscribe.signature")

    def events(self, kind: str = "executionReport") -> list[Any]:
        return [frame["event"] for frame in self.socket.events if frame["event"]["e"] == kind]

    def last(self) -> Any:
        return self.events()[-1]


def check_execution(event: Any, known: Fields, *conditional: str) -> None:
    """Exactly the documented fields, of their types."""
    assert types(event) == {**known, **{n: EXECUTION_CONDITIONAL[n] for n in conditional}}


def test_a_resting_order_is_told_as_new_and_then_its_locked_balance() -> None:
    watched = Watched()
    placed = watched.trade.place(newClientOrderId="mine").body
    frames = watched.socket.events
    assert [list(frame) for frame in frames] == [["subscriptionId", "event"]] * 2
    assert {frame["subscriptionId"] for frame in frames} == {0}
    event, position = (frame["event"] for frame in frames)
    check_execution(event, EXECUTION, "W")
    assert (event["x"], event["X"], event["c"], event["C"]) == ("NEW", "NEW", "mine", "")
    assert (event["i"], event["g"], event["t"], event["n"]) == (placed["orderId"], -1, -1, "0")
    assert (event["w"], event["O"], event["W"], event["T"]) == (True, NOW_MS, NOW_MS, NOW_MS)
    assert types(position) == POSITION
    assert position["B"] == [{"a": "USDT", "f": "999500.00000000", "l": "500.00000000"}]


def test_a_marketable_order_is_new_then_traded_fill_by_fill_then_settled() -> None:
    watched = Watched()
    placed = watched.trade.place(**MARKET, quantity="0.5", newClientOrderId="mine").body
    kinds = [frame["event"]["e"] for frame in watched.socket.events]
    fills = placed["fills"]
    assert len(fills) > 1
    assert kinds == ["executionReport"] * (1 + len(fills)) + ["outboundAccountPosition"]
    new, *trades = watched.events()
    assert (new["x"], new["X"]) == ("NEW", "NEW")
    done = cost = Decimal(0)
    for event, fill in zip(trades, fills, strict=True):
        check_execution(event, TRADED, "W")
        assert (event["x"], event["t"], event["N"]) == ("TRADE", fill["tradeId"], "BTC")
        assert (event["L"], event["l"], event["n"]) == (
            fill["price"],
            fill["qty"],
            fill["commission"],
        )
        assert (event["m"], event["C"]) == (False, "")
        done, cost = done + Decimal(event["l"]), cost + Decimal(event["Y"])
        assert (Decimal(event["z"]), Decimal(event["Z"])) == (done, cost)
    assert [event["X"] for event in trades] == ["PARTIALLY_FILLED"] * (len(fills) - 1) + ["FILLED"]
    assert trades[-1]["w"] is False
    (position,) = watched.events("outboundAccountPosition")
    assert all(types(row) == POSITION_ROW for row in position["B"])
    after = watched.trade.balances()
    assert {row["a"]: (Decimal(row["f"]), Decimal(row["l"])) for row in position["B"]} == {
        asset: after[asset] for asset in ("BTC", "USDT")
    }


def test_a_cancel_tells_its_own_id_as_c_and_the_orders_as_capital_c() -> None:
    watched = Watched()
    watched.trade.place(newClientOrderId="mine")
    watched.trade("DELETE", "order", **BTC, origClientOrderId="mine", newClientOrderId="away")
    event = watched.last()
    check_execution(event, EXECUTION, "W")
    assert (event["x"], event["X"], event["c"], event["C"]) == (
        "CANCELED",
        "CANCELED",
        "away",
        "mine",
    )
    assert watched.events("outboundAccountPosition")[-1]["B"] == [
        {"a": "USDT", "f": "1000000.00000000", "l": "0.00000000"}
    ]


def test_an_amendment_is_told_as_replaced_under_its_new_id() -> None:
    watched = Watched()
    watched.trade.place(newClientOrderId="mine")
    path = "order/amend/keepPriority"
    watched.trade(
        "PUT", path, **BTC, origClientOrderId="mine", newClientOrderId="less", newQty="0.004"
    )
    event = watched.last()
    check_execution(event, EXECUTION, "W")
    assert (event["x"], event["X"], event["c"], event["C"], event["q"]) == (
        "REPLACED",
        "NEW",
        "less",
        "mine",
        "0.00400000",
    )


def test_what_the_venue_ends_itself_is_told_with_the_reason() -> None:
    watched = Watched()
    for params, reason in (
        ({"timeInForce": "IOC"}, "UNFILLED_IOC_QUANTITY_EXPIRED"),
        ({"timeInForce": "FOK"}, "UNFILLED_FOK_ORDER_EXPIRED"),
    ):
        watched.trade.place(**params)
        event = watched.last()
        check_execution(event, EXECUTION, "W", "eR")
        assert (event["x"], event["X"], event["eR"], event["r"]) == (
            "EXPIRED",
            "EXPIRED",
            reason,
            "NONE",
        )


def test_a_stop_order_is_new_again_when_it_goes_to_the_book() -> None:
    watched = Watched()
    core, other = watched.trade.core, PrivateClient(watched.trade.core)
    bid, _ = watched.trade.best()
    stop, price = bid - Decimal("0.5"), bid - 1_000
    watched.trade.place(**{**STOP, "stopPrice": f"{stop:f}", "price": f"{price:f}"})
    waiting = watched.last()
    check_execution(waiting, EXECUTION)
    assert (waiting["x"], waiting["w"], Decimal(waiting["P"])) == ("NEW", False, stop)
    other.place(**MARKET, side="SELL", quantity="20")
    core.step(core.now_ns + SECOND_NS)
    working = next(event for event in watched.events() if event["w"])
    check_execution(working, EXECUTION, "W")
    assert (working["x"], working["X"], working["i"]) == ("NEW", "NEW", waiting["i"])


def test_a_trailing_order_tells_its_distance() -> None:
    watched = Watched()
    watched.trade.place(**{**STOP, "stopPrice": "", "trailingDelta": "100"})
    event = watched.last()
    check_execution(event, EXECUTION, "d", "D")
    assert event["d"] == 100


def test_a_prevented_match_with_oneself_is_told() -> None:
    watched = Watched()
    bid, ask = watched.trade.best()
    inside = f"{(bid + ask) / 2:.2f}"
    resting = watched.trade.place(side="SELL", price=inside).body
    taker = watched.trade.place(price=inside, selfTradePreventionMode="EXPIRE_TAKER").body
    event = watched.last()
    names = ("A", "B", "Cs", "U", "W", "pL", "pY", "pl", "u", "v")
    check_execution(event, EXECUTION, *names)
    assert (event["x"], event["X"], event["U"], event["V"]) == (
        "TRADE_PREVENTION",
        "EXPIRED_IN_MATCH",
        resting["orderId"],
        "EXPIRE_TAKER",
    )
    assert taker["status"] == "EXPIRED_IN_MATCH"
    assert taker["preventedQuantity"] == event["A"] == "0.01000000"


def test_money_from_outside_is_told_as_a_change_and_then_as_a_balance() -> None:
    watched = Watched()
    watched.trade.core.desk.deposit(watched.trade.account.name, "BTC", Decimal("-0.5"))
    change, position = (frame["event"] for frame in watched.socket.events)
    assert types(change) == BALANCE_UPDATE
    assert (change["a"], change["d"]) == ("BTC", "-0.50000000")
    assert position["B"] == [{"a": "BTC", "f": "999.50000000", "l": "0.00000000"}]


def test_an_ended_stream_says_so_and_may_be_subscribed_to_again() -> None:
    watched = Watched()
    core, name = watched.trade.core, watched.trade.account.name
    core.user_streams.publish(StreamEnded(name, core.now_ns))
    (event,) = watched.events("eventStreamTerminated")
    assert types(event) == TERMINATED
    watched.trade.place()
    assert len(watched.socket.events) == 1
    told = watched.socket.signed("userDataStream.subscribe.signature")
    assert told["result"] == {"subscriptionId": 1}


def test_another_accounts_events_are_not_told() -> None:
    watched = Watched()
    PrivateClient(watched.trade.core).place()
    assert watched.socket.events == []


def test_a_shutdown_is_told_in_an_events_wrapping() -> None:
    watched = Watched()
    notice = watched.trade.core.dialect.shutdown_notice(watched.socket.session.form, START_NS)
    assert notice == b'{"event":{"e":"serverShutdown","E":%d}}' % NOW_MS
