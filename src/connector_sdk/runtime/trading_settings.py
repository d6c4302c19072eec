"""How trading behaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector_sdk.orders.ledger_settings import LedgerSettings
from connector_sdk.runtime.reconciliation import Rhythm


@dataclass(frozen=True, slots=True)
class TradingSettings:
    """Choices of a market that trades. Times in seconds.

    check_budget: refuse an order here that the balances, as last heard, do not pay for.
    place_patience_s: how long a new order, or an amendment, may wait for the rate limits; it has
                  failed then, and was never sent.
    rhythm:       how often the account is compared with the venue.
    ledger:       its patience, and how many orders that have ended it keeps; how long a request is
                  valid, the connector says.
    clock_s:      how often the venue's time is read.
    rules_s:      how often the instruments' rules are read anew.
    fees_s:       how often the account's fee rates are.
    id_seed:      8 bytes or more that client order ids follow from, for runs that must repeat;
                  None: random ones, as is needed where another process may use the same account.
    """

    check_budget: bool = False
    place_patience_s: float = 10.0
    rhythm: Rhythm = field(default_factory=Rhythm)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    clock_s: float = 600.0
    rules_s: float = 1_800.0
    fees_s: float = 43_200.0
    id_seed: bytes | None = None
