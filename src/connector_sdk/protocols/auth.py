"""Auth: how requests are signed. Pure: the time and the nonce are passed in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from connector_sdk.model.wire import RestRequest, Stamp

__all__ = ["Auth", "NoAuth", "Signer", "Stamp"]


class Signer(ABC):
    """Proves who sent some bytes: with a secret, a key or a wallet. Its repr shows no secret."""

    @abstractmethod
    def sign(self, payload: bytes) -> str:
        """The signature of `payload`, in the text form the venue asks for."""


class Auth(ABC):
    """Signs requests and logins. Its repr shows the venue and the key's last four characters.

    identity: tells one key from another without showing it (budgets and nonces hang on it).
    """

    @property
    @abstractmethod
    def identity(self) -> str:
        """A short digest of the key; equal for equal keys."""

    @abstractmethod
    def sign(self, request: RestRequest, stamp: Stamp) -> RestRequest:
        """`request` with whatever proves who sent it; called last, just before sending."""

    @abstractmethod
    def login(
        self, stamp: Stamp, parameters: Mapping[str, str | int] | None = None
    ) -> Mapping[str, str | int]:
        """Signed parameters for a request on a stream, as one that opens a private stream.

        parameters: what the request says beside who sends it and when.
        """


class NoAuth(Auth):
    """For public data: requests pass as they are, and there is nothing to log in with."""

    def sign(self, request: RestRequest, stamp: Stamp) -> RestRequest:
        """`request`, unchanged."""
        del stamp
        return request

    @property
    def identity(self) -> str:
        """Nobody's."""
        return ""

    def login(
        self, stamp: Stamp, parameters: Mapping[str, str | int] | None = None
    ) -> Mapping[str, str | int]:
        """The parameters, unchanged."""
        del stamp
        return dict(parameters or {})

    def __repr__(self) -> str:
        return "NoAuth()"
