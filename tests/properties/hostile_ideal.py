"""The synchronizer that hostile tapes measure against: it knows the truth of every frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from connector_sdk.book.sequence import Verdict
from connector_sdk.model.events import BookState
from connector_sdk.testing.hostile_link import Kind, Told
from connector_sdk.testing.hostile_market import Numbering, TrueMarket
from connector_sdk.testing.hostile_variants import Variant

ADDED = (
    *("seeds", "asks", "other_asks", "losses", "served", "ideal", "compared", "audits"),
    "repaired",
)


class Chain:
    """What one connection has delivered of one pair without a hole: positions start..end."""

    def __init__(self) -> None:
        self.start = 0
        self.end: int | None = None
        self.based = False
        self.ahead: int | None = None


class Ideal:
    """The best that can be made of what was delivered, for it knows the truth of every frame.

    A frame that comes after its successor is a loss to it, too.
    """

    def __init__(self, market: TrueMarket, variant: Variant) -> None:
        self.market = market
        rule = variant.rules.sequence
        self.by_size = rule.ordered or variant.rules.in_stream
        self.joins = None if variant.stamped or variant.numbering is not Numbering.NONE else 1
        self.sees_gaps = rule.sees_gaps or variant.rules.checksum is not None
        self.counts_connections = not variant.rules.in_stream
        self.chains: dict[str, Chain] = {}
        self.losses = int(self.counts_connections)

    @property
    def synced(self) -> bool:
        return any(chain.based for chain in self.chains.values())

    def on(self, told: Told) -> None:
        if told.kind is Kind.DELTA:
            self._note(lambda: self._on_delta(told))
        elif told.kind is Kind.SNAPSHOT:
            # Without stamps, nothing tells where a second connection meets the first.
            hit = [told.connection] if told.connection else list(self.chains)[: self.joins]
            for connection in hit:
                self._on_snapshot(self.chains.setdefault(connection, Chain()), told.last)

    def _note(self, change: Callable[[], None]) -> None:
        before = self.synced
        change()
        self.losses += before and not self.synced

    def _on_delta(self, told: Told) -> None:
        chain = self.chains.setdefault(told.connection, Chain())
        broken = told.first in self.market.breaks
        if chain.end is not None and told.last <= chain.end:
            return
        if chain.end is None or broken or (self.sees_gaps and told.first > chain.end + 1):
            chain.start, chain.based = told.first, False
        chain.end = told.last
        if chain.ahead is not None and chain.end >= chain.ahead:
            chain.based, chain.ahead = True, None

    def _on_snapshot(self, chain: Chain, at: int) -> None:
        if chain.end is None:
            chain.start, chain.end, chain.based = at + 1, at, True
        elif at in self.market.breaks and chain.based:
            self.losses += 1
            chain.start, chain.end = at + 1, at
        elif chain.start <= at + 1 and not (chain.start in self.market.breaks and at < chain.start):
            if at > chain.end and not chain.based and not self.by_size:
                chain.ahead = at  # by identity alone, it cannot be told from one that is too old
                return
            chain.end, chain.based = max(chain.end, at), True
        elif not self.sees_gaps:
            chain.based = True

    def frames_missed(self, connection: str) -> None:
        """The connection's own count shows a hole."""

        def change() -> None:
            chain = self.chains.get(connection)
            if chain is not None:
                chain.start, chain.based = (chain.end or 0) + 1, False

        self._note(change)

    def connection_lost(self, connection: str) -> None:
        before = self.synced
        self.chains.pop(connection, None)
        self.losses += self.counts_connections and before and not self.synced


@dataclass
class Figures:
    """What a campaign adds up."""

    seeds: int = 0
    asks: int = 0
    other_asks: int = 0
    losses: int = 0
    served: int = 0
    ideal: int = 0
    compared: int = 0
    audits: int = 0
    repaired: int = 0
    longest: int = 0
    longest_bestless: int = 0
    furthest_ahead: int = 0
    met: Counter[tuple[BookState, Verdict]] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)

    def add(self, other: Figures) -> None:
        for name in ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest = max(self.longest, other.longest)
        self.longest_bestless = max(self.longest_bestless, other.longest_bestless)
        self.furthest_ahead = max(self.furthest_ahead, other.furthest_ahead)
        self.met.update(other.met)
        self.injected.update(other.injected)

    @property
    def asks_per_loss(self) -> float:
        return self.asks / max(1, self.losses)

    @property
    def reads_served(self) -> float:
        return self.served / max(1, self.ideal)

    def told(self) -> str:
        return (
            f"{self.seeds} seeds, {self.compared} comparisons, {self.asks_per_loss:.3f} asks a "
            f"loss ({self.asks}/{self.losses}), {self.reads_served:.2%} of the ideal's reads, "
            f"{self.audits} audits repaired {self.repaired} levels, longest resync "
            f"{self.longest} steps, longest without a best {self.longest_bestless}, "
            f"{self.other_asks} asks of synced books, snapshots up to {self.furthest_ahead} "
            f"changes ahead; injected {dict(sorted(self.injected.items()))}; met "
            f"{sorted((s.value, v.value, n) for (s, v), n in self.met.items())}"
        )
