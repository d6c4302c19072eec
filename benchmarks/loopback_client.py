"""Prints [messages, CPU seconds, wall seconds] of a live market that hears a venue on loopback.

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
from dense_stream import FIRST_ID
from followed import PAIR, listed

WARM_UP = 2_000
PATIENCE_S = 60.0


class Stopwatch:
    """Times from the message WARM_UP to the last one; their ids tell which they are."""

    def __init__(self, messages: int) -> None:
        self.done = asyncio.Event()
        self.begin: tuple[float, float, float] | None = None
        self.end = (0.0, 0.0, 0.0)
        self._begin_id = FIRST_ID + WARM_UP
        self._last_id = FIRST_ID + messages

    def hear(self, update_id: int) -> None:
        if self.begin is None and update_id >= self._begin_id:
            gc.collect()
            self.begin = (update_id, process_time(), perf_counter())
        elif update_id == self._last_id:
            self.end = (update_id, process_time(), perf_counter())
            self.done.set()

    @property
    def figures(self) -> list[float]:
        begin = self.begin or self.end
        return [late - early for early, late in zip(begin, self.end, strict=True)]


async def hear(port: int, messages: int) -> list[float]:
    endpoints = {"rest": f"http://127.0.0.1:{port}", "ws": f"ws://127.0.0.1:{port}"}
    market = connect("binance", [PAIR], endpoints=endpoints, instruments=listed("BTCUSDT"))
    watch = Stopwatch(messages)
    async with asyncio.timeout(PATIENCE_S), market:
        book = market.order_book(PAIR)

        def on_update(event: BookUpdated) -> None:
            watch.hear(event.update_id)
            if book.best_bid.price_text >= book.best_ask.price_text:
                raise RuntimeError("the book is crossed")

        market.on(BookUpdated, on_update)
        await watch.done.wait()
    return watch.figures


def main() -> None:
    port, messages, core = map(int, sys.argv[1:])
    if core >= 0:
        os.sched_setaffinity(0, {core})
    import uvloop  # an extra: this module is also read where it is not installed

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(hear(port, messages)))


if __name__ == "__main__":
    main()
