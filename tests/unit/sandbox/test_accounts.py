"""Money is exact, and nothing of it comes or goes unseen."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from connector_sdk.errors import ConfigError, InvariantError
from connector_sdk.sandbox.accounts import Accounts, amount, share, units


def two(seed: int = 1) -> Accounts:
    accounts = Accounts(["BTC", "USDT"], seed)
    for _ in range(2):
        accounts.open({"BTC": units(Decimal(10)), "USDT": units(Decimal(1_000))})
    return accounts


@pytest.mark.parametrize("text", ["0", "1", "0.00000001", "123456789.0000000000000001", "-5.25"])
def test_units_are_the_number_and_nothing_else(text: str) -> None:
    with localcontext() as context:
        context.prec = 5  # somebody else's settings do not round our money
        whole = units(Decimal(text))
        assert amount(whole) == Decimal(text)


def test_a_number_too_fine_for_units_is_refused() -> None:
    with pytest.raises(ConfigError, match="more than 16 decimals"):
        units(Decimal("0.00000000000000001"))


def test_a_fee_is_rounded_down_to_eight_decimals() -> None:
    assert amount(share(units(Decimal("0.00033333")), 1_000)) == Decimal("0.00000033")


def test_keys_follow_from_the_seed_and_differ_by_account() -> None:
    first, again, other = two(), two(), two(seed=2)
    keys = [purse.account.key for purse in first]
    assert keys == [purse.account.key for purse in again]
    assert [p.account.secret for p in first] == [p.account.secret for p in again]
    assert len({*keys, *(purse.account.key for purse in other)}) == 4
    assert all(len(key) == 64 and key.isalnum() for key in keys)
    ann = next(iter(first)).account
    assert ann.secret not in repr(ann)


def test_a_public_key_stands_in_place_of_the_secret() -> None:
    purse = two().open({}, "PEM")
    assert (purse.account.public_key, purse.account.secret) == ("PEM", "")
    assert purse.account.name == "account-3"


def test_what_one_gives_the_other_gets_and_the_sum_stays() -> None:
    accounts = two()
    ann, ben = accounts
    accounts.lock(ann, "USDT", units(Decimal(300)))
    accounts.pay("USDT", units(Decimal(250)), ann, ben)
    accounts.charge("USDT", units(Decimal("0.25")), ben)
    accounts.pay("BTC", units(Decimal(1)), accounts.house, ann)
    assert ann.balance("USDT")[1:] == (Decimal(700), Decimal(50))
    assert ben.balance("USDT").free == Decimal("1249.75")
    assert amount(accounts.house.holdings["BTC"].free) == Decimal(-1)
    for asset, deposited in accounts.deposited.items():
        everyone = [ann, ben, accounts.house, accounts.fees]
        held = [purse.holdings[asset] for purse in everyone]
        assert sum(one.free + one.locked for one in held) == deposited


def test_nothing_is_paid_or_locked_that_is_not_there() -> None:
    accounts = two()
    ann, ben = accounts
    with pytest.raises(InvariantError, match="cannot lock"):
        accounts.lock(ann, "BTC", units(Decimal(11)))
    accounts = two()
    ann, ben = accounts
    with pytest.raises(InvariantError, match="unlocked"):
        accounts.pay("BTC", 1, ann, ben)


def test_deposits_and_withdrawals_are_limited_by_what_is_free_and_known() -> None:
    accounts = two()
    ann, _ = accounts
    accounts.deposit(ann, "BTC", units(Decimal(-10)))
    with pytest.raises(ConfigError, match="has only 0E-8 BTC free"):
        accounts.deposit(ann, "BTC", -1)
    with pytest.raises(ConfigError, match="no pair of the venue has DOGE: it has BTC, USDT"):
        accounts.deposit(ann, "DOGE", 1)
    with pytest.raises(ConfigError, match="no account nobody"):
        accounts["nobody"]
