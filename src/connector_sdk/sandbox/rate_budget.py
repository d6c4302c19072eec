"""RateBudget: request weight by client address, in fixed windows of the clock."""

from __future__ import annotations

from dataclasses import dataclass

from connector_sdk.sandbox.dialect import Throttle, VenueRules

SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class _Account:
    window: int = -1
    used: int = 0
    strikes: int = 0
    banned_until_ns: int = 0


class RateBudget:
    """Charges requests; says which to refuse, and when a client that goes on is banned."""

    def __init__(self, rules: VenueRules) -> None:
        self._rules = rules
        self._accounts: dict[str, _Account] = {}

    def charge(self, client: str, weight: int, now_ns: int) -> Throttle | None:
        """Take `weight` from the client's window; the Throttle if there was not that much."""
        account, rules = self._account(client, now_ns), self._rules
        if account.banned_until_ns > now_ns:
            return _throttle(account.banned_until_ns, now_ns, banned=True)
        account.used += weight
        if account.used <= rules.weight:
            return None
        account.strikes += 1
        if account.strikes > rules.strikes:
            account.banned_until_ns = now_ns + rules.ban_s * SECOND_NS
            return _throttle(account.banned_until_ns, now_ns, banned=True)
        window_end_ns = (account.window + 1) * rules.window_s * SECOND_NS
        return _throttle(window_end_ns, now_ns, banned=False)

    def give_back(self, client: str, weight: int, now_ns: int) -> None:
        """A request weighed so much less than it was charged."""
        account = self._account(client, now_ns)
        account.used = max(account.used - weight, 0)

    def used(self, client: str, now_ns: int) -> int:
        """Weight used in the window of now."""
        return self._account(client, now_ns).used

    def ban(self, client: str, seconds: int, now_ns: int) -> Throttle:
        """Ban a client from now on."""
        account = self._account(client, now_ns)
        account.banned_until_ns = now_ns + seconds * SECOND_NS
        return _throttle(account.banned_until_ns, now_ns, banned=True)

    def _account(self, client: str, now_ns: int) -> _Account:
        account = self._accounts.setdefault(client, _Account())
        window = now_ns // (self._rules.window_s * SECOND_NS)
        if window != account.window:
            account.window, account.used, account.strikes = window, 0, 0
        return account


def _throttle(until_ns: int, now_ns: int, *, banned: bool) -> Throttle:
    seconds = -(-(until_ns - now_ns) // SECOND_NS)
    return Throttle(banned, max(int(seconds), 1), until_ns)
