"""HostileTape: a venue that is right, on a network that is not; one seed repeats it all.

Each `step` is a tenth of a second: the true books move, frames travel, things go wrong. What
reaches the client comes back as happenings, in order; what the client asks for is given to
`ask`, and answered some steps later, or refused, or answered with an old book.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Final, NamedTuple, TypeAlias

from connector_sdk.book.checksum import DigitsCrc32
from connector_sdk.book.sync_settings import SyncSettings
from connector_sdk.model.market_data import BookDelta, BookSnapshot, PriceLevel, TopOfBook, Trade
from connector_sdk.model.order import Side
from connector_sdk.model.wire import Frame
from connector_sdk.testing.hostile_link import Fate, HostileLink, Hostility, Kind, Told
from connector_sdk.testing.hostile_market import EPOCH_NS, Numbering, Position, TrueMarket
from connector_sdk.testing.hostile_variants import CHECKED_DEPTH, Variant
from connector_sdk.testing.plain_connector import SNAPSHOT_URL, encoded, plain_connector

STEP_NS: Final = 100_000_000
OPENING_LOST: Final = 40
"""How much likelier an opening snapshot is lost than another frame: else it hardly ever is."""
PACE: Final = (0, 1, 1, 2, 2, 3, 5)
QUIET_PACE: Final = (0, 1, 1)
"""Changes of one pair in one step."""
UNUSABLE: Final = frozenset({Fate.LOST, Fate.LATE, Fate.SWAPPED})


class Arrival(NamedTuple):
    """A frame reaches the client."""

    frame: Frame
    told: Told


class Opened(NamedTuple):
    """The client learns that a connection carries these pairs."""

    connection: str
    pairs: tuple[str, ...]


class Interruption(NamedTuple):
    """A connection ended."""

    connection: str
    reason: str


class Refusal(NamedTuple):
    """A snapshot that was asked for will not come."""

    pair: str
    reason: str


Happening: TypeAlias = Arrival | Opened | Interruption | Refusal


class TapeAsk:
    """A snapshot asked for. `harmed`: the answer failed, was old, or met no connection."""

    __slots__ = ("cut_step", "due_step", "harmed", "pair", "refused", "told")

    def __init__(self, pair: str, cut_step: int, due_step: int) -> None:
        self.pair = pair
        self.cut_step = cut_step
        self.due_step = due_step
        self.harmed = False
        self.refused = False
        self.told: tuple[str, Told] | None = None


class HostileTape:
    """Hostile weather for one client; pure, and the same for the same seed and the same asks.

    connector, settings:  what to make the tracker with.
    markets:              the truth, by pair.
    injected:             how often each thing went wrong.
    """

    def __init__(self, variant: Variant, seed: int, hostility: Hostility | None = None) -> None:
        # Seeded on purpose: nothing here guards a secret.
        chance = self._chance = Random(f"{variant.name} {seed}")  # noqa: S311
        self.variant = variant
        self.connector = plain_connector(variant.rules)
        self.injected: Counter[str] = Counter()
        self.step_count = 0
        self._rates = hostility or Hostility()
        cut_allowed = variant.rules.kept_depth is None and not variant.whole
        self._depth = chance.choice((None, None, 6, 9, 1_000)) if cut_allowed else None
        kept = variant.rules.kept_depth
        self._spans = variant.numbering is Numbering.SPAN
        mixed = variant.rules.checksum is None and chance.random() < 0.7
        self.markets = {
            f"{name}-USD": TrueMarket(f"{name}-USD", chance, variant.numbering, kept, mixed=mixed)
            for name in ("AAA", "BBB", "CCC")[: variant.pairs]
        }
        self.pairs = tuple(self.markets)
        self.settings = SyncSettings(
            buffer_limit=chance.choice((12, 40, 1_000)),
            stall_ns=16 * STEP_NS,
            quiet_ns=6 * STEP_NS,
            answer_ns=20 * STEP_NS,
            audit_period_ns=26 * STEP_NS,
            refresh_pause_ns=6 * STEP_NS,
        )
        self.numbers: dict[tuple[str, int], Position] = {}
        self._published = dict.fromkeys(self.pairs, 0)
        self._lulls: dict[str, int] = {}
        self._trades = 0
        self._links: list[HostileLink] = []
        self._opened = 0
        self._reopen_step: int | None = 0
        self._end_steps: dict[str, tuple[int, str]] = {}
        self._acks: list[tuple[int, Opened]] = []
        self._asks: list[TapeAsk] = []
        self._received_ns = EPOCH_NS

    @property
    def now_ns(self) -> int:
        """The present."""
        return EPOCH_NS + self.step_count * STEP_NS

    @property
    def is_cut(self) -> bool:
        """Whether snapshots show only the best levels."""
        return self._depth is not None

    @property
    def connections(self) -> Sequence[str]:
        """Connections that are open, the oldest first."""
        return [link.name for link in self._links]

    def step(self, *, quiet: bool = False) -> Iterator[Happening]:
        """Let a tenth of a second pass; `quiet`: nothing new goes wrong in it."""
        self.step_count += 1
        yield from self._ends()
        yield from self._opens()
        if not quiet:
            self._go_wrong()
        for pair in self.pairs:
            if self._lulls.get(pair, 0) < self.step_count:
                for _ in range(self._chance.choice(QUIET_PACE if quiet else PACE)):
                    self._move(pair, None if quiet else self._rates)
        answers_first = self._chance.random() < 0.5
        if answers_first:
            yield from self._answers(quiet=quiet)
        for link in list(self._links):
            if quiet:
                link.lag = 0
            for text, told in link.due(self.step_count):
                yield Arrival(Frame(text, self._stamp(), None, link.name), told)
        if not answers_first:
            yield from self._answers(quiet=quiet)

    def _stamp(self) -> int:
        self._received_ns = max(self._received_ns + 1, self.now_ns)
        return self._received_ns

    # --- connections

    def _ends(self) -> Iterator[Happening]:
        for link in list(self._links):
            end_step, reason = self._end_steps.get(link.name, (self.step_count + 1, ""))
            if end_step <= self.step_count:
                self._links.remove(link)
                if not self._links and self._reopen_step is None:
                    self._reopen_step = self.step_count + self._chance.randint(1, 8)
                for ask in self._asks:
                    ask.harmed = ask.harmed or not self._links
                yield Interruption(link.name, reason)

    def _opens(self) -> Iterator[Happening]:
        if self._reopen_step is not None and self._reopen_step <= self.step_count:
            self._reopen_step = None
            self._open()
        due = [ack for step, ack in self._acks if step <= self.step_count]
        self._acks = [(step, ack) for step, ack in self._acks if step > self.step_count]
        for ack in due:
            if ack.connection in self.connections:
                yield ack

    def _open(self) -> None:
        self._opened += 1
        counted = self.variant.rules.sequence.connection_wide
        first_number = (60 - self._opened) * 10_000
        link = HostileLink(
            f"ws.{self._opened}", self._chance, self.injected, first_number if counted else None
        )
        self._links.append(link)
        ack_step = self.step_count + self._chance.randint(0, 2)
        self._acks.append((ack_step, Opened(link.name, self.pairs)))
        if self.variant.rules.in_stream:
            for pair in self.pairs:
                rates = replace(self._rates, lost=min(0.5, OPENING_LOST * self._rates.lost))
                fate = self._send_snapshot(link, pair, rates)
                self.injected["opening snapshot"] += fate in UNUSABLE

    def _go_wrong(self) -> None:
        chance, rates, step = self._chance, self._rates, self.step_count
        if self._links and chance.random() < rates.lag:
            self._links[-1].lag = chance.choice((0, 0, 0, 1, 2, 5, 14))
        if len(self._links) == 1 and not self._end_steps.get(self._links[0].name):
            link = self._links[0]
            if chance.random() < rates.cut:
                self.injected["cut"] += 1
                self._end_steps[link.name] = (step, "reset by peer")
            elif chance.random() < rates.silence:
                self.injected["silence"] += 1
                link.muted = True
                self._end_steps[link.name] = (step + chance.randint(6, 20), "silent")
            elif chance.random() < rates.handover:
                self.injected["handover"] += 1
                self._end_steps[link.name] = (step + chance.randint(2, 15), "handed over")
                self._open()
        for pair, market in self.markets.items():
            if chance.random() < rates.lull:
                self.injected["lull"] += 1
                self._lulls[pair] = step + chance.randint(10, 30)
            if chance.random() < rates.restart:
                self.injected["restart"] += 1
                self._restart(market)

    def _restart(self, market: TrueMarket) -> None:
        """The venue begins its numbering anew; what it had not yet said, it never says."""
        market.restart(linked=self._chance.random() < 0.5)
        self._published[market.pair] = market.now
        for link in self._links:
            if link.number is not None:
                link.number -= 3_000

    # --- the stream

    def _move(self, pair: str, rates: Hostility | None) -> None:
        market = self.markets[pair]
        at = market.move()
        if self.variant.whole:
            for link in self._links:
                self._send_snapshot(link, pair, rates)
            return
        if self._spans and self._depth is not None:
            self._send_top(market, at)
        first = self._published[pair] + 1
        if self._spans and at - first < 2 and self._chance.random() < 0.3:
            return
        self._published[pair] = at
        delta = market.delta(first, at, stamped=self.variant.stamped)
        if self.variant.rules.checksum is not None:
            delta = delta._replace(checksum=self._checksum(market, at))
        self._trades += 1
        trade = Trade(pair, str(self._trades), Side.BUY, "1", "1")
        traded = self._chance.random() < 0.1
        for link in self._links:
            self._send(link, delta, Told(pair, Kind.DELTA, first, at, link.name), rates)
            if traded:
                told = Told(pair, Kind.TRADE, self._trades, self._trades, link.name)
                self._send(link, trade, told, rates)

    def _send(
        self,
        link: HostileLink,
        message: BookDelta | BookSnapshot | Trade | TopOfBook,
        told: Told,
        rates: Hostility | None,
    ) -> Fate:
        if link.number is not None:
            self.numbers[told.pair, link.number] = told.last
        return link.send(self.step_count, lambda number: encoded(message, number), told, rates)

    def _send_top(self, market: TrueMarket, at: Position) -> None:
        bids, asks = market.levels(at, bids=True), market.levels(at, bids=False)
        if not bids or not asks:
            return
        (bid, bid_quantity), (ask, ask_quantity) = bids[0], asks[0]
        top = TopOfBook(
            market.pair,
            _canonical(bid),
            _canonical(bid_quantity),
            _canonical(ask),
            _canonical(ask_quantity),
            market.changes[at].last_id,
        )
        for link in self._links:
            self._send(link, top, Told(market.pair, Kind.OTHER, at, at, link.name), self._rates)

    def _checksum(self, market: TrueMarket, at: Position) -> int:
        sides = [
            [PriceLevel(*map(_canonical, level)) for level in market.levels(at, bids=bids)]
            for bids in (True, False)
        ]
        return DigitsCrc32(CHECKED_DEPTH).compute(*sides)

    def _send_snapshot(self, link: HostileLink, pair: str, rates: Hostility | None) -> Fate:
        market = self.markets[pair]
        at = market.now
        snapshot = market.snapshot(at, self._depth, stamped=self.variant.stamped)
        if self.variant.rules.checksum is not None:
            snapshot = snapshot._replace(checksum=self._checksum(market, at))
        self._published[pair] = at
        return self._send(link, snapshot, Told(pair, Kind.SNAPSHOT, at, at, link.name), rates)

    # --- answers

    def ask(self, pair: str) -> TapeAsk:
        """The client wants a snapshot of `pair`, and gives up one that is under way."""
        self._asks = [ask for ask in self._asks if ask.pair != pair]
        cut_step = self.step_count + self._chance.randint(1, 3)
        ask = TapeAsk(pair, cut_step, cut_step + self._chance.randint(0, 3))
        ask.harmed = not self._links
        self._asks.append(ask)
        return ask

    def _answers(self, *, quiet: bool) -> Iterator[Happening]:
        for ask in list(self._asks):
            if ask.cut_step <= self.step_count and ask.told is None:
                self._cut(ask, quiet=quiet)
            if ask.due_step > self.step_count:
                continue
            self._asks.remove(ask)
            if ask.refused:
                yield Refusal(ask.pair, "the venue answered 503")
            elif ask.told is not None:
                text, told = ask.told
                yield Arrival(Frame(text, self._stamp(), SNAPSHOT_URL), told)

    def _cut(self, ask: TapeAsk, *, quiet: bool) -> None:
        """Make the answer, with the book as it stands now; it will travel some steps more."""
        ask.cut_step = self.step_count + 1_000_000
        drawn = 1.0 if quiet else self._chance.random()
        failed = drawn < self._rates.refused
        if self.variant.rules.in_stream:
            self._resubscribe(ask, None if quiet else self._rates, failed=failed)
            return
        market = self.markets[ask.pair]
        at = market.now
        if failed:
            self.injected["refused"] += 1
            ask.refused = ask.harmed = True
            return
        if drawn < self._rates.refused + self._rates.stale:
            self.injected["stale snapshot"] += 1
            ask.harmed = True
            at = max(0, at - self._chance.randint(5, 60))
        snapshot = market.snapshot(at, self._depth, stamped=self.variant.stamped)
        ask.told = (encoded(snapshot), Told(ask.pair, Kind.SNAPSHOT, at, at))

    def _resubscribe(self, ask: TapeAsk, rates: Hostility | None, *, failed: bool) -> None:
        if failed or not self._links:
            self.injected["refused"] += failed
            ask.harmed = True
            return
        fate = self._send_snapshot(self._links[-1], ask.pair, rates)
        ask.harmed = ask.harmed or fate in UNUSABLE


def _canonical(number: Decimal) -> str:
    return format(number, "f")
