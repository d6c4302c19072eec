"""QueryAuth: where time, key and signature go, and what they are made over."""

from __future__ import annotations

import hmac
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from connector_sdk.errors import ConfigError
from connector_sdk.model.credentials import Credentials, KeyCredentials
from connector_sdk.model.wire import RestRequest, Stamp
from connector_sdk.signing import QueryAuth

KEY, SECRET = "key-of-the-account-9f3a", "hush"
STAMP = Stamp(now_ms=1_700_000_000_123, nonce=5)


class Auth(QueryAuth):
    """Of a venue with names of its own."""

    venue = "somewhere"
    key_header = "X-KEY"
    key_parameter = "key"
    time_parameter = "at"
    signature_parameter = "proof"


class Wallet(Credentials):
    """What QueryAuth does not take."""


def credentials(key: str = KEY) -> KeyCredentials:
    return KeyCredentials(api_key=SecretStr(key), secret=SecretStr(SECRET))


AUTH = Auth(credentials())


def proof(payload: str) -> str:
    return hmac.new(SECRET.encode(), payload.encode(), "sha256").hexdigest()


def test_the_signature_is_made_over_query_and_body_and_goes_last() -> None:
    request = RestRequest("POST", "/o", (("b", "1 +"), ("a", "é")), body=b"c=2", signed=True)
    signed = AUTH.sign(request, STAMP)
    sent = f"{urlencode(request.query)}&at={STAMP.now_ms}"
    assert signed.query_string == f"{sent}&proof={proof(sent + 'c=2')}"
    assert (signed.headers, signed.body) == ({"X-KEY": KEY}, b"c=2")


@pytest.mark.parametrize(
    "request_", [RestRequest("GET", "/o", (("at", "5"),)), RestRequest("POST", "/o", body=b"at=5")]
)
def test_a_time_that_is_there_is_kept(request_: RestRequest) -> None:
    signed = AUTH.sign(request_, STAMP)
    assert str(STAMP.now_ms) not in signed.query_string


def test_a_name_that_only_ends_like_the_time_is_another() -> None:
    signed = AUTH.sign(RestRequest("GET", "/o", (("seen_at", "5"),)), STAMP)
    assert ("at", str(STAMP.now_ms)) in signed.query


def test_headers_of_the_request_are_kept() -> None:
    signed = AUTH.sign(RestRequest("GET", "/o", headers={"X-UNIT": "ms"}), STAMP)
    assert signed.headers == {"X-UNIT": "ms", "X-KEY": KEY}


def test_a_login_is_signed_over_its_sorted_parameters_in_plain_text() -> None:
    signed = AUTH.login(STAMP, {"z": "é +", "a": 1})
    payload = f"a=1&at={STAMP.now_ms}&key={KEY}&z=é +"
    assert signed == {
        "key": KEY,
        "at": STAMP.now_ms,
        "z": "é +",
        "a": 1,
        "proof": proof(payload),
    }
    assert AUTH.login(STAMP, {"at": 5})["at"] == 5


def test_a_repr_shows_the_venue_and_the_end_of_the_key() -> None:
    assert repr(AUTH) == "Auth(somewhere, key …9f3a)"


def test_the_identity_is_the_keys_and_does_not_show_it() -> None:
    assert AUTH.identity == Auth(credentials()).identity != Auth(credentials("another")).identity
    assert AUTH.identity not in KEY
    assert len(AUTH.identity) == 16


def test_credentials_of_another_kind_are_refused() -> None:
    with pytest.raises(ConfigError, match="somewhere takes an API key, not Wallet"):
        Auth(Wallet())
