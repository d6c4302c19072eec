"""Binance's private stream (Spot API docs, "User Data Stream", read 2026-11)."""

from collections.abc import Sequence
from decimal import Decimal

import orjson

from connector_sdk.model import wire
from connector_sdk.model.instrument import Instruments
from connector_sdk.protocols.account_reader import AccountReader
from connector_sdk.protocols.data_source import Login, UserDecode, UserStreamTrackerDataSource
from connector_sdk.protocols.json_rpc import rpc_request
from connector_sdk_binance.market import STATUS
from connector_sdk_binance.order_book_data_source import control_word

READER = AccountReader(
    STATUS,
    orders="s C|c i X z q S o f p eR|r T",
    fills="s t C|c i S L l n N m T",
    balances="B a f l u",
)
SIGNED_SUBSCRIPTION = "userDataStream.subscribe.signature"
UNUSED = ("balanceUpdate", "externalLockUpdate", "listStatus")  # absolute balances follow each


class BinanceUserStreamDataSource(UserStreamTrackerDataSource):
    """Orders, fills and balances, on a connection to the WebSocket API."""

    session_lifetime_s = 24 * 3600.0
    messages_per_second = 5.0

    def endpoint(self, grant: wire.SessionGrant | None = None) -> tuple[str, str]:
        """One connection an account; nothing is fetched for it before."""
        return "ws_api", ""

    def subscribe(self, login: Login, request_id: int) -> Sequence[wire.StreamRequest]:
        """The one way that keys of every kind may go."""
        return (rpc_request(SIGNED_SUBSCRIPTION, login.auth.login(login.stamp), request_id),)

    def open(self, instruments: Instruments) -> UserDecode:
        """Nothing of a connection needs remembering."""

        def decode(frame: wire.Frame) -> Sequence[wire.UserMessage]:
            body = orjson.loads(frame.data)
            event = body.get("event", body)
            kind = event.get("e")
            if kind == "executionReport":
                # A trade of nothing has been seen where an order ended otherwise.
                filled = event["x"] == "TRADE" and Decimal(event["l"])
                fills = (READER.fill(event, instruments),) if filled else ()
                return (READER.news(event, instruments), *fills)
            if kind == "outboundAccountPosition":
                return (READER.balances(event, complete=False),)
            if kind == "eventStreamTerminated":
                return (wire.SessionEnding("the venue ended the account's stream"),)
            return () if kind in UNUSED else (control_word(kind, event),)

        return decode
