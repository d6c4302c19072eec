"""StreamSession: one stream connection of the venue, its rules and its subscriptions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from connector_sdk.sandbox.dialect import (
    StreamProtocol,
    SubscriptionDesk,
    VenueAnswer,
    VenueCall,
    VenueRules,
    VenueView,
)
from connector_sdk.sandbox.fault_line import FaultLine
from connector_sdk.sandbox.fault_plan import ArmedFault
from connector_sdk.sandbox.hub import Subscriber
from connector_sdk.sandbox.link import GOING_AWAY, POLICY, Link
from connector_sdk.sandbox.message_faults import FaultHome
from connector_sdk.sandbox.publications import Publication, StreamKind, Topic
from connector_sdk.sandbox.request_faults import NEVER_S
from connector_sdk.sandbox.trading import StreamEnded, UserEvent
from connector_sdk.sandbox.user_streams import AccountSubscriber, UserStreams

SECOND_NS = 1_000_000_000


class SessionHome(FaultHome, Protocol):
    """What a session needs of its venue."""

    @property
    def view(self) -> VenueView:
        """What dialects may ask."""
        ...

    @property
    def user_streams(self) -> UserStreams:
        """Who hears what happens to accounts."""
        ...

    def perform(self, call: VenueCall, connection: str) -> VenueAnswer:
        """Answer a request that came on a connection."""
        ...

    def ended(self, session: StreamSession) -> None:
        """Hear that a session is over."""
        ...

    def record(self, fault: ArmedFault, session: StreamSession, detail: str = "") -> None:
        """Journal a fault that is placed by a connection alone."""
        ...


class StreamSession(Subscriber, AccountSubscriber, SubscriptionDesk):
    """One stream connection.

    number:    the Nth stream this venue opened, from 1; `name` is ``ws.N``.
    messages:  how many published messages it was given, before any fault.
    """

    def __init__(
        self, number: int, protocol: StreamProtocol, link: Link, home: SessionHome
    ) -> None:
        self.number = number
        self.name = f"ws.{number}"
        self.link = link
        self.messages = 0
        self.open = True
        self.silent = False
        self._protocol = protocol
        self._home = home
        self._topics: dict[Topic, None] = {}
        self._accounts: dict[str, None] = {}
        self._incoming: deque[int] = deque()
        self._ping_payload = b""
        self._line = FaultLine(self, home)
        self._opened_ns = home.agenda.now_ns

    @property
    def form(self) -> str:
        """How its frames are dressed."""
        return self._protocol.form

    @property
    def venue(self) -> VenueView:
        """The venue behind it."""
        return self._home.view

    @property
    def rules(self) -> VenueRules:
        """The limits it is held to."""
        return self._home.view.rules

    def begin(self) -> None:
        """Subscribe to what its URL names, and set its pings and its end."""
        self._say(self._protocol.opened(self))
        rules, agenda = self.rules, self._home.agenda
        agenda.at(agenda.now_ns + int(rules.ping_every_s * SECOND_NS), self._ping)
        self.live_for(rules.life_s)

    def live_for(self, seconds: float) -> None:
        """End it when it is `seconds` old."""
        due_ns = self._opened_ns + int(seconds * SECOND_NS)
        self._home.agenda.at(due_ns, lambda _: self.end(GOING_AWAY, "connection too old"))

    def subscribe(self, topic: Topic) -> None:
        """Publish `topic` here from now on."""
        self._topics[topic] = None
        self._home.hub.subscribe(topic, self)

    def unsubscribe(self, topic: Topic) -> None:
        """Stop that."""
        self._topics.pop(topic, None)
        self._home.hub.unsubscribe(topic, self)

    def subscribe_account(self, account: str) -> None:
        """Tell this connection what happens to that account."""
        self._accounts[account] = None
        self._home.user_streams.subscribe(account, self)

    def unsubscribe_account(self, account: str) -> None:
        """Stop that."""
        self._accounts.pop(account, None)
        self._home.user_streams.unsubscribe(account, self)

    def perform(self, call: VenueCall) -> None:
        """Handle a request; its answer is sent when and if the venue's faults let it."""
        answer = self._home.perform(call, self.name)
        if answer.lost:
            self.cut(reset=True)
        elif not answer.delay_s:
            self.emit(answer.body)
        elif answer.delay_s < NEVER_S:
            due_ns = self._home.agenda.now_ns + int(answer.delay_s * SECOND_NS)
            self._home.agenda.at(due_ns, lambda _: self.emit(answer.body))

    def end_account(self, account: str) -> None:
        """End the stream of an account here, if it is subscribed."""
        if account in self._accounts:
            self.tell(account, StreamEnded(account, self._home.agenda.now_ns))

    def tell(self, account: str, event: UserEvent) -> None:
        """Count and send one event of an account."""
        frame = self._protocol.user_frame(event, self.venue) if self.open else None
        if isinstance(event, StreamEnded):
            self.unsubscribe_account(account)
        if frame is not None:
            self.messages += 1
            self._line.carry(Topic(StreamKind.USER, "", account), event, frame)

    def deliver(self, topic: Topic, message: Publication, frame: bytes) -> None:
        """Count and send one published message."""
        if self.open:
            self.messages += 1
            self._line.carry(topic, message, frame)

    def emit(self, frame: bytes, piece: int = 0) -> None:
        """Put a frame on the wire, unless the connection is gone or silent."""
        if self.open and not self.silent:
            self.link.send(frame, piece)

    def receive(self, text: str) -> None:
        """Take one message of the client."""
        if self._admits(paced=self._protocol.paced):
            self._say(self._protocol.receive(text, self))

    def receive_ping(self, payload: bytes) -> None:
        """Answer a ping."""
        if self._admits() and not self.silent:
            self.link.pong(payload)

    def receive_pong(self, payload: bytes) -> None:
        """Note the answer to our ping; an unasked pong proves nothing."""
        if self._admits() and payload == self._ping_payload:
            self._ping_payload = b""

    def end(self, code: int, reason: str) -> None:
        """Close it properly. Idempotent."""
        if self.open:
            self.gone()
            if not self.silent:
                self.link.close(code, reason)

    def cut(self, *, reset: bool, partial: bytes = b"") -> None:
        """End it without a close frame. Idempotent."""
        if self.open:
            self.gone()
            self.link.cut(reset=reset, partial=partial)

    def gone(self) -> None:
        """The connection is no more. Idempotent."""
        if self.open:
            self.open = False
            for topic in tuple(self._topics):
                self.unsubscribe(topic)
            for account in tuple(self._accounts):
                self.unsubscribe_account(account)
            self._home.ended(self)

    def _say(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            self.emit(frame)

    def _admits(self, *, paced: bool = True) -> bool:
        now_ns, limit = self._home.agenda.now_ns, self.rules.incoming_per_s
        if not self.open:
            return False
        for fault in self._home.plan.at_incoming(self.number, self.name):
            self._home.record(fault, self)
            paced, limit = True, 0
        if not paced:
            return not self.silent
        self._incoming.append(now_ns)
        while self._incoming[0] <= now_ns - SECOND_NS:
            self._incoming.popleft()
        if len(self._incoming) > limit:
            self.end(POLICY, "Too many requests")
            return False
        return not self.silent

    def _ping(self, now_ns: int) -> None:
        if not self.open:
            return
        rules, agenda = self.rules, self._home.agenda
        if not self._ping_payload:
            self._ping_payload = str(now_ns // 1_000_000).encode()
            payload = self._ping_payload
            agenda.at(
                now_ns + int(rules.pong_within_s * SECOND_NS), lambda _: self._expect(payload)
            )
        if not self.silent:
            self.link.ping(self._ping_payload)
        agenda.at(now_ns + int(rules.ping_every_s * SECOND_NS), self._ping)

    def _expect(self, payload: bytes) -> None:
        if self._ping_payload == payload:
            self.end(POLICY, "no pong")
