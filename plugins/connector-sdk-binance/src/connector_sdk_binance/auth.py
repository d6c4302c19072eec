"""BinanceAuth: who asks (Spot API docs, "Request security", read 2026-11)."""

from connector_sdk.model.credentials import KeyCredentials
from connector_sdk.signing import QueryAuth
from connector_sdk_binance.market import VENUE


class BinanceCredentials(KeyCredentials):
    """A key made with a secret (HMAC), or with the public half of an RSA or Ed25519 pair."""


class BinanceAuth(QueryAuth):
    """REST signs what is percent-encoded, the WebSocket API what is not."""

    venue = VENUE
    key_header = "X-MBX-APIKEY"
    key_parameter = "apiKey"
