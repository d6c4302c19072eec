"""OrderDesk: what placing, cancelling and amending have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from connector_sdk.errors import ConnectorError, Disconnected, Sent, StoreFailed, WireError
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order_update import OrderMessage
from connector_sdk.model.wire import Call
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.outcome import Confirmed, NotSent, RequestOutcome, Unknown, outcome_of
from connector_sdk.protocols.market import MALFORMED
from connector_sdk.protocols.trading import TradingApi
from connector_sdk.runtime.ledger_writer import LedgerWriter
from connector_sdk.runtime.live_order import LiveOrder
from connector_sdk.runtime.user_stream_tracker import UserStreamTracker
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.departure import Departure
from connector_sdk.transport.rest import RestClient

Spawn: TypeAlias = Callable[[str, Callable[[], Awaitable[None]]], "asyncio.Task[None]"]
ORDER_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """What every request about orders works with.

    instruments:  the venue's rules as they are now.
    spawn:        starts a task under the market's supervisor.
    serve:        performs what the tracker asks for.
    """

    api: TradingApi
    rest: RestClient
    tracker: UserStreamTracker
    writer: LedgerWriter
    clock: Clock
    instruments: Callable[[], Instruments]
    spawn: Spawn
    serve: Callable[[], None]

    @property
    def ledger(self) -> OrderLedger:
        """The truth about the orders."""
        return self.tracker.ledger

    def order(self, client_order_id: str) -> LiveOrder:
        """The order, as a strategy holds it. Raises ConfigError for one not remembered."""
        return self.tracker.order(self.ledger.order(client_order_id))

    async def write_down(
        self, names: Sequence[str], settle: Callable[[RequestOutcome, int], None]
    ) -> None:
        """Have orders written down before something is sent. Raises StoreFailed: it is not sent.

        settle: is then given that outcome.
        """
        try:
            await self.writer.save(names)
        except BaseException as error:
            given_up = StoreFailed(f"{self.api.venue}: given up before it was written down")
            failure = error if isinstance(error, StoreFailed) else given_up
            settle(NotSent(failure), self.clock.now_ns())
            self.tell()
            raise

    async def settled(
        self,
        call: Call[Sequence[OrderMessage]],
        settle: Callable[[RequestOutcome, int], None],
        departure: Departure | None = None,
    ) -> RequestOutcome:
        """Perform `call`, and give its outcome to `settle`, whatever comes between.

        A request that is given up while it is under way may have reached the venue: Unknown, unless
        its `departure` proves that it has not left.
        """
        sent_ns = self.clock.now_ns()
        outcome: RequestOutcome | None = None
        try:
            outcome = await self._outcome(call, departure)
        finally:
            now_ns = self.clock.now_ns()
            if outcome is None:
                outcome = _given_up(departure)
            settle(outcome, now_ns)
            if isinstance(outcome, Confirmed):
                self.tracker.owes(sent_ns, now_ns)
            self.tell()
        return outcome

    async def _outcome(
        self, call: Call[Sequence[OrderMessage]], departure: Departure | None
    ) -> RequestOutcome:
        try:
            answer = await self.rest.call(call, timeout_s=ORDER_TIMEOUT_S, departure=departure)
            return Confirmed(answer)
        except ConnectorError as error:
            return outcome_of(error)
        except MALFORMED as error:
            said = f"{self.api.venue}: an answer that cannot be read ({error!r})"
            return Unknown(WireError(said))

    def tell(self) -> None:
        """Tell what happened, have it written down, and perform what is wanted next."""
        self.tracker.tell()
        self.writer.changed()
        self.serve()


def _given_up(departure: Departure | None) -> RequestOutcome:
    if departure is not None and not departure.left:
        return NotSent(Disconnected("it was given up before it was sent", Sent.NO))
    return Unknown(Disconnected("it was given up while it was under way", Sent.MAYBE))
