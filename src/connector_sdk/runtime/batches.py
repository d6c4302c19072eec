"""What one request about several orders means for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector_sdk.errors import WireError
from connector_sdk.model.order_update import OrderMessage
from connector_sdk.orders.outcome import Confirmed, RequestOutcome, Unknown


def of_each(outcome: RequestOutcome, names: Sequence[str]) -> Mapping[str, RequestOutcome]:
    """Client order id → outcome. An order that a yes does not name may stand or not: Unknown."""
    if len(names) == 1 or not isinstance(outcome, Confirmed):
        return dict.fromkeys(names, outcome)
    said: dict[str, list[OrderMessage]] = {name: [] for name in names}
    numbers = {
        (message.pair, message.exchange_order_id): message.client_order_id
        for message in outcome.messages
        if message.client_order_id is not None and message.exchange_order_id is not None
    }
    for message in outcome.messages:
        name = message.client_order_id
        if name is None:
            name = numbers.get((message.pair, message.exchange_order_id or ""))
        if name in said:
            said[name].append(message)
    silent = Unknown(WireError("the answer to a request about several orders leaves this one out"))
    return {name: Confirmed(messages) if messages else silent for name, messages in said.items()}
