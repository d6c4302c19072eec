"""What a recording transport tells, and what it never tells."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from connector_sdk.model.redaction import without_secrets
from connector_sdk.model.tape import TapeRecord
from connector_sdk.model.wire import RestResponse
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.recording import RecordingTransport
from connector_sdk.transport.transport import Transport, WebSocketConnection


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


class OneAnswer(Transport):
    """A venue with one answer to everything."""

    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        raise NotImplementedError

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        answered = {"x-used-weight": "20", "Set-Cookie": "session=1"}
        return RestResponse(200, answered, b'{"listenKey":"abc"}', url)

    async def close(self) -> None:
        pass


async def test_an_http_answer_is_told_with_its_status_and_its_public_headers() -> None:
    told: list[TapeRecord] = []
    transport = RecordingTransport(OneAnswer(), told.append, ManualClock())
    await transport.request("GET", "http://h/o?apiKey=k", headers={}, body=None, timeout_s=1)
    (record,) = told
    assert (record.connection, record.direction, record.status) == ("http", "in", 200)
    assert record.headers == {"x-used-weight": "20"}
    assert record.url == "http://h/o?apiKey=…"
    assert record.data == '{"listenKey":"…"}'
