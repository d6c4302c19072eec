"""Endpoints: a URL is refused by name before anything is attempted."""

from __future__ import annotations

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.model.manifest import endpoint_url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9",
        "https://api.example.com",
        "wss://ws.example.com:443/ws-api/v3",
        "ws://[::1]:8080",
    ],
)
def test_an_absolute_url_is_taken_without_its_trailing_slash(url: str) -> None:
    assert endpoint_url("rest", url + "/") == url


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com",
        "http://",
        "http:///path",
        "http://:80",
        "http://[::1",
        "http://[nonsense]",
        "ftp://example.com",
        "http://exa mple.com",
        "http://example.com?limit=5",
        "http://example.com:",
        "http://example.com:0",
        "http://example.com:99999",
        "http://example.com:80a",
        "",
    ],
)
def test_a_malformed_url_is_refused_by_the_endpoints_name(url: str) -> None:
    with pytest.raises(ConfigError, match="endpoint rest"):
        endpoint_url("rest", url)
