"""Every published signature is reproduced by the connector, REST and WebSocket API.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security and
https://developers.binance.com/docs/binance-spot-api-docs/websocket-api/request-security
(read 2026-11). The keys are the documentation's own; none is live.
"""

from __future__ import annotations

import base64
import json
import os
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connector_sdk.errors import ConfigError
from connector_sdk.model.credentials import KeyCredentials
from connector_sdk.model.wire import RestRequest, Stamp
from connector_sdk_binance import connector
from connector_sdk_binance.auth import BinanceAuth, BinanceCredentials

KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ORDER = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
STAMP = Stamp(now_ms=1_499_827_319_559, nonce=1)
FULLWIDTH = "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96"
ED25519_PEM = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
"""


def auth_of(key: str = KEY, **proof: str) -> BinanceAuth:
    fields: dict[str, Any] = {"api_key": key, **(proof or {"secret": SECRET})}
    auth = connector.trading and connector.trading.login(BinanceCredentials.model_validate(fields))
    assert isinstance(auth, BinanceAuth)
    return auth


def order(query: str, body: bytes | None = None) -> RestRequest:
    return RestRequest("POST", "/api/v3/order", tuple(parse_qsl(query)), body=body, signed=True)


def parted(signed: RestRequest) -> tuple[str, str]:
    """What was signed of the query, as it is sent, and the signature."""
    sent, _, signature = signed.query_string.rpartition("&signature=")
    return sent, signature


@pytest.mark.parametrize(
    ("symbol", "sent", "signature"),
    [
        ("LTCBTC", "LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        (FULLWIDTH, FULLWIDTH, "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"),
    ],
)
def test_the_documented_rest_order_is_signed_as_it_is_sent(
    symbol: str, sent: str, signature: str
) -> None:
    signed = auth_of().sign(order(f"symbol={symbol}&{ORDER}"), STAMP)
    expected = f"symbol={sent}&{ORDER}&timestamp={STAMP.now_ms}"
    assert parted(signed) == (expected, signature)
    assert signed.headers["X-MBX-APIKEY"] == KEY


def test_query_and_body_are_signed_with_nothing_between() -> None:
    body = f"quantity=1&price=0.1&recvWindow=5000&timestamp={STAMP.now_ms}".encode()
    request = order("symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC", body)
    later = Stamp(STAMP.now_ms + 1, 2)
    sent, signature = parted(auth_of().sign(request, later))
    assert signature == "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
    assert "timestamp" not in sent, "the body has one already"


@pytest.mark.parametrize(
    ("parameters", "signature"),
    [
        (
            {
                "symbol": "BTCUSDT",
                "side": "SELL",
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": "0.01000000",
                "price": "52000.00",
                "recvWindow": 100,
            },
            "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
        ),
        (
            {
                "symbol": unquote(FULLWIDTH),
                "side": "BUY",
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": "1.00000000",
                "price": "0.10000000",
                "recvWindow": 5000,
            },
            "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
        ),
    ],
    ids=["ascii", "not ascii"],
)
def test_the_documented_websocket_order_is_signed_sorted_and_not_encoded(
    parameters: dict[str, str | int], signature: str
) -> None:
    signed = auth_of().login(Stamp(1_645_423_376_532, 1), parameters)
    assert signed == parameters | {
        "apiKey": KEY,
        "timestamp": 1_645_423_376_532,
        "signature": signature,
    }


def test_the_documented_subscription_to_the_private_stream_is_signed() -> None:
    assert auth_of().login(Stamp(1_747_385_641_636, 1)) == {
        "apiKey": KEY,
        "timestamp": 1_747_385_641_636,
        "signature": "681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3e",
    }


def test_an_ed25519_key_signs_in_base64_which_is_percent_encoded_in_the_query() -> None:
    signed = auth_of(private_key=ED25519_PEM).sign(order(f"symbol=LTCBTC&{ORDER}"), STAMP)
    signature = (
        "3fhuDZ9nYMviDQ5OEtJBJS11jUZDTRzRQ+TQMarm+LErFiJvUiVPQjTzDoWZQe4miPX+yHk1v/Z7TWLYjIbmCA=="
    )
    assert dict(signed.query)["signature"] == signature
    assert parted(signed)[1] == quote(signature, safe="")


def test_an_rsa_key_signs_with_pkcs1_v1_5_over_sha256() -> None:
    key = rsa.generate_private_key(65537, 2048)
    plain = serialization.NoEncryption()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
    ).decode()
    signed = auth_of(private_key=pem).sign(order(f"symbol=LTCBTC&{ORDER}"), STAMP)
    sent, _ = parted(signed)
    signature = base64.b64decode(dict(signed.query)["signature"], validate=True)
    key.public_key().verify(signature, sent.encode(), padding.PKCS1v15(), hashes.SHA256())


def published() -> list[dict[str, Any]]:
    root = Path(__file__).parents[3]
    folder = Path(os.environ.get("CONNECTOR_SDK_TAPES", root.parent / "shared" / "data"))
    vectors = folder / "vectors" / "binance.json"
    if not vectors.is_file():
        pytest.skip(f"no published vectors at {vectors}: set CONNECTOR_SDK_TAPES")
    found: list[dict[str, Any]] = json.loads(vectors.read_text("utf-8"))
    return found


def proof_of(vector: dict[str, Any]) -> dict[str, str]:
    if "pkcs8_pem" not in vector:
        return {"secret": vector["secret"]}
    stored = vector["pkcs8_pem"]
    label, text = stored["pem_label"], textwrap.fill(stored["der_base64"], 64)
    return {"private_key": f"-----BEGIN {label}-----\n{text}\n-----END {label}-----\n"}


def test_every_verified_vector_is_reproduced() -> None:
    vectors = [vector for vector in published() if vector["verified"]]
    assert len(vectors) >= 7
    for vector in vectors:
        auth = auth_of(vector.get("api_key", KEY), **proof_of(vector))
        parameters = vector.get("params")
        if isinstance(parameters, dict):
            stamp = Stamp(parameters["timestamp"], 1)
            told = {n: v for n, v in parameters.items() if n not in {"apiKey", "timestamp"}}
            assert auth.login(stamp, told)["signature"] == vector["signature"], vector["name"]
            continue
        body = vector.get("body")
        query = vector.get("query") or vector["payload"]
        signed = auth.sign(order(query, body and body.encode()), Stamp(0, 1))
        sent, _ = parted(signed)
        assert sent + (body or "") == vector["payload"], vector["name"]
        assert dict(signed.query)["signature"] == vector["signature"], vector["name"]


def test_the_published_rsa_signature_is_encoded_as_the_venue_shows_it() -> None:
    (vector,) = [vector for vector in published() if vector["kind"] == "rsa_doc_only"]
    sent = RestRequest("POST", "/", (("signature", vector["signature"]),)).query_string
    assert sent == f"signature={vector['signature_percent_encoded']}"


def test_signing_again_stamps_again() -> None:
    request, auth = order(f"symbol=LTCBTC&{ORDER}"), auth_of()
    first, second = auth.sign(request, STAMP), auth.sign(request, Stamp(STAMP.now_ms + 1, 2))
    assert dict(first.query)["timestamp"] == str(STAMP.now_ms)
    assert dict(second.query)["timestamp"] == str(STAMP.now_ms + 1)
    assert dict(first.query)["signature"] != dict(second.query)["signature"]


def test_a_repr_shows_the_venue_and_the_last_four_characters_of_the_key() -> None:
    for proof in ({"secret": SECRET}, {"private_key": ED25519_PEM}):
        shown = repr(auth_of(**proof)) + repr(
            BinanceCredentials.model_validate(proof | {"api_key": KEY})
        )
        assert "binance" in shown
        assert KEY[-4:] in shown
        assert KEY[-5:] not in shown
        assert SECRET not in shown
        assert "PRIVATE KEY" not in shown


def test_equal_keys_have_one_identity_which_does_not_show_them() -> None:
    here, there = auth_of().identity, auth_of(private_key=ED25519_PEM).identity
    assert here == there
    assert auth_of("another key").identity != here
    assert len(here) == 16
    assert here not in KEY


@pytest.mark.parametrize(
    "proof",
    [{}, {"secret": SECRET, "private_key": ED25519_PEM}, {"secret": SECRET, "passphrase": "p"}],
    ids=["none", "both", "a passphrase without its key"],
)
def test_exactly_one_proof_belongs_to_a_key(proof: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="private_key") as refused:
        BinanceCredentials.model_validate({"api_key": KEY, **proof})
    assert KEY not in str(refused.value)
    assert SECRET not in str(refused.value)


def test_another_venues_credentials_are_refused() -> None:
    assert connector.trading is not None
    foreign = KeyCredentials.model_validate({"api_key": KEY, "secret": SECRET})
    with pytest.raises(ConfigError, match="BinanceCredentials"):
        connector.trading.login(foreign)
