"""FaultScript: which faults one run of the campaign meets, and where. One seed, one script."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

PAIRS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "ADA-USDT")
DEPTHS_A_TICK = len(PAIRS)
"""Every pair publishes one delta a tick, so a count of ticks is a place in a connection."""
LAST_TICK = 9

CUTS = (
    "reset",
    "close",
    "silence",
    "shutdown-notice:grace_ms=400",
    "restart:down_ms=150",
    "reset:mid=1",
    "life:seconds=1:count=1",
    "message-cut",
    "sequence-reset:to=1000:down_ms=100",
    "close:mid=1",
)
"""What ends a connection, of all its pairs."""
ON_A_PAIR = (
    "drop:stream=depth",
    "reorder:stream=depth",
    "late:stream=depth:delay_ms=450",
    "withhold:levels=5:count=3",
    "duplicate:stream=depth",
    "snapshot-ahead:deltas=6:messages=12",
    "malformed:stream=depth",
    "drop:stream=depth:count=3",
    "burst:stream=depth:changes=600:each=5",
    "unknown-event:stream=depth",
    "unknown-field:stream=depth",
    "malformed:stream=trade",
    "huge:stream=depth",
    "withhold:levels=1",
)
ON_A_SNAPSHOT = (
    "snapshot-fail",
    "snapshot-fail:lost=1",
    "snapshot-stale:behind=300",
    "snapshot-stale:behind=20",
    "slow-answer:request=snapshot:delay_ms=250",
    "rate-limit:request=snapshot:retry_after=1",
    "ban:request=snapshot:retry_after=1",
    "weight:request=snapshot:add=3000",
)
ON_A_LINK = (
    "slow:stream=depth:delay_ms=40:jitter_ms=80:count=15",
    "slow:stream=depth:delay_ms=0:piece=500:count=5",
)


@dataclass(frozen=True, slots=True)
class FaultScript:
    """The faults of one run, as the venue reads them.

    aimed_at:   pairs that a fault of one pair names; the others must notice none of it.
    cuts:       how many connections end, all pairs with them.
    handovers:  how many of those announce it.
    audited:    whether books are audited often: silent divergence is found by nothing else.
    """

    seed: int
    faults: tuple[str, ...]
    aimed_at: frozenset[str]
    cuts: int
    handovers: int
    audited: bool

    @property
    def text(self) -> str:
        return ",".join(self.faults)


def fault_script(seed: int) -> FaultScript:
    """Mix faults for `seed`: some on one to three pairs, up to two ends of the connection."""
    draw = Random(seed)
    pairs = draw.sample(PAIRS, draw.randint(1, 3))
    cuts = [CUTS[(seed + 3 * n) % len(CUTS)] for n in range(draw.choice((0, 0, 1, 1, 2)))]
    faults: list[str] = []
    for number, cut in enumerate(cuts, 1):
        faults += _until_cut(draw, pairs, number, cut)
    last = len(cuts) + 1
    for index in range(draw.randint(2, 4)):
        kind = ON_A_PAIR[(seed + 5 * index) % len(ON_A_PAIR)]
        faults.append(_on_pair(draw, pairs, kind, last, LAST_TICK))
    if draw.random() < 0.3:
        faults.append(f"{draw.choice(ON_A_LINK)}:conn={last}")
    for index in range(draw.choice((0, 1, 1, 2))):
        kind = ON_A_SNAPSHOT[(seed + 3 * index) % len(ON_A_SNAPSHOT)]
        faults.append(f"{kind}:pair={draw.choice(pairs)}:count=1:after={draw.randint(0, 2)}")
    if seed % 10 == 0:
        faults.append("unknown-enum")
    seldom = ("withhold", *(kind.partition(":")[0] for kind in ON_A_SNAPSHOT))
    return FaultScript(
        seed,
        tuple(faults),
        frozenset(pairs),
        len(cuts),
        sum(cut.startswith("shutdown-notice") for cut in cuts),
        any(fault.startswith(seldom) for fault in faults),
    )


def _until_cut(draw: Random, pairs: list[str], connection: int, cut: str) -> list[str]:
    """What happens on a connection that is cut, and the cut; all of it is sure to happen."""
    if cut.startswith("message-cut"):
        return [f"{cut}:conn={connection}"]
    ticks = draw.randint(3, 7)
    placed = f"{cut}:conn={connection}"
    if cut.startswith("life"):
        ticks = 5
    else:
        placed += f":stream=depth:after={ticks * DEPTHS_A_TICK + draw.randint(0, 4)}"
    # A burst's messages cannot be counted beforehand: where a cut follows, there is none.
    kinds = [kind for kind in ON_A_PAIR if not kind.startswith(("burst", "malformed:stream=trade"))]
    chosen = [draw.choice(kinds) for _ in range(draw.randint(0, 2))]
    return [*(_on_pair(draw, pairs, kind, connection, ticks - 3) for kind in chosen), placed]


def _on_pair(draw: Random, pairs: list[str], kind: str, connection: int, ticks: int) -> str:
    place = f"{kind}:pair={draw.choice(pairs)}:conn={connection}:after={draw.randint(0, ticks)}"
    return place if "count=" in kind else f"{place}:count=1"
