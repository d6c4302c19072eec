"""Requests and answers of streams that speak JSON-RPC, with or without its version."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import orjson

from connector_sdk.model.instrument import Instruments
from connector_sdk.model.wire import StreamRequest, Subscribed, SubscriptionRefused
from connector_sdk.protocols.data_source import OrderBookTrackerDataSource


def rpc_request(
    method: str, params: Mapping[str, str | int] | Sequence[str], request_id: int
) -> StreamRequest:
    """The text that calls `method`, acknowledged under `request_id`."""
    text = orjson.dumps({"method": method, "params": params, "id": request_id}).decode()
    return StreamRequest(text, str(request_id))


def rpc_answer(answer: Mapping[str, Any]) -> Subscribed | SubscriptionRefused | None:
    """What the venue says to a request; None where this is no answer to one.

    An error stands under ``error`` or bare, and may leave out whose it is.
    """
    said, error = answer.get("id"), answer.get("error") or answer
    ack = None if said is None else str(said)
    if "code" in error:
        message = error.get("msg", error.get("message", ""))
        return SubscriptionRefused(ack, str(error["code"]), str(message))
    return Subscribed(ack) if "result" in answer and ack is not None else None


class RpcOrderBookDataSource(OrderBookTrackerDataSource):
    """Public data whose streams are subscribed to by name, any number of them at once.

    subscribe_method, unsubscribe_method:  what is called with the streams' names.
    """

    subscribe_method: ClassVar[str]
    unsubscribe_method: ClassVar[str]

    @abstractmethod
    def streams(self, pairs: Sequence[str], instruments: Instruments) -> Sequence[str]:
        """The names of all streams of all `pairs`."""

    def subscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """All streams of all `pairs` in one text."""
        return (rpc_request(self.subscribe_method, self.streams(pairs, instruments), request_id),)

    def unsubscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """All streams of all `pairs` in one text."""
        return (rpc_request(self.unsubscribe_method, self.streams(pairs, instruments), request_id),)
