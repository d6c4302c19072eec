"""OrderBook: two ladders, the update id they stand at, their state and horizon."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from connector_sdk.book.ladder import Ladder
from connector_sdk.book.reading import BookImage, BookReading, Horizon, PriceType
from connector_sdk.book.sequence import Verification
from connector_sdk.errors import BookNotSynced, EmptySide, NoTradeYet
from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import BookDelta, BookSnapshot, PriceLevel, UpdateId

__all__ = ["BookImage", "Horizon", "LastKnown", "OrderBook", "PriceType"]

FEW_LEVELS: Final = 100
NS_PER_S: Final = 1_000_000_000


class OrderBook(BookReading):
    """One pair's book. Reading it raises BookNotSynced unless its state is SYNCED.

    `replace`, `apply`, `mark`, `adopt` and `last_trade_price` are for the pair's
    BookSynchronizer alone: whoever else calls them makes the book's claims false.

    verified_by:  what proves the book while it is synced.
    now_ns:       the present, ns since the epoch; for `age_s`.
    kept_depth:   levels a side that the venue keeps for a subscription; those that fall out of
                  them are forgotten. None: the stream covers the whole book.
    """

    __slots__ = (
        "_asks",
        "_bids",
        "_now_ns",
        "_reason",
        "_received_ns",
        "_since_ns",
        "_state",
        "_update_id",
        "last_trade_price",
        "pair",
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
        self.last_trade_price: str | None = None
        self._now_ns = now_ns
        self._bids = Ladder(bids=True, kept_depth=kept_depth)
        self._asks = Ladder(bids=False, kept_depth=kept_depth)
        self._state = BookState.SYNCING
        self._update_id: UpdateId = 0
        self._received_ns = 0
        self._since_ns: int | None = None
        self._reason = ""

    # Always readable

    @property
    def state(self) -> BookState:
        """Whether the book can be trusted now."""
        return self._state

    @property
    def update_id(self) -> UpdateId:
        """The venue's id of the last update applied; 0 before the first snapshot."""
        return self._update_id

    @property
    def received_ns(self) -> int:
        """When the last update applied was received, ns since the epoch; 0 before the first."""
        return self._received_ns

    @property
    def age_s(self) -> float:
        """Seconds since the last update applied was received."""
        return (self._now_ns() - self._received_ns) / NS_PER_S

    @property
    def since_ns(self) -> int | None:
        """When the book left the synced state; None while synced, or if it never was."""
        return self._since_ns

    @property
    def horizon(self) -> Horizon:
        """How far each side is proven."""
        return Horizon(self._bids.horizon, self._asks.horizon)

    @property
    def crossed(self) -> bool:
        """Whether the best bid is at or above the best ask."""
        bid, ask = self._bids.best, self._asks.best
        return bid is not None and ask is not None and bid.price >= ask.price

    @property
    def best_is_beyond_horizon(self) -> bool:
        """Whether a side that was cut has no proven level left."""
        bids, asks = self._bids, self._asks
        return (bids.best is None and bids.depth > 0) or (asks.best is None and asks.depth > 0)

    @property
    def last_known(self) -> LastKnown:
        """The levels as they were last known, whatever the state: they may be wrong."""
        return LastKnown(self)

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
        self._demand_synced()
        return self._best(self._bids, "bid")

    @property
    def best_ask(self) -> PriceLevel:
        """The lowest ask."""
        self._demand_synced()
        return self._best(self._asks, "ask")

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

    def snapshot(self, depth: int | None = None) -> BookImage:
        """A copy of the best `depth` levels a side (None: all) with the id they stand at."""
        self._demand_synced()
        return self.last_known.snapshot(depth)

    # For the BookSynchronizer

    def replace(self, snapshot: BookSnapshot, update_id: UpdateId, received_ns: int) -> None:
        """Take the snapshot's levels in place of all that is held."""
        self._bids.replace(snapshot.bids, snapshot.depth)
        self._asks.replace(snapshot.asks, snapshot.depth)
        self._update_id = update_id
        self._received_ns = received_ns

    def apply(self, delta: BookDelta, update_id: UpdateId, received_ns: int) -> None:
        """Apply a delta known to continue the book. Raises ValueError or TypeError if malformed.

        After it raised, the book holds part of the delta: distrust it.
        """
        self._bids.apply(delta.bids)
        self._asks.apply(delta.asks)
        self._update_id = update_id
        self._received_ns = received_ns

    def mark(self, state: BookState, now_ns: int, reason: str = "") -> None:
        """Change the state, saying why."""
        if state is BookState.SYNCED:
            self._since_ns = None
        elif self._state is BookState.SYNCED:
            self._since_ns = now_ns
        self._state = state
        self._reason = reason

    def adopt(self, other: OrderBook) -> None:
        """Take over the contents of `other`, which is not to be used afterwards."""
        self._bids, self._asks = other._bids, other._asks
        self._update_id, self._received_ns = other._update_id, other._received_ns

    def _demand_synced(self) -> None:
        if self._state is not BookState.SYNCED:
            raise BookNotSynced(self.pair, self._state.value, self._since_ns, self._reason)

    def _best(self, ladder: Ladder, name: str) -> PriceLevel:
        best = ladder.best
        if best is None:
            self._refuse_best(ladder, name)
            raise EmptySide(self.pair, name)
        return best

    def _refuse_best(self, ladder: Ladder, name: str) -> None:
        if ladder.depth:
            raise BookNotSynced(
                self.pair,
                self._state.value,
                self._since_ns,
                f"the best {name} lies beyond {ladder.horizon}, where the snapshot ended",
            )


class LastKnown(BookReading):
    """A book's levels as last known, whatever its state. Ask `state` how far to trust them."""

    __slots__ = ("_book",)

    def __init__(self, book: OrderBook) -> None:
        self._book = book

    @property
    def best_bid(self) -> PriceLevel:
        """The highest bid."""
        return self._book._best(self._book._bids, "bid")

    @property
    def best_ask(self) -> PriceLevel:
        """The lowest ask."""
        return self._book._best(self._book._asks, "ask")

    def bids(self, n: int | None = None) -> list[PriceLevel]:
        """The best `n` bids (None: all of them), best first; fewer where there are fewer."""
        return self._book._bids.top(n)

    def asks(self, n: int | None = None) -> list[PriceLevel]:
        """The best `n` asks (None: all of them), best first; fewer where there are fewer."""
        return self._book._asks.top(n)

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
                return Decimal(last)

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


def _differing(ours: Ladder, theirs: Ladder) -> int:
    mine = {level.price: level for level in ours.top(None)}
    other = {level.price: level for level in theirs.top(None)}
    horizons = [h for h in (ours.horizon, theirs.horizon) if h is not None]
    proven = (
        price
        for price in mine.keys() | other.keys()
        if all(price >= h if ours.is_bids else price <= h for h in horizons)
    )
    return sum(mine.get(price) != other.get(price) for price in proven)
