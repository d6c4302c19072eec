"""LiveOrder: one order as a strategy holds it; it changes under its holder's eyes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from connector_sdk.errors import (
    ConnectorError,
    Disconnected,
    OrderNotFound,
    OrderRejected,
    Sent,
    TransportError,
)
from connector_sdk.model.order import OrderIntent
from connector_sdk.model.order_update import Fill
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.in_flight_order import InFlightOrder


class LiveOrder(InFlightOrder):
    """Reads the ledger's record; who waits for it is woken by the events of this order."""

    def __init__(self, record: OrderRecord, venue: str) -> None:
        self._record = record
        self._venue = venue
        self._waiting: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def client_order_id(self) -> str:
        """Our id; it exists before anything is sent."""
        return self._record.client_order_id

    @property
    def exchange_order_id(self) -> str | None:
        """The venue's id; None until it is known."""
        return self._record.exchange_order_id

    @property
    def intent(self) -> OrderIntent:
        """What was asked for, rounded to the instrument's steps."""
        return self._record.intent

    @property
    def state(self) -> OrderState:
        """How it stands, as far as it can be known."""
        return self._record.state

    @property
    def fills(self) -> Sequence[Fill]:
        """Every fill, each once, in the order they became known."""
        return self._record.fill_list

    @property
    def filled(self) -> Decimal:
        """What was filled so far; it only rises."""
        return self._record.filled

    @property
    def quantity(self) -> Decimal:
        """What it is for now."""
        return self._record.quantity

    @property
    def average_price(self) -> Decimal | None:
        """Of the fills; None without one."""
        return self._record.average_price

    @property
    def fees(self) -> Mapping[str, Decimal]:
        """Asset → what the fills cost in it, of the fills whose fee is known."""
        return MappingProxyType(self._record.fees)

    async def acknowledged(self) -> str | None:
        """Wait until the venue has it; its exchange order id."""
        record = self._record
        while not record.accepted:
            if record.done:
                raise self._ending()
            await self.change()
        return record.exchange_order_id

    async def done(self) -> OrderState:
        """Wait until nothing more is expected of it; the state it ended in."""
        while not self._record.done:
            await self.change()
        return self._record.state

    def _ending(self) -> ConnectorError:
        """What ended it; of an order that was loaded from the store, the words are left."""
        record = self._record
        match record.state:
            case _ if record.error is not None:
                return record.error
            case OrderState.FAILED:
                return TransportError(f"{self._venue}: {record.reason}", Sent.NO)
            case OrderState.LOST:
                return OrderNotFound(self._venue, "absent", record.reason)
            case state:
                return OrderRejected(self._venue, state.value, record.reason)

    async def change(self) -> None:
        """Wait until something happens to it. Raises Disconnected when its market is closed."""
        if self._closed:
            raise Disconnected(
                f"{self._venue}: this market was closed while order {self.client_order_id} "
                f"was {self.state.value}",
                Sent.MAYBE,
            )
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._waiting)  # others wait for the same: one may give up alone

    def changed(self) -> None:
        """Wake who waits: something happened to it."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def close(self) -> None:
        """Nothing will happen to it here any more."""
        self._closed = True
        self.changed()

    def __repr__(self) -> str:
        return (
            f"LiveOrder({self.client_order_id} {self.pair} {self.side.value} {self.quantity}: "
            f"{self.state.value}, filled {self.filled})"
        )
