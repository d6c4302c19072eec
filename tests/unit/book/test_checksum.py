from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from connector_sdk.book.checksum import ChecksumRule, DigitsCrc32, InterleavedCrc32
from connector_sdk.model.market_data import PriceLevel

ROOT = Path(__file__).resolve().parents[3]
TAPES = Path(os.environ.get("CONNECTOR_SDK_TAPES", ROOT.parent / "shared" / "data"))
VECTORS = TAPES / "vectors" / "checksums.json"
RULES: dict[str, ChecksumRule] = {
    "ws_v1_book": DigitsCrc32(),
    "ws_v2_book": DigitsCrc32(),
    "books": InterleavedCrc32(),
}


def levels(rows: list[list[str]]) -> list[PriceLevel]:
    return [PriceLevel(row[0], row[1]) for row in rows]


@pytest.mark.tapes
def test_published_checksums_are_computed() -> None:
    if not VECTORS.exists():
        pytest.skip(f"no published vectors at {VECTORS}: set CONNECTOR_SDK_TAPES")
    vectors: list[dict[str, Any]] = json.loads(VECTORS.read_text())
    known = [vector for vector in vectors if vector["kind"] in RULES]
    assert len(known) == 5
    for vector in known:
        rule = RULES[vector["kind"]]
        expected = vector["crc32"] if "crc32" in vector else vector["crc32_signed"]
        bids, asks = levels(vector["bids"]), levels(vector["asks"])
        assert rule.compute(bids, asks) == expected
        assert rule.compute(bids, asks) == expected, "with what is kept in the levels"


def test_digits_lose_the_dot_and_leading_zeros_only() -> None:
    bids, asks = levels([["0.05000", "0.00000500"]]), levels([["0.05005", "10.0"]])
    # crc32 of "5005" "100" "5000" "500", asks first.
    assert DigitsCrc32().compute(bids, asks) == crc32(b"50051005000500")


def test_interleaving_goes_on_with_the_longer_side() -> None:
    bids, asks = levels([["3366.1", "7"]]), levels([["3366.8", "9"], ["3368", "8"], ["3372", "8"]])
    assert InterleavedCrc32().compute(bids, asks) == 831078360


def test_levels_deeper_than_the_rule_change_nothing() -> None:
    bids, asks = levels([["2", "1"], ["1", "1"]]), levels([["3", "1"], ["4", "1"]])
    for rule in (DigitsCrc32(depth=1), InterleavedCrc32(depth=1)):
        assert rule.compute(bids, asks) == rule.compute(bids[:1], asks[:1])


def test_an_empty_book_has_a_checksum() -> None:
    assert DigitsCrc32().compute([], []) == 0
    assert InterleavedCrc32().compute([], []) == 0
