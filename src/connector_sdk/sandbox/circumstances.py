"""Circumstances: what holds for the venue as a whole, for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial

from connector_sdk.model.instrument import Instrument
from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.order_desk import OrderDesk
from connector_sdk.sandbox.pair_market import PairMarket
from connector_sdk.sandbox.trading import StreamEnded

Relist = Callable[[PairMarket, Instrument], None]


class CutOff(Enum):
    """Why no connection comes about."""

    REFUSED = "the connection was refused"
    NO_NAME = "the name leads nowhere"
    EXPIRED = "the certificate has expired"
    UNSIGNED = "the certificate is signed by nobody known"

    @property
    def secure_only(self) -> bool:
        """Whether only secure connections fail."""
        return self in {CutOff.EXPIRED, CutOff.UNSIGNED}


class Circumstances:
    """Halts, maintenance, revoked keys, a clock that is wrong, a venue nobody reaches.

    `for_ns` is how long each lasts. What ends by itself ends when the venue next looks.
    """

    def __init__(
        self, agenda: Agenda, desk: OrderDesk, relist: Relist, drop: Callable[[], object]
    ) -> None:
        self._agenda = agenda
        self._desk = desk
        self._relist = relist
        self._drop = drop
        self._skew: tuple[int, int | None] = (0, None)
        self._maintenance_ns = 0
        self._halted: dict[str, int] = {}
        self._cut_off: tuple[CutOff | None, int] = (None, 0)

    @property
    def skew_ns(self) -> int:
        """By how much the clock that requests are judged by is ahead."""
        shift_ns, until_ns = self._skew
        return shift_ns if until_ns is None or self._agenda.now_ns < until_ns else 0

    @property
    def in_maintenance(self) -> bool:
        """Whether nobody is served."""
        return self._agenda.now_ns < self._maintenance_ns

    @property
    def cut_off(self) -> CutOff | None:
        """Why no connection comes about now; None where one does."""
        why, until_ns = self._cut_off
        return why if self._agenda.now_ns < until_ns else None

    def skew(self, shift_ns: int, for_ns: int) -> None:
        """Put the clock wrong; for good, if for no time."""
        self._skew = (shift_ns, self._agenda.now_ns + for_ns if for_ns else None)

    def maintain(self, for_ns: int) -> None:
        """Serve nobody."""
        self._maintenance_ns = self._agenda.now_ns + for_ns

    def cut(self, why: CutOff, for_ns: int) -> None:
        """Let no connection come about, and end the streams there are."""
        self._cut_off = (why, self._agenda.now_ns + for_ns)
        # Not now: what is being answered comes first.
        self._agenda.at(self._agenda.now_ns, self._end_streams)

    def revoke(self, account: str, for_ns: int) -> None:
        """Make an account's key worth nothing, and end its streams."""
        self._desk.revoked[account] = self._agenda.now_ns + for_ns
        self._desk.life.publish(StreamEnded(account, self._agenda.now_ns))

    def halt(self, markets: Iterable[PairMarket], for_ns: int, *, expire: bool) -> None:
        """Let pairs take no orders; perhaps end those that rest."""
        until_ns = self._agenda.now_ns + for_ns
        for market in markets:
            self._trade(market, tradable=False)
            if expire:
                self._desk.expire_all(market.pair)
            self._halted[market.pair] = until_ns
            self._agenda.at(until_ns, partial(self._resume, market))

    def change_tick(self, markets: Iterable[PairMarket], factor: int) -> None:
        """Let pairs take prices in larger steps from now on; what rests stays where it is."""
        for market in markets:
            instrument = market.listing.instrument
            larger = {"tick_size": instrument.tick_size * factor}
            self._relist(market, instrument.model_copy(update=larger))

    def _end_streams(self, now_ns: int) -> None:
        self._drop()

    def _resume(self, market: PairMarket, now_ns: int) -> None:
        if now_ns >= self._halted[market.pair]:
            self._trade(market, tradable=True)

    def _trade(self, market: PairMarket, *, tradable: bool) -> None:
        market.halted = not tradable
        instrument = market.listing.instrument
        self._relist(market, instrument.model_copy(update={"tradable": tradable}))
