"""FaultPlan: which faults are armed, and when each fires. Seeded; blind to timing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from connector_sdk.sandbox.dialect import PRIVATE_KINDS, Route
from connector_sdk.sandbox.fault_catalogue import Place
from connector_sdk.sandbox.faults import FaultSpec, parse_faults
from connector_sdk.sandbox.publications import Topic

HTTP = "http"


class ArmedFault:
    """One fault at work. `fired` counts its injections."""

    def __init__(self, spec: FaultSpec, key: str) -> None:
        self.spec = spec
        self.fired = 0
        self._key = key
        self._seen: dict[str, int] = {}

    @property
    def name(self) -> str:
        """Its name in the catalogue."""
        return self.spec.kind.name

    def option(self, key: str) -> int:
        """The value of one of its own keys."""
        return self.spec.options[key]

    def meets(self, connection: str) -> bool:
        """Count a match on `connection`, and say whether it fires there."""
        spec = self.spec
        seen = self._seen[connection] = self._seen.get(connection, 0) + 1
        if self.fired >= spec.count or seen <= spec.after:
            return False
        if spec.every is not None and (seen - spec.after) % spec.every:
            return False
        if spec.probability is not None and (self.fraction(connection, seen) >= spec.probability):
            return False
        self.fired += 1
        return True

    def fraction(self, connection: str, number: int) -> float:
        """A seeded number in [0, 1) that depends on nothing but the place."""
        place = f"{self._key}/{connection}/{number}".encode()
        digest = hashlib.blake2b(place, digest_size=7).digest()
        return int.from_bytes(digest) / (1 << 56)


class FaultPlan:
    """The faults of one venue. More may be injected while it runs."""

    def __init__(self, faults: str | Iterable[FaultSpec] = (), seed: int = 1) -> None:
        self._seed = seed
        self._armed: dict[Place, list[ArmedFault]] = {place: [] for place in Place}
        self._number = 0
        self.inject(faults)

    def inject(self, faults: str | Iterable[FaultSpec]) -> list[ArmedFault]:
        """Arm more faults; their counts start now. Raises ConfigError for a bad text."""
        specs = parse_faults(faults) if isinstance(faults, str) else faults
        made: list[ArmedFault] = []
        for spec in specs:
            self._number += 1
            fault = ArmedFault(spec, f"{self._seed}/{self._number}/{spec.kind.name}")
            self._armed[spec.kind.place].append(fault)
            made.append(fault)
        return made

    def clear(self) -> None:
        """Disarm everything; what was set off already goes on."""
        for faults in self._armed.values():
            faults.clear()

    @property
    def armed(self) -> list[ArmedFault]:
        """Every fault, fired or not."""
        return [fault for faults in self._armed.values() for fault in faults]

    @property
    def quiet(self) -> bool:
        """Whether no fault is placed by messages."""
        return not self._armed[Place.MESSAGE]

    def at_message(
        self, number: int, connection: str, topic: Topic, pair: str | None = None
    ) -> list[ArmedFault]:
        """The faults that fire at the next message of stream connection `number`.

        pair: what the message is about, where its topic does not say.
        """
        pair = topic.pair if pair is None else pair
        return [
            fault
            for fault in self._armed[Place.MESSAGE]
            if fault.spec.connection in {None, number}
            and fault.spec.stream in {None, topic.kind}
            and fault.spec.pair in {None, pair}
            and fault.meets(connection)
        ]

    def at_request(self, route: Route) -> list[ArmedFault]:
        """The faults that fire at this request."""
        return [
            fault
            for fault in self._armed[Place.REQUEST]
            if fault.spec.request in {None, route.kind}
            and (route.kind in PRIVATE_KINDS or not fault.spec.kind.private)
            and fault.spec.pair in {None, route.pair}
            and fault.meets(HTTP)
        ]

    def at_incoming(self, number: int, connection: str) -> list[ArmedFault]:
        """The faults that fire at a message of the client."""
        return self._plain(Place.INCOMING, number, connection)

    def at_opening(self, number: int, connection: str) -> list[ArmedFault]:
        """The faults that fire at the opening of a stream connection."""
        return self._plain(Place.OPENING, number, connection)

    def _plain(self, place: Place, number: int, connection: str) -> list[ArmedFault]:
        return [
            fault
            for fault in self._armed[place]
            if fault.spec.connection in {None, number} and fault.meets(connection)
        ]
