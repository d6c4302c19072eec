"""Signers: what proves who sent some bytes. Secrets in a shared key, or a key pair's private half.

Pure: no clock, no network. `cryptography` is imported only where a key pair is used; a plugin
whose venue takes one names it as its dependency.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import SecretBytes, SecretStr

from connector_sdk.errors import ConfigError
from connector_sdk.protocols.auth import Signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Secret: TypeAlias = SecretStr | SecretBytes | bytes
Digest: TypeAlias = Literal["sha256", "sha512"]
Encoding: TypeAlias = Literal["hex", "base64"]
WEAKEST_RSA_BITS = 2048


class HmacSigner(Signer):
    """Signs with a shared secret.

    secret:    as the venue hands it out, UTF-8; a secret the venue encodes is given decoded.
    encoding:  of the signature: lower-case hex, or base64 with padding.
    """

    __slots__ = ("_digest", "_encoding", "_keyed")

    def __init__(
        self, secret: Secret, digest: Digest = "sha256", encoding: Encoding = "hex"
    ) -> None:
        self._digest = digest
        self._encoding = encoding
        # Keyed once and copied at each signature: half the price of keying anew.
        self._keyed = hmac.new(_revealed(secret, "secret"), digestmod=digest)

    def sign(self, payload: bytes) -> str:
        """The signature in the signer's encoding."""
        code = self._keyed.copy()
        code.update(payload)
        return code.hexdigest() if self._encoding == "hex" else _base64(code.digest())

    def __repr__(self) -> str:
        return f"HmacSigner({self._digest}, {self._encoding})"


class RsaSigner(Signer):
    """Signs with an RSA key: RSASSA-PKCS1-v1_5 over SHA-256, in base64."""

    __slots__ = ("_key",)

    def __init__(self, key: RSAPrivateKey) -> None:
        if key.key_size < WEAKEST_RSA_BITS:
            raise ConfigError(
                f"an RSA key of {key.key_size} bits is too weak: make one of {WEAKEST_RSA_BITS}"
            )
        self._key = key

    def sign(self, payload: bytes) -> str:
        """The signature in base64."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        return _base64(self._key.sign(payload, PKCS1v15(), SHA256()))

    def __repr__(self) -> str:
        return f"RsaSigner({self._key.key_size} bits)"


class Ed25519Signer(Signer):
    """Signs with an Ed25519 key, in base64."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, payload: bytes) -> str:
        """The signature in base64."""
        return _base64(self._key.sign(payload))

    def __repr__(self) -> str:
        return "Ed25519Signer()"


def key_signer(pem: Secret, passphrase: Secret | None = None) -> RsaSigner | Ed25519Signer:
    """The signer of a private key in PEM (PKCS#8), RSA or Ed25519.

    passphrase: of an encrypted key.

    Raises ConfigError for what is no such key, for a wrong or missing passphrase, and where the
    package `cryptography` is not installed.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise ConfigError(
            "signing with a private key needs the package `cryptography`: pip install cryptography"
        ) from error
    try:
        key = load_pem_private_key(
            _revealed(pem, "private key"),
            None if passphrase is None else _revealed(passphrase, "passphrase"),
        )
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        # Its reason names lengths and algorithms, never what stands in the key.
        raise ConfigError(f"the private key cannot be read: {_reason(error)}") from error
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Signer(key)
    if isinstance(key, RSAPrivateKey):
        return RsaSigner(key)
    raise ConfigError(f"a private key of RSA or Ed25519 is needed, not a {type(key).__name__}")


def _reason(error: Exception) -> str:
    if isinstance(error, TypeError):
        return "it is encrypted and wants a passphrase, or has one it does not want"
    return "it is no PEM of a PKCS#8 key, or its passphrase is another"


def _revealed(secret: Secret, what: str) -> bytes:
    shown = secret if isinstance(secret, bytes) else secret.get_secret_value()
    revealed = shown.encode() if isinstance(shown, str) else shown
    if not revealed.strip():
        raise ConfigError(f"the {what} is empty")
    return revealed


def _base64(signature: bytes) -> str:
    return b64encode(signature).decode("ascii")
