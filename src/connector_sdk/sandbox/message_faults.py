"""What a fault does to one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from connector_sdk.model.order import Side
from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.dialect import Dialect, Oddity
from connector_sdk.sandbox.fault_plan import ArmedFault, FaultPlan
from connector_sdk.sandbox.hub import Hub
from connector_sdk.sandbox.journal import Journal, Withheld
from connector_sdk.sandbox.link import GOING_AWAY
from connector_sdk.sandbox.publications import DepthDiff, Publication, StreamKind, Topic
from connector_sdk.sandbox.trading import UserEvent

MILLISECOND_NS = 1_000_000


class FaultHome(Protocol):
    """What a fault may do to the venue as a whole."""

    @property
    def agenda(self) -> Agenda:
        """The venue's agenda."""
        ...

    @property
    def hub(self) -> Hub:
        """The venue's hub."""
        ...

    @property
    def dialect(self) -> Dialect:
        """The venue's dialect."""
        ...

    @property
    def journal(self) -> Journal:
        """The venue's journal."""
        ...

    @property
    def plan(self) -> FaultPlan:
        """The venue's faults."""
        ...

    def restart(self, down_s: float = 0.0, gap_s: float = 0.0) -> None:
        """Close every stream."""
        ...

    def reset_sequence(self, update_id: int = 0, down_s: float = 0.0) -> None:
        """Restart with other ids."""
        ...

    def burst(self, pair: str, changes: int, a_message: int) -> None:
        """Change a book that often at once."""
        ...


class Wire(Protocol):
    """The connection a fault line ends in."""

    number: int
    name: str
    messages: int
    silent: bool

    @property
    def form(self) -> str:
        """How its frames are dressed."""
        ...

    def emit(self, frame: bytes, piece: int = 0) -> None:
        """Put a frame on the wire."""
        ...

    def cut(self, *, reset: bool, partial: bytes = b"") -> None:
        """End without a close frame."""
        ...

    def end(self, code: int, reason: str) -> None:
        """End with one."""
        ...

    def end_account(self, account: str) -> None:
        """End the stream of an account on it."""
        ...


@dataclass(slots=True)
class Parcel:
    """One message on its way.

    copies:  how often it is sent; 0: not at all.
    """

    topic: Topic
    message: Publication | UserEvent
    frame: bytes
    copies: int = 1
    delay_ns: int = 0
    piece: int = 0


@dataclass(slots=True)
class Scene:
    """Where a message fault happens.

    overtaken:  messages that go out after their successor.
    lags:       topic → (deltas its stream lags behind, messages until it catches up).
    """

    wire: Wire
    home: FaultHome
    overtaken: dict[Topic, list[Parcel]] = field(default_factory=dict[Topic, list["Parcel"]])
    lags: dict[Topic, tuple[int, int]] = field(default_factory=dict[Topic, tuple[int, int]])


class Hit(NamedTuple):
    """A fault, the message it fires on, and where."""

    scene: Scene
    fault: ArmedFault
    parcel: Parcel


def _cut(hit: Hit) -> str:
    partial = hit.parcel.frame if hit.fault.option("mid") else b""
    hit.parcel.copies = 0
    hit.scene.wire.cut(reset=hit.fault.name == "reset", partial=partial)
    return "in mid-frame" if partial else ""


def _silence(hit: Hit) -> str:
    hit.parcel.copies = 0
    hit.scene.wire.silent = True
    return ""


def _slow(hit: Hit) -> str:
    jitter = hit.fault.fraction(hit.scene.wire.name, hit.scene.wire.messages) * hit.fault.option(
        "jitter_ms"
    )
    hit.parcel.delay_ns = int((hit.fault.option("delay_ms") + jitter) * MILLISECOND_NS)
    hit.parcel.piece = hit.fault.option("piece")
    return f"{hit.parcel.delay_ns // MILLISECOND_NS} ms"


def _drop(hit: Hit) -> str:
    hit.parcel.copies = 0
    return _ids(hit.parcel)


def _duplicate(hit: Hit) -> str:
    hit.parcel.copies *= 2
    return _ids(hit.parcel)


def _reorder(hit: Hit) -> str:
    hit.scene.overtaken.setdefault(hit.parcel.topic, []).append(
        Parcel(hit.parcel.topic, hit.parcel.message, hit.parcel.frame)
    )
    hit.parcel.copies = 0
    return _ids(hit.parcel)


def _late(hit: Hit) -> str:
    agenda, frame = hit.scene.home.agenda, hit.parcel.frame
    due_ns = agenda.now_ns + hit.fault.option("delay_ms") * MILLISECOND_NS
    agenda.at(due_ns, lambda _: hit.scene.wire.emit(frame))
    hit.parcel.copies = 0
    return _ids(hit.parcel)


def _lag(hit: Hit) -> str:
    hit.scene.lags[hit.parcel.topic] = (hit.fault.option("deltas"), hit.fault.option("messages"))
    return _ids(hit.parcel)


def _withhold(hit: Hit) -> str:
    diff = hit.parcel.message
    if not isinstance(diff, DepthDiff):
        return "nothing to withhold"
    rows = [(Side.BUY, *row) for row in diff.bids] + [(Side.SELL, *row) for row in diff.asks]
    start = int(hit.fault.fraction(hit.scene.wire.name, hit.scene.wire.messages) * len(rows))
    taken = (rows[start:] + rows[:start])[: hit.fault.option("levels")]
    kept = [row for row in rows if row not in taken]
    hit.parcel.message = diff._replace(
        bids=tuple((price, lots) for side, price, lots in kept if side is Side.BUY),
        asks=tuple((price, lots) for side, price, lots in kept if side is Side.SELL),
    )
    hit.parcel.frame = hit.scene.home.hub.encode(
        hit.parcel.topic, hit.parcel.message, hit.scene.wire.form
    )
    for side, price, _ in taken:
        hit.scene.home.journal.withheld.append(
            Withheld(hit.scene.wire.name, diff.pair, side, price, diff.last_id)
        )
    told = " ".join(f"{side.value}@{price}" for side, price, _ in taken)
    return f"{_ids(hit.parcel)} without {told}"


def _notice(hit: Hit) -> str:
    agenda, wire = hit.scene.home.agenda, hit.scene.wire
    notice = hit.scene.home.dialect.shutdown_notice(wire.form, agenda.now_ns)
    if notice is not None:
        wire.emit(notice)
    due_ns = agenda.now_ns + hit.fault.option("grace_ms") * MILLISECOND_NS
    agenda.at(due_ns, lambda _: wire.end(GOING_AWAY, "shutdown"))
    return ""


def _restart(hit: Hit) -> str:
    down_s, gap_s = hit.fault.option("down_ms") / 1_000, hit.fault.option("gap_ms") / 1_000
    _soon(hit.scene, lambda: hit.scene.home.restart(down_s, gap_s))
    return ""


def _reset_sequence(hit: Hit) -> str:
    to, down_s = hit.fault.option("to"), hit.fault.option("down_ms") / 1_000
    _soon(hit.scene, lambda: hit.scene.home.reset_sequence(to, down_s))
    return f"to {to}"


def _burst(hit: Hit) -> str:
    pair, changes, each = (
        hit.parcel.topic.pair,
        hit.fault.option("changes"),
        hit.fault.option("each"),
    )
    if not pair:
        return "no pair"
    _soon(hit.scene, lambda: hit.scene.home.burst(pair, changes, each))
    return f"{changes} changes"


def _end_account(hit: Hit) -> str:
    topic, wire = hit.parcel.topic, hit.scene.wire
    if topic.kind is not StreamKind.USER:
        return "no account's stream"
    hit.parcel.copies = 0
    _soon(hit.scene, lambda: wire.end_account(topic.name))
    return topic.name


def _odd(hit: Hit) -> str:
    oddity = Oddity(hit.fault.name)
    odd = hit.scene.home.dialect.odd(oddity, hit.parcel.frame, hit.scene.wire.form)
    if oddity in {Oddity.UNKNOWN_EVENT, Oddity.HUGE}:
        hit.scene.wire.emit(odd)
    else:
        hit.parcel.frame = odd
    return _ids(hit.parcel)


def _soon(scene: Scene, action: Callable[[], None]) -> None:
    # Not now: the message being published has other subscribers to reach first.
    agenda = scene.home.agenda
    agenda.at(agenda.now_ns, lambda _: action())


def _ids(parcel: Parcel) -> str:
    message = parcel.message
    return f"{message.first_id}..{message.last_id}" if isinstance(message, DepthDiff) else ""


Effect = Callable[[Hit], str]
EFFECTS: Mapping[str, Effect] = {
    "reset": _cut,
    "close": _cut,
    "silence": _silence,
    "slow": _slow,
    "drop": _drop,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "late": _late,
    "snapshot-ahead": _lag,
    "withhold": _withhold,
    "shutdown-notice": _notice,
    "restart": _restart,
    "sequence-reset": _reset_sequence,
    "burst": _burst,
    "stream-end": _end_account,
    "malformed": _odd,
    "unknown-event": _odd,
    "unknown-field": _odd,
    "huge": _odd,
}
