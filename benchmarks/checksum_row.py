"""The checksum row: the whole road, and the venue's checksum proven after every message."""

from __future__ import annotations

from book_rows import PART, WARM_UP, loads_lane
from checksummed_venue import checksummed_frames, checksummed_venue
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from followed import PAIR, Reader, demand_synced, listed, receiving
from table import Measured, Skipped
from timing import ROUNDS, Interleaved, frame, split


def measure_checksum(_: set[str]) -> dict[str, Measured | Skipped]:
    snapshot, stream = checksummed_frames(WARM_UP + ROUNDS * PART, seed=9)
    tracker = OrderBookTracker(checksummed_venue, [PAIR], instruments=listed("BTCUSDT"))
    tracker.receive(frame(snapshot))
    reader = Reader(tracker)
    warm_up, parts = split(stream, WARM_UP)
    timed = Interleaved({"loads": loads_lane, "checksum": receiving(tracker)}, warm_up)
    timed.run(parts)
    demand_synced(tracker)
    if tracker.metrics(PAIR).checksums_ok != len(stream) + 1 or reader.heard != len(stream):
        raise RuntimeError("not every checksum was proven")
    return {"checksum": timed.measured("checksum", "loads")}
