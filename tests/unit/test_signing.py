"""Signers against published vectors, and what they show of themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from pydantic import SecretStr

from connector_sdk.errors import ConfigError
from connector_sdk.signing import Ed25519Signer, HmacSigner, RsaSigner, key_signer

PAYLOAD = b"symbol=LTCBTC&side=BUY"
PASSPHRASE = b"correct horse"


def pem_of(key: PrivateKeyTypes, passphrase: bytes | None = None) -> bytes:
    seal: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        seal = serialization.BestAvailableEncryption(passphrase)
    encoding = serialization.Encoding.PEM
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, seal)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_every_published_hmac_vector_is_reproduced(tapes: Path) -> None:
    reproduced = 0
    for file in sorted((tapes / "vectors").glob("*.json")):
        for vector in json.loads(file.read_text("utf-8")):
            if vector.get("kind") == "hmac_sha256_hex" and vector.get("verified"):
                signer = HmacSigner(SecretStr(vector["secret"]))
                assert signer.sign(vector["payload"].encode()) == vector["signature"]
                reproduced += 1
    assert reproduced >= 5


def test_the_published_ed25519_vector_is_reproduced() -> None:
    """Source: RFC 8032, section 7.1, test 2."""
    seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    signer = key_signer(pem_of(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))))
    assert isinstance(signer, Ed25519Signer)
    assert base64.b64decode(signer.sign(b"\x72")).hex() == signature


def test_one_hmac_signer_signs_any_number_of_payloads_in_either_digest_and_encoding() -> None:
    signer = HmacSigner(b"s", "sha512", "base64")
    for payload in (b"a", b"", b"b" * 1000):
        expected = hmac.new(b"s", payload, hashlib.sha512).digest()
        assert base64.b64decode(signer.sign(payload)) == expected
    assert HmacSigner(b"s").sign(b"a") == hmac.new(b"s", b"a", hashlib.sha256).hexdigest()


def test_an_rsa_signature_is_verified_by_the_public_key(rsa_key: rsa.RSAPrivateKey) -> None:
    signer = key_signer(SecretStr(pem_of(rsa_key).decode()))
    assert isinstance(signer, RsaSigner)
    signature = base64.b64decode(signer.sign(PAYLOAD))
    rsa_key.public_key().verify(signature, PAYLOAD, padding.PKCS1v15(), hashes.SHA256())


def test_an_encrypted_key_opens_with_its_passphrase_and_no_other(
    rsa_key: rsa.RSAPrivateKey,
) -> None:
    pem = pem_of(rsa_key, PASSPHRASE)
    assert key_signer(pem, SecretStr(PASSPHRASE.decode())).sign(PAYLOAD)
    with pytest.raises(ConfigError, match="wants a passphrase"):
        key_signer(pem)
    with pytest.raises(ConfigError, match="its passphrase is another"):
        key_signer(pem, b"wrong")


def test_what_is_no_key_of_these_kinds_is_refused() -> None:
    with pytest.raises(ConfigError, match="no PEM of a PKCS#8 key"):
        key_signer(b"not a key")
    with pytest.raises(ConfigError, match="RSA or Ed25519"):
        key_signer(pem_of(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(ConfigError, match="1024 bits is too weak"):
        key_signer(pem_of(rsa.generate_private_key(65537, 1024)))  # what is tested for
    with pytest.raises(ConfigError, match="the secret is empty"):
        HmacSigner(SecretStr(" "))
    with pytest.raises(ConfigError, match="the private key is empty"):
        key_signer(b"")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ConfigError, match="pip install cryptography"):
        key_signer(b"-----BEGIN PRIVATE KEY-----")


def test_signers_show_nothing_secret(rsa_key: rsa.RSAPrivateKey) -> None:
    edwards = key_signer(pem_of(Ed25519PrivateKey.generate()))
    shown = [repr(s) for s in (HmacSigner(b"hush"), key_signer(pem_of(rsa_key)), edwards)]
    assert shown == ["HmacSigner(sha256, hex)", "RsaSigner(2048 bits)", "Ed25519Signer()"]
