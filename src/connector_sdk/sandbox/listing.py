"""What a pair of the embedded venue is: its instrument, where it starts, how it spells numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from connector_sdk.errors import ConfigError
from connector_sdk.model.instrument import Instrument, trading_pair

DEFAULT_PLACES = 8
STARTS = {
    "BTC": ("60000", "0.01", "0.00001"),
    "ETH": ("3000", "0.01", "0.0001"),
    "SOL": ("150", "0.01", "0.001"),
    "XRP": ("0.5", "0.0001", "0.1"),
}
OTHER_START = ("20", "0.001", "0.01")
TYPICAL_NOTIONAL = Decimal(2000)


@dataclass(frozen=True, slots=True)
class Listing:
    """One pair of the venue.

    start_price:  ticks; the first books lie around it.
    typical_lots: what an ordinary order of the venue's own flow holds.
    tick, lot:    what the engine counts in; the instrument's own steps may be coarser, for new
                  orders, once they were changed.
    """

    instrument: Instrument
    start_price: int
    typical_lots: int
    tick: Decimal
    lot: Decimal
    _units: dict[tuple[str, int], int] = field(
        default_factory=dict[tuple[str, int], int], compare=False, repr=False
    )

    def price(self, ticks: int) -> Decimal:
        """Exact, in quote units."""
        return self.tick * ticks

    def quantity(self, lots: int) -> Decimal:
        """Exact, in base units."""
        return self.lot * lots

    def price_text(self, ticks: int, places: int = DEFAULT_PLACES) -> str:
        """The price with exactly `places` decimals. Raises ConfigError if a tick has more."""
        return _spelled(ticks * self._unit("tick", places), places)

    def quantity_text(self, lots: int, places: int = DEFAULT_PLACES) -> str:
        """The quantity with exactly `places` decimals. Raises ConfigError if a lot has more."""
        return _spelled(lots * self._unit("lot", places), places)

    def _unit(self, step: Literal["tick", "lot"], places: int) -> int:
        """A step, in units of the last decimal."""
        unit = self._units.get((step, places))
        if unit is None:
            size = self.tick if step == "tick" else self.lot
            scaled = size.scaleb(places)
            if scaled != scaled.to_integral_value():
                raise ConfigError(f"a step of {size} needs more than {places} decimals")
            unit = self._units[step, places] = int(scaled)
        return unit


def _spelled(units: int, places: int) -> str:
    digits = str(units).zfill(places + 1)
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def listing(pair: str, symbol: str) -> Listing:
    """A listing of `pair` with steps and a start price as such pairs have them."""
    known = trading_pair(pair)
    base, _, quote = known.partition("-")
    start, tick, lot = (Decimal(text) for text in STARTS.get(base, OTHER_START))
    typical_lots = max(int(TYPICAL_NOTIONAL / start / lot), 2)
    instrument = Instrument(
        pair=known,
        symbol=symbol,
        base=base,
        quote=quote,
        tick_size=tick,
        lot_size=lot,
        minimum_price=tick,
        maximum_price=Decimal(1_000_000),
        minimum_quantity=lot,
        maximum_quantity=Decimal(9_000),
        minimum_notional=Decimal(5),
    )
    return Listing(instrument, int(start / tick), typical_lots, tick, lot)
