"""The words of an account."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Fee(NamedTuple):
    """What a fill cost; negative for a rebate."""

    asset: str
    quantity: Decimal


class Balance(NamedTuple):
    """What an account holds of one asset, exact. `locked` is held by open orders."""

    asset: str
    available: Decimal
    locked: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """Available and locked."""
        return self.available + self.locked


class BalanceReport(NamedTuple):
    """What a venue says an account holds.

    complete:  whether assets that are not named are held no more (a full listing).
    event_ns:  the venue's time of the account's last change; None where it does not say.
    """

    balances: tuple[Balance, ...]
    complete: bool
    event_ns: int | None


class FeeRates(NamedTuple):
    """What an account pays for trading a pair, as a share: 0.001 is 0.1 %."""

    pair: str
    maker: Decimal
    taker: Decimal
