"""Link: what the host of a venue gives it for one open stream connection."""

from __future__ import annotations

from abc import ABC, abstractmethod

NORMAL = 1000
GOING_AWAY = 1001
POLICY = 1008


class Link(ABC):
    """The venue's end of one websocket. Nothing here waits; after its end, calls do nothing."""

    @abstractmethod
    def send(self, frame: bytes, piece: int = 0) -> None:
        """Send one text message; `piece` > 0 sends it in network writes of that many bytes."""

    @abstractmethod
    def ping(self, payload: bytes) -> None:
        """Send a ping frame."""

    @abstractmethod
    def pong(self, payload: bytes) -> None:
        """Answer a ping."""

    @abstractmethod
    def close(self, code: int, reason: str) -> None:
        """End it properly, with a close frame."""

    @abstractmethod
    def cut(self, *, reset: bool, partial: bytes = b"") -> None:
        """End it without one: by RST or by FIN, after the first half of `partial`'s frame."""
