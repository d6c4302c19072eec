"""A venue of one pair whose book is empty, so that every order of a test is its own doing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connector_sdk.model.order import Side
from connector_sdk.sandbox.accounts import Accounts
from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.book_log import BookLog
from connector_sdk.sandbox.dialect import VenueRules
from connector_sdk.sandbox.invariants import Invariants
from connector_sdk.sandbox.listing import listing
from connector_sdk.sandbox.matching_engine import MatchingEngine
from connector_sdk.sandbox.order_desk import OrderDesk
from connector_sdk.sandbox.pair_market import TradedPair
from connector_sdk.sandbox.trading import (
    NewOrder,
    OrderEvent,
    OrderPlaced,
    Refused,
    UserEvent,
    VenueOrderType,
)
from connector_sdk.sandbox.user_streams import AccountSubscriber

PAIR = "BTC-USDT"
NOON_NS = 1_800_000_000_000_000_000
SECOND_NS = 1_000_000_000
BUY, SELL = Side.BUY, Side.SELL
ANN, BEN = "account-1", "account-2"


class Floor(AccountSubscriber):
    """Hears what every account is told. Each has 1,000,000 USDT and 1,000 BTC."""

    def __init__(self, *, rules: VenueRules | None = None, **changed: Any) -> None:
        rules = replace(rules or VenueRules(weight=1).raised(), **changed)
        self.agenda = Agenda()
        self.agenda.now_ns = NOON_NS
        self.market = TradedPair(listing(PAIR, "BTCUSDT"), MatchingEngine())
        self.market.engine.log = BookLog(self.market.engine, 16)
        markets = {PAIR: self.market}
        self.desk = OrderDesk(self.agenda, markets, Accounts(("BTC", "USDT"), 1), rules, 100)
        self.journal = self.desk.life.journal
        self.laws = Invariants(self.desk, markets)
        self.heard: dict[str, list[UserEvent]] = defaultdict(list)
        for account in (ANN, BEN):
            self.desk.open_account({"USDT": Decimal(1_000_000), "BTC": Decimal(1_000)})
            self.desk.life.streams.subscribe(account, self)
        self._number = 0

    def tell(self, account: str, event: UserEvent) -> None:
        self.heard[account].append(event)

    def order(self, side: Side, quantity: str | None, **wanted: Any) -> NewOrder:
        """A limit order where there is a price and no type, else a market order."""
        self._number += 1
        decimals = {"price", "stop_price", "iceberg", "quote_quantity"}
        values: dict[str, Any] = {k: Decimal(v) if k in decimals else v for k, v in wanted.items()}
        values.setdefault(
            "type", VenueOrderType.LIMIT if "price" in wanted else VenueOrderType.MARKET
        )
        values.setdefault("client_order_id", f"id-{self._number}")
        size = None if quantity is None else Decimal(quantity)
        return NewOrder(PAIR, side, quantity=size, **values)

    def ask(
        self, account: str, side: Side, quantity: str | None, **wanted: Any
    ) -> OrderPlaced | Refused:
        """What becomes of an order."""
        return self.desk.place(account, self.order(side, quantity, **wanted))

    def place(self, account: str, side: Side, quantity: str | None, **wanted: Any) -> OrderPlaced:
        """An order that is taken, with no law broken by it."""
        placed = self.place_unjudged(account, side, quantity, **wanted)
        assert self.laws.violations() == []
        return placed

    def refused(self, account: str, side: Side, quantity: str | None, **wanted: Any) -> Refused:
        """The refusal of an order that is not, which changes nothing."""
        before = len(self.journal.orders), dict(self.desk.balances(account))
        refused = self.ask(account, side, quantity, **wanted)
        assert isinstance(refused, Refused), refused
        assert (len(self.journal.orders), dict(self.desk.balances(account))) == before
        return refused

    def balance(self, account: str, asset: str) -> tuple[Decimal, Decimal]:
        """(free, locked)."""
        held = self.desk.balances(account)[asset]
        return held.free, held.locked

    def told(self, account: str) -> list[str]:
        """The kinds of event an account heard since the last time it was asked."""
        events = self.heard.pop(account, [])
        return [
            event.execution.value if isinstance(event, OrderEvent) else type(event).__name__
            for event in events
        ]

    def bids(self) -> list[tuple[int, int]]:
        return self.market.engine.bids.top(99)

    def asks(self) -> list[tuple[int, int]]:
        return self.market.engine.asks.top(99)

    def wait(self, seconds: float) -> None:
        self.agenda.run(self.agenda.now_ns + int(seconds * SECOND_NS))

    def place_unjudged(
        self, account: str, side: Side, quantity: str | None, **wanted: Any
    ) -> OrderPlaced:
        """An order that is taken, whatever it breaks."""
        placed = self.ask(account, side, quantity, **wanted)
        assert isinstance(placed, OrderPlaced), placed
        return placed
