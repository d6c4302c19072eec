"""What a venue's refusals are taken for: an allow-list, by code and message."""

from __future__ import annotations

import pytest

from connector_sdk.errors import (
    InsufficientFunds,
    OrderRejected,
    RateLimited,
    UnknownInstrument,
    VenueError,
    WireError,
)
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.wire import Call, RestRequest, RestResponse
from connector_sdk.protocols.market import MarketApi, Refusal


class Api(MarketApi):
    """A venue whose refusals read ``code message``."""

    venue = "v"
    refusals = (
        Refusal(UnknownInstrument, "7 8"),
        Refusal(InsufficientFunds, "10 11", "too poor"),
        Refusal(OrderRejected, "10"),
    )

    def reason(self, body: bytes) -> tuple[str, str]:
        code, _, message = body.decode().partition(" ")
        return str(int(code)), message

    def instruments(self) -> Call[Instruments]:
        raise NotImplementedError


def refused(status: int, body: str, **headers: str) -> VenueError:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = RestResponse(status, names, body.encode(), "https://v")
    found = Api().call(RestRequest("GET", "/"), lambda _: 1).decode(answer)
    assert isinstance(found, VenueError)
    return found


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("7 no such thing", UnknownInstrument),
        ("8", UnknownInstrument),
        ("10 you are too poor for it", InsufficientFunds),
        ("10 no", OrderRejected),
        ("11 too poor", InsufficientFunds),
        ("11 no", VenueError),
        ("1 no", VenueError),
        ("107 no", VenueError),
    ],
)
def test_the_first_entry_that_fits_code_and_message_says_what_it_means(
    body: str, kind: type[VenueError]
) -> None:
    refusal = refused(400, body)
    assert type(refusal) is kind
    assert refusal.code == body.split(maxsplit=1)[0]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["7 no such thing", "10 too poor", "<html>"])
def test_a_failing_server_is_believed_in_nothing(status: int, body: str) -> None:
    assert type(refused(status, body)) is VenueError


@pytest.mark.parametrize("status", [418, 429])
def test_too_many_requests_is_told_by_the_status_alone(status: int) -> None:
    refusal = refused(status, "10 too poor", retry_after="7")
    assert type(refusal) is RateLimited
    assert refusal.retry_after_s == 7


def test_a_body_that_cannot_be_read_leaves_the_status_as_the_code() -> None:
    refusal = refused(403, "<html>denied</html>")
    assert (type(refusal), refusal.code) == (VenueError, "403")
    assert "denied" in refusal.message


def test_a_signature_that_a_gateway_repeats_is_not_shown() -> None:
    body = "<html>denied: https://v/order?side=buy&signature=5ec4e7 to you</html>"
    assert "5ec4e7" not in str(refused(403, body))
    answer = RestResponse(200, {}, body.encode(), "https://v")
    with pytest.raises(WireError, match="denied") as told:
        Api().call(RestRequest("GET", "/"), lambda read: int(read.body)).decode(answer)
    assert "5ec4e7" not in str(told.value)
