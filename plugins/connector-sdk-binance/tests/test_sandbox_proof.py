"""Signatures of the documentation, checked as the embedded venue checks them."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from private_client import START_NS, PrivateClient, shared_venue

from connector_sdk.sandbox.trading import Account
from connector_sdk_binance.sandbox.proof import signed_by, signed_form

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
DOCUMENTED = Account("documented", "key", SECRET)
# RFC 8032, section 7.1, test 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
ORDER = (
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
    "&recvWindow=5000&timestamp=1499827319559"
)
QUERY, BODY = ORDER[: ORDER.index("&quantity")], ORDER[ORDER.index("quantity") :]
# binance-spot-api-docs, rest-api.md, "SIGNED Endpoint Examples for POST /api/v3/order".
IN_ONE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
MIXED = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
OUTSIDE_ASCII = "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"


def pem(key: Ed25519PrivateKey | RSAPrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("forms", "signature"),
    [
        ((ORDER, ""), IN_ONE),
        (("", f"{ORDER}&signature={IN_ONE}"), IN_ONE),
        ((f"signature={IN_ONE}&{ORDER}", ""), IN_ONE),
        ((QUERY, BODY), MIXED),
        ((ORDER.replace("LTCBTC", quote("１２３４５６")), ""), OUTSIDE_ASCII),  # noqa: RUF001
    ],
)
def test_the_documented_signatures_are_taken(forms: tuple[str, str], signature: str) -> None:
    assert signed_by(DOCUMENTED, signed_form(*forms), signature)
    assert signed_by(DOCUMENTED, signed_form(*forms), signature.upper())
    assert not signed_by(DOCUMENTED, signed_form(*forms) + b"&", signature)


def test_an_ed25519_key_proves_who_asks() -> None:
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    account = Account("ed25519", "key", "", pem(key))
    signature = b64encode(key.sign(ORDER.encode())).decode()
    assert signature.startswith("3fhuDZ9nYMviDQ5OEtJBJS11jUZDTRzRQ")
    assert signed_by(account, ORDER.encode(), signature)
    assert not signed_by(account, ORDER.encode(), signature.swapcase())
    assert not signed_by(account, ORDER.encode(), "no base64!")
    assert not signed_by(account, ORDER.encode(), IN_ONE)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_an_account_with_a_public_key_trades_by_its_private_half(kind: str) -> None:
    core = shared_venue()
    form = urlencode({"timestamp": START_NS // 1_000_000})
    if kind == "rsa":
        rsa = generate_private_key(65_537, 2_048)
        account, signature = (
            core.open_account(pem(rsa)),
            rsa.sign(form.encode(), PKCS1v15(), SHA256()),
        )
    else:
        ed25519 = Ed25519PrivateKey.generate()
        account, signature = core.open_account(pem(ed25519)), ed25519.sign(form.encode())
    trader = PrivateClient(core, account)
    signed = f"{form}&signature={quote(b64encode(signature).decode(), safe='')}"
    assert trader.send("GET", "account", signed).status == 200
    other = signed.replace("timestamp=17", "timestamp=0017")
    assert trader.send("GET", "account", other).error[:2] == (400, -1022)
