"""What a venue says of its market. Levels stay rows of wire text until somebody reads them.

A row is exactly two texts, ``[price, quantity]``, in plain decimal notation. A quantity of zero
deletes the level. Plugins hand over the lists the JSON parser made: nothing is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import NamedTuple, TypeAlias

from connector_sdk.errors import WireError
from connector_sdk.model.order import Side

UpdateId: TypeAlias = int
Row: TypeAlias = Sequence[str]
Rows: TypeAlias = Sequence[Row]


class BookSnapshot(NamedTuple):
    """A whole book, or its top.

    pair:       ``BASE-QUOTE``.
    bids, asks: rows, in any order.
    last_id:    update id the snapshot stands at; None where the venue has none.
    depth:      the row limit it was asked with: a side with that many rows was cut there and
                proves nothing beyond its worst row. None: the snapshot is the whole book.
    event_ns:   the venue's own time, ns since the epoch; None where it gives none.
    checksum:   the venue's checksum of the book after this message; None where it has none.
    """

    pair: str
    bids: Rows
    asks: Rows
    last_id: UpdateId | None = None
    depth: int | None = None
    event_ns: int | None = None
    checksum: int | None = None


class BookDelta(NamedTuple):
    """Levels that changed; quantities are absolute, zero deletes.

    first_id..last_id: the update ids it covers, both included. A venue with one id a message
                       gives `last_id` alone. None where the venue has no id at all.
    previous_id:       id of the message before it, where the venue links its messages.
    """

    pair: str
    bids: Rows
    asks: Rows
    last_id: UpdateId | None = None
    first_id: UpdateId | None = None
    previous_id: UpdateId | None = None
    event_ns: int | None = None
    checksum: int | None = None


_Id: TypeAlias = UpdateId | None
_DeltaFields: TypeAlias = tuple[str, Rows, Rows, _Id, _Id, _Id, int | None, int | None]

book_delta: Callable[[_DeltaFields], BookDelta] = partial(
    tuple.__new__,  # pyright: ignore[reportUnknownMemberType]  # of whatever the fields are
    BookDelta,
)
"""Makes it of all its fields, at half the price of the constructor: for decoders of streams."""


class Trade(NamedTuple):
    """One public trade. `side` is the taker's; price and quantity are wire text."""

    pair: str
    trade_id: str
    side: Side
    price: str
    quantity: str
    event_ns: int | None = None


class TopOfBook(NamedTuple):
    """Best bid and ask as the venue publishes them on a channel of their own, as wire text."""

    pair: str
    bid_price: str
    bid_quantity: str
    ask_price: str
    ask_quantity: str
    update_id: UpdateId | None = None
    event_ns: int | None = None


class PriceLevel:
    """One level of a book. Keeps the wire's text and builds the Decimals when first asked.

    digits, joined:  for checksum rules: what they make of the two texts, kept with them.
    """

    __slots__ = ("_price", "_quantity", "digits", "joined", "price_text", "quantity_text")

    def __init__(self, price_text: str, quantity_text: str) -> None:
        self.price_text = price_text
        self.quantity_text = quantity_text
        self._price: Decimal | None = None
        self._quantity: Decimal | None = None
        self.digits: str | None = None
        self.joined: str | None = None

    @property
    def price(self) -> Decimal:
        """In quote units a base unit, exact. Raises WireError if the wire's text is none."""
        if self._price is None:
            self._price = amount(self.price_text)
        return self._price

    @property
    def quantity(self) -> Decimal:
        """In base units, exact. Raises WireError if the wire's text is none."""
        if self._quantity is None:
            self._quantity = amount(self.quantity_text)
        return self._quantity

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PriceLevel):
            return NotImplemented
        return self.price == other.price and self.quantity == other.quantity

    def __hash__(self) -> int:
        return hash((self.price, self.quantity))

    def __repr__(self) -> str:
        return f"PriceLevel(price={self.price_text}, quantity={self.quantity_text})"


def canonical(number: Decimal) -> str:
    """`number` in plain notation: no exponent, no trailing zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def amount(text: object) -> Decimal:
    """The price or quantity that `text` spells, exact.

    Raises WireError unless it is a text, and a finite number that is not negative: rows are not
    checked while nobody reads them.
    """
    try:
        number = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise WireError("a price or quantity that is no amount", repr(text))
    return number
