"""FlatTradingApi: trading for venues whose requests are names and values."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlsplit

import orjson

from connector_sdk.errors import UnlistedSymbol
from connector_sdk.model.account import BalanceReport
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderIntent, OrderKey
from connector_sdk.model.order_update import FillPage, OrderMessage, OrderReport
from connector_sdk.model.wire import Call, Priority, RestRequest, RestResponse
from connector_sdk.protocols.account_reader import AccountReader, Told
from connector_sdk.protocols.trading import TradingApi

T = TypeVar("T")
Query: TypeAlias = tuple[tuple[str, str], ...]
Parameters: TypeAlias = Mapping[str, str | None]
"""Names and values, in the order they are sent; what is None is not sent."""


@dataclass(frozen=True)
class Operation:
    """One kind of request.

    line:   method, path and what it always says, as in ``GET /orders?state=open``.
    costs:  rate-limit pool → weight.
    """

    line: str
    costs: Mapping[str, int]
    priority: Priority = Priority.RECONCILE
    signed: bool = True

    @cached_property
    def method(self) -> str:
        """As in ``GET``."""
        return self.line.split()[0]

    @cached_property
    def path(self) -> str:
        """Without a query."""
        return urlsplit(self.line.split()[1]).path

    @cached_property
    def constants(self) -> Query:
        """The query it always has."""
        return tuple(parse_qsl(urlsplit(self.line).query))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Where a venue's trading requests go.

    fills:            of one order.
    recent_fills:     of a pair.
    open_orders:      of a pair.
    all_open_orders:  of every pair.
    amend:            None where an order cannot be changed in place.
    """

    place: Operation
    cancel: Operation
    status: Operation
    fills: Operation
    recent_fills: Operation
    open_orders: Operation
    all_open_orders: Operation
    balances: Operation
    amend: Operation | None = None


class FlatTradingApi(TradingApi):
    """A venue whose requests are flat names and values, and whose answers are JSON.

    A subclass says where requests go, with which parameters, and how answers are read.

    reader:            under which names the venue tells orders, fills and balances.
    symbol_parameter:  names the symbol that a request is about.
    always:            what every signed request says, as its receive window.
    page_size:         how many fills an answer holds at most.
    """

    operations: ClassVar[Operations]
    reader: ClassVar[AccountReader]
    symbol_parameter: ClassVar[str] = "symbol"
    always: ClassVar[Query] = ()
    page_size: ClassVar[int]

    @abstractmethod
    def placing(self, intent: OrderIntent, client_order_id: str) -> Parameters:
        """What an order says, beside its symbol."""

    @abstractmethod
    def naming(self, order: OrderKey) -> Parameters:
        """What the venue finds an order by, beside its symbol."""

    @abstractmethod
    def paging(self, order: OrderKey | None, since_ns: int, cursor: str | None) -> Parameters:
        """Which fills are asked for: those of `order`, or since a venue time; from `cursor` on."""

    def amending(
        self, order: OrderKey, standing: OrderIntent, wanted: OrderIntent
    ) -> Parameters | None:
        """What an amendment says, beside the order's name; None: this change is not possible."""
        del order, standing, wanted
        return None

    def reason(self, body: bytes) -> tuple[str, str]:
        """Code and message of a refusal; by default of ``{"code": …, "msg": …}``."""
        refusal = orjson.loads(body)
        return str(refusal["code"]), str(refusal["msg"])

    def read_order(self, told: Told, instruments: Instruments) -> Sequence[OrderMessage]:
        """What an answer about one order says."""
        return (self.reader.order(told, instruments),)

    def cursor_after(self, fills: Sequence[Told]) -> str | None:
        """Where the page after these fills begins; None: there is none.

        By default that is the last trade id, once a page is full: of a trade of the account with
        itself the other side may still come. A page of that one trade alone has shown both.
        """
        if len(fills) < self.page_size:
            return None
        first, last = (self.reader.trade_number(fills[at]) for at in (0, -1))
        return str(last + 1 if first == last else last)

    def request(self, operation: Operation, parameters: Parameters) -> RestRequest:
        """The request that carries `parameters`; by default in its query."""
        given = tuple((name, value) for name, value in parameters.items() if value is not None)
        always = self.always if operation.signed else ()
        return RestRequest(
            operation.method,
            operation.path,
            (*given, *operation.constants, *always),
            signed=operation.signed,
            costs=operation.costs,
            priority=operation.priority,
        )

    def ask(
        self,
        operation: Operation,
        read: Callable[[RestResponse], T],
        parameters: Parameters | None = None,
    ) -> Call[T]:
        """A call of `operation`; `read` reads its answer."""
        return self.call(self.request(operation, parameters or {}), read)

    def place(
        self, intent: OrderIntent, client_order_id: str, instruments: Instruments
    ) -> Call[Sequence[OrderMessage]]:
        """Place an order."""
        order = OrderKey(intent.pair, client_order_id)
        parameters = self.placing(intent, client_order_id)
        return self._about(order, self.operations.place, parameters, instruments)

    def cancel(self, order: OrderKey, instruments: Instruments) -> Call[Sequence[OrderMessage]]:
        """Cancel an order."""
        return self._about(order, self.operations.cancel, self.naming(order), instruments)

    def order_status(
        self, order: OrderKey, instruments: Instruments
    ) -> Call[Sequence[OrderMessage]]:
        """Ask for one order."""
        return self._about(order, self.operations.status, self.naming(order), instruments)

    def amend(
        self,
        order: OrderKey,
        standing: OrderIntent,
        wanted: OrderIntent,
        instruments: Instruments,
    ) -> Call[Sequence[OrderMessage]] | None:
        """Change an order in place, where the venue, its symbol and the change allow that."""
        operation = self.operations.amend
        if operation is None or not instruments[order.pair].amendable:
            return None
        change = self.amending(order, standing, wanted)
        if change is None:
            return None
        return self._about(order, operation, {**self.naming(order), **change}, instruments)

    def order_fills(
        self, order: OrderKey, instruments: Instruments, cursor: str | None = None
    ) -> Call[FillPage]:
        """Ask for the fills of one order."""
        parameters = self.paging(order, 0, cursor)
        return self._fills(order.pair, self.operations.fills, parameters, instruments)

    def recent_fills(
        self, pair: str, since_ns: int, cursor: str | None, instruments: Instruments
    ) -> Call[FillPage]:
        """Ask for the fills of a pair."""
        parameters = self.paging(None, since_ns, cursor)
        return self._fills(pair, self.operations.recent_fills, parameters, instruments)

    def open_orders(
        self, pair: str | None, instruments: Instruments
    ) -> Call[Sequence[OrderReport]]:
        """Ask for the open orders of a pair, or of all."""
        operations = self.operations

        def read(answer: RestResponse) -> Sequence[OrderReport]:
            reports: list[OrderReport] = []
            for told in orjson.loads(answer.body):
                # What somebody else trades may not be listed yet, or no more, and how one order
                # stands may be news; the others count all the same. Ours is asked for.
                with suppress(UnlistedSymbol):
                    said = self.reader.news(told, instruments)
                    if isinstance(said, OrderReport):
                        reports.append(said)
            return reports

        if pair is None:
            return self.ask(operations.all_open_orders, read)
        return self.ask(operations.open_orders, read, self._of(pair, {}, instruments))

    def balances(self) -> Call[BalanceReport]:
        """Ask for everything the account holds."""

        def read(answer: RestResponse) -> BalanceReport:
            return self.reader.balances(orjson.loads(answer.body), complete=True)

        return self.ask(self.operations.balances, read)

    def _of(self, pair: str, parameters: Parameters, instruments: Instruments) -> Parameters:
        return {self.symbol_parameter: instruments.symbol_of(pair), **parameters}

    def _about(
        self,
        order: OrderKey,
        operation: Operation,
        parameters: Parameters,
        instruments: Instruments,
    ) -> Call[Sequence[OrderMessage]]:
        def read(answer: RestResponse) -> Sequence[OrderMessage]:
            return self.read_order(orjson.loads(answer.body), instruments)

        return self.ask(operation, read, self._of(order.pair, parameters, instruments))

    def _fills(
        self, pair: str, operation: Operation, parameters: Parameters, instruments: Instruments
    ) -> Call[FillPage]:
        def read(answer: RestResponse) -> FillPage:
            told = orjson.loads(answer.body)
            fills = tuple(self.reader.fill(fill, instruments) for fill in told)
            return FillPage(fills, self.cursor_after(told))

        return self.ask(operation, read, self._of(pair, parameters, instruments))
