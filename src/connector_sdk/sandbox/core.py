"""VenueCore: the whole venue without a socket and without a clock. Its host tells it the time."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector_sdk.errors import ConfigError
from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.dialect import (
    Dialect,
    VenueAnswer,
    VenueRequest,
    VenueRules,
    VenueView,
)
from connector_sdk.sandbox.hub import Hub
from connector_sdk.sandbox.journal import Journal
from connector_sdk.sandbox.link import GOING_AWAY, Link
from connector_sdk.sandbox.listing import Listing, listing
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.pair_market import PairMarket
from connector_sdk.sandbox.publications import BookImage, TopChange, TradePrint
from connector_sdk.sandbox.rate_budget import SECOND_NS, RateBudget
from connector_sdk.sandbox.session import StreamSession

FIRST_IDS = (10_000_000_000, 90_000_000_000)
MILLISECOND_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """What a venue is made of.

    pairs:  what it lists, ``BASE-QUOTE``.
    seed:   decides its market and its faults.
    pace:   how fast each pair's book changes.
    rules:  the limits it holds clients to; None for those its documentation states.
    """

    pairs: tuple[str, ...]
    seed: int = 1
    pace: Pace = Pace()
    rules: VenueRules | None = None


class VenueCore(VenueView):
    """The venue. `step(now_ns)` brings it to that time; everything else happens as of then."""

    def __init__(self, dialect: Dialect, settings: VenueSettings) -> None:
        self.dialect = dialect
        self.settings = settings
        self._rules = settings.rules or dialect.rules
        made = [listing(pair, "") for pair in settings.pairs]
        if not made:
            raise ConfigError("a venue needs at least one pair, as in BTC-USDT")
        self._listings = {
            one.instrument.pair: listing(
                one.instrument.pair, dialect.symbol(one.instrument.pair)
            )
            for one in made
        }
        self._pairs = {one.instrument.symbol: pair for pair, one in self._listings.items()}
        self.journal = Journal(self._listings.values())
        self.agenda = Agenda()
        self.hub = Hub(dialect, self._listings)
        self.budget = RateBudget(self._rules)
        self.markets = {pair: self._market(pair) for pair in self._listings}
        self.sessions: dict[int, StreamSession] = {}
        self.opened = 0
        self.requests = 0
        self._down_until_ns = 0
        self._started = False

    def step(self, now_ns: int) -> None:
        """Bring the venue to `now_ns`: the flow, what is gathered, pings, ends of life."""
        if not self._started:
            self._started = True
            self._begin(now_ns)
        self.agenda.run(now_ns)

    def request(self, request: VenueRequest) -> VenueAnswer:
        """Answer one HTTP request."""
        self.requests += 1
        if self.down:
            return self.dialect.failure()
        route = self.dialect.route(request, self)
        throttle = self.budget.charge(request.client, route.weight, self.now_ns)
        if throttle is not None:
            answer = self.dialect.refusal(throttle, self._rules)
        else:
            answer = self.dialect.answer(request, self)
        used = self.dialect.usage_headers(self.budget.used(request.client, self.now_ns))
        return VenueAnswer(
            answer.status, answer.body, {**used, **answer.headers}, answer.delay_s, answer.lost
        )

    def open_session(self, request: VenueRequest, link: Link) -> StreamSession | None:
        """Open the stream that `request` names; None where there is none. Call `begin` next."""
        protocol = None if self.down else self.dialect.protocol(request)
        if protocol is None:
            return None
        self.opened += 1
        session = StreamSession(self.opened, protocol, link, self)
        self.sessions[session.number] = session
        return session

    def streams_at(self, request: VenueRequest) -> bool:
        """Whether `request` names a stream that could be opened now."""
        return not self.down and self.dialect.protocol(request) is not None

    def drop_connections(self, *, reset: bool = False) -> int:
        """Cut every open stream, by FIN or by RST; return how many there were."""
        sessions = tuple(self.sessions.values())
        for session in sessions:
            session.cut(reset=reset)
        return len(sessions)

    def restart(self, down_s: float = 0.0) -> None:
        """Close every stream and be away for `down_s`. The state is kept."""
        self._down_until_ns = self.now_ns + int(down_s * SECOND_NS)
        for session in tuple(self.sessions.values()):
            session.end(GOING_AWAY, "restart")

    def reset_sequence(self, update_id: int = 1_000, down_s: float = 0.0) -> None:
        """Restart with update ids that count on from `update_id`, lower than before."""
        for market in self.markets.values():
            market.renumber(update_id)
        self.restart(down_s)

    def burst(self, pair: str, changes: int, a_message: int) -> None:
        """Change the book that often at this instant; publish a diff every `a_message`."""
        market, done, since = self.markets[pair], 0, 0
        while done < changes:
            did = market.act(self.now_ns)
            done, since = done + did, since + did
            if a_message and since >= a_message:
                market.publish_gathered(min(self.dialect.intervals_ms), self.now_ns)
                since = 0

    def ended(self, session: StreamSession) -> None:
        """Forget a session."""
        self.sessions.pop(session.number, None)

    @property
    def down(self) -> bool:
        """Whether it is away for a restart."""
        return self.now_ns < self._down_until_ns

    @property
    def view(self) -> VenueView:
        """Itself, as dialects see it."""
        return self

    @property
    def now_ns(self) -> int:
        """Venue time."""
        return self.agenda.now_ns

    @property
    def rules(self) -> VenueRules:
        """The limits in force."""
        return self._rules

    @property
    def listings(self) -> Mapping[str, Listing]:
        """Pair → listing."""
        return self._listings

    def pair_of(self, symbol: str) -> str | None:
        """The pair of the venue's symbol."""
        return self._pairs.get(symbol)

    def snapshot(self, pair: str, levels: int | None = None) -> BookImage:
        """The book, `levels` a side."""
        return self.markets[pair].image(levels, self.now_ns)

    def top(self, pair: str) -> TopChange:
        """Best bid and ask."""
        return self.markets[pair].top(self.now_ns)

    def trades(self, pair: str, count: int) -> Sequence[TradePrint]:
        """The newest `count` trades, oldest first."""
        return list(self.markets[pair].recent_trades)[-count:]

    def _market(self, pair: str) -> PairMarket:
        seed = f"{self.settings.seed}/{pair}"
        # Seeded on purpose: the ids repeat with the market.
        first_id = random.Random(seed).randint(*FIRST_IDS)  # noqa: S311
        return PairMarket(self._listings[pair], seed, self.journal[pair], self.hub, first_id)

    def _begin(self, now_ns: int) -> None:
        self.agenda.now_ns = now_ns
        pace = self.settings.pace
        for index, market in enumerate(self.markets.values()):
            market.gather_every(self.dialect.intervals_ms)
            if pace.changes_per_s > 0:
                gap_ns = int(SECOND_NS / pace.changes_per_s)
                # Pairs take turns, so that the venue's work is spread.
                self._flow(market, gap_ns, now_ns + gap_ns * (index + 1) // len(self.markets))
            if pace.burst_every_s > 0:
                self._bursts(market.pair, int(pace.burst_every_s * SECOND_NS), now_ns)
        for interval_ms in self.dialect.intervals_ms:
            self._publish(interval_ms, now_ns)

    def _flow(self, market: PairMarket, gap_ns: int, first_ns: int) -> None:
        def act(due_ns: int) -> None:
            changes = market.act(due_ns)
            self.agenda.at(due_ns + changes * gap_ns, act)

        self.agenda.at(first_ns, act)

    def _bursts(self, pair: str, every_ns: int, now_ns: int) -> None:
        def burst(due_ns: int) -> None:
            self.burst(pair, self.settings.pace.burst_changes, 0)
            self.agenda.at(due_ns + every_ns, burst)

        self.agenda.at(now_ns + every_ns, burst)

    def _publish(self, interval_ms: int, now_ns: int) -> None:
        interval_ns = interval_ms * MILLISECOND_NS

        def publish(due_ns: int) -> None:
            for market in self.markets.values():
                market.publish_gathered(interval_ms, due_ns)
            self.agenda.at(due_ns + interval_ns, publish)

        self.agenda.at((now_ns // interval_ns + 1) * interval_ns, publish)
