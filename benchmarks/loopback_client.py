"""Prints [CPU seconds, wall seconds] of a live market that hears so many messages from a socket.

Everything is the SDK's own: `connect`, its transport and feed, uvloop, one listener that reads
the best bid and ask. The first messages are not timed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from time import perf_counter, process_time

from connector_sdk.connect import connect
from connector_sdk.model.events import BookUpdated
from followed import PAIR, listed

WARM_UP = 2_000
PATIENCE_S = 60.0


class Stopwatch:
    """Listens: reads the best prices, and times from the WARM_UP-th message to the last."""

    def __init__(self, messages: int) -> None:
        self.done = asyncio.Event()
        self.begin = self.end = (0.0, 0.0)
        self._left = messages
        self._begin_at = messages - WARM_UP

    def hear(self, bid: str, ask: str) -> None:
        if bid >= ask:
            raise RuntimeError("crossed")
        self._left -= 1
        if self._left == self._begin_at:
            gc.collect()
            self.begin = (process_time(), perf_counter())
        elif self._left == 0:
            self.end = (process_time(), perf_counter())
            self.done.set()


async def hear(port: int, messages: int) -> list[float]:
    endpoints = {"rest": f"http://127.0.0.1:{port}", "ws": f"ws://127.0.0.1:{port}"}
    market = connect("binance", [PAIR], endpoints=endpoints, instruments=listed("BTCUSDT"))
    watch = Stopwatch(messages)
    async with asyncio.timeout(PATIENCE_S), market:
        book = market.order_book(PAIR)
        market.on(
            BookUpdated,
            lambda _: watch.hear(book.best_bid.price_text, book.best_ask.price_text),
        )
        await watch.done.wait()
    return [end - begin for begin, end in zip(watch.begin, watch.end, strict=True)]


def main() -> None:
    port, messages, core = map(int, sys.argv[1:])
    if core >= 0:
        os.sched_setaffinity(0, {core})
    import uvloop  # an extra: this module is also read where it is not installed

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(hear(port, messages)))


if __name__ == "__main__":
    main()
