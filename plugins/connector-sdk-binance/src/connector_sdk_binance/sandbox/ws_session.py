"""What one connection of the WebSocket API has logged on to and subscribed to.

Source: binance-spot-api-docs, "WebSocket API: Authentication requests", "User Data Stream
requests" (read 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from connector_sdk.sandbox.dialect import RequestKind, SubscriptionDesk
from connector_sdk_binance.sandbox.api_error import (
    NOT_SUBSCRIBED,
    SUBSCRIBED,
    UNAUTHORIZED,
    WRONG_KEY_TYPE,
    ApiError,
)
from connector_sdk_binance.sandbox.endpoint import Asked
from connector_sdk_binance.sandbox.order_reports import Json, milliseconds
from connector_sdk_binance.sandbox.proof import (
    UNAUTHORIZED_STATUS,
    account_of,
    ed25519_key,
)


class Subscription(NamedTuple):
    """One account's events on this connection. by_session: it ends with the log-on."""

    number: int
    account: str
    by_session: bool


@dataclass(slots=True)
class WsSession:
    """The state of one connection.

    key:          of the account logged on; empty for none.
    rate_limits:  whether replies tell the limits, where the request does not say.
    """

    rate_limits: bool = True
    connected_ns: int = 0
    key: str = ""
    authorized_ns: int = 0
    subscriptions: dict[int, Subscription] = field(default_factory=dict[int, Subscription])
    _next: int = 0

    def of_account(self, account: str) -> Subscription | None:
        """The subscription of an account."""
        found = (one for one in self.subscriptions.values() if one.account == account)
        return next(found, None)

    def log_on(self, key: str, asked: Asked) -> Json:
        """Let requests go without key and signature from now on."""
        if ed25519_key(account_of(key, asked.desk)) is None:
            raise ApiError(WRONG_KEY_TYPE, "HMAC_SHA256 API key is not supported.")
        self.key, self.authorized_ns = key, asked.venue.now_ns
        return self.status(asked)

    def log_out(self, asked: Asked, desk: SubscriptionDesk) -> Json:
        """Forget the key; subscriptions made by it end."""
        self.key = ""
        for one in tuple(self.subscriptions.values()):
            if one.by_session:
                self._end(one, desk)
        return self.status(asked)

    def status(self, asked: Asked) -> Json:
        """Who is logged on."""
        return {
            "apiKey": self.key or None,
            "authorizedSince": milliseconds(self.authorized_ns) if self.key else None,
            "connectedSince": milliseconds(self.connected_ns),
            "returnRateLimits": self.rate_limits,
            "serverTime": milliseconds(asked.venue.now_ns),
            "userDataStream": bool(self.subscriptions),
        }

    def subscribe(self, account: str, desk: SubscriptionDesk, *, by_session: bool) -> Json:
        """Hear an account; one subscription each."""
        if self.of_account(account) is not None:
            raise ApiError(SUBSCRIBED, "User Data Stream subscription already active.")
        number, self._next = self._next, self._next + 1
        self.subscriptions[number] = Subscription(number, account, by_session)
        desk.subscribe_account(account)
        return {"subscriptionId": number}

    def unsubscribe(self, number: int | None, desk: SubscriptionDesk) -> Json:
        """Hear it no more; without a number, hear nobody."""
        ended = [
            one for one in self.subscriptions.values() if number is None or one.number == number
        ]
        if not ended:
            raise ApiError(NOT_SUBSCRIBED, "User Data Stream subscription not active.")
        for one in ended:
            self._end(one, desk)
        return {}

    def listed(self) -> list[Json]:
        """Every subscription."""
        return [{"subscriptionId": number} for number in self.subscriptions]

    def session_account(self, asked: Asked) -> str:
        """The account logged on; the venue's error where there is none."""
        if not self.key:
            raise ApiError(
                UNAUTHORIZED,
                "You are not authorized to execute this request.",
                UNAUTHORIZED_STATUS,
            )
        return account_of(self.key, asked.desk).name

    def over(self, one: Subscription) -> None:
        """Forget a subscription that the venue ended."""
        self.subscriptions.pop(one.number, None)

    def _end(self, one: Subscription, desk: SubscriptionDesk) -> None:
        self.over(one)
        desk.unsubscribe_account(one.account)


class SessionMethod(NamedTuple):
    """A method that is about the connection itself. signed: whether it must be signed."""

    names: tuple[str, ...] = ()
    kind: RequestKind = RequestKind.LOGIN
    weight: int = 2
    signed: bool = False


SESSION_METHODS = {
    "session.logon": SessionMethod(signed=True),
    "session.status": SessionMethod(),
    "session.logout": SessionMethod(),
    "session.subscriptions": SessionMethod(),
    "userDataStream.subscribe": SessionMethod(),
    "userDataStream.subscribe.signature": SessionMethod(signed=True),
    "userDataStream.unsubscribe": SessionMethod(("subscriptionId",)),
}
