"""OrderBook: two ladders, the update id they stand at, their state and horizon."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from connector_sdk.book.kept_ladder import KeptLadder
from connector_sdk.book.ladder import Ladder
from connector_sdk.book.reading import BookImage, BookReading, Horizon, PriceType
from connector_sdk.book.sequence import Verification
from connector_sdk.errors import BookNotSynced, EmptySide, NoTradeYet
from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import (
    BookDelta,
    BookSnapshot,
    PriceLevel,
    Rows,
    UpdateId,
    amount,
)
from connector_sdk.model.order import Side

__all__ = ["BookImage", "Horizon", "LastKnown", "OrderBook", "PriceType"]

FEW_LEVELS: Final = 100
SYNCED: Final = BookState.SYNCED
NS_PER_S: Final = 1_000_000_000


class OrderBook(BookReading):
    """One pair's book. Reading it raises BookNotSynced unless its state is SYNCED.

    `replace`, `apply`, `mark`, `adopt` and `last_trade_price` are for the pair's
    BookSynchronizer alone: whoever else calls them makes the book's claims false.

    verified_by:  what proves the book while it is synced.
    update_id:    the venue's id of the last update applied; 0 before the first snapshot.
    received_ns:  when that update was received, ns since the epoch; 0 before the first.
    reason:       why the book is in its state; empty where there is nothing to say.
    crossed:      whether the best bid is at or above the best ask.
    now_ns:       the present, ns since the epoch; for `age_s`.
    kept_depth:   levels a side that the venue keeps for a subscription; those that fall out of
                  them are forgotten. None: the stream covers the whole book.
    """

    __slots__ = (
        "_asks",
        "_bids",
        "_now_ns",
        "_since_ns",
        "_state",
        "crossed",
        "last_trade_price",
        "pair",
        "reason",
        "received_ns",
        "update_id",
        "verified_by",
    )

    def __init__(
        self,
        pair: str,
        verified_by: Verification,
        *,
        now_ns: Callable[[], int],
        kept_depth: int | None = None,
    ) -> None:
        self.pair = pair
        self.verified_by = verified_by
        self.crossed = False
        self.last_trade_price: str | None = None
        self._now_ns = now_ns
        self._bids = _ladder(bids=True, kept_depth=kept_depth)
        self._asks = _ladder(bids=False, kept_depth=kept_depth)
        self._state = BookState.SYNCING
        self.update_id: UpdateId = 0
        self.received_ns = 0
        self._since_ns: int | None = None
        self.reason = ""

    # Always readable

    @property
    def state(self) -> BookState:
        """Whether the book can be trusted now."""
        return self._state

    @property
    def age_s(self) -> float:
        """Seconds since the last update applied was received."""
        return (self._now_ns() - self.received_ns) / NS_PER_S

    @property
    def since_ns(self) -> int | None:
        """When the book left the synced state; None while synced, or if it never was."""
        return self._since_ns

    @property
    def horizon(self) -> Horizon:
        """How far each side is proven."""
        return Horizon(self._bids.horizon, self._asks.horizon)

    @property
    def best_is_beyond_horizon(self) -> bool:
        """Whether a side that was cut has no proven level left."""
        bids, asks = self._bids, self._asks
        return (bids.best is None and bids.depth > 0) or (asks.best is None and asks.depth > 0)

    @property
    def last_known(self) -> LastKnown:
        """The levels as they were last known, whatever the state: they may be wrong."""
        return LastKnown(self, lambda: (self._bids, self._asks))

    def proven_to(self, side: Side) -> Decimal | None:
        """The price up to which the levels that a taker on `side` meets are known, it included."""
        return (self._asks if side is Side.BUY else self._bids).known_to

    def needs_refresh(self) -> bool:
        """Whether a side that was cut is running out of proven levels."""
        return any(
            ladder.depth and not ladder.has(max(1, min(FEW_LEVELS, ladder.depth // 2)))
            for ladder in (self._bids, self._asks)
        )

    def differences(self, other: OrderBook) -> int:
        """Levels, within what both books have proven, that are not the same in both."""
        return _differing(self._bids, other._bids) + _differing(self._asks, other._asks)

    # Readable while synced

    @property
    def best_bid(self) -> PriceLevel:
        """The highest bid."""
        best = self._bids.best
        if best is None or self._state is not SYNCED:
            self._demand_synced()
            raise _missing(self, self._bids, "bid")
        return best

    @property
    def best_ask(self) -> PriceLevel:
        """The lowest ask."""
        best = self._asks.best
        if best is None or self._state is not SYNCED:
            self._demand_synced()
            raise _missing(self, self._asks, "ask")
        return best

    def bids(self, n: int | None = None) -> list[PriceLevel]:
        """The best `n` bids (None: all of them), best first; fewer where there are fewer."""
        self._demand_synced()
        return self._bids.top(n)

    def asks(self, n: int | None = None) -> list[PriceLevel]:
        """The best `n` asks (None: all of them), best first; fewer where there are fewer."""
        self._demand_synced()
        return self._asks.top(n)

    def price(self, kind: PriceType) -> Decimal:
        """The price of that kind. LAST raises NoTradeYet until a trade was seen."""
        self._demand_synced()
        return self.last_known.price(kind)

    def resting_quantity(self, side: Side, price: Decimal) -> Decimal | None:
        """What orders of `side` (BUY: the bids) rest with at exactly `price`; zero for none.

        None where that lies beyond what is known of the side.
        """
        self._demand_synced()
        return (self._bids if side is Side.BUY else self._asks).quantity_at(price)

    def snapshot(self, depth: int | None = None) -> BookImage:
        """A copy of the best `depth` levels a side (None: all) with the id they stand at."""
        self._demand_synced()
        return self.last_known.snapshot(depth)

    # For the BookSynchronizer

    def replace(self, snapshot: BookSnapshot, update_id: UpdateId, received_ns: int) -> None:
        """Take the snapshot's levels in place of all that is held."""
        self._bids.replace(snapshot.bids, snapshot.depth)
        self._asks.replace(snapshot.asks, snapshot.depth)
        self.crossed = self._crosses()
        self.update_id = update_id
        self.received_ns = received_ns

    def apply(self, delta: BookDelta, update_id: UpdateId, received_ns: int) -> None:
        """Apply a delta known to continue the book. Raises ValueError or TypeError if malformed.

        After it raised, the book holds part of the delta: distrust it.
        """
        moved = self._bids.apply(delta.bids)
        if self._asks.apply(delta.asks) or moved:
            self.crossed = self._crosses()
        self.update_id = update_id
        self.received_ns = received_ns

    def prove_bests(self, bids: Rows | None, asks: Rows | None) -> None:
        """Take rows that are the whole of a side down to the worst of them, where none is left."""
        for ladder, rows in ((self._bids, bids), (self._asks, asks)):
            if rows and ladder.best is None and ladder.depth:
                depth = ladder.depth
                ladder.replace(rows, len(rows))
                ladder.depth = depth

    def mark(self, state: BookState, now_ns: int, reason: str = "") -> None:
        """Change the state, saying why."""
        if state is SYNCED:
            self._since_ns = None
        elif self._state is SYNCED:
            self._since_ns = now_ns
        self._state = state
        self.reason = reason

    def adopt(self, other: OrderBook) -> None:
        """Take over the contents of `other`, which is not to be used afterwards."""
        self._bids, self._asks, self.crossed = other._bids, other._asks, other.crossed
        self.update_id, self.received_ns = other.update_id, other.received_ns

    def _crosses(self) -> bool:
        bids, asks = self._bids, self._asks
        if bids.best is None or asks.best is None:
            return False
        if bids.exact or asks.exact:
            return bids.best.price >= asks.best.price
        return bids.best_key >= -asks.best_key

    def _demand_synced(self) -> None:
        if self._state is not SYNCED:
            raise BookNotSynced(self.pair, self._state.value, self._since_ns, self.reason)


class LastKnown(BookReading):
    """A book's levels as last known, whatever its state. Ask `state` how far to trust them."""

    __slots__ = ("_book", "_ladders", "pair")

    def __init__(self, book: OrderBook, ladders: Callable[[], tuple[Ladder, Ladder]]) -> None:
        self.pair = book.pair
        self._book = book
        self._ladders = ladders

    def proven_to(self, side: Side) -> Decimal | None:
        """The price up to which the levels that a taker on `side` meets are known, it included."""
        return self._book.proven_to(side)

    @property
    def best_bid(self) -> PriceLevel:
        """The highest bid."""
        bids, _ = self._ladders()
        if bids.best is None:
            raise _missing(self._book, bids, "bid")
        return bids.best

    @property
    def best_ask(self) -> PriceLevel:
        """The lowest ask."""
        _, asks = self._ladders()
        if asks.best is None:
            raise _missing(self._book, asks, "ask")
        return asks.best

    def bids(self, n: int | None = None) -> list[PriceLevel]:
        """The best `n` bids (None: all of them), best first; fewer where there are fewer."""
        return self._ladders()[0].top(n)

    def asks(self, n: int | None = None) -> list[PriceLevel]:
        """The best `n` asks (None: all of them), best first; fewer where there are fewer."""
        return self._ladders()[1].top(n)

    def price(self, kind: PriceType) -> Decimal:
        """The price of that kind. LAST raises NoTradeYet until a trade was seen."""
        match kind:
            case PriceType.BID:
                return self.best_bid.price
            case PriceType.ASK:
                return self.best_ask.price
            case PriceType.MID:
                return self.mid_price
            case PriceType.LAST:
                last = self._book.last_trade_price
                if last is None:
                    raise NoTradeYet(self._book.pair)
                return amount(last)

    def snapshot(self, depth: int | None = None) -> BookImage:
        """A copy of the best `depth` levels a side (None: all) with the id they stand at."""
        book = self._book
        return BookImage(
            pair=book.pair,
            update_id=book.update_id,
            received_ns=book.received_ns,
            state=book.state,
            bids=tuple(self.bids(depth)),
            asks=tuple(self.asks(depth)),
        )


def _missing(book: OrderBook, ladder: Ladder, side: str) -> BookNotSynced | EmptySide:
    """Why that side has no best level to be read."""
    if not ladder.depth:
        return EmptySide(book.pair, side)
    reason = f"the best {side} lies beyond {ladder.horizon}, where the snapshot ended"
    return BookNotSynced(book.pair, book.state.value, book.since_ns, reason)


def _ladder(*, bids: bool, kept_depth: int | None) -> Ladder:
    return Ladder(bids=bids) if kept_depth is None else KeptLadder(bids=bids, kept_depth=kept_depth)


def _differing(ours: Ladder, theirs: Ladder) -> int:
    mine, other = ours.live(), theirs.live()
    horizons = [h for h in (ours.horizon, theirs.horizon) if h is not None]
    unlike = mine.items() ^ other.items()
    prices = {Decimal(text) for text, _ in unlike}
    proven = [p for p in prices if all(p >= h if ours.bids else p <= h for h in horizons)]
    mine_by_price = {Decimal(text): Decimal(mine[text]) for text, _ in unlike if text in mine}
    other_by_price = {Decimal(text): Decimal(other[text]) for text, _ in unlike if text in other}
    return sum(mine_by_price.get(price) != other_by_price.get(price) for price in proven)
