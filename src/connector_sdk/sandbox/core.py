"""VenueCore: the whole venue without a socket and without a clock. Its host tells it the time."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connector_sdk.errors import ConfigError
from connector_sdk.model.instrument import Instrument, trading_pair
from connector_sdk.sandbox.accounts import Accounts
from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.bounds import USUAL, Bounds
from connector_sdk.sandbox.circumstances import Circumstances
from connector_sdk.sandbox.dialect import (
    Dialect,
    VenueAnswer,
    VenueCall,
    VenueRequest,
    VenueRules,
    VenueView,
)
from connector_sdk.sandbox.fault_plan import HTTP, ArmedFault, FaultPlan
from connector_sdk.sandbox.http_call import HttpCall
from connector_sdk.sandbox.hub import Hub
from connector_sdk.sandbox.journal import FaultRecord, Journal
from connector_sdk.sandbox.link import GOING_AWAY, Link
from connector_sdk.sandbox.listing import Listing, listing
from connector_sdk.sandbox.order_desk import OrderDesk
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.pair_market import PairMarket
from connector_sdk.sandbox.publications import BookImage, TopChange, TradePrint
from connector_sdk.sandbox.rate_budget import SECOND_NS, RateBudget
from connector_sdk.sandbox.request_faults import RequestFaults
from connector_sdk.sandbox.request_road import RequestRoad
from connector_sdk.sandbox.rhythm import Rhythm
from connector_sdk.sandbox.session import StreamSession
from connector_sdk.sandbox.trading import Account
from connector_sdk.sandbox.user_streams import UserStreams

FIRST_IDS = (10_000_000_000, 90_000_000_000)
FIRST_ORDER_IDS = (4_000_000_000, 9_000_000_000)
DEFAULT_ACCOUNTS = 2
QUOTE_FUNDS, BASE_FUNDS = Decimal(1_000_000), Decimal(1_000)


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """What a venue is made of.

    pairs:  what it lists, ``BASE-QUOTE``.
    seed:   decides its market and its faults.
    pace:   how fast each pair's book changes.
    rules:  the limits it holds clients to; None for those its documentation states.
    accounts: how many there are at the start, each with 1,000,000 of every quote asset and 1,000
        of every other.
    bounds: how much it remembers.
    """

    pairs: tuple[str, ...]
    seed: int = 1
    pace: Pace = field(default_factory=Pace)
    rules: VenueRules | None = None
    accounts: int = DEFAULT_ACCOUNTS
    bounds: Bounds = USUAL


class VenueCore(VenueView):
    """The venue. `step(now_ns)` brings it to that time; everything else happens as of then."""

    def __init__(
        self, dialect: Dialect, settings: VenueSettings, plan: FaultPlan | None = None
    ) -> None:
        self.dialect = dialect
        self.plan = plan or FaultPlan(seed=settings.seed)
        self.settings = settings
        self._rules = settings.rules or dialect.rules
        self._listings = {
            pair: listing(pair, dialect.symbol(pair)) for pair in map(trading_pair, settings.pairs)
        }
        if not self._listings:
            raise ConfigError("a venue needs at least one pair, as in BTC-USDT")
        self._pairs = {one.instrument.symbol: pair for pair, one in self._listings.items()}
        self.journal = Journal(self._listings.values(), settings.bounds)
        self.agenda = Agenda()
        self.hub = Hub(dialect, self)
        self.markets = {pair: self._market(pair) for pair in self._listings}
        self.orders = self._opened_desk()
        self.journal.trading = self.orders.life.journal
        for _ in range(settings.accounts):
            self.open_account()
        self.world = Circumstances(self.agenda, self.orders, self._relist, self.drop_connections)
        self._faults = RequestFaults(dialect, self.plan, self.journal, self.world, self.markets)
        self._budget = RateBudget(self._rules)
        self._road = RequestRoad(self.agenda, self.orders, self.world, self._budget, self._faults)
        self.sessions: dict[int, StreamSession] = {}
        self.opened = 0
        self._away = (0, 0)
        self._started = False

    def step(self, now_ns: int) -> None:
        """Bring the venue to `now_ns`: the flow, what is gathered, pings, ends of life."""
        if not self._started:
            self._started = True
            self.agenda.now_ns = now_ns
            rhythm = Rhythm(self.agenda, tuple(self.markets.values()), self.settings.pace)
            rhythm.begin(now_ns, self.dialect.intervals_ms, self.burst)
        self.agenda.run(now_ns)

    def request(self, request: VenueRequest) -> VenueAnswer:
        """Answer one HTTP request."""
        answer = self.perform(HttpCall(self.dialect, request), HTTP)
        used = self.dialect.usage_headers(self.used_weight(request.client))
        return dataclasses.replace(answer, headers={**used, **answer.headers})

    def perform(self, call: VenueCall, connection: str) -> VenueAnswer:
        """Answer one request that came on `connection`."""
        return self._road.perform(call, connection, self, down=self.down)

    def open_account(self, public_key: str = "") -> Account:
        """One more account with the usual funds; with a public key, that proves who asks."""
        quotes = {one.instrument.quote for one in self._listings.values()}
        funds = {
            asset: QUOTE_FUNDS if asset in quotes else BASE_FUNDS for asset in self.accounts.assets
        }
        return self.orders.open_account(funds, public_key)

    def open_session(self, request: VenueRequest, link: Link) -> StreamSession | None:
        """Open the stream that `request` names; None where there is none.

        The host calls the session's `begin` once its end of the link is up.
        """
        protocol = None if self.down else self.dialect.protocol(request)
        if protocol is None:
            return None
        self.opened += 1
        session = StreamSession(self.opened, protocol, link, self)
        self.sessions[session.number] = session
        for fault in self.plan.at_opening(session.number, session.name):
            seconds = fault.option("seconds")
            session.live_for(seconds)
            self.record(fault, session, f"ends at the age of {seconds} s")
        return session

    def record(self, fault: ArmedFault, session: StreamSession, detail: str = "") -> None:
        """Journal a fault that is placed by a connection alone."""
        kind = fault.spec.kind
        self.journal.record_fault(
            FaultRecord(
                kind.name,
                kind.number,
                session.name,
                session.messages,
                "",
                "",
                self.agenda.now_ns,
                detail,
            )
        )

    @property
    def accounts(self) -> Accounts:
        """Every account."""
        return self.orders.life.accounts

    @property
    def user_streams(self) -> UserStreams:
        """Who hears what happens to accounts."""
        return self.orders.life.streams

    def streams_at(self, request: VenueRequest) -> bool:
        """Whether `request` names a stream that could be opened now."""
        return not self.down and self.dialect.protocol(request) is not None

    def drop_connections(self, *, reset: bool = False) -> int:
        """Cut every open stream, by FIN or by RST; return how many there were."""
        sessions = tuple(self.sessions.values())
        for session in sessions:
            session.cut(reset=reset)
        return len(sessions)

    def restart(self, down_s: float = 0.0, gap_s: float = 0.0) -> None:
        """Close every stream and be away for `down_s`; the state is kept.

        With `gap_s` it rolls: the streams end one each `gap_s`, and it is away only after the
        last of them.
        """
        sessions = tuple(self.sessions.values())
        last_ns = self.agenda.now_ns + int(max(len(sessions) - 1, 0) * gap_s * SECOND_NS)
        self._away = (last_ns, last_ns + int(down_s * SECOND_NS))
        for index, session in enumerate(sessions):
            self._end_at(self.agenda.now_ns + int(index * gap_s * SECOND_NS), session)

    def reset_sequence(self, update_id: int = 1_000, down_s: float = 0.0) -> None:
        """Restart with update ids that count on from `update_id`, lower than before."""
        for market in self.markets.values():
            market.renumber(update_id)
        self.restart(down_s)

    def burst(self, pair: str, changes: int, a_message: int) -> None:
        """Change the book that often at this instant; publish a diff every `a_message`."""
        market, done, since = self.markets[pair], 0, 0
        while done < changes:
            did = market.act(self.agenda.now_ns)
            done, since = done + did, since + did
            if a_message and since >= a_message:
                market.publish_gathered(min(self.dialect.intervals_ms), self.agenda.now_ns)
                since = 0

    def _end_at(self, due_ns: int, session: StreamSession) -> None:
        if due_ns <= self.agenda.now_ns:
            session.end(GOING_AWAY, "restart")
        else:
            self.agenda.at(due_ns, lambda _: session.end(GOING_AWAY, "restart"))

    def ended(self, session: StreamSession) -> None:
        """Forget a session."""
        self.sessions.pop(session.number, None)

    @property
    def down(self) -> bool:
        """Whether it is away for a restart."""
        return self._away[0] <= self.agenda.now_ns < self._away[1]

    @property
    def view(self) -> VenueView:
        """Itself, as dialects see it."""
        return self

    @property
    def now_ns(self) -> int:
        """Venue time, as wrong as its clock is."""
        return self.agenda.now_ns + self.world.skew_ns

    @property
    def rules(self) -> VenueRules:
        """The limits in force."""
        return self._rules

    @property
    def listings(self) -> Mapping[str, Listing]:
        """Pair → listing."""
        return self._listings

    @property
    def desk(self) -> OrderDesk:
        """Its trading half."""
        return self.orders

    def used_weight(self, client: str) -> int:
        """Request weight used in the window of now."""
        return self._budget.used(client, self.agenda.now_ns)

    def pair_of(self, symbol: str) -> str | None:
        """The pair of the venue's symbol."""
        return self._pairs.get(symbol)

    def snapshot(self, pair: str, levels: int | None = None) -> BookImage:
        """The book, `levels` a side."""
        stale = self._faults.image(pair, levels)
        return stale or self.markets[pair].image(levels, self.agenda.now_ns)

    def top(self, pair: str) -> TopChange:
        """Best bid and ask."""
        return self.markets[pair].top(self.agenda.now_ns)

    def trades(self, pair: str, count: int) -> Sequence[TradePrint]:
        """The newest `count` trades, oldest first."""
        return list(self.markets[pair].recent_trades)[-count:]

    def _relist(self, market: PairMarket, instrument: Instrument) -> None:
        market.listing = dataclasses.replace(market.listing, instrument=instrument)
        self._listings[market.pair] = market.listing

    def _opened_desk(self) -> OrderDesk:
        instruments = [one.instrument for one in self._listings.values()]
        assets = [asset for one in instruments for asset in (one.base, one.quote)]
        seed = self.settings.seed
        # Seeded on purpose: the ids repeat with the market.
        first_id = random.Random(f"{seed}/orders").randint(*FIRST_ORDER_IDS)
        return OrderDesk(
            self.agenda,
            self.markets,
            Accounts(assets, seed),
            self._rules,
            first_id,
            bounds=self.settings.bounds,
        )

    def _market(self, pair: str) -> PairMarket:
        seed = f"{self.settings.seed}/{pair}"
        # Seeded on purpose: the ids repeat with the market.
        first_id = random.Random(seed).randint(*FIRST_IDS)
        return PairMarket(self._listings[pair], seed, self.journal[pair], self.hub, first_id)
