"""BookWatch: holds everything a reader sees of live books to what the venue's journal says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from connector_sdk.book.order_book import OrderBook
from connector_sdk.errors import BookNotSynced, VenueError
from connector_sdk.model.events import (
    BookAudited,
    BookCrossed,
    BookResynced,
    BookStale,
    BookState,
    BookUpdated,
    FeedInterrupted,
)
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.market_data import BookDelta, BookSnapshot, PriceLevel
from connector_sdk.model.order import Side
from connector_sdk.model.wire import Call, Frame, Message, RestResponse, Subscribed
from connector_sdk.protocols.data_source import Decode
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.sandbox.journal import Journal
from connector_sdk_binance.order_book_data_source import BinanceOrderBookDataSource
from ideal_losses import IdealLosses, Span

TOP = 20
WHOLE_EVERY = 25
MOST_TOLD = 5
SECOND_NS = 1_000_000_000
Place = tuple[Side, Decimal]
Levels = list[tuple[Decimal, Decimal]]


class TappedSource(BinanceOrderBookDataSource):
    """The connector's own data source; a test hears what it reads and what is asked of it."""

    def __init__(self) -> None:
        self.heard: Callable[[Frame, Sequence[Message]], None] = lambda _frame, _messages: None
        self.asked: Callable[[str], None] = lambda _pair: None
        self.refused: Callable[[str], None] = lambda _pair: None

    def open(self, instruments: Instruments) -> Decode:
        decode = super().open(instruments)

        def tapped(frame: Frame) -> Sequence[Message]:
            messages = decode(frame)
            self.heard(frame, messages)
            return messages

        return tapped

    def snapshot_request(self, pair: str, instruments: Instruments) -> Call[BookSnapshot]:
        self.asked(pair)
        call = super().snapshot_request(pair, instruments)

        def read(answer: RestResponse) -> BookSnapshot | VenueError:
            if answer.status >= 300:
                self.refused(pair)
            return call.decode(answer)

        return replace(call, decode=read)


class PairWatch:
    """One pair: the state it was last told to be in, and what was seen of it.

    spoiled:        answers to a book that needed one, which the venue refused, cut or made too
                    old, or which were awaited when the connection ended.
    awaits_answer:  whether a book that needs a snapshot has asked for it.
    longest_trusted_ns:  for which it was called synced though nothing came.
    """

    def __init__(self, pair: str) -> None:
        self.pair = pair
        self.ideal = IdealLosses()
        self.synced = False
        self.fresh = False
        self.update_id = 0
        self.stale_ns: int | None = None
        self.seen: Counter[str] = Counter()
        self.longest_stale_ns = self.longest_trusted_ns = 0
        self.heard_ns: int | None = None
        self.audit_asks = 0
        self.spoiled = 0
        self.awaits_answer = False
        self.answers_cut = 0
        self.differing: set[Place] = set()
        self.spans: dict[int, int] = {}
        self.based_at = self.snapshot_at = 0

    def hear(self, at_ns: int) -> None:
        """Something was told of a book that was synced until now."""
        if self.synced and self.heard_ns is not None:
            self.longest_trusted_ns = max(self.longest_trusted_ns, at_ns - self.heard_ns)
        self.heard_ns = at_ns

    def spoil(self) -> None:
        """What is awaited is of no use."""
        self.spoiled += self.awaits_answer
        self.awaits_answer = False


class BookWatch:
    """Listens to one market, and reads with every event and whenever `poll` is called.

    wrong:  what was not as it must be; the first few of them, in words.
    """

    def __init__(self, market: LiveMarket, journal: Journal, source: TappedSource) -> None:
        self.market = market
        self.journal = journal
        self.wrong: list[str] = []
        self.pairs = {pair: PairWatch(pair) for pair in market.pairs}
        self.served = self.ideally_served = self.compared = 0
        self.repaired = 0
        source.heard, source.asked = self._on_frame, self._on_asked
        source.refused = self._on_refused
        market.on(BookUpdated, self._on_updated)
        market.on(BookStale, self._on_stale)
        market.on(BookResynced, self._on_resynced)
        market.on(BookAudited, self._on_audited)
        market.on(BookCrossed, self._on_crossed)
        market.on(FeedInterrupted, self._on_interrupted)

    def say(self, pair: str, what: str) -> None:
        if len(self.wrong) < MOST_TOLD:
            self.wrong.append(f"{pair} at {self.market.order_book(pair).update_id}: {what}")

    # --- events

    def _on_updated(self, event: BookUpdated) -> None:
        watch = self.pairs[event.pair]
        watch.seen["updated"] += 1
        watch.hear(event.received_ns)
        if not watch.synced:
            self.say(event.pair, "published between BookStale and BookResynced")
        if event.update_id < watch.update_id or (
            event.update_id == watch.update_id and not watch.fresh
        ):
            self.say(event.pair, f"published {event.update_id} after {watch.update_id}")
        watch.update_id, watch.fresh = event.update_id, False
        self._compare(watch, event.update_id, whole=watch.seen["updated"] % WHOLE_EVERY == 0)

    def _on_stale(self, event: BookStale) -> None:
        watch, book = self.pairs[event.pair], self.market.order_book(event.pair)
        watch.seen["stale"] += 1
        watch.hear(event.received_ns)
        watch.ideal.successor_alone()
        watch.synced, watch.stale_ns = False, event.received_ns
        watch.differing.clear()
        if not _refuses(book):
            self.say(event.pair, "can be read while it is stale")

    def _on_resynced(self, event: BookResynced) -> None:
        watch = self.pairs[event.pair]
        watch.seen["resynced"] += 1
        watch.hear(event.received_ns)
        if watch.stale_ns is not None:
            watch.longest_stale_ns = max(watch.longest_stale_ns, event.received_ns - watch.stale_ns)
        watch.synced, watch.fresh, watch.stale_ns = True, True, None
        watch.update_id, watch.based_at = event.update_id, watch.snapshot_at
        self._compare(watch, event.update_id, whole=True)

    def _on_audited(self, event: BookAudited) -> None:
        """Levels reported = levels lost and not told of since, as far as the audit can prove."""
        watch, book = self.pairs[event.pair], self.market.order_book(event.pair)
        watch.seen["audited"] += 1
        if event.update_id != watch.update_id:
            self.say(event.pair, f"audited at {event.update_id}, told {watch.update_id}")
        lost = {place for place in self._lost(watch, event.update_id) if _is_proven(book, place)}
        if event.differing != len(lost):
            self.say(event.pair, f"the audit reports {event.differing} levels of {in_words(lost)}")
        self.repaired += event.differing
        watch.based_at = watch.snapshot_at
        self._compare(watch, event.update_id, whole=True)
        tick = self.market.instruments[event.pair].tick_size
        left = (watch.differing & lost) - {
            (one.side, tick * one.price)
            for one in self.journal.withheld
            if one.pair == event.pair and one.update_id > watch.snapshot_at
        }
        if left:
            self.say(event.pair, f"the audit left {in_words(left)} as they were")

    def _lost(self, watch: PairWatch, update_id: int) -> set[Place]:
        """Levels the book has wrong, and the snapshot it is now compared with has not."""
        pair, journal = watch.pair, self.journal[watch.pair]
        kept_back = [one for one in self.journal.withheld if one.pair == pair]
        held: dict[tuple[Side, int], tuple[int, int]] = {}
        for one in kept_back:
            first = watch.spans.get(one.update_id, watch.snapshot_at + 1)
            if watch.based_at < one.update_id and first <= watch.snapshot_at:
                before = max(first - 1, watch.based_at)
                place = one.side, one.price
                known = held.get(place)
                if known is None or journal.changed_since(*place, known[1], before):
                    lots = self._lots(pair, place, before)
                    held[place] = lots, one.update_id
                else:
                    held[place] = known[0], one.update_id
        tick = self.market.instruments[pair].tick_size
        return {
            (place[0], tick * place[1])
            for place, (lots, since) in held.items()
            if lots != self._lots(pair, place, watch.snapshot_at)
            and not self._told(watch, place, since, update_id)
        }

    def _told(self, watch: PairWatch, place: tuple[Side, int], after: int, upto: int) -> bool:
        """Whether a change of that level in after+1..upto was told, not withheld as well."""
        journal = self.journal[watch.pair]
        for one in self.journal.withheld:
            if one.pair == watch.pair and (one.side, one.price) == place:
                first = watch.spans.get(one.update_id, 0)
                if after < first <= upto:
                    if journal.changed_since(*place, after, first - 1):
                        return True
                    after = one.update_id
        return journal.changed_since(*place, after, upto)

    def _lots(self, pair: str, place: tuple[Side, int], update_id: int) -> int:
        image = self.journal[pair].image_at(update_id)
        return dict(image.bids if place[0] is Side.BUY else image.asks).get(place[1], 0)

    def _on_crossed(self, event: BookCrossed) -> None:
        if not self._withheld(event.pair, event.update_id):
            self.say(event.pair, f"crossed: {event.best_bid} on {event.best_ask}")

    def _on_interrupted(self, event: FeedInterrupted) -> None:
        for watch in self.pairs.values():
            if event.pair in {None, watch.pair}:
                watch.seen["interrupted"] += 1
                watch.ideal.interrupted()
                watch.spoil()
                if not _refuses(self.market.order_book(watch.pair)):
                    self.say(watch.pair, "can be read though its connection ended")

    def _on_frame(self, frame: Frame, messages: Sequence[Message]) -> None:
        for message in messages:
            if isinstance(message, BookDelta):
                first, last = message.first_id, message.last_id
                assert first is not None
                assert last is not None
                watch = self.pairs[message.pair]
                watch.spans[last] = first
                watch.ideal.on_delta(Span(first, last, frame.connection))
            elif isinstance(message, Subscribed):
                for watch in self.pairs.values():
                    watch.ideal.carried_by(frame.connection)
            elif isinstance(message, BookSnapshot) and message.last_id is not None:
                watch = self.pairs[message.pair]
                watch.snapshot_at = message.last_id
                if watch.ideal.on_snapshot(message.last_id):
                    watch.awaits_answer = False
                watch.spoil()

    def _on_asked(self, pair: str) -> None:
        watch = self.pairs[pair]
        cuts = sum(
            fault.name == "snapshot-fail" and fault.pair == pair and "lost=1" in fault.detail
            for fault in self.journal.faults
        )
        if cuts > watch.answers_cut:
            watch.spoil()
        watch.answers_cut = cuts
        watch.awaits_answer = _state(self.market, pair) is not BookState.SYNCED
        watch.audit_asks += not watch.awaits_answer

    def _on_refused(self, pair: str) -> None:
        self.pairs[pair].spoil()

    # --- reads

    def poll(self) -> None:
        """Read every book once, as a strategy might at any moment."""
        for pair, watch in self.pairs.items():
            book = self.market.order_book(pair)
            is_synced = book.state is BookState.SYNCED
            self.ideally_served += watch.ideal.at is not None
            self.served += is_synced and watch.ideal.at is not None
            if is_synced != watch.synced:
                self.say(pair, f"is {book.state.value}, which nobody was told")
            if is_synced:
                self._compare(watch, book.update_id)

    def differing(self) -> set[str]:
        """Pairs whose book, read as a whole, is not the venue's at its id, or cannot be read."""
        found: set[str] = set()
        for pair, watch in self.pairs.items():
            if _state(self.market, pair) is BookState.SYNCED:
                self._compare(watch, self.market.order_book(pair).update_id, whole=True)
                if not watch.differing:
                    continue
            found.add(pair)
        return found

    def _compare(self, watch: PairWatch, update_id: int, *, whole: bool = False) -> None:
        """Compare what can be read now with the journal at the id the book claims."""
        pair, book = watch.pair, self.market.order_book(watch.pair)
        self.compared += 1
        if book.update_id != update_id:
            self.say(pair, f"told {update_id}")
        withheld = self._withheld(pair, update_id)
        if whole:
            self._compare_whole(watch, book, withheld)
            return
        true = self.journal.book_at(pair, update_id, TOP)
        read = _rows(book.bids(TOP)), _rows(book.asks(TOP))
        if withheld:
            unlike = _unlike(read, (true.bids, true.asks))
            if not unlike <= withheld:
                self.say(pair, f"differs at {in_words(unlike)}, lost are {in_words(withheld)}")
            return
        if read != (true.bids, true.asks):
            self.say(pair, f"reads {read}, the venue has {true}")
        if [book.best_bid.price, book.best_ask.price] != [true.bids[0][0], true.asks[0][0]]:
            self.say(pair, "its best prices are not those of its top")
        if book.best_bid.price >= book.best_ask.price:
            self.say(pair, "is crossed")

    def _compare_whole(self, watch: PairWatch, book: OrderBook, withheld: set[Place]) -> None:
        true = self.journal.book_at(watch.pair, book.update_id)
        watch.differing = set[Place]()
        for side, read, levels in (
            (Side.BUY, _rows(book.bids()), true.bids),
            (Side.SELL, _rows(book.asks()), true.asks),
        ):
            proven = [level for level in levels if _is_proven(book, (side, level[0]))]
            if read != proven:
                watch.differing |= {(side, price) for price, _ in set(read) ^ set(proven)}
        if not watch.differing <= withheld:
            told = f"differs at {in_words(watch.differing)}, lost are {in_words(withheld)}"
            self.say(watch.pair, told)

    def _withheld(self, pair: str, update_id: int) -> set[Place]:
        """Levels the venue kept back without a trace, and has not told of since."""
        if not any(one.pair == pair for one in self.journal.withheld):
            return set()
        tick = self.market.instruments[pair].tick_size
        return {
            (one.side, tick * one.price) for one in self.journal.still_withheld(pair, update_id)
        }


def _rows(levels: Sequence[PriceLevel]) -> Levels:
    return [(level.price, level.quantity) for level in levels]


def _unlike(read: tuple[Levels, Levels], true: tuple[Levels, Levels]) -> set[Place]:
    """Prices, within the reach of both, whose levels are not the same."""
    found: set[Place] = set()
    for side, ours, theirs in zip((Side.BUY, Side.SELL), read, true, strict=True):
        sign = 1 if side is Side.BUY else -1
        edge = max(levels[-1][0] * sign for levels in (ours, theirs) if levels)
        unlike = {price for price, _ in set(ours) ^ set(theirs)}
        found |= {(side, price) for price in unlike if price * sign >= edge}
    return found


def _is_proven(book: OrderBook, place: Place) -> bool:
    side, price = place
    horizon = book.horizon.bid if side is Side.BUY else book.horizon.ask
    return horizon is None or (price >= horizon if side is Side.BUY else price <= horizon)


def _refuses(book: OrderBook) -> bool:
    try:
        _ = book.best_bid
    except BookNotSynced:
        return book.state is not BookState.SYNCED
    return False


def _state(market: LiveMarket, pair: str) -> BookState:
    return market.order_book(pair).state


def in_words(places: set[Place]) -> list[str]:
    return sorted(f"{side.value}@{price}" for side, price in places)
