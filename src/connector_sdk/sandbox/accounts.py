"""Accounts: exact money. Amounts are whole units of 10^-16, so that nothing ever rounds.

What one account gives another gets: over all accounts, the house and the fee account, every asset
sums up to what was deposited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact

from connector_sdk.errors import ConfigError, InvariantError
from connector_sdk.sandbox.trading import Account, AccountBalance

PLACES = 16
TEXT_PLACES = 8
TEXT_UNITS = 100_000_000
MILLION = 1_000_000
FEE_DIVISOR = MILLION * TEXT_UNITS
EXACT = Context(prec=80, traps=[Inexact])
HOUSE_NAME = "house"
"""The counterparty of every fill with the venue's own flow; what it holds may be negative."""
FEES_NAME = "fees"
KEY_BYTES = 48
KEY_LENGTH = 64
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def units(amount: Decimal) -> int:
    """`amount` in whole units. Raises ConfigError for one with more than 16 decimals."""
    scaled = EXACT.scaleb(amount, PLACES)
    whole = int(scaled)
    if whole != scaled:
        raise ConfigError(f"{amount} has more than {PLACES} decimals")
    return whole


def amount(whole: int) -> Decimal:
    """Units as a number; with 8 decimals where that many tell it all."""
    short, rest = divmod(whole, TEXT_UNITS)
    if rest:
        return EXACT.scaleb(Decimal(whole), -PLACES)
    return EXACT.scaleb(Decimal(short), -TEXT_PLACES)


def share(whole: int, millionths: int) -> int:
    """So many millionths of `whole`, rounded down to 8 decimals, as fees are."""
    return whole * millionths // FEE_DIVISOR * TEXT_UNITS


@dataclass(slots=True)
class Holding:
    """What an account has of one asset, in units."""

    free: int = 0
    locked: int = 0


class Purse:
    """One account's holdings.

    changed:  the assets touched since they were last told.
    """

    __slots__ = ("account", "changed", "changed_ns", "holdings", "owner")

    def __init__(self, account: Account, owner: int, assets: Iterable[str]) -> None:
        self.account = account
        self.owner = owner
        self.holdings = {asset: Holding() for asset in assets}
        self.changed: dict[str, None] = {}
        self.changed_ns = 0

    def balance(self, asset: str) -> AccountBalance:
        """Of one asset, exact."""
        holding = self.holdings[asset]
        return AccountBalance(asset, amount(holding.free), amount(holding.locked))


class Accounts:
    """Every account of a venue, the house's and the one that fees go to.

    deposited: asset → units that came from outside, less those that went there.
    """

    def __init__(self, assets: Iterable[str], seed: int) -> None:
        self.assets = tuple(sorted(set(assets)))
        self.deposited = dict.fromkeys(self.assets, 0)
        self._seed = seed
        self.house = Purse(Account(HOUSE_NAME, "", ""), 0, self.assets)
        self.fees = Purse(Account(FEES_NAME, "", ""), -1, self.assets)
        self._purses: list[Purse] = []
        self._by_name: dict[str, Purse] = {}
        self._by_key: dict[str, Purse] = {}

    def open(self, funds: Mapping[str, int], public_key: str = "") -> Purse:
        """A new account with those units; its key and secret follow from the venue's seed.

        With a public key that one proves who asks, and there is no secret.
        """
        number = len(self._purses) + 1
        name = f"account-{number}"
        secret = "" if public_key else self._letters(f"{number}/secret")
        account = Account(name, self._letters(f"{number}/key"), secret, public_key)
        purse = Purse(account, number, self.assets)
        self._purses.append(purse)
        self._by_name[name] = self._by_key[account.key] = purse
        for asset, whole in funds.items():
            self.deposit(purse, asset, whole)
        return purse

    def deposit(self, purse: Purse, asset: str, whole: int) -> None:
        """Bring units in from outside; negative takes them out. Raises ConfigError beyond them."""
        if asset not in self.deposited:
            raise ConfigError(f"no pair of the venue has {asset}: it has {', '.join(self.assets)}")
        holding = purse.holdings[asset]
        if holding.free + whole < 0:
            raise ConfigError(f"{purse.account.name} has only {amount(holding.free)} {asset} free")
        holding.free += whole
        self.deposited[asset] += whole
        purse.changed[asset] = None

    def lock(self, purse: Purse, asset: str, whole: int) -> None:
        """Set free units aside for an order; negative gives them back."""
        holding = purse.holdings[asset]
        holding.free -= whole
        holding.locked += whole
        if holding.free < 0 or holding.locked < 0:
            raise InvariantError(f"{purse.account.name} cannot lock {amount(whole)} {asset}")
        purse.changed[asset] = None

    def pay(self, asset: str, whole: int, payer: Purse, payee: Purse) -> None:
        """Move units from what the payer has locked to what the payee has free.

        The house locks nothing: it pays from what is free, beyond zero.
        """
        held, got = payer.holdings[asset], payee.holdings[asset]
        if payer is self.house:
            held.free -= whole
        else:
            held.locked -= whole
            if held.locked < 0:
                raise InvariantError(f"{payer.account.name} pays {amount(whole)} {asset} unlocked")
        got.free += whole
        payer.changed[asset] = payee.changed[asset] = None

    def charge(self, asset: str, whole: int, payer: Purse) -> None:
        """Take a fee out of what was just received."""
        payer.holdings[asset].free -= whole
        self.fees.holdings[asset].free += whole

    def of_key(self, key: str) -> Purse | None:
        """The account of an API key."""
        return self._by_key.get(key)

    def of_owner(self, owner: int) -> Purse:
        """The account that owns an order of the engine."""
        return self._purses[owner - 1] if owner else self.house

    def __getitem__(self, name: str) -> Purse:
        purse = self._by_name.get(name)
        if purse is None:
            raise ConfigError(f"the venue has no account {name}: it has {', '.join(self._by_name)}")
        return purse

    def __iter__(self) -> Iterator[Purse]:
        return iter(self._purses)

    def __len__(self) -> int:
        return len(self._purses)

    def _letters(self, what: str) -> str:
        """64 letters and digits that follow from the seed."""
        text = f"{self._seed}/{what}".encode()
        number = int.from_bytes(hashlib.shake_256(text).digest(KEY_BYTES))
        letters: list[str] = []
        for _ in range(KEY_LENGTH):
            number, rest = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[rest])
        return "".join(letters)
