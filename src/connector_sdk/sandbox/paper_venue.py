"""PaperVenue: one account that trades on paper, in real markets that take no note of it.

Pure: no clock, no await. Everything happens as of the time it is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal

from connector_sdk.book.order_book import OrderBook
from connector_sdk.errors import ConfigError
from connector_sdk.model.account import FeeRates
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.market_data import Trade
from connector_sdk.model.number_text import step_decimals
from connector_sdk.sandbox.accounts import EXACT, MILLION, PLACES, Accounts, units
from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.dialect import RAISED, VenueRules
from connector_sdk.sandbox.order_desk import OrderDesk
from connector_sdk.sandbox.order_life import Fees
from connector_sdk.sandbox.paper_pair import PaperPair
from connector_sdk.sandbox.trading import (
    NewOrder,
    OrderPlaced,
    RefusalKind,
    Refused,
    TradePrevention,
    UserOrder,
)

RULES = VenueRules(weight=RAISED, amends=RAISED).raised()


class PaperDesk(OrderDesk):
    """Takes orders where there is a real book that can be believed."""

    def __init__(
        self, agenda: Agenda, pairs: Mapping[str, PaperPair], accounts: Accounts, fees: Fees
    ) -> None:
        super().__init__(agenda, pairs, accounts, RULES, 0, fees=fees)
        self._pairs = pairs

    def place(self, account: str, order: NewOrder) -> OrderPlaced | Refused:
        """Take an order, let it meet the real book as we left it, rest what is left.

        Where it meets one of our own it ends: nobody trades with himself.
        """
        order = dataclasses.replace(order, prevention=TradePrevention.EXPIRE_TAKER)
        pair = self._pairs.get(order.pair)
        if pair is None or pair.real_book is None:
            return Refused(RefusalKind.CLOSED)
        with pair.lent(order):
            placed = super().place(account, order)
        if isinstance(placed, OrderPlaced):
            pair.queue(placed.order.order_id)
        return placed


class PaperVenue:
    """The venue's rules, the embedded venue's desk, and an account of our own.

    account:  its name.
    """

    def __init__(
        self, instruments: Instruments, balances: Mapping[str, Decimal], fees: Fees
    ) -> None:
        if instruments.provisional:
            raise ConfigError(
                "trading on paper takes the venue's rules: give its list of instruments"
            )
        self.instruments = instruments
        self.agenda = Agenda()
        self.pairs = {one.pair: PaperPair(one) for one in instruments if _is_countable(one)}
        assets = {
            asset for instrument in instruments for asset in (instrument.base, instrument.quote)
        }
        accounts = Accounts(assets | balances.keys(), seed=0)
        purse = accounts.open({asset: units(held) for asset, held in balances.items()})
        self.account = purse.account.name
        self.desk = PaperDesk(self.agenda, self.pairs, accounts, fees)

    def follow(self, pair: str, book: OrderBook) -> None:
        """Orders of `pair` meet this real book. Raises ConfigError for one that is too fine."""
        if pair not in self.pairs:
            steps = f"{self.instruments[pair].tick_size} and {self.instruments[pair].lot_size}"
            raise ConfigError(
                f"{pair} cannot be traded on paper: its steps, {steps}, make amounts of more than "
                f"{PLACES} decimals"
            )
        self.pairs[pair].book = book

    def leave(self, pair: str) -> None:
        """No order of `pair` is taken any more."""
        if pair in self.pairs:
            self.pairs[pair].book = None

    def book_changed(self, pair: str, event_ns: int | None) -> None:
        """The real book of `pair` is another one now, as of that time of the venue."""
        self.pairs[pair].book_changed(event_ns)

    def traded(self, trade: Trade, now_ns: int) -> None:
        """A real trade happened."""
        self.agenda.run(now_ns)
        self.pairs[trade.pair].traded(trade, now_ns)
        self.desk.follow_up()

    def place(self, order: NewOrder) -> OrderPlaced | Refused:
        """Take an order."""
        return self.desk.place(self.account, order)

    def order(
        self, pair: str, order_id: int | None = None, client_order_id: str = ""
    ) -> UserOrder | None:
        """One of ours."""
        return self.desk.order(
            self.account, pair, order_id=order_id, client_order_id=client_order_id
        )


def _is_countable(instrument: Instrument) -> bool:
    """Whether the accounts' units hold every amount its steps can make."""
    decimals = step_decimals(instrument.tick_size) + step_decimals(instrument.lot_size)
    return decimals <= PLACES


def fee_millionths(rates: tuple[Decimal, Decimal]) -> Fees:
    """(maker, taker) shares as what the desk takes. Raises ConfigError beyond six decimals."""
    fees = [EXACT.multiply(share, Decimal(MILLION)) for share in rates]
    if any(fee != int(fee) or not 0 <= fee < MILLION for fee in fees):
        raise ConfigError(
            f"fees of {rates[0]} and {rates[1]}: write shares from 0 to 1 in millionths, as 0.001"
        )
    return Fees(*(int(fee) for fee in fees))


def fee_rates(pair: str, fees: Fees) -> FeeRates:
    """What a pair costs."""
    maker, taker = (EXACT.divide(Decimal(fee), Decimal(MILLION)) for fee in fees)
    return FeeRates(pair, maker, taker)
