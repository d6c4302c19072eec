"""The connector of the tiny venue: everything a plugin that trades brings, in its plainest form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import orjson
from pydantic import SecretStr

from connector_sdk.book.sequence import ContiguousIds
from connector_sdk.errors import (
    AuthRejected,
    DuplicateOrder,
    InsufficientFunds,
    OrderNotFound,
    OrderRejected,
    TimestampRejected,
)
from connector_sdk.model.account import Balance, BalanceReport, Fee, FeeRates
from connector_sdk.model.credentials import KeyCredentials
from connector_sdk.model.instrument import Instrument, Instruments, SymbolFormat
from connector_sdk.model.manifest import SUPPORTED_API, ConnectorManifest, RateLimitPool
from connector_sdk.model.order import OrderIntent, OrderKey, OrderType, Side, TimeInForce
from connector_sdk.model.order_update import (
    Fill,
    FillPage,
    OrderMessage,
    OrderReport,
    OrderStatus,
)
from connector_sdk.model.wire import (
    Call,
    Frame,
    Priority,
    RestRequest,
    RestResponse,
    SessionEnding,
    SessionGrant,
    StreamRequest,
    Subscribed,
    SubscriptionRefused,
    Unrecognized,
    UserMessage,
)
from connector_sdk.protocols.connector import Connector, Trading
from connector_sdk.protocols.data_source import Login, UserStreamTrackerDataSource
from connector_sdk.protocols.market import Refusal
from connector_sdk.protocols.trading import TradingApi
from connector_sdk.signing import QueryAuth
from connector_sdk.testing.plain_connector import PlainDataSource, Rules
from tiny_venue import MILLISECOND_NS, PAIR, Row

LISTED = Instruments(
    [
        Instrument(
            pair=pair,
            symbol=pair,
            base=pair.partition("-")[0],
            quote="USDT",
            tick_size=Decimal("0.01"),
            lot_size=Decimal("0.001"),
        )
        for pair in (PAIR, "ETH-USDT")
    ],
    "tiny",
)


class TinyAuth(QueryAuth):
    venue = "tiny"
    key_header = "X-KEY"
    key_parameter = "key"
    time_parameter = "now"


def _intent(row: Row) -> OrderIntent:
    kind = OrderType(row["type"])
    return OrderIntent(
        row["pair"],
        Side(row["side"]),
        Decimal(row["quantity"]),
        Decimal(row["price"]) if row.get("price") else None,
        kind,
        TimeInForce.GTC if kind is OrderType.LIMIT else None,
    )


def report_of(row: Row) -> OrderReport:
    return OrderReport(
        row["pair"],
        row["id"],
        row["order"],
        OrderStatus(row["status"]),
        Decimal(row["filled"]),
        Decimal(row["quantity"]),
        _intent(row),
    )


def _fill(row: Row, *, named: bool = True) -> Fill:
    return Fill(
        row["pair"],
        row["trade"],
        row["id"] if named else None,
        row["order"],
        Side(row["side"]),
        Decimal(row["price"]),
        Decimal(row["quantity"]),
        Fee("USDT", Decimal(row["fee"])),
        maker=True,
        event_ns=row["at"],
    )


def _balances(row: Row, *, complete: bool) -> BalanceReport:
    held = [Balance(a, Decimal(free), Decimal(locked)) for a, (free, locked) in row["all"].items()]
    return BalanceReport(tuple(held), complete, row["at"])


class TinyTradingApi(TradingApi):
    venue = "tiny"
    refusals = (
        Refusal(OrderNotFound, "unknown"),
        Refusal(DuplicateOrder, "duplicate"),
        Refusal(TimestampRejected, "time"),
        Refusal(AuthRejected, "key"),
        Refusal(InsufficientFunds, "funds"),
        Refusal(OrderRejected, "refused"),
    )
    order_validity_s = 60.0
    amends = False

    def reason(self, body: bytes) -> tuple[str, str]:
        said = orjson.loads(body)
        return said["code"], said["message"]

    def instruments(self) -> Call[Instruments]:
        return self.call(RestRequest("GET", "/time"), lambda _: LISTED)

    def _ask(
        self, what: str, priority: Priority, query: Mapping[str, str], weight: int = 1
    ) -> RestRequest:
        method, path = what.split()
        return RestRequest(
            method,
            path,
            tuple(query.items()),
            signed=True,
            priority=priority,
            costs={"weight": weight},
        )

    def _order(self, request: RestRequest) -> Call[Sequence[OrderMessage]]:
        return self.call(request, lambda r: (report_of(orjson.loads(r.body)),))

    def place(
        self, intent: OrderIntent, client_order_id: str, instruments: Instruments
    ) -> Call[Sequence[OrderMessage]]:
        query = {
            "id": client_order_id,
            "pair": intent.pair,
            "side": intent.side.value,
            "quantity": str(intent.quantity),
            "type": intent.order_type.value,
        }
        if intent.price is not None:
            query["price"] = str(intent.price)
        return self._order(self._ask("POST /order", Priority.PLACE, query))

    def cancel(self, order: OrderKey, instruments: Instruments) -> Call[Sequence[OrderMessage]]:
        return self._order(
            self._ask("DELETE /order", Priority.CANCEL, {"id": order.client_order_id})
        )

    def amend(
        self,
        order: OrderKey,
        standing: OrderIntent,
        wanted: OrderIntent,
        instruments: Instruments,
    ) -> Call[Sequence[OrderMessage]] | None:
        if not self.amends or standing.price != wanted.price:
            return None
        query = {"id": order.client_order_id, "quantity": str(wanted.quantity)}
        return self._order(self._ask("PUT /order", Priority.CANCEL, query))

    def order_status(
        self, order: OrderKey, instruments: Instruments
    ) -> Call[Sequence[OrderMessage]]:
        return self._order(
            self._ask("GET /order", Priority.RECONCILE, {"id": order.client_order_id})
        )

    def _fills(self, **query: str) -> Call[FillPage]:
        def read(response: RestResponse) -> FillPage:
            page = orjson.loads(response.body)
            return FillPage(tuple(_fill(r, named=False) for r in page["fills"]), page["cursor"])

        return self.call(self._ask("GET /fills", Priority.RECONCILE, query), read)

    def order_fills(
        self, order: OrderKey, instruments: Instruments, cursor: str | None = None
    ) -> Call[FillPage]:
        return self._fills(
            pair=order.pair, order=order.exchange_order_id or "", cursor=cursor or "0"
        )

    def recent_fills(
        self, pair: str, since_ns: int, cursor: str | None, instruments: Instruments
    ) -> Call[FillPage]:
        return self._fills(pair=pair, since=str(since_ns), cursor=cursor or "0")

    def open_orders(
        self, pair: str | None, instruments: Instruments
    ) -> Call[Sequence[OrderReport]]:
        weight = 40 if pair is None else 3
        query = {} if pair is None else {"pair": pair}
        request = self._ask("GET /open", Priority.RECONCILE, query, weight)
        return self.call(request, lambda r: [report_of(row) for row in orjson.loads(r.body)])

    def balances(self) -> Call[BalanceReport]:
        request = self._ask("GET /balances", Priority.RECONCILE, {})
        return self.call(request, lambda r: _balances(orjson.loads(r.body), complete=True))

    def server_time(self) -> Call[int] | None:
        request = RestRequest("GET", "/time")
        return self.call(request, lambda r: orjson.loads(r.body)["now"] * MILLISECOND_NS)

    def fee_rates(self, pair: str, instruments: Instruments) -> Call[FeeRates] | None:
        request = self._ask("GET /fees", Priority.POLL, {"pair": pair})
        return self.call(request, lambda _: FeeRates(pair, Decimal("0.001"), Decimal("0.002")))


class TinyUserStream(UserStreamTrackerDataSource):
    """Two texts open it: the login, and what is to be heard."""

    grants = False

    def endpoint(self, grant: SessionGrant | None = None) -> tuple[str, str]:
        return "ws", "/private" if grant is None else f"/private/{grant.token}"

    def preparation(self) -> Call[SessionGrant] | None:
        return self._grant() if self.grants else None

    def renewal(self, grant: SessionGrant) -> Call[SessionGrant] | None:
        return self._grant() if self.grants else None

    def _grant(self) -> Call[SessionGrant]:
        def read(response: RestResponse) -> SessionGrant:
            said = orjson.loads(response.body)
            return SessionGrant(said["token"], said["lifetime"])

        return TinyTradingApi().call(RestRequest("GET", "/grant", signed=True), read)

    def subscribe(self, login: Login, request_id: int) -> Sequence[StreamRequest]:
        signed = login.auth.login(login.stamp)
        return [
            StreamRequest(
                orjson.dumps({"op": op, "ack": f"{op} {request_id}", **signed}).decode(),
                f"{op} {request_id}",
            )
            for op in ("login", "listen")
        ]

    def open(self, instruments: Instruments) -> Callable[[Frame], Sequence[UserMessage]]:
        return _read_private


def _read_private(frame: Frame) -> Sequence[UserMessage]:
    row: Row = orjson.loads(frame.data)
    match row["k"]:
        case "order":
            return (report_of(row),)
        case "fill":
            return (_fill(row),)
        case "holdings":
            return (_balances(row, complete=False),)
        case "ok":
            return (Subscribed(row["ack"]),)
        case "no":
            return (SubscriptionRefused(row.get("ack"), row["code"], "refused"),)
        case "ending":
            return (SessionEnding("maintenance"),)
        case kind:
            return (Unrecognized(kind),)


MANIFEST = ConnectorManifest(
    venue="tiny",
    title="A venue that does not exist",
    api=SUPPORTED_API,
    products=("spot",),
    channels=("book",),
    order_types=(OrderType.LIMIT, OrderType.MARKET),
    time_in_force=(TimeInForce.GTC, TimeInForce.IOC),
    domains={"main": {"rest": "http://tiny.invalid", "ws": "ws://tiny.invalid"}},
    symbol_format=SymbolFormat(separator="-"),
    example_pair=PAIR,
    rate_limits=(RateLimitPool(name="weight", limit=6_000, window_s=60, reserve=0.2),),
)
KEYS = KeyCredentials(api_key=SecretStr("tiny-key-1234"), secret=SecretStr("hush"))


def tiny_connector(
    api: TradingApi | None = None, stream: UserStreamTrackerDataSource | None = None
) -> Connector:
    trading = Trading(
        api or TinyTradingApi(),
        stream or TinyUserStream(),
        KeyCredentials,
        TinyAuth,
    )
    api = trading.api
    books = PlainDataSource(Rules(ContiguousIds(), in_stream=True))
    return Connector(MANIFEST, api, books, trading)
