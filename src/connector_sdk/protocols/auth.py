"""Auth: how requests are signed. Pure: the time and the nonce are passed in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

from connector_sdk.model.wire import RestRequest


class Stamp(NamedTuple):
    """When a request is signed.

    now_ms: the venue's time, ms since the epoch.
    nonce:  rises strictly for one key, over tasks and restarts.
    """

    now_ms: int
    nonce: int


class Auth(ABC):
    """Signs requests and logins. Its repr never shows a secret."""

    @abstractmethod
    def sign(self, request: RestRequest, stamp: Stamp) -> RestRequest:
        """`request` with whatever proves who sent it; called last, just before sending."""

    @abstractmethod
    def login(self, stamp: Stamp) -> Mapping[str, str]:
        """Signed parameters that open a private stream."""


class NoAuth(Auth):
    """For public data: requests pass as they are, and there is nothing to log in with."""

    def sign(self, request: RestRequest, stamp: Stamp) -> RestRequest:
        """`request`, unchanged."""
        del stamp
        return request

    def login(self, stamp: Stamp) -> Mapping[str, str]:
        """No parameters."""
        del stamp
        return {}

    def __repr__(self) -> str:
        return "NoAuth()"
