"""A venue of one account, in memory, that does what a test says.

It rests what it is sent, fills what a test says, and answers in plain JSON. `upsets` holds what
shall go wrong with the next requests.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from connector_sdk.errors import ConnectFailed, RequestTimeout, Sent
from connector_sdk.model.wire import RestResponse
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.transport import Transport, WebSocketConnection
from scripted_transport import ScriptedSocket

MILLISECOND_NS = 1_000_000
PAIR = "BTC-USDT"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upset:
    """What goes wrong with a request.

    path:     of the requests it befalls (method and path, as in "POST /order").
    executed: whether the venue does what it was asked for.
    answer:   status and code in place of the true answer; None: no answer ever comes.
    late:     it arrives after that delay, and is answered truly.
    """

    path: str
    executed: bool = False
    answer: tuple[int, str] | None = None
    delay_s: float = 0.0
    late: bool = False


class TinyVenue(Transport):
    """`orders`: by client order id, as rows; `accepted`: how often each id was accepted."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.orders: dict[str, Row] = {}
        self.fills: list[Row] = []
        self.balances: dict[str, tuple[str, str]] = {"USDT": ("100000", "0"), "BTC": ("10", "0")}
        self.accepted: Counter[str] = Counter()
        self.asked: list[str] = []
        self.queries: list[tuple[str, Mapping[str, str]]] = []
        self.upsets: deque[Upset] = deque()
        self.away = False
        self.offset_ms = 0
        self.speaks = True
        self.login: Callable[[ScriptedSocket, Row], None] = self.admit
        self.sockets: list[ScriptedSocket] = []
        self.attempts = 0
        self.closed = 0

    # --- what a test does

    @property
    def now_ms(self) -> int:
        return self.clock.now_ns() // MILLISECOND_NS + self.offset_ms

    @property
    def private(self) -> list[ScriptedSocket]:
        """Open connections that are logged in."""
        return [s for s in self.sockets if s.open and getattr(s, "private", False)]

    def fill(self, client_order_id: str, quantity: str, price: str = "100") -> None:
        """Fill a part of an order."""
        row = self.orders[client_order_id]
        fill = {
            "k": "fill",
            "pair": row["pair"],
            "trade": str(len(self.fills) + 1),
            "order": row["order"],
            "id": client_order_id,
            "side": row["side"],
            "price": price,
            "quantity": quantity,
            "fee": "0.001",
            "at": self.clock.now_ns(),
        }
        self.fills.append(fill)
        row["filled"] = str(Decimal(row["filled"]) + Decimal(quantity))
        whole = Decimal(row["filled"]) >= Decimal(row["quantity"])
        row["status"] = "filled" if whole else "partially_filled"
        self.tell(fill)
        self.tell(row)

    def end(self, client_order_id: str, status: str = "canceled") -> None:
        """End an order."""
        row = self.orders[client_order_id]
        row["status"] = status
        self.tell(row)

    def foreign(self, number: str, pair: str = PAIR) -> Row:
        """An order of the account that somebody else placed."""
        row: Row = {"id": f"other-{number}", "pair": pair, "side": "buy", "quantity": "1"}
        return self._rest(row | {"price": "100", "type": "limit"})

    def tell(self, row: Row) -> None:
        """Say something on the account's streams."""
        if self.speaks:
            for socket in self.private:
                socket.say(row)

    # --- the transport

    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        self.attempts += 1
        if self.away:
            raise ConnectFailed(f"{url}: no such host")
        socket = ScriptedSocket(self.clock, self._heard)
        self.sockets.append(socket)
        return socket

    def _heard(self, socket: ScriptedSocket, text: str) -> None:
        verb, _, rest = text.partition(" ")
        if verb == "subscribe":
            socket.say({"k": "ok", "ack": rest})
            socket.say(
                {
                    "k": "snapshot",
                    "pair": rest,
                    "last_id": 1,
                    "bids": [["99", "1"]],
                    "asks": [["101", "1"]],
                }
            )
        elif text.startswith("{"):
            self.login(socket, orjson.loads(text))

    def admit(self, socket: ScriptedSocket, row: Row) -> None:
        socket.say({"k": "ok", "ack": row["ack"]})
        if row["op"] == "listen":
            socket.private = True  # type: ignore[attr-defined]  # the script's own mark

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        parts = urlsplit(url)
        what, query = f"{method} {parts.path}", dict(parse_qsl(parts.query))
        self.asked.append(what)
        self.queries.append((what, query))
        await asyncio.sleep(0)
        if self.away:
            raise ConnectFailed(f"{url}: no such host")
        upset = next((u for u in self.upsets if u.path == what), None)
        if upset is None:
            return self._answer(what, query, url)
        self.upsets.remove(upset)
        if upset.late:
            await self.clock.sleep(upset.delay_s)
            return self._answer(what, query, url)
        truth = self._answer(what, query, url) if upset.executed else None
        wait_s = min(upset.delay_s or (0.0 if upset.answer else timeout_s), timeout_s)
        await self.clock.sleep(wait_s)
        if upset.answer is not None:
            status, code = upset.answer
            return _response(url, {"code": code, "message": "upset"}, status)
        if wait_s >= timeout_s or truth is None:
            raise RequestTimeout(f"{what}: no answer in {timeout_s:g} s", Sent.MAYBE)
        return truth

    async def close(self) -> None:
        self.closed += 1
        for socket in self.sockets:
            await socket.close()

    # --- the venue

    def _answer(self, what: str, query: Mapping[str, str], url: str) -> RestResponse:
        if "now" in query and abs(int(query["now"]) - self.now_ms) > 5_000:
            return _response(url, {"code": "time", "message": "outside the window"}, 400)
        if what.endswith("/order"):
            said = self._of_order(what, query)
            return _response(url, said, 400 if "code" in said else 200)
        if what.endswith("/orders"):
            rows = orjson.loads(query["several"])
            one = what.removesuffix("s")
            return _response(url, [self._of_order(one, row) for row in rows])
        match what:
            case "GET /time":
                return _response(url, {"now": self.now_ms})
            case "GET /grant":
                return _response(url, {"token": f"t{len(self.asked)}", "lifetime": 3600})
            case "GET /balances":
                return _response(url, self._holdings())
            case "GET /open":
                rows = [o for o in self.orders.values() if self._is_open(o, query)]
                return _response(url, rows)
            case "GET /fills":
                return _response(url, self._page(query))
            case _:
                return _response(url, {})

    def _of_order(self, what: str, query: Mapping[str, str]) -> Row:
        name = query["id"]
        row = self.orders.get(name)
        if what == "POST /order":
            known = {"code": "duplicate", "message": name}
            return self._rest(dict(query)) if row is None else known
        if row is None or (what == "DELETE /order" and not self._is_open(row, {})):
            return {"code": "unknown", "message": name}
        if what == "DELETE /order":
            self.end(name)
        elif what == "PUT /order":
            row["quantity"] = query["quantity"]
            self.tell(row)
        return row

    def _rest(self, order: Row) -> Row:
        name = order["id"]
        self.accepted[name] += 1
        row = order | {
            "k": "order",
            "order": str(len(self.orders) + 1),
            "status": "open",
            "filled": "0",
            "at": self.clock.now_ns(),
        }
        row.pop("now", None)
        row.pop("signature", None)
        self.orders[name] = row
        self.tell(row)
        return row

    def _is_open(self, order: Row, query: Mapping[str, str]) -> bool:
        return order["status"] in {"open", "partially_filled"} and query.get("pair") in {
            None,
            order["pair"],
        }

    def _page(self, query: Mapping[str, str]) -> Row:
        found = [
            fill
            for fill in self.fills
            if query.get("order", fill["order"]) == fill["order"]
            and query["pair"] == fill["pair"]
            and fill["at"] >= int(query.get("since", "0"))
        ]
        first = int(query.get("cursor", "0"))
        rest = first + 2 < len(found)
        return {"fills": found[first : first + 2], "cursor": str(first + 2) if rest else None}

    def _holdings(self) -> Row:
        return {"k": "holdings", "all": self.balances, "at": self.clock.now_ns()}

    def holdings(self, asset: str, free: str) -> Row:
        """The stream's word for what the account holds of one asset from now on."""
        self.balances[asset] = (free, "0")
        return self._holdings() | {"all": {asset: (free, "0")}}


def _response(url: str, body: object, status: int = 200) -> RestResponse:
    return RestResponse(status, {}, orjson.dumps(body), url)
