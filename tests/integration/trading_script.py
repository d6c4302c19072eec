"""What one seed makes of an episode: its faults, and what the strategy does."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.sandbox.listing import Listing

PAIRS = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
FEWEST_FAULTS, MOST_FAULTS = 4, 12
FAULTS: tuple[str, ...] = (
    "reset:stream=user:after={n}",
    "close:stream=user:after={n}:mid=1",
    "silence:stream=user:after={n}",
    "reset:stream=depth:after={n}0",
    "answer-lost:request=place:after={n}",
    "answer-lost:request=place:after={n}:cut=0",
    "answer-lost:request=cancel:after={n}",
    "answer-lost:request=amend",
    "request-lost:request=place:after={n}",
    "request-lost:request=cancel:after={n}:cut=0",
    "request-lost:request=query:after={n}",
    "status-unknown:request=place:after={n}:executed=1",
    "status-unknown:request=place:after={n}:executed=0",
    "status-unknown:request=cancel:after={n}:executed=1",
    "server-error:request=place:after={n}:executed=1",
    "server-error:request=place:after={n}:executed=0",
    "server-error:request=cancel:after={n}:executed=0",
    "server-error:request=fills:after={n}",
    "slow:stream=user:delay_ms=300:jitter_ms=400:count=20",
    "slow-answer:request=place:every=3:delay_ms=900:count=6",
    "slow-answer:request=place:after={n}:delay_ms=11000",
    "slow-answer:request=cancel:every=2:delay_ms=900:count=4",
    "slow-answer:request=open-orders:delay_ms=1500:count=3",
    "drop:stream=depth:after={n}:count=3",
    "withhold:stream=depth:after={n}",
    "drop:stream=user:p=0.1:count=6",
    "duplicate:stream=user:p=0.3:count=10",
    "reorder:stream=user:p=0.2:count=8",
    "late:stream=user:p=0.2:count=8:delay_ms=2500",
    "fill-first:request=cancel:every=2:count=3",
    "fill-first:request=cancel:count=3:share=40",
    "rate-limit:request=place:after={n}:retry_after=3",
    "rate-limit:request=query:after={n}:retry_after=2",
    "ban:after={m}:retry_after=9",
    "weight:after={m}:add=5500",
    "timestamp-refused:request=place:after={n}",
    "timestamp-refused:request=cancel:after={n}",
    "clock-skew:after={m}:behind_ms=5000",
    "clock-skew:after={m}:ahead_ms=5000:for_ms=20000",
    "key-revoked:after={m}:for_ms=6000",
    "stream-end:stream=user:after={n}",
    "shutdown-notice:stream=user:after={n}:grace_ms=3000",
    "life:conn=2:seconds=25",
    "restart:stream=depth:after={m}:down_ms=3000",
    "restart:stream=user:after={n}:down_ms=2000:gap_ms=500",
    "halt:request=place:after={n}:for_ms=6000",
    "halt:request=place:after={n}:for_ms=6000:expire=1",
    "tick-change:request=place:after={n}",
    "maintenance:after={m}:for_ms=8000",
    "burst:stream=depth:after={m}:changes=400:each=5",
    "refuse-connections:after={m}:for_ms=9000",
    "dns-failure:after={m}:for_ms=15000",
    "malformed:stream=user:after={n}",
    "unknown-event:stream=user:after={n}",
    "unknown-field:stream=user:every=2:count=5",
    "unknown-enum:request=instruments:count=1",
    "unknown-enum:request=place:after={n}",
    "unknown-enum:request=query:after={n}",
    "huge:stream=user:after={n}",
)
"""Every kind of the catalogue but two: a nonce, which this venue has not, and TLS, which lies
below the memory transport.
"""


@dataclass(frozen=True, slots=True)
class TradingScript:
    """The faults armed at the start, by their text, and how the strategy behaves."""

    seed: int
    faults: str

    @classmethod
    def of_seed(cls, seed: int) -> TradingScript:
        """A mix of faults, each placed somewhere in the episode."""
        draw = random.Random(f"faults/{seed}")
        chosen = draw.sample(FAULTS, draw.randint(FEWEST_FAULTS, MOST_FAULTS))
        texts = [text.format(n=draw.randint(0, 9), m=draw.randint(3, 60)) for text in chosen]
        return cls(seed, ",".join(texts))

    @property
    def draws(self) -> random.Random:
        """What decides its actions; anew at each call, so that a seed repeats."""
        return random.Random(f"strategy/{self.seed}")


def an_intent(draw: random.Random, listing: Listing, bid: int, ask: int) -> OrderIntent:
    """A random order around those best prices (ticks), often one that fills in part."""
    instrument = listing.instrument
    side = draw.choice((Side.BUY, Side.SELL))
    lots = max(int(draw.expovariate(1.0) * listing.typical_lots), 1)
    notional = Decimal(6) / listing.price(bid) / instrument.lot_size
    quantity = listing.quantity(max(lots, int(notional) + 1))
    kind = draw.random()
    if kind < 0.15:
        return OrderIntent(instrument.pair, side, quantity, order_type=OrderType.MARKET)
    near, far = (bid, ask) if side is Side.BUY else (ask, bid)
    away = -1 if side is Side.BUY else 1
    rests = draw.random() < 0.6
    offset = int(draw.expovariate(1.0) * 20) * away
    price = listing.price((near + offset) if rests else (far - offset))
    if kind < 0.25:
        return OrderIntent(instrument.pair, side, quantity, price, OrderType.LIMIT_MAKER)
    force = TimeInForce.GTC
    if kind < 0.4:
        force = draw.choice((TimeInForce.IOC, TimeInForce.FOK))
    return OrderIntent(instrument.pair, side, quantity, price, OrderType.LIMIT, force)


def a_smaller(draw: random.Random, quantity: Decimal, lot: Decimal) -> Decimal:
    """A smaller quantity on the lot's grid; the same where it cannot be smaller."""
    share = Decimal(draw.randint(40, 95)) / 100
    return max((quantity * share / lot).to_integral_value(ROUND_DOWN) * lot, lot)
