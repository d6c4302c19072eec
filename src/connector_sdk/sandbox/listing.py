"""What a pair of the embedded venue is: its instrument, where it starts, how it spells numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

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
    """

    instrument: Instrument
    start_price: int
    typical_lots: int

    def price(self, ticks: int) -> Decimal:
        """Exact, in quote units."""
        return self.instrument.tick_size * ticks

    def quantity(self, lots: int) -> Decimal:
        """Exact, in base units."""
        return self.instrument.lot_size * lots

    def price_text(self, ticks: int, places: int = DEFAULT_PLACES) -> str:
        """The price with exactly `places` decimals."""
        return fixed(ticks, self.instrument.tick_size, places)

    def quantity_text(self, lots: int, places: int = DEFAULT_PLACES) -> str:
        """The quantity with exactly `places` decimals."""
        return fixed(lots, self.instrument.lot_size, places)


_units: dict[tuple[Decimal, int], int] = {}


def fixed(count: int, step: Decimal, places: int = DEFAULT_PLACES) -> str:
    """`count` steps as text with exactly `places` decimals.

    Raises ConfigError where the step has more decimals than that.
    """
    unit = _units.get((step, places))
    if unit is None:
        scaled = step.scaleb(places)
        if scaled != scaled.to_integral_value():
            raise ConfigError(f"a step of {step} needs more than {places} decimals")
        unit = _units[step, places] = int(scaled)
    whole, fraction = divmod(count * unit, 10**places)
    return f"{whole}.{fraction:0{places}d}" if places else str(whole)


def listing(pair: str, symbol: str) -> Listing:
    """A listing of `pair` with steps and a start price as such pairs have them."""
    known = trading_pair(pair)
    base, _, quote = known.partition("-")
    start, tick, lot = (Decimal(text) for text in STARTS.get(base, OTHER_START))
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
    return Listing(instrument, int(start / tick), max(int(TYPICAL_NOTIONAL / start / lot), 2))
