"""The recorded session: BTCUSDT on a busy day, its depth frames alone."""

from __future__ import annotations

import os
from pathlib import Path

from connector_sdk.model.tape import Tape
from connector_sdk.model.wire import Frame
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk_binance import connector
from followed import PAIR, demand_synced, listed
from table import Skipped

ROOT = Path(__file__).parents[1]
TAPE = "recordings/binance/spot_btcusdt_20240808_depth100ms_trade_bookTicker.jsonl.gz"


def tape_frames() -> tuple[OrderBookTracker, list[bytes]] | Skipped:
    """A tracker synced by the tape's own snapshot, and the depth frames after that."""
    home = Path(os.environ.get("CONNECTOR_SDK_TAPES", ROOT.parent / "shared" / "data"))
    path = home / TAPE
    if not path.exists():
        return Skipped(f"no {TAPE}: CONNECTOR_SDK_TAPES names the directory that has it")
    tracker = OrderBookTracker(connector, [PAIR], instruments=listed("BTCUSDT"))
    frames: list[bytes] = []
    bridged = False
    for record in Tape(path):
        if record.direction != "in" or (record.url is None and "@depth" not in record.data[:60]):
            continue
        if bridged:
            frames.append(record.data.encode())
        else:
            tracker.receive(_uncut(record.frame()))
            bridged = tracker.ready
    demand_synced(tracker)
    return tracker, frames


def _uncut(frame: Frame) -> Frame:
    """The snapshot as the whole book: what its 1,000 rows did not reach is then kept, not dropped.

    The connector asks for 5,000 rows, so that its horizon is far from this session's prices.
    """
    if frame.url is None:
        return frame
    return frame._replace(url=frame.url.replace("limit=1000", "limit=5000"))
