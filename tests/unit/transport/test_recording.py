"""What a recording transport tells, and what it never tells."""

from __future__ import annotations

import pytest

from connector_sdk.transport.recording import without_secrets


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://h/o?symbol=X&signature=abc&limit=5", "https://h/o?symbol=X&signature=…&limit=5"),
        ("https://h/o?apiKey=k", "https://h/o?apiKey=…"),
        (
            '{"id":1,"params":{"apiKey":"k","recvWindow":5}}',
            '{"id":1,"params":{"apiKey":"…","recvWindow":5}}',
        ),
        ('{"SIGNATURE" : "a\\"b","x":1}', '{"SIGNATURE" : "…","x":1}'),
        ('{"listenKey":"abc"}', '{"listenKey":"…"}'),
        ('{"s":"BTCUSDT","p":"1.0"}', '{"s":"BTCUSDT","p":"1.0"}'),
    ],
)
def test_secrets_are_struck_out_of_urls_and_texts(text: str, told: str) -> None:
    assert without_secrets(text) == told


def test_a_token_that_a_venue_lists_is_a_coin_and_one_that_we_send_a_secret() -> None:
    text = '{"token":"USDT"}'
    assert without_secrets(text, received=True) == text
    assert without_secrets(text) == '{"token":"…"}'
