"""What crosses the wire: queries as they are sent, and the requests that frames answer."""

from __future__ import annotations

import random
from urllib.parse import urlencode

import pytest

from connector_sdk.model.wire import Frame, RestRequest

LETTERS = "aZ09_.~-+ %&=/?#é１\U0001f600\n"


def test_a_query_is_encoded_as_forms_are() -> None:
    draw = random.Random(7)
    for _ in range(500):
        query = tuple(
            (
                "".join(draw.choices(LETTERS, k=3)),
                "".join(draw.choices(LETTERS, k=draw.randrange(9))),
            )
            for _ in range(draw.randrange(5))
        )
        assert RestRequest("GET", "/", query).query_string == urlencode(query)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://venue/api/depth?symbol=A%20B&limit=5", {"symbol": "A B", "limit": "5"}),
        ("https://venue/api/depth", {}),
        ("https://venue/api/time?symbol=A", None),
        (None, None),
    ],
)
def test_a_frame_says_what_was_asked_of_the_path_it_answers(
    url: str | None, asked: dict[str, str] | None
) -> None:
    assert Frame("{}", 1, url).asked("/depth") == asked
