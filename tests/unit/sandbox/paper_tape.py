"""Tapes of one pair that a test writes line by line, or by a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Self

from connector_sdk.model.instrument import Instrument
from connector_sdk.model.tape import TapeHeader, TapeRecord, TapeWriter

PAIR = "BTC-USDT"
MS = 1_000_000
START_MS = 1_700_000_000_000
SNAPSHOT_URL = "https://127.0.0.1/api/v3/depth?symbol=BTCUSDT&limit=1000"
INSTRUMENT = Instrument(
    pair=PAIR,
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.001"),
    minimum_notional=Decimal(5),
    amendable=True,
)
Levels = Mapping[str, str]
BIDS: Levels = {"100.00": "5", "99.00": "7", "98.00": "9"}
ASKS: Levels = {"101.00": "4", "102.00": "6", "103.00": "8"}


class PaperTape:
    """Records one after the other; `at` counts milliseconds from the start of the tape."""

    def __init__(
        self, path: Path, *, bids: Levels = BIDS, asks: Levels = ASKS, listed: bool = True
    ) -> None:
        self.path = path
        header = TapeHeader(venue="binance", instruments=(INSTRUMENT,) if listed else ())
        self._writer = TapeWriter(path, header)
        self._update_id = 10
        self._trade_id = 0
        body = {"lastUpdateId": 10, "bids": _rows(bids), "asks": _rows(asks)}
        self._write(0, TapeRecord(0, "http", "in", json.dumps(body), SNAPSHOT_URL, 200, {}))
        self.update(1)

    def update(self, at: int, bids: Levels | None = None, asks: Levels | None = None) -> Self:
        """A delta."""
        self._update_id += 1
        event = {"e": "depthUpdate", "E": START_MS + at, "s": "BTCUSDT"}
        ids = {"U": self._update_id, "u": self._update_id}
        return self._frame(at, event | ids | {"b": _rows(bids or {}), "a": _rows(asks or {})})

    def trade(self, at: int, side: str, price: str, quantity: str) -> Self:
        """A trade whose taker is of that side."""
        self._trade_id += 1
        event = {"e": "trade", "E": START_MS + at, "T": START_MS + at, "s": "BTCUSDT"}
        said = {"t": self._trade_id, "p": price, "q": quantity, "m": side == "sell"}
        return self._frame(at, event | said)

    def lost(self, at: int) -> Self:
        """The connection ends."""
        return self._write(at, TapeRecord(0, "ws.1", "close"))

    def close(self) -> Path:
        """The tape, whole on the disk."""
        self._writer.close()
        return self.path

    def _frame(self, at: int, event: Mapping[str, object]) -> Self:
        return self._write(at, TapeRecord(0, "ws.1", "in", json.dumps({"data": event})))

    def _write(self, at: int, record: TapeRecord) -> Self:
        self._writer.write(record._replace(at_ns=(START_MS + at) * MS))
        return self


def random_tape(path: Path, seed: int, steps: int = 400) -> Path:
    """A market that wanders, with a trade at one of the best prices at every step."""
    rng = random.Random(seed)
    tape = PaperTape(path)
    bid = 10_000
    for step in range(steps):
        at = 10 + step * 25 + rng.randrange(20)
        side = rng.choice(("buy", "sell"))
        price = bid if side == "sell" else bid + 100
        tape.trade(at, side, _price(price), f"0.{rng.randrange(1, 999):03d}")
        before, bid = bid, bid + rng.choice((-100, 0, 0, 100))
        bids = {_price(before): f"{rng.randrange(1, 4)}", _price(bid): f"{rng.randrange(1, 4)}"}
        asks = {_price(before + 100): "0", _price(bid + 100): f"{rng.randrange(1, 4)}"}
        if bid < before:
            bids[_price(before)] = "0"
        tape.update(at + 1, bids, asks)
    return tape.close()


def _price(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _rows(levels: Levels) -> list[list[str]]:
    return [[price, quantity] for price, quantity in levels.items()]
