"""What the venue checks of a new order before it looks at books and balances."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from connector_sdk.errors import InvariantError
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.order import TimeInForce
from connector_sdk.sandbox.accounts import EXACT, TEXT_PLACES
from connector_sdk.sandbox.dialect import VenueRules
from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.trading import NewOrder, RefusalKind, Refused, Rule, VenueOrderType

LIMIT_TYPES = frozenset(
    {
        VenueOrderType.LIMIT,
        VenueOrderType.LIMIT_MAKER,
        VenueOrderType.STOP_LOSS_LIMIT,
        VenueOrderType.TAKE_PROFIT_LIMIT,
    }
)
TRIGGER_TYPES = frozenset(
    {
        VenueOrderType.STOP_LOSS,
        VenueOrderType.STOP_LOSS_LIMIT,
        VenueOrderType.TAKE_PROFIT,
        VenueOrderType.TAKE_PROFIT_LIMIT,
    }
)
LEAST_TRAILING, MOST_TRAILING = 10, 2_000
"""Hundredths of a percent."""
TEXT_STEP = Decimal(1).scaleb(-TEXT_PLACES)


class Ticket(NamedTuple):
    """A new order in what the engine counts in.

    ticks:  None without a price.
    lots:   None where the order says what to spend or earn.
    shown:  lots of an iceberg that the book shows; 0 for all.
    stop:   ticks of the stop price; None without one.
    """

    ticks: int | None
    lots: int | None
    shown: int
    stop: int | None


def ticket(
    order: NewOrder, listing: Listing, rules: VenueRules, reference: int
) -> Ticket | Refused:
    """The order by the instrument's rules, or the first of them that it breaks.

    reference: ticks; what an order without a price of its own is worth a base unit.
    """
    refused = next(_breaches(order, listing, rules, reference), None)
    if refused is not None:
        return refused
    return Ticket(
        _steps(order.price, listing.tick),
        _steps(order.quantity, listing.lot),
        _steps(order.iceberg, listing.lot) or 0,
        _steps(order.stop_price, listing.tick),
    )


def breach(rule: Rule) -> Refused:
    """The refusal for a rule that is broken."""
    return Refused(RefusalKind.RULE, rule)


def _breaches(
    order: NewOrder, listing: Listing, rules: VenueRules, reference: int
) -> Iterator[Refused]:
    _check_shape(order)
    instrument = listing.instrument
    numbers = (order.price, order.stop_price, order.quantity, order.quote_quantity, order.iceberg)
    if not all(_fits(number, TEXT_STEP) for number in numbers):
        yield Refused(RefusalKind.PRECISION)
    if not instrument.tradable:
        yield Refused(RefusalKind.CLOSED)
    if not (_price_fits(order.price, instrument) and _price_fits(order.stop_price, instrument)):
        yield breach(Rule.PRICE)
    if order.quantity is not None:
        yield from _lot_breaches(order, order.quantity, instrument)
    if order.iceberg is not None and order.quantity is not None:
        if not _fits(order.iceberg, instrument.lot_size) or order.iceberg <= 0:
            yield breach(Rule.LOT)
        parts = -(-order.quantity // order.iceberg)
        if parts > rules.iceberg_parts or order.time_in_force not in {None, TimeInForce.GTC}:
            yield breach(Rule.ICEBERG_PARTS)
    if order.trailing_delta is not None and not (
        LEAST_TRAILING <= order.trailing_delta <= MOST_TRAILING
    ):
        yield breach(Rule.TRAILING_DELTA)
    if not _worth_fits(order, listing, reference):
        yield breach(Rule.NOTIONAL)


def _check_shape(order: NewOrder) -> None:
    """What a dialect must have refused: raises InvariantError, for it is our own bug."""
    priced = order.price is not None
    triggered = order.stop_price is not None or order.trailing_delta is not None
    sized = (order.quantity is None) is not (order.quote_quantity is None)
    quoted = order.quote_quantity is not None
    if (
        priced is not (order.type in LIMIT_TYPES)
        or triggered is not (order.type in TRIGGER_TYPES)
        or not sized
        or (quoted and order.type is not VenueOrderType.MARKET)
    ):
        raise InvariantError(f"a {order.type.value} order of that shape reached the desk: {order}")


def _lot_breaches(order: NewOrder, quantity: Decimal, instrument: Instrument) -> Iterator[Refused]:
    least, most = instrument.minimum_quantity, instrument.maximum_quantity
    if not (_fits(quantity, instrument.lot_size) and _within(quantity, least, most)):
        yield breach(Rule.LOT)
    if order.type is VenueOrderType.MARKET:
        step = instrument.market_lot_size or instrument.lot_size
        least, most = instrument.minimum_market_quantity, instrument.maximum_market_quantity
        if not (_fits(quantity, step) and _within(quantity, least, most)):
            yield breach(Rule.MARKET_LOT)


def _price_fits(price: Decimal | None, instrument: Instrument) -> bool:
    return price is None or (
        _fits(price, instrument.tick_size)
        and _within(price, instrument.minimum_price, instrument.maximum_price)
    )


def _worth_fits(order: NewOrder, listing: Listing, reference: int) -> bool:
    price = order.price or order.stop_price or listing.price(reference)
    if order.quantity is None:
        worth = order.quote_quantity or Decimal(0)
    else:
        worth = EXACT.multiply(price, order.quantity)
    instrument = listing.instrument
    return _within(worth, instrument.minimum_notional, instrument.maximum_notional)


def _fits(number: Decimal | None, step: Decimal) -> bool:
    return number is None or not EXACT.remainder(number, step)


def _within(number: Decimal, least: Decimal | None, most: Decimal | None) -> bool:
    return number > 0 and (least is None or number >= least) and (most is None or number <= most)


def _steps(number: Decimal | None, step: Decimal) -> int | None:
    return None if number is None else int(EXACT.divide_int(number, step))
