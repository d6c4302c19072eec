"""Trading pairs, instruments, and the map between our pairs and a venue's symbols."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from connector_sdk.errors import ConfigError, UnlistedSymbol

Entry = TypeVar("Entry")
REMEMBERED_SYMBOLS = 10_000
UNREADABLE = (ValidationError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError)


def _none_if_zero(limit: Decimal | None) -> Decimal | None:
    return limit or None


Limit: TypeAlias = Annotated[Decimal | None, AfterValidator(_none_if_zero)]
"""A bound a venue sets; zero is how venues write that there is none."""


@lru_cache(maxsize=REMEMBERED_SYMBOLS)
def trading_pair(text: str) -> str:
    """`text` as ``BASE-QUOTE`` in upper case; ``BASE/QUOTE`` is accepted.

    Raises ConfigError for anything else.
    """
    base, separator, quote = text.strip().upper().replace("/", "-").partition("-")
    if not (separator and base and quote) or any(c.isspace() for c in base + quote):
        raise ConfigError(f"{text!r} is not a trading pair: write BASE-QUOTE, as in BTC-USDT")
    return f"{base}-{quote}"


class SymbolFormat(BaseModel):
    """How a venue spells a symbol, for use before its instrument list is known.

    separator:     between base and quote.
    lower_case:    whether the venue writes symbols in lower case.
    quote_assets:  known quote assets: with no separator they tell where the base ends.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    separator: str = ""
    lower_case: bool = False
    quote_assets: tuple[str, ...] = ()

    def symbol(self, pair: str) -> str:
        """The venue's symbol for `pair` (``BASE-QUOTE``)."""
        base, _, quote = pair.partition("-")
        text = f"{base}{self.separator}{quote}"
        return text.lower() if self.lower_case else text

    def pair(self, symbol: str) -> str | None:
        """The pair `symbol` stands for; None where it cannot be told."""
        text = symbol.upper()
        if self.separator:
            base, found, quote = text.partition(self.separator.upper())
            return f"{base}-{quote}" if found and base and quote else None
        ending = [q for q in self.quote_assets if text.endswith(q) and len(text) > len(q)]
        if not ending:
            return None
        quote = max(ending, key=len)
        return f"{text[: -len(quote)]}-{quote}"


class Instrument(BaseModel):
    """One tradable pair and the venue's rules for it. All steps and limits are exact.

    tick_size, lot_size:  steps of price (quote units) and quantity (base units).
    market_lot_size:      the step of a market order's quantity; None: that of the others.
    price_digits:         significant digits a price may have; None where only the tick counts.
    minimum_…, maximum_…: None where the venue sets no such limit.
    tradable:             whether new orders are accepted now.
    amendable:            whether an order that rests may be changed in place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pair: str
    symbol: str
    base: str
    quote: str
    tick_size: Decimal = Field(gt=0)
    lot_size: Decimal = Field(gt=0)
    minimum_price: Limit = None
    maximum_price: Limit = None
    minimum_quantity: Limit = None
    maximum_quantity: Limit = None
    minimum_notional: Limit = None
    maximum_notional: Limit = None
    market_lot_size: Limit = None
    minimum_market_quantity: Limit = None
    maximum_market_quantity: Limit = None
    price_digits: int | None = Field(default=None, gt=0)
    order_types: frozenset[str] = frozenset()
    tradable: bool = True
    amendable: bool = False


class Instruments:
    """The symbol map of one venue, as a value: looked up by pair or by the venue's symbol.

    skipped: entries of the venue's list that could not be read.
    """

    def __init__(self, instruments: Iterable[Instrument], venue: str = "the venue") -> None:
        self._venue = venue
        self._by_pair: dict[str, Instrument] = {}
        self._pairs: dict[str, str] = {}
        self.skipped = 0
        for instrument in instruments:
            self._by_pair[instrument.pair] = instrument
            self._pairs[instrument.symbol] = instrument.pair

    @classmethod
    def read(
        cls, entries: Iterable[Entry], translate: Callable[[Entry], Instrument], venue: str
    ) -> Instruments:
        """Every entry of a venue's list that `translate` can read; the others are counted."""
        found: list[Instrument] = []
        skipped = 0
        for entry in entries:
            try:
                found.append(translate(entry))
            except UNREADABLE:
                skipped += 1
        instruments = cls(found, venue)
        instruments.skipped = skipped
        return instruments

    @property
    def pairs(self) -> Mapping[str, str]:
        """Symbol → pair, for decoders."""
        return self._pairs

    def pair_of(self, symbol: str) -> str | None:
        """The pair of a venue's symbol; None for one that is not listed."""
        return self._pairs.get(symbol)

    def pair_for(self, symbol: str) -> str:
        """The pair of a venue's symbol. Raises UnlistedSymbol, which the tracker counts."""
        pair = self.pair_of(symbol)
        if pair is None:
            raise UnlistedSymbol(symbol)
        return pair

    def symbol_of(self, pair: str) -> str:
        """The venue's symbol of `pair`. Raises ConfigError, with near names, if not listed."""
        return self[pair].symbol

    def tradable(self) -> list[str]:
        """Pairs that accept orders now, sorted."""
        return sorted(i.pair for i in self._by_pair.values() if i.tradable)

    def __getitem__(self, pair: str) -> Instrument:
        instrument = self._by_pair.get(pair)
        if instrument is None:
            near = difflib.get_close_matches(pair, self._by_pair, n=3)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise ConfigError(f"{self._venue} does not list {pair}{hint}")
        return instrument

    def __contains__(self, pair: str) -> bool:
        return pair in self._by_pair

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._by_pair.values())

    def __len__(self) -> int:
        return len(self._by_pair)

    @property
    def provisional(self) -> bool:
        """Whether pairs are told from the symbols' spelling, for want of the venue's list."""
        return False


class ProvisionalInstruments(Instruments):
    """A symbol map made from the spelling alone, until the venue's own list is at hand."""

    def __init__(self, spelling: SymbolFormat, venue: str = "the venue") -> None:
        super().__init__((), venue)
        self._spelling = spelling

    def pair_of(self, symbol: str) -> str | None:
        """The pair `symbol` is spelled like; None where that cannot be told."""
        pair = self._pairs.get(symbol) or self._spelling.pair(symbol)
        if pair is not None and len(self._pairs) < REMEMBERED_SYMBOLS:
            self._pairs[symbol] = pair
        return pair

    def symbol_of(self, pair: str) -> str:
        """The symbol `pair` would have."""
        return self._spelling.symbol(pair)

    @property
    def provisional(self) -> bool:
        """Always true."""
        return True
