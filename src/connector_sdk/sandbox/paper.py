"""The doors to trading on paper: in a venue's live market, and over a tape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

from connector_sdk.connect import connect
from connector_sdk.model.instrument import Instruments
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.trader import Amount
from connector_sdk.runtime.replay_market import ReplayMarket
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.sandbox.paper_market import USUAL_FEES, PaperMarket
from connector_sdk.transport.clock import Clock, SystemClock
from connector_sdk.transport.transport import Transport


def paper(
    venue: str | Connector,
    pairs: Iterable[str],
    *,
    balances: Mapping[str, Amount],
    fees: tuple[Amount, Amount] = USUAL_FEES,
    latency_s: float | tuple[float, float] = 0.0,
    seed: int = 1,
    trading: TradingSettings | None = None,
    domain: str | None = None,
    endpoints: Mapping[str, str] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> PaperMarket:
    """Trade on paper in a venue's live market; `async with` opens and closes it.

    The venue sees nothing but a reader of public data. For `balances`, `fees`, `latency_s`,
    `seed` and `trading` see PaperMarket, for all else `connect`.
    """
    connector = load_connector(venue) if isinstance(venue, str) else venue
    clock = clock or SystemClock()
    market = connect(
        connector, pairs, domain=domain, endpoints=endpoints, transport=transport, clock=clock
    )
    return PaperMarket(
        market,
        connector,
        balances=balances,
        fees=fees,
        latency_s=latency_s,
        seed=seed,
        trading=trading,
        clock=clock,
    )


def paper_replay(
    venue: str | Connector,
    tape: str | PathLike[str],
    pairs: Iterable[str],
    *,
    balances: Mapping[str, Amount],
    fees: tuple[Amount, Amount] = USUAL_FEES,
    latency_s: float | tuple[float, float] = 0.0,
    seed: int = 1,
    trading: TradingSettings | None = None,
    instruments: Instruments | None = None,
) -> PaperMarket:
    """Trade on paper over a tape, by the tape's time: the same tape and seed, the same fills.

    It runs as fast as it can, from when the market is opened. When the tape is over, event
    iterators end, no more orders are taken, and who waits for one hears Disconnected.

    instruments:  the venue's list; None: the tape's own.

    Raises ConfigError for a file that is no tape, or a tape of another venue.
    """
    connector = load_connector(venue) if isinstance(venue, str) else venue
    replayed = ReplayMarket(connector, Path(tape), pairs, instruments=instruments)
    market = PaperMarket(
        replayed,
        connector,
        balances=balances,
        fees=fees,
        latency_s=latency_s,
        seed=seed,
        trading=trading,
        clock=replayed.clock,
    )
    replayed.at_end(market.end)
    return market
