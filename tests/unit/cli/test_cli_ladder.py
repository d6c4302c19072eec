"""The picture of a book: what stands where, and what a stale one looks like."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rich.console import Console

from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.sequence import Verification
from connector_sdk.cli.ladder import BookPicture, bar, spelled, summary_line
from connector_sdk.cli.options import named_endpoints, trading_pairs
from connector_sdk.cli.order_changes import Resting
from connector_sdk.cli.pulse import Pulse
from connector_sdk.errors import ConfigError
from connector_sdk.model.events import BookMetrics, BookState
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.market_data import BookSnapshot
from connector_sdk.model.order import Side

INSTRUMENT = Instrument(
    pair="BTC-USDT",
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.001"),
)
SNAPSHOT = BookSnapshot(
    "BTC-USDT",
    bids=[["60000.10", "1.5"], ["59999.00", "0.5"]],
    asks=[["60000.30", "1"], ["60002.00", "7"]],
    last_id=7,
)
METRICS = BookMetrics(
    state=BookState.SYNCED,
    update_id=7,
    snapshots=1,
    deltas=9,
    applied=8,
    stale=1,
    gaps=2,
    resyncs=2,
    snapshots_asked=3,
    audits=0,
    differing=0,
    crossed=0,
    checksums_ok=0,
    checksums_failed=0,
    trades=4,
    untrusted_ns=1_500_000_000,
    latency_ns=12_000_000,
)


def book(state: BookState = BookState.SYNCED) -> OrderBook:
    made = OrderBook("BTC-USDT", Verification.SEQUENCE, now_ns=lambda: 2)
    if state is not BookState.SYNCING:
        made.replace(SNAPSHOT, 7, 1)
        made.mark(BookState.SYNCED, 1)
    made.mark(state, 2, "gap")
    return made


def drawn(shown: OrderBook, depth: int = 2, own: Resting | None = None) -> list[str]:
    console = Console(width=60, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        picture = BookPicture(shown, METRICS, INSTRUMENT, 9.96, own or {})
        console.print(picture.panel(depth, 44))
    return capture.get().splitlines()


def test_asks_stand_above_the_spread_and_bids_below_best_nearest() -> None:
    _, worst_ask, best_ask, spread, best_bid, worst_bid, *_ = drawn(book())
    assert "60,002.00" in worst_ask
    assert "60,000.30" in best_ask
    assert "spread 0.20" in spread
    assert "60,000.10" in best_bid
    assert "1.500" in best_bid
    assert "59,999.00" in worst_bid


def test_bars_show_the_depth_to_each_level() -> None:
    _, worst_ask, best_ask, _, best_bid, worst_bid, *_ = drawn(book())
    lengths = [line.count("█") for line in (worst_ask, best_ask, best_bid, worst_bid)]
    assert lengths == [14, 1, 2, 3]


def test_a_panel_tells_state_rate_latency_gaps_and_resyncs() -> None:
    text = "\n".join(drawn(book()))
    for words in ("SYNCED", "10.0 updates/s", "latency 12 ms", "gaps 2", "resyncs 2", "1.5 s"):
        assert words in text


def test_own_quantity_is_marked_beside_its_level_and_on_its_side_alone() -> None:
    own: Resting = {
        (Side.SELL, Decimal(60002)): Decimal("0.50"),
        (Side.BUY, Decimal(60002)): Decimal(3),
        (Side.BUY, Decimal("60000.1")): Decimal("0.1"),
    }
    _, worst_ask, best_ask, _, best_bid, worst_bid, _, counters, *_ = drawn(book(), own=own)
    assert "7.000 ◆0.5 " in worst_ask
    assert "1.500 ◆0.1 " in best_bid
    assert "◆" not in best_ask + worst_bid
    assert "id 7 · by sequence · ◆ 3 " in counters
    assert {len(line) for line in drawn(book(), own=own)} == {len(worst_ask)}


def test_a_stale_book_says_not_to_trade_on_it() -> None:
    text = "\n".join(drawn(book(BookState.STALE)))
    assert "last known: not to be traded on" in text
    assert "STALE" in text
    assert "spread" not in text


def test_a_book_without_a_snapshot_says_that_it_waits() -> None:
    lines = drawn(book(BookState.SYNCING), depth=3)
    assert "waiting for a snapshot" in "\n".join(lines)
    assert len(lines) == len(drawn(book(), depth=3))


def test_a_line_of_a_stale_book_shows_no_price() -> None:
    assert "60000.10 | 60000.30 spread 0.20" in summary_line(book(), METRICS, INSTRUMENT, 1.0)
    assert "|" not in summary_line(book(BookState.STALE), METRICS, INSTRUMENT, 1.0)


@pytest.mark.parametrize(
    ("number", "step", "text"),
    [("1234.5", "0.01", "1,234.50"), ("7", "1", "7"), ("0.00000012", "0.00000001", "0.00000012")],
)
def test_numbers_are_spelled_to_their_step(number: str, step: str, text: str) -> None:
    assert spelled(Decimal(number), Decimal(step)) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, ""), (1.0, "████"), (2.0, "████"), (0.5, "██"), (0.28125, "█▏")]
)
def test_a_bar_fills_its_share_to_an_eighth(share: float, text: str) -> None:
    assert bar(share, 4) == text


def test_a_rate_is_taken_over_the_last_three_seconds() -> None:
    pulse = Pulse()
    assert pulse.rate(0.0, 0) == 0.0
    assert pulse.rate(1.0, 10) == 10.0
    assert pulse.rate(10.0, 10) == 0.0
    assert pulse.rate(11.0, 40) == 30.0


def test_endpoints_may_be_named_in_any_way() -> None:
    named = named_endpoints(["ws=ws://b", "user=ws://c?x=1"], rest="http://a", ws=None)
    assert named == {"rest": "http://a", "ws": "ws://b", "user": "ws://c?x=1"}
    with pytest.raises(ConfigError, match="NAME=URL"):
        named_endpoints(["=ws://b"])


def test_a_pair_named_twice_is_followed_once() -> None:
    assert trading_pairs(["btc/usdt", "ETH-USDT", "BTC-USDT"]) == ["BTC-USDT", "ETH-USDT"]
