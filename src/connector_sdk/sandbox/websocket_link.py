"""WebSocketLink: a Link over the TCP connection of an aiohttp request.

Frames are made here and written whole, without a task or a copy in between, so that a frame can
also be cut in its middle, or sent in small pieces.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque

from connector_sdk.sandbox.link import Link

MOST_UNSENT_BYTES = 64 * 1024 * 1024
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A
SHORT, MEDIUM = 126, 1 << 16
CONTROL_BYTES = 123
PIECE_GAP_S = 0.0005
NO_LINGER = struct.pack("ii", 1, 0)


def frame_of(opcode: int, payload: bytes) -> bytes:
    """An unmasked, final websocket frame (RFC 6455, 5.2)."""
    length = len(payload)
    if length < SHORT:
        return struct.pack("!BB", opcode, length) + payload
    if length < MEDIUM:
        return struct.pack("!BBH", opcode, SHORT, length) + payload
    return struct.pack("!BBQ", opcode, SHORT + 1, length) + payload


class WebSocketLink(Link):
    """Writes frames to one TCP connection.

    A client that reads too slowly is cut off by RST when 64 MiB lie unsent.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._pieces: deque[bytes] = deque()
        sock = transport.get_extra_info("socket")
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, frame: bytes, piece: int = 0) -> None:
        """Write one text frame, whole or in pieces."""
        data = frame_of(TEXT, frame)
        if piece <= 0:
            self._write(data)
            return
        idle = not self._pieces
        self._pieces.extend(data[at : at + piece] for at in range(0, len(data), piece))
        if idle:
            self._trickle()

    def ping(self, payload: bytes) -> None:
        """Write a ping frame."""
        self._write(frame_of(PING, payload))

    def pong(self, payload: bytes) -> None:
        """Write a pong frame."""
        self._write(frame_of(PONG, payload))

    def close(self, code: int, reason: str) -> None:
        """Write a close frame, then end the connection."""
        self._write(frame_of(CLOSE, struct.pack("!H", code) + reason.encode()[:CONTROL_BYTES]))
        self._transport.write(b"".join(self._pieces))
        self._pieces.clear()
        self._transport.close()

    def cut(self, *, reset: bool, partial: bytes = b"") -> None:
        """End the connection by RST or FIN, perhaps in the middle of a frame."""
        if partial:
            data = frame_of(TEXT, partial)
            self._write(data[: len(data) // 2 + 1])
        self._pieces.clear()
        if not reset:
            self._transport.close()
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            # A zero linger turns the close into a RST.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._pieces:
            self._pieces.append(data)
        else:
            self._put(data)

    def _put(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            self.cut(reset=True)

    def _trickle(self) -> None:
        """Write one piece, and the next a moment later, so that each travels alone."""
        if self._pieces:
            self._put(self._pieces.popleft())
            asyncio.get_running_loop().call_later(PIECE_GAP_S, self._trickle)
