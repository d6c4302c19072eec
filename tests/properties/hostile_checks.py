"""What must hold of one pair while a tracker lives through a hostile tape."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TypeAlias

from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.sequence import Verdict
from connector_sdk.errors import BookNotSynced, EmptySide
from connector_sdk.model.events import (
    BookAudited,
    BookCrossed,
    BookResynced,
    BookStale,
    BookState,
    BookUpdated,
)
from connector_sdk.model.market_data import PriceLevel
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk.testing.hostile_link import Kind, Told
from connector_sdk.testing.hostile_market import Numbering
from connector_sdk.testing.hostile_tape import (
    HostileTape,
    TapeAsk,
)
from hostile_ideal import Figures, Ideal

BookEvent: TypeAlias = BookUpdated | BookStale | BookResynced | BookAudited
Side: TypeAlias = dict[Decimal, Decimal]


class PairCheck:
    """Holds one pair to the truth."""

    def __init__(self, tape: HostileTape, tracker: OrderBookTracker, pair: str) -> None:
        self.tape = tape
        self.variant = tape.variant
        self.market = tape.markets[pair]
        self.pair = pair
        self.tracker = tracker
        self.sync = tracker._followed[pair].sync
        self.book: OrderBook = tracker.book(pair)
        self.ideal = Ideal(self.market, tape.variant)
        self.receipt = self.variant.name == "timestamps-of-receipt"
        rules = self.variant.rules
        self.blind = not rules.sequence.sees_gaps and rules.checksum is None
        # A snapshot in the stream, or a message of the same instant, may confirm what is held.
        self.rises = self.variant.numbering is not Numbering.NONE and not rules.in_stream
        self.sides: tuple[Side, Side] = ({}, {})
        self.published = self.fresh = False
        self.bestless_since = 0
        self.position = -1
        self.update_id = -1
        self.base = 0
        self.front = -1
        self.last_snapshot = 0
        self.fronts: dict[str, int] = {}
        self.in_order: dict[str | None, set[int]] = defaultdict(set)
        self.blurred: list[tuple[int, int, int]] = []
        self.asked = self.ask_front = self.ask_step = 0
        self.asks: list[tuple[TapeAsk, bool]] = []
        self.audited: BookAudited | None = None
        self.ahead = False
        self.fed_by: str | None = None
        self.feeders: set[str | None] = set()
        self.harm_step = 0
        self.unsynced_since = 0
        self.figures = Figures()

    def say(self, what: str) -> str:
        return (
            f"{self.variant.name}, step {self.tape.step_count}, {self.pair} at "
            f"{self.book.update_id}: {what}"
        )

    # --- events

    def on_event(self, event: BookEvent) -> None:
        if isinstance(event, BookResynced):
            self.published = True
            self.position = self.update_id = -1
            self._adopted()
        elif isinstance(event, BookStale):
            self.published = False
        elif isinstance(event, BookAudited):
            self.audited = event
            self.ahead = self.last_snapshot > self.position
            self._adopted()
        else:
            assert self.published, self.say("published as synced after a gap")
        if self.published and not self.receipt:
            position = self.claimed()
            leapt = self.blind and self.market.breaks
            again = position == self.position and isinstance(event, BookUpdated)
            assert not (again and self.rises and not self.fresh), self.say("told twice")
            self.fresh = isinstance(event, BookResynced)
            assert position >= self.position or leapt, self.say("the id went back while synced")
            assert event.update_id == self.book.update_id
            self.position = position

    def on_crossed(self, event: BookCrossed) -> None:
        assert self.blind, self.say(f"crossed {event}")

    def _adopted(self) -> None:
        s = self.last_snapshot
        if self.receipt:
            # Without stamps it is continued by all that came since it was asked for. What lies
            # outside of that may be either way: until the next one, or the stream has passed it.
            self.blurred = [blur for blur in self.blurred if blur[2] >= self.ask_step]
            if s < self.ask_front:
                self.blurred.append((s + 1, self.ask_front, 0))
            if s > self.front:
                self.blurred.append((self.front + 1, s, 0))
            s = min(s, self.ask_front)
        self.base = s
        self.feeders = {self.feeding}

    @property
    def serves(self) -> bool:
        """Whether a reader is told a best price, or that there is none."""
        try:
            _ = self.book.best_bid, self.book.best_ask
        except EmptySide:
            return True
        except BookNotSynced:
            return False
        return True

    # --- what the book claims, and whether it is so

    def claimed(self) -> int:
        """The position the book says it stands at."""
        if self.receipt:
            return self.front if self.front >= 0 else self.last_snapshot
        if self.variant.rules.sequence.connection_wide:
            return self.tape.numbers[self.pair, self.book.update_id]
        if self.variant.numbering is Numbering.NONE:
            return self.market.by_stamp[self.sync.at]
        return self.market.by_id[self.book.update_id]

    def read(self) -> None:
        """Read everything and compare it with the true book at the id it claims."""
        book = self.book
        is_synced = book.state is BookState.SYNCED
        assert is_synced is self.published, self.say(f"is {book.state}, which nobody was told")
        if not is_synced:
            for refused in (lambda: book.best_bid, lambda: book.asks(1)):
                try:
                    refused()
                except BookNotSynced:
                    continue
                raise AssertionError(self.say("was readable while not synced"))
            return
        self.figures.compared += 1
        at = self.claimed()
        horizons = book.horizon
        if not self.tape.is_cut:
            assert horizons == (None, None), self.say(f"whole, but proven only to {horizons}")
        for bids, horizon in ((True, horizons.bid), (False, horizons.ask)):
            levels = book.bids() if bids else book.asks()
            truth = self.market.levels(at, bids=bids)
            if horizon is not None:
                truth = [row for row in truth if (row[0] >= horizon if bids else row[0] <= horizon)]
            held = [(level.price, level.quantity) for level in levels]
            if held != truth:
                self._explain(dict(held), dict(truth), at, bids=bids)
            self._read_best(levels, bids=bids, cut=horizon is not None)
            if not at % 4:
                assert (book.bids(5) if bids else book.asks(5)) == levels[:5], self.say("top 5")
        if not self.blind:
            assert not book.crossed, self.say("crossed")

    def _read_best(self, levels: list[PriceLevel], *, bids: bool, cut: bool) -> None:
        try:
            best = self.book.best_bid if bids else self.book.best_ask
        except EmptySide:
            assert not levels, self.say("empty side")
            assert not cut, self.say("a cut side was called empty")
        except BookNotSynced:
            assert not levels, self.say("no best")
            assert cut, self.say("no best on a whole side")
        else:
            assert best == levels[0], self.say("best")

    def _explain(self, held: Side, truth: Side, at: int, *, bids: bool) -> None:
        """What differs must come from a loss that does not show, newer than the snapshot."""
        wrong = {p for p in held.keys() | truth.keys() if held.get(p) != truth.get(p)}
        told = [
            self.say(f"{'bid' if bids else 'ask'} {p}: has {held.get(p)}, true {truth.get(p)}")
            for p in sorted(wrong)
        ]
        assert self.blind, told
        if self.market.breaks & set(range(at, self.base + 1)):
            return  # the venue's clock leapt back: what came before that looks newer
        if self.market.breaks and self.base < self.ask_front:
            return  # after a leap, a late frame may begin the buffer that an old answer meets
        for k in range(at, self.base, -1):
            if not all(k in self.in_order[connection] for connection in self.feeders):
                wrong -= self.market.touches(k, bids=bids)
        for low, high, _ in self.blurred:
            for k in range(max(0, low), high + 1):
                wrong -= self.market.touches(k, bids=bids)
        assert not wrong, (told, wrong, f"base {self.base}, claims {at}")

    # --- arrivals

    def before(self) -> tuple[BookState, int, int, int]:
        counters = self.sync.counters
        self.fed_by = self.feeding
        return self.book.state, counters.stale, counters.gaps, counters.applied

    def arrived(self, told: Told, before: tuple[BookState, int, int, int]) -> None:
        state, stale, gaps, _ = before
        counters = self.sync.counters
        speaks = Kind.SNAPSHOT if self.variant.whole else Kind.DELTA
        if told.kind is speaks and (not self.variant.rules.sequence.connection_wide):
            verdict = Verdict.APPLY
            if counters.gaps > gaps:
                verdict = Verdict.GAP
            elif counters.stale > stale and (
                state is BookState.SYNCED or self.book.state is not BookState.SYNCED
            ):
                verdict = Verdict.STALE
            self.figures.met[state, verdict] += 1
        elif told.kind is Kind.DELTA:
            lost = counters.gaps > gaps
            self.figures.met[state, Verdict.GAP if lost else Verdict.APPLY] += 1
        self.note_ask()
        self.feeders.add(self.feeding)
        self.read()
        self.check_audit(told)

    def note_ask(self) -> None:
        """Remember where the stream stood when the last snapshot was asked for."""
        if self.sync.asks.asked != self.asked:
            self.asked = self.sync.asks.asked
            self.ask_front, self.ask_step = self.front, self.tape.step_count

    def note_front(self, told: Told) -> None:
        """Before the tracker hears of it: what a client that drops late frames may hold."""
        if told.kind is Kind.SNAPSHOT:
            self.last_snapshot = told.last
            front = self.fronts.get(self.feeding or "", told.last)
            figures = self.figures
            figures.furthest_ahead = max(figures.furthest_ahead, told.last - front)
        elif told.kind is Kind.DELTA:
            feeding = self.feeding
            if told.last > self.fronts.get(told.connection, -1):
                if not self.published or self.receipt or told.last > self.claimed():
                    self.in_order[told.connection].update(range(told.first, told.last + 1))
                self.fronts[told.connection] = told.last
            elif self.receipt:
                self.blurred.append((told.first, told.last, self.tape.step_count))
            if feeding in {None, told.connection}:
                # Without stamps nothing tells where two connections meet: the later one waits.
                self.front = self.fronts[told.connection]

    @property
    def feeding(self) -> str | None:
        return self.tracker._followed[self.pair].connection

    @property
    def moved(self) -> bool:
        """Whether the pair was handed over, with all that the later connection had held."""
        return self.fed_by != self.feeding

    def check_audit(self, told: Told | None = None) -> None:
        """What an audit reported must be what it repaired: no more and no less."""
        held = self._held()
        audited, self.audited = self.audited, None
        if audited is not None:
            self.figures.audits += 1
            self.figures.repaired += audited.differing
            if not (self.blind or self.ahead):
                assert audited.differing == 0, self.say(f"{audited.differing} levels repaired")
            elif self.blind and not self.tape.is_cut and not self.moved:
                before = self._continued(told)
                changed = sum(
                    old.get(price) != new.get(price)
                    for old, new in zip(before, held, strict=True)
                    for price in old.keys() | new.keys()
                )
                assert audited.differing == changed, self.say(f"{audited} changed {changed}")
        self.sides = held

    def _continued(self, told: Told | None) -> tuple[Side, Side]:
        """The levels before the audit: those last held, and what the delta that met it said."""
        bids, asks = self.sides[0].copy(), self.sides[1].copy()
        if told is not None and told.kind is Kind.DELTA:
            spelling = self.market.spelling
            for k in range(told.first, told.last + 1):
                for bid, ticks, lots in self.market.changes[k].rows:
                    side = bids if bid else asks
                    side.pop(spelling.price(ticks), None)
                    if lots:
                        side[spelling.price(ticks)] = spelling.quantity(lots)
        return bids, asks

    def _held(self) -> tuple[Side, Side]:
        if not self.blind:
            return self.sides
        view = self.book.last_known
        bids = {level.price: level.quantity for level in view.bids()}
        return bids, {level.price: level.quantity for level in view.asks()}
