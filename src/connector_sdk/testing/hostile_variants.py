"""The kinds of venue a hostile tape can be of: every sequence rule, in every way it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector_sdk.book.checksum import DigitsCrc32
from connector_sdk.book.sequence import (
    ContiguousIds,
    LinkedIds,
    PerConnectionIds,
    SnapshotOnly,
    SpanIds,
    Timestamps,
)
from connector_sdk.testing.hostile_market import Numbering
from connector_sdk.testing.plain_connector import Rules

CHECKED_DEPTH: Final = 10


@dataclass(frozen=True, slots=True)
class Variant:
    """A kind of venue.

    stamped:  whether it gives its messages its own time.
    pairs:    how many pairs share its connections.
    whole:    whether every message is a whole book.
    """

    name: str
    rules: Rules
    numbering: Numbering
    stamped: bool = True
    pairs: int = 2
    whole: bool = False


VARIANTS: Final[Mapping[str, Variant]] = {
    variant.name: variant
    for variant in (
        Variant("span-ids", Rules(SpanIds()), Numbering.SPAN),
        Variant("contiguous-ids", Rules(ContiguousIds()), Numbering.STEP),
        Variant("linked-ids", Rules(LinkedIds(), in_stream=True), Numbering.LINKED),
        Variant("linked-ids-by-request", Rules(LinkedIds()), Numbering.LINKED),
        Variant(
            "per-connection-ids", Rules(PerConnectionIds(), in_stream=True), Numbering.NONE, pairs=3
        ),
        Variant("timestamps", Rules(Timestamps()), Numbering.NONE),
        Variant("timestamps-strictly", Rules(Timestamps(strictly=True)), Numbering.RISING),
        Variant("timestamps-of-receipt", Rules(Timestamps()), Numbering.NONE, stamped=False),
        Variant(
            "timestamps-and-checksum",
            Rules(Timestamps(), True, DigitsCrc32(CHECKED_DEPTH), CHECKED_DEPTH),
            Numbering.NONE,
        ),
        Variant("snapshot-only", Rules(SnapshotOnly(), in_stream=True), Numbering.NONE, whole=True),
    )
}
"""Every sequence rule, in every way its snapshots may come."""
