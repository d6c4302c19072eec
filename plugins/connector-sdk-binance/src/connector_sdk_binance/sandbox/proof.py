"""Who asks: API key, timestamp and signature, as Binance checks them.

Source: binance-spot-api-docs, "Request Security" of the REST and the WebSocket API, "Timing
security" (read 2026-11).
"""

from __future__ import annotations

import functools
import hmac
import re
from base64 import b64decode
from binascii import Error as BadBase64
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from connector_sdk.sandbox.trading import Account, TradingDesk
from connector_sdk_binance.sandbox.api_error import (
    BAD_KEY_FORMAT,
    BAD_SIGNATURE,
    BAD_TIMESTAMP,
    MISSING,
    OUTSIDE_WINDOW,
    REJECTED_KEY,
    ApiError,
    illegal,
)
from connector_sdk_binance.sandbox.parameters import DIGITS, Parameters

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

PROOF = ("timestamp", "recvWindow", "signature")
KEY_CHARACTERS = re.compile(r"[A-Za-z0-9_\-.]{1,128}")
WINDOW = "^[0-9]{1,20}(\\.[0-9]{1,3})?$"
DEFAULT_WINDOW, WIDEST_WINDOW = "5000", 60_000
AHEAD_MS = 1_000
EARLIEST_MICROSECOND = 10**14
UNAUTHORIZED_STATUS = 401


class Claim(NamedTuple):
    """What a request says of its sender.

    payload:  the bytes the signature is over.
    """

    key: str
    payload: bytes
    parameters: Parameters


def signed_form(*forms: str) -> bytes:
    """What the REST API signs: query and form body as sent, without the signature."""
    kept = (
        "&".join(part for part in form.split("&") if part.partition("=")[0] != "signature")
        for form in forms
    )
    return "".join(kept).encode()


def account_of(key: str, desk: TradingDesk) -> Account:
    """The account of an API key."""
    if not KEY_CHARACTERS.fullmatch(key):
        raise ApiError(BAD_KEY_FORMAT, "API-key format invalid.", UNAUTHORIZED_STATUS)
    account = desk.account_of(key)
    if account is None:
        raise rejected_key()
    return account


def rejected_key() -> ApiError:
    """The key is unknown, or was revoked."""
    return ApiError(
        REJECTED_KEY, "Invalid API-key, IP, or permissions for action.", UNAUTHORIZED_STATUS
    )


def proven(claim: Claim, desk: TradingDesk, now_ns: int) -> Account:
    """The account that signed the request; raises the venue's error when none did."""
    account = account_of(claim.key, desk)
    check_timing(claim.parameters, now_ns)
    signature = claim.parameters.required("signature")
    if not signed_by(account, claim.payload, signature):
        raise ApiError(BAD_SIGNATURE, "Signature for this request is not valid.")
    return account


def check_timing(parameters: Parameters, now_ns: int) -> None:
    """Raise the venue's error unless the request is fresh by the venue's clock.

    The timestamp counts in milliseconds, or in microseconds where it is that large.
    """
    stamp = parameters.required("timestamp")
    if not re.fullmatch(DIGITS, stamp):
        raise illegal("timestamp", DIGITS)
    window = parameters.text("recvWindow") or DEFAULT_WINDOW
    if not re.fullmatch(WINDOW, window):
        raise illegal("recvWindow", WINDOW)
    if Decimal(window) > WIDEST_WINDOW:
        raise ApiError(
            MISSING,
            f"'recvWindow' contains unexpected value. Cannot be greater than '{WIDEST_WINDOW}'.",
        )
    a_ms = 1_000 if int(stamp) >= EARLIEST_MICROSECOND else 1
    server = now_ns * a_ms // 1_000_000
    if int(stamp) >= server + AHEAD_MS * a_ms:
        raise ApiError(
            BAD_TIMESTAMP, "Timestamp for this request was 1000ms ahead of the server's time."
        )
    if server - int(stamp) > Decimal(window) * a_ms:
        raise ApiError(BAD_TIMESTAMP, OUTSIDE_WINDOW)


def as_ns(stamp: int) -> int:
    """A time a client sent, in milliseconds or in microseconds, as ns since the epoch."""
    return stamp * (1_000 if stamp >= EARLIEST_MICROSECOND else 1_000_000)


def ed25519_key(account: Account) -> Ed25519PublicKey | None:
    """The account's Ed25519 key; None where it signs in another way."""
    if not account.public_key:
        return None
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = _public_key(account.public_key)
    return key if isinstance(key, Ed25519PublicKey) else None


def signed_by(account: Account, payload: bytes, signature: str) -> bool:
    """Whether that account's secret or private key made the signature."""
    if not account.public_key:
        true = hmac.new(account.secret.encode(), payload, "sha256").hexdigest()
        return hmac.compare_digest(true.encode(), signature.lower().encode())
    try:
        given = b64decode(signature, validate=True)
    except (BadBase64, ValueError):
        return False
    return _verified(account, payload, given)


def _verified(account: Account, payload: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    key = _public_key(account.public_key)
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, payload, PKCS1v15(), SHA256())
            return True
        ed25519 = ed25519_key(account)
        if ed25519 is not None:
            ed25519.verify(signature, payload)
    except InvalidSignature:
        return False
    return ed25519 is not None


@functools.lru_cache
def _public_key(pem: str) -> PublicKeyTypes:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    return load_pem_public_key(pem.encode())
