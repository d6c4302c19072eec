"""A venue on loopback that sends as fast as a socket takes it: its frames are made beforehand.

Prints its port, then serves: the depth snapshot over HTTP, and on a websocket one depth frame at
once and all others as soon as the snapshot was asked for. Plain blocking sockets, no asyncio.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct
import sys
import threading
from dataclasses import dataclass, field

from dense_stream import dense_frames

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is served: the snapshot, the first frame and all others, ready for the wire."""

    snapshot: bytes
    first: bytes
    others: bytes
    asked: threading.Event = field(default_factory=threading.Event)


def made(messages: int) -> Load:
    snapshot, stream = dense_frames(messages, seed=11)
    first, *others = map(wire_frame, stream)
    return Load(snapshot, first, b"".join(others))


def wire_frame(text: bytes) -> bytes:
    """One unmasked text message of a server (RFC 6455, 5.2)."""
    size = len(text)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + text
    if size < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, size) + text
    return struct.pack("!BBQ", 0x81, 127, size) + text


def serve(peer: socket.socket, load: Load) -> None:
    with peer:
        peer.settimeout(PATIENCE_S)
        head = _head(peer)
        try:
            if b"upgrade: websocket" in head.lower():
                _stream(peer, head, load)
            else:
                _answer(peer, load)
        except OSError:
            return  # the client has heard enough


def _answer(peer: socket.socket, load: Load) -> None:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    peer.sendall(f"{head}Content-Length: {len(load.snapshot)}\r\n\r\n".encode() + load.snapshot)
    load.asked.set()


def _stream(peer: socket.socket, head: bytes, load: Load) -> None:
    load.asked.clear()
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n") if b": " in line)
    key = {name.lower(): value for name, value in fields.items()}[b"sec-websocket-key"]
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())  # noqa: S324  # RFC 6455
    peer.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    peer.recv(65_536)  # the subscription, whose number is 1
    peer.sendall(wire_frame(b'{"result":null,"id":1}') + load.first)
    if load.asked.wait(PATIENCE_S):
        peer.sendall(load.others)
        peer.recv(65_536)


def _head(peer: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        part = peer.recv(65_536)
        if not part:
            break
        head += part
    return head


def main() -> None:
    messages, core = int(sys.argv[1]), int(sys.argv[2])
    if core >= 0:
        os.sched_setaffinity(0, {core})
    load = made(messages)
    with socket.create_server(("127.0.0.1", 0)) as door:
        print(door.getsockname()[1], flush=True)
        while True:
            peer, _ = door.accept()
            threading.Thread(target=serve, args=(peer, load), daemon=True).start()


if __name__ == "__main__":
    main()
