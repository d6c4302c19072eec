from __future__ import annotations

from decimal import Decimal

from connector_sdk.model.account import Balance, BalanceReport
from connector_sdk.orders.balances import AccountBalances


def balance(asset: str, available: str, locked: str = "0") -> Balance:
    return Balance(asset, Decimal(available), Decimal(locked))


def listing(*balances: Balance, at: int | None = None) -> BalanceReport:
    return BalanceReport(balances, complete=True, event_ns=at)


def update(*balances: Balance, at: int | None = None) -> BalanceReport:
    return BalanceReport(balances, complete=False, event_ns=at)


def test_only_what_changed_is_told() -> None:
    account = AccountBalances()
    assert account.receive(listing(balance("BTC", "1"), balance("ETH", "0")), 1) == [
        balance("BTC", "1")
    ]
    assert account.receive(update(balance("BTC", "1")), 2) == []
    changed = balance("BTC", "0.5", "0.5")
    assert account.receive(update(changed), 3) == [changed]


def test_an_empty_account_is_known_once_the_venue_has_told() -> None:
    account = AccountBalances()
    assert not account.known
    assert account.receive(listing(), 1, asked_ns=0) == []
    assert account.known
    assert dict(account.held) == {}


def test_what_a_whole_listing_does_not_name_is_held_no_more() -> None:
    account = AccountBalances()
    account.receive(listing(balance("BTC", "1"), balance("ETH", "2"), at=1), 1, asked_ns=0)
    told = account.receive(listing(balance("BTC", "1"), at=2), 3, asked_ns=2)
    assert told == [balance("ETH", "0")]
    assert set(account.held) == {"BTC"}


def test_a_partial_report_says_nothing_of_other_assets() -> None:
    account = AccountBalances()
    account.receive(update(balance("BTC", "1"), at=1), 1)
    account.receive(update(balance("ETH", "1"), at=2), 2)
    assert set(account.held) == {"BTC", "ETH"}


def test_a_listing_that_is_older_by_the_venues_time_changes_nothing() -> None:
    account = AccountBalances()
    account.receive(update(balance("BTC", "1"), at=10), 100)
    assert account.receive(listing(balance("BTC", "2"), at=9), 200, asked_ns=150) == []
    assert account.held["BTC"] == balance("BTC", "1")


def test_an_older_listing_does_not_bring_back_what_was_spent() -> None:
    account = AccountBalances()
    account.receive(update(balance("BTC", "1"), at=5), 50)
    account.receive(update(balance("BTC", "0"), at=10), 100)
    account.receive(listing(balance("BTC", "1"), at=9), 200, asked_ns=150)
    assert dict(account.held) == {}


def test_an_older_listing_still_tells_of_assets_the_stream_has_not_told() -> None:
    account = AccountBalances()
    account.receive(update(balance("BTC", "1"), at=10), 100)
    told = account.receive(listing(balance("BTC", "2"), balance("ETH", "3"), at=9), 200, asked_ns=1)
    assert told == [balance("ETH", "3")]


def test_a_listing_of_the_same_instant_gives_way_to_the_stream_since_it_was_asked_for() -> None:
    account = AccountBalances()
    account.receive(update(balance("BTC", "1"), at=10), 100)
    assert account.receive(listing(balance("BTC", "2"), at=10), 120, asked_ns=90) == []
    newer = balance("BTC", "2")
    assert account.receive(listing(newer, at=10), 120, asked_ns=110) == [newer]


def test_a_listing_without_a_time_gives_way_to_the_stream_since_it_was_asked_for() -> None:
    account = AccountBalances()
    account.receive(update(balance("BTC", "1")), 100)
    assert account.receive(listing(balance("BTC", "2")), 120, asked_ns=100) == []
    assert account.receive(listing(balance("BTC", "2")), 140, asked_ns=130) == [balance("BTC", "2")]


def test_a_listing_without_a_time_does_not_make_the_streams_time_unknown() -> None:
    account = AccountBalances()
    account.receive(update(balance("BTC", "1"), at=10), 100)
    account.receive(listing(balance("BTC", "2")), 140, asked_ns=130)
    assert account.receive(update(balance("BTC", "9"), at=9), 150) == []


def test_two_updates_of_one_instant_are_taken_in_their_order() -> None:
    account = AccountBalances()
    account.receive(update(balance("BTC", "1"), at=10), 100)
    account.receive(update(balance("BTC", "2"), at=10), 100)
    assert account.held["BTC"] == balance("BTC", "2")
