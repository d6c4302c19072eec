"""A paper venue over one book that the test writes itself, as a script of what happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.sequence import Verification
from connector_sdk.model.events import BookState
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.market_data import BookDelta, BookSnapshot, Trade
from connector_sdk.model.order import Side, TimeInForce
from connector_sdk.sandbox.order_life import Fees
from connector_sdk.sandbox.paper_venue import PaperVenue
from connector_sdk.sandbox.trading import (
    NewOrder,
    OrderPlaced,
    Refused,
    UserOrder,
    VenueOrderType,
)

PAIR = "BTC-USDT"
MS = 1_000_000
INSTRUMENT = Instrument(
    pair=PAIR,
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal(1),
    lot_size=Decimal(1),
    minimum_notional=Decimal(5),
)
BIDS = {100: 5, 99: 7, 98: 9}
ASKS = {101: 4, 102: 6, 103: 8}
FUNDS = {"BTC": Decimal(1_000), "USDT": Decimal(100_000)}
FillRow: TypeAlias = tuple[str, str, str]
"""Client order id, price and quantity."""


def rows(levels: Mapping[int, int | str]) -> list[list[str]]:
    return [[str(price), str(quantity)] for price, quantity in levels.items()]


class PaperRoom:
    """One pair on paper. Time is told in milliseconds."""

    def __init__(
        self,
        *,
        bids: Mapping[int, int | str] = BIDS,
        asks: Mapping[int, int | str] = ASKS,
        instrument: Instrument = INSTRUMENT,
        fees: Fees = Fees(0, 0),  # noqa: B008 (a value)
        funds: Mapping[str, Decimal] = FUNDS,
        depth: int | None = None,
    ) -> None:
        self.venue = PaperVenue(Instruments([instrument]), funds, fees)
        self.pair = self.venue.pairs[PAIR]
        self.book = OrderBook(PAIR, Verification.SEQUENCE, now_ns=lambda: 0)
        self.book.replace(BookSnapshot(PAIR, rows(bids), rows(asks), depth=depth), 1, 0)
        self.book.mark(BookState.SYNCED, 0)
        self.venue.follow(PAIR, self.book)
        self.now_ms = 0
        self.trades = 0

    def update(
        self,
        *,
        bids: Mapping[int, int | str] | None = None,
        asks: Mapping[int, int | str] | None = None,
        at: int | None = None,
    ) -> None:
        """The real book changes: quantities are absolute."""
        delta = BookDelta(PAIR, rows(bids or {}), rows(asks or {}))
        self.book.apply(delta, self.book.update_id + 1, 0)
        self.venue.book_changed(PAIR, self._time(at))

    def trade(self, side: str, price: int, quantity: int | str, at: int | None = None) -> None:
        """A real taker of that side trades."""
        self.trades += 1
        event_ns = self._time(at)
        number, taker = str(self.trades), Side(side)
        trade = Trade(PAIR, number, taker, str(price), str(quantity), event_ns)
        self.venue.traded(trade, self.now_ms * MS)

    def place(
        self,
        name: str,
        side: str,
        quantity: int | str,
        price: int | str | None = None,
        kind: str = "limit",
    ) -> UserOrder | Refused:
        """Place an order of ours; kind: limit, limit_maker, market, ioc or fok."""
        patience = TimeInForce(kind) if kind in {"ioc", "fok"} else None
        new = NewOrder(
            PAIR,
            Side(side),
            VenueOrderType("limit" if patience else kind),
            name,
            quantity=Decimal(quantity),
            price=None if price is None else Decimal(price),
            time_in_force=patience or (TimeInForce.GTC if kind == "limit" else None),
        )
        answer = self.venue.place(new)
        return answer.order if isinstance(answer, OrderPlaced) else answer

    def order(self, name: str) -> UserOrder:
        """How an order of ours stands."""
        order = self.venue.order(PAIR, client_order_id=name)
        assert order is not None
        return order

    @property
    def fills(self) -> Sequence[FillRow]:
        """Every fill of ours, in order."""
        told = self.venue.desk.fills(self.venue.account, PAIR)
        return [
            (order.client_order_id, f"{fill.price.normalize():f}", f"{fill.quantity.normalize():f}")
            for order, fill in told
        ]

    def balance(self, asset: str) -> tuple[Decimal, Decimal]:
        """Free and locked."""
        held = self.venue.desk.balances(self.venue.account)[asset]
        return held.free, held.locked

    def _time(self, at: int | None) -> int:
        self.now_ms = self.now_ms + 10 if at is None else max(at, self.now_ms)
        return (self.now_ms if at is None else at) * MS
