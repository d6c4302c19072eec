"""Logon: how one connection becomes an account's private stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from connector_sdk.model.wire import Stamp
from connector_sdk.protocols.data_source import Login, UserStreamTrackerDataSource
from connector_sdk.runtime.stream_parts import SECOND_NS

ACCOUNT = "account"
"""The only topic of a private stream."""


class Logon:
    """Sends the texts that open the stream, each after the one before was acknowledged.

    Each is made anew just before it is sent, so that its stamp is fresh. What is refused or not
    answered is not tried again here, where half of it may stand: the connection is given up.

    login:  makes what the texts are signed with, of a stamp.
    stamp:  the venue's time now, and the next nonce.
    """

    def __init__(
        self,
        source: UserStreamTrackerDataSource,
        login: Callable[[Stamp], Login],
        stamp: Callable[[], Awaitable[Stamp]],
        ack_s: float,
    ) -> None:
        self._source = source
        self._login = login
        self._take_stamp = stamp
        self._ack_s = ack_s
        self._stamp: Stamp | None = None
        self._step = 0
        self._next_id = 1
        self._waiting = True
        self._carried = False
        self._ack: str | None = None
        self._due_ns: int | None = None
        self._failure: str | None = None

    @property
    def waiting(self) -> bool:
        """Whether a text is to be sent."""
        return self._waiting

    @property
    def expecting(self) -> bool:
        """Whether an acknowledgement is awaited."""
        return self._due_ns is not None

    @property
    def failure(self) -> str | None:
        """Why this connection will not carry the account; None while it may."""
        return self._failure

    async def prepare(self) -> None:
        """Take a stamp. Raises StoreFailed where it needs a number that cannot be had."""
        if self._waiting:
            self._stamp = await self._take_stamp()

    def next_text(self, now_ns: int) -> str | None:
        """The next text, signed as of now; None: nothing is to be sent."""
        stamp, self._stamp = self._stamp, None
        if not self._waiting or stamp is None:
            return None
        requests = self._source.subscribe(self._login(stamp), self._next_id)
        self._next_id += max(len(requests), 1)
        self._waiting = False
        if self._step >= len(requests):
            self._carried = True
            return None
        request = requests[self._step]
        self._step += 1
        if request.ack is None:
            self._waiting = True
        else:
            self._ack = request.ack
            self._due_ns = now_ns + int(self._ack_s * SECOND_NS)
        return request.text

    def acknowledged(self, ack: str) -> None:
        """The venue said yes: on with the next text, if there is one."""
        if ack == self._ack:
            self._ack = self._due_ns = None
            self._waiting = True

    def refused(self, ack: str | None, said: str, now_ns: int) -> Sequence[str]:
        """The venue said no, now or after it had said yes (a key that was revoked)."""
        del now_ns
        if ack is not None and ack != self._ack:
            return ()
        self._give_up(said)
        return (ACCOUNT,)

    def take_carried(self) -> Sequence[str]:
        """The account, once everything was acknowledged."""
        carried, self._carried = self._carried, False
        return (ACCOUNT,) if carried else ()

    def overdue(self, now_ns: int) -> Sequence[str]:
        """The account, when an acknowledgement did not come in time."""
        if self._due_ns is None or now_ns < self._due_ns:
            return ()
        self._give_up(f"the login was not acknowledged within {self._ack_s:g} s")
        return (ACCOUNT,)

    def _give_up(self, why: str) -> None:
        self._failure = why
        self._waiting = False
        self._ack = self._due_ns = None
