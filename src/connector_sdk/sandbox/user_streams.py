"""UserStreams: who hears what happens to an account."""

from __future__ import annotations

from abc import ABC, abstractmethod

from connector_sdk.sandbox.trading import OrderEvent, UserEvent


class AccountSubscriber(ABC):
    """Somebody an account's events are told to."""

    @abstractmethod
    def tell(self, account: str, event: UserEvent) -> None:
        """Take one event."""


class UserStreams:
    """Accounts and their subscribers, who are told in the order in which they came."""

    def __init__(self) -> None:
        self._accounts: dict[str, dict[AccountSubscriber, None]] = {}

    def subscribe(self, account: str, subscriber: AccountSubscriber) -> None:
        """Tell `subscriber` of `account`. Idempotent."""
        self._accounts.setdefault(account, {})[subscriber] = None

    def unsubscribe(self, account: str, subscriber: AccountSubscriber) -> None:
        """Stop that. Idempotent."""
        self._accounts.get(account, {}).pop(subscriber, None)

    def is_heard(self, account: str) -> bool:
        """Whether anybody hears what happens to `account`."""
        return bool(self._accounts.get(account))

    def publish(self, event: UserEvent) -> None:
        """Tell an event to whoever hears its account."""
        account = event.order.account if isinstance(event, OrderEvent) else event.account
        for subscriber in tuple(self._accounts.get(account, ())):
            subscriber.tell(account, event)
