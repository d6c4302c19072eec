"""SharedBudget: one rate budget for all processes of a machine that a venue counts together.

Each process leases a small share from a locked file and spends it without looking again. The file
says, for each owner, what it spent within the window and what it holds; a lease must be spent
soon, so what its owner no longer tells of (it may have died) counts as spent at its end.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.transport.file_lock import FileTaken, HeldFile, held_file
from connector_sdk.transport.state_folder import state_folder

SECOND_NS = 1_000_000_000
LEASED_SHARE = 0.03
"""Of the limit: what a process takes at once."""
LIFE_SHARE = 0.02
"""Of the window: how long a lease may be spent, and not less than `SHORTEST_LIFE_NS`."""
SHORTEST_LIFE_NS = SECOND_NS // 20
IN_FLIGHT_NS = 10 * SECOND_NS
"""How much longer than its lease a request may be on its way, unless its owner says so."""
TOLD_GRAINS = 64
"""A window is told to the others in about this many parts."""
TAKEN_PAUSE_NS = SECOND_NS // 1000
PATIENCE = 1_000
"""As many times in a row a taken file is asked for before a process goes on alone for a window."""
WANTING_NS = SECOND_NS // 2
"""How long after it was refused an owner is counted among those who want."""
PAUSE_SHARE = 0.05
"""Of the window: when to look again, at the latest, whether another owner has given back."""
LONGEST_PAUSE_NS, SHORTEST_PAUSE_NS = SECOND_NS // 4, SECOND_NS // 200
LONGEST_MEMORY_S = 3 * 86_400
LOST = "lost"
LOG = logging.getLogger(__name__)


class Usage(NamedTuple):
    """What an owner knows of itself: weights (end of their grain, weight), and what is pending."""

    now_ns: int
    pending: int
    spent: Sequence[tuple[int, int]]


class _Owner(BaseModel):
    """One owner's line of the file. Times are ns since the machine started.

    held:   leased or on its way, to be counted as spent at `until_ns` if nothing more is heard.
    wants_ns: when it was last refused.
    """

    model_config = ConfigDict(extra="forbid")

    spent: list[tuple[int, int]] = Field(default_factory=list[tuple[int, int]])
    held: int = Field(default=0, ge=0)
    until_ns: int = 0
    wants_ns: int = 0

    def counted(self, since_ns: int) -> int:
        """What counts of it within a window that began at `since_ns`."""
        held = self.held if self.until_ns >= since_ns else 0
        return held + sum(weight for end, weight in self.spent if end >= since_ns)

    def wants(self, now_ns: int) -> bool:
        """Whether it was refused a moment ago."""
        return self.wants_ns > now_ns - WANTING_NS

    def latest_ns(self) -> int:
        """The latest time it names."""
        return max([self.wants_ns, self.until_ns, *(end for end, _ in self.spent)])


class _Ledger(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    frozen_ns: int = 0
    owners: dict[str, _Owner] = Field(default_factory=dict[str, _Owner])


@dataclass(frozen=True, slots=True)
class BudgetFolder:
    """Where the budgets of one venue are kept for one account.

    address:   of the venue: another host is another venue.
    identity:  of the key, a digest; pools that count by key are kept by it.
    """

    path: Path
    venue: str
    address: str
    identity: str = ""

    def budget(self, pool: RateLimitPool, reserve: int) -> SharedBudget:
        """The shared budget of `pool`."""
        counted = self.identity if pool.per_key else ""
        digest = sha256(f"{self.address}\n{counted}".encode()).hexdigest()[:16]
        named = "".join(letter if letter.isalnum() else "-" for letter in pool.name)
        return SharedBudget(self.path / f"{self.venue}-{named}-{digest}.json", pool, reserve)

    def sweep(self, now_s: float) -> None:
        """Remove what nobody has used for so long that every window is over.

        now_s: the wall clock's time, as files bear it.
        """
        for file in self.path.glob("*.json"):
            with suppress(OSError):
                if file.stat().st_mtime < now_s - LONGEST_MEMORY_S:
                    file.unlink()


def user_folder() -> Path:
    """This user's folder for budgets; the same for all of the user's processes."""
    return state_folder() / "budgets"


class SharedBudget:
    """This process's part in a budget.

    elsewhere:        what the other owners had spent or held when the file was last read.
    frozen_until_ns:  nothing goes before; told to all owners.

    A file that cannot be used, or stays taken for long, is left alone for a window: the process's
    own window still holds, and the venue's own count is heard.
    """

    def __init__(self, path: Path, pool: RateLimitPool, reserve: int) -> None:
        self.elsewhere = 0
        self.frozen_until_ns = 0
        self._path = path
        self._limit = pool.limit
        self._reserve = reserve
        self._window_ns = int(pool.window_s * SECOND_NS)
        self._life_ns = max(int(self._window_ns * LIFE_SHARE), SHORTEST_LIFE_NS)
        self._chunk = max(int(pool.limit * LEASED_SHARE), 1)
        pause_ns = int(self._window_ns * PAUSE_SHARE)
        self._pause_ns = min(max(pause_ns, SHORTEST_PAUSE_NS), LONGEST_PAUSE_NS)
        self._me = secrets.token_hex(8)
        self._left = 0
        self._urgent_left = 0
        self._until_ns = 0
        self._wants_ns = 0
        self._again_ns = 0
        self._found_taken = 0
        self._alone_until_ns = 0

    def holds(self, weight: int, now_ns: int, *, urgent: bool) -> bool:
        """Whether the lease covers `weight`."""
        left = self._left + self._urgent_left if urgent else self._left
        return (now_ns < self._until_ns and weight <= left) or now_ns < self._alone_until_ns

    def take(self, weight: int, *, urgent: bool) -> None:
        """Spend from the lease."""
        ordinary = min(weight, self._left)
        self._left -= ordinary
        if urgent:
            self._urgent_left = max(self._urgent_left - (weight - ordinary), 0)

    def give_back(self, weight: int) -> None:
        """A weight that was taken never left: it may serve what is urgent."""
        self._urgent_left += weight

    def is_late(self, now_ns: int) -> bool:
        """Whether the others may believe by now that nothing of ours is on its way."""
        return now_ns > self._until_ns + IN_FLIGHT_NS

    def lease(self, weight: int, usage: Usage, *, urgent: bool) -> int:
        """Ask the file for at least `weight`; returns now, or when to ask again."""
        now_ns = usage.now_ns
        if now_ns < self._again_ns and not urgent:
            return self._again_ns
        if not self._transact(usage, weight, urgent=urgent):
            return now_ns if now_ns < self._alone_until_ns else now_ns + TAKEN_PAUSE_NS
        return now_ns if self.holds(weight, now_ns, urgent=urgent) else self._again_ns

    def publish(self, usage: Usage) -> None:
        """Tell the others what was spent, and hear what they did, if the file is free."""
        self._transact(usage, 0, urgent=False)

    def close(self, usage: Usage) -> None:
        """Give the lease back."""
        self._until_ns = 0
        self._left = self._urgent_left = 0
        self._transact(usage, 0, urgent=False)

    def _transact(self, usage: Usage, weight: int, *, urgent: bool) -> bool:
        now_ns = usage.now_ns
        if now_ns < self._alone_until_ns:
            return False
        try:
            with held_file(self._path) as file:
                ledger = self._read(file, now_ns)
                self._settle(ledger, usage, weight, urgent=urgent)
                file.write(ledger.model_dump_json().encode())
        except FileTaken:
            self._wait_or_leave(now_ns)
            return False
        except FileNotFoundError:
            return self._made_folder(now_ns) and self._transact(usage, weight, urgent=urgent)
        except OSError as error:
            self._leave(now_ns, str(error))
            return False
        self._found_taken = 0
        return True

    def _settle(self, ledger: _Ledger, usage: Usage, weight: int, *, urgent: bool) -> None:
        """Grant what can be granted of `weight`, and write down our own line."""
        now_ns = usage.now_ns
        since_ns = now_ns - self._window_ns
        if now_ns >= self._until_ns:
            self._left = self._urgent_left = 0
        others = [owner for name, owner in ledger.owners.items() if name != self._me]
        self.elsewhere = sum(owner.counted(since_ns) for owner in others)
        mine = usage.pending + sum(spent for _, spent in usage.spent)
        room = self._limit - self.elsewhere - mine
        ordinary = min(room - self._reserve, self._fair(others, mine, weight, now_ns))
        self._grant(weight, room, ordinary, urgent=urgent)
        if weight:
            granted = weight <= self._left + self._urgent_left
            self._wants_ns = 0 if granted else now_ns
            self._again_ns = 0 if granted else self._next_room_ns(others, usage)
            self._until_ns = now_ns + self._life_ns
        self.frozen_until_ns = max(self.frozen_until_ns, ledger.frozen_ns)
        ledger.frozen_ns = self.frozen_until_ns
        ledger.owners[self._me] = _Owner(
            spent=_told(usage.spent, max(self._window_ns // TOLD_GRAINS, 1)),
            held=usage.pending + self._left + self._urgent_left,
            until_ns=max(self._until_ns, now_ns) + IN_FLIGHT_NS,
            wants_ns=self._wants_ns,
        )

    def _grant(self, weight: int, room: int, ordinary: int, *, urgent: bool) -> None:
        if not weight:
            self._left = max(min(self._left, ordinary), 0)
            self._urgent_left = 0
        elif ordinary >= weight:
            self._left, self._urgent_left = min(ordinary, max(weight, self._chunk)), 0
        else:
            self._left = max(min(self._left, ordinary), 0)
            short = weight - self._left
            self._urgent_left = short if urgent and room >= weight else 0

    def _fair(self, others: Sequence[_Owner], mine: int, weight: int, now_ns: int) -> int:
        """How much more is ours while others want too: an equal part, or the first request."""
        wanting = sum(owner.wants(now_ns) for owner in others)
        if not wanting:
            return self._limit
        equal = (self._limit - self._reserve) // (wanting + 1)
        return max(equal - mine, 0 if mine else weight)

    def _next_room_ns(self, others: Sequence[_Owner], usage: Usage) -> int:
        """When the next weight leaves the window, and soon if another owner may give back."""
        ends = [end for owner in others for end, _ in owner.spent]
        leaves_ns = min([*ends, *(end for end, _ in usage.spent)], default=usage.now_ns)
        latest_ns = usage.now_ns + self._pause_ns
        return min(max(leaves_ns + self._window_ns, usage.now_ns + SHORTEST_PAUSE_NS), latest_ns)

    def _read(self, file: HeldFile, now_ns: int) -> _Ledger:
        content = file.read()
        if not content:
            return _Ledger()
        try:
            ledger = _Ledger.model_validate_json(content)
        except ValidationError:
            return self._begun_anew(now_ns, "it is damaged")
        soonest_ns = now_ns + self._life_ns + IN_FLIGHT_NS + self._window_ns
        if any(owner.latest_ns() > soonest_ns for owner in ledger.owners.values()):
            return self._begun_anew(now_ns, "it was written before the machine last started")
        since_ns = now_ns - self._window_ns
        ledger.owners = {
            name: owner
            for name, owner in ledger.owners.items()
            if owner.counted(since_ns) or owner.wants(now_ns)
        }
        return ledger

    def _begun_anew(self, now_ns: int, why: str) -> _Ledger:
        """What others spent is not known: half the budget is taken for spent now."""
        LOG.warning("rate budget %s: %s; it is begun anew, half spent", self._path.name, why)
        return _Ledger(owners={LOST: _Owner(spent=[(now_ns, self._limit // 2)])})

    def _made_folder(self, now_ns: int) -> bool:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            self._leave(now_ns, str(error))
            return False
        return True

    def _wait_or_leave(self, now_ns: int) -> None:
        self._found_taken += 1
        if self._found_taken > PATIENCE:
            self._leave(now_ns, "another process holds it and does not let go")

    def _leave(self, now_ns: int, why: str) -> None:
        self._found_taken = 0
        self._alone_until_ns = now_ns + self._window_ns
        LOG.warning("rate budget %s: %s; going on alone for a window", self._path.name, why)


def _told(spent: Sequence[tuple[int, int]], grain_ns: int) -> list[tuple[int, int]]:
    """`spent` in coarser grains; each counts until the last of its own would."""
    told: dict[int, tuple[int, int]] = {}
    for end, weight in spent:
        grain = end // grain_ns
        told[grain] = (end, told.get(grain, (0, 0))[1] + weight)
    return list(told.values())
