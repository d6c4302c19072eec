"""Signing: what proves who sent some bytes, and the ways of venues that take it in the query.

Pure: no clock, no network. `cryptography` is imported only where a key pair is used; a plugin
whose venue takes one names it as its dependency.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias
from urllib.parse import parse_qsl

from pydantic import SecretBytes, SecretStr

from connector_sdk.errors import ConfigError
from connector_sdk.model.credentials import Credentials, KeyCredentials
from connector_sdk.model.wire import RestRequest, Stamp, query_text
from connector_sdk.protocols.auth import Auth, Signer

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


class QueryAuth(Auth):
    """For venues that take the signature in the query, over query and body as they are sent.

    On a stream it is made over the sorted parameters, the key among them, in plain UTF-8.

    venue:                the name of the entry point.
    key_header:           the header that carries the key.
    key_parameter:        its name among the parameters of a stream's request.
    time_parameter:       carries the venue's time, in ms; added where it is not there.
    signature_parameter:  carries the signature, as the last of all.

    Made of KeyCredentials: a secret signs by HMAC-SHA256 in hex, a private key in base64. Raises
    ConfigError as `key_signer` does.
    """

    venue: ClassVar[str]
    key_header: ClassVar[str]
    key_parameter: ClassVar[str]
    time_parameter: ClassVar[str] = "timestamp"
    signature_parameter: ClassVar[str] = "signature"

    def __init__(self, credentials: Credentials) -> None:
        if not isinstance(credentials, KeyCredentials):
            raise ConfigError(f"{self.venue} takes an API key, not {type(credentials).__name__}")
        self._key = credentials.api_key.get_secret_value()
        self._signer = _signer_of(credentials)

    @property
    def identity(self) -> str:
        """The first 16 hex digits of the key's SHA-256."""
        return sha256(self._key.encode()).hexdigest()[:16]

    def sign(self, request: RestRequest, stamp: Stamp) -> RestRequest:
        """`request` with the time and the signature in its query, the key in its headers."""
        query, body = request.query, request.body or b""
        names = [name for name, _ in query]
        if body:
            names += [name for name, _ in parse_qsl(body.decode())]
        if self.time_parameter not in names:
            query = (*query, (self.time_parameter, str(stamp.now_ms)))
        signature = self._signer.sign(query_text(query).encode() + body)
        return RestRequest(  # spelled out: `replace` takes three times as long
            method=request.method,
            path=request.path,
            query=(*query, (self.signature_parameter, signature)),
            endpoint=request.endpoint,
            headers={**request.headers, self.key_header: self._key},
            body=request.body,
            signed=request.signed,
            costs=request.costs,
            priority=request.priority,
        )

    def login(
        self, stamp: Stamp, parameters: Mapping[str, str | int] | None = None
    ) -> Mapping[str, str | int]:
        """`parameters`, the key, the time, and the signature over them all."""
        signed = {
            self.key_parameter: self._key,
            self.time_parameter: stamp.now_ms,
            **(parameters or {}),
        }
        payload = "&".join(f"{name}={signed[name]}" for name in sorted(signed))
        return signed | {self.signature_parameter: self._signer.sign(payload.encode())}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.venue}, key …{self._key[-4:]})"


def _signer_of(credentials: KeyCredentials) -> Signer:
    if credentials.private_key is not None:
        return key_signer(credentials.private_key, credentials.passphrase)
    assert credentials.secret is not None  # the model holds it
    return HmacSigner(credentials.secret)


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
