"""FaultLine: what becomes of one connection's messages between the venue and the wire."""

from __future__ import annotations

from collections import deque

from connector_sdk.sandbox.fault_plan import ArmedFault
from connector_sdk.sandbox.journal import FaultRecord
from connector_sdk.sandbox.message_faults import EFFECTS, FaultHome, Hit, Parcel, Scene, Wire
from connector_sdk.sandbox.publications import Publication, Topic
from connector_sdk.sandbox.trading import OrderEvent, UserEvent


class FaultLine:
    """Carries messages to one connection, through the faults that fire on them.

    Held messages wait in queues whose length the fault's own keys bound.
    """

    def __init__(self, wire: Wire, home: FaultHome) -> None:
        self._scene = Scene(wire, home)
        self._wire = wire
        self._home = home
        self._lagging: dict[Topic, deque[Parcel]] = {}
        self._free_ns = 0

    def carry(self, topic: Topic, message: Publication | UserEvent, frame: bytes) -> None:
        """Send one message, or do to it what its faults say."""
        plan, wire = self._home.plan, self._wire
        if plan.quiet and not (self._scene.overtaken or self._scene.lags or self._free_ns):
            wire.emit(frame)
            return
        parcel = Parcel(topic, message, frame)
        pair = message.order.new.pair if isinstance(message, OrderEvent) else topic.pair
        for fault in plan.at_message(wire.number, wire.name, topic, pair):
            detail = EFFECTS[fault.name](Hit(self._scene, fault, parcel))
            self._record(fault, topic, pair, detail)
        overtaken = self._scene.overtaken.pop(topic, ()) if parcel.copies else ()
        self._forward(parcel)
        for older in overtaken:
            self._forward(older)

    def _forward(self, parcel: Parcel) -> None:
        """Send a parcel, behind what lags and what is slow."""
        if not parcel.copies:
            return
        lag = self._scene.lags.get(parcel.topic)
        if lag is None:
            self._emit(parcel)
            return
        deltas, left = lag
        queue = self._lagging.setdefault(parcel.topic, deque())
        queue.append(parcel)
        if left <= 0:
            del self._scene.lags[parcel.topic]
            deltas = 0
        else:
            self._scene.lags[parcel.topic] = (deltas, left - 1)
        while len(queue) > deltas:
            self._emit(queue.popleft())

    def _emit(self, parcel: Parcel) -> None:
        agenda, frame, piece = self._home.agenda, parcel.frame, parcel.piece
        due_ns = max(agenda.now_ns + parcel.delay_ns, self._free_ns)
        for _ in range(parcel.copies):
            if due_ns <= agenda.now_ns:
                self._wire.emit(frame, piece)
            else:
                agenda.at(due_ns, lambda _: self._wire.emit(frame, piece))
        # A slow link keeps the order: nothing overtakes what is still on it.
        self._free_ns = due_ns if due_ns > agenda.now_ns else 0

    def _record(self, fault: ArmedFault, topic: Topic, pair: str, detail: str) -> None:
        home, wire = self._home, self._wire
        home.journal.record_fault(
            FaultRecord(
                fault.name,
                fault.spec.kind.number_on(topic.kind),
                wire.name,
                wire.messages,
                pair,
                topic.kind.value,
                home.agenda.now_ns,
                detail,
            )
        )
