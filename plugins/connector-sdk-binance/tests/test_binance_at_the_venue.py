"""The connector trades at the embedded venue, whose dialect was written from the documentation too.

Requests go through the RestClient, signed and within the manifest's limits; the private stream is
opened by the connector's own text. Time is virtual.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from connector_sdk import errors
from connector_sdk.model.account import BalanceReport
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderIntent, OrderKey, OrderType, Side, TimeInForce
from connector_sdk.model.order_update import Fill, FillPage, OrderReport, OrderStatus
from connector_sdk.model.wire import Call, Frame, Subscribed, SubscriptionRefused, UserMessage
from connector_sdk.protocols.data_source import Login
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.rest import RestClient
from connector_sdk.transport.server_clock import ServerClock
from connector_sdk.transport.stamper import Stamper
from connector_sdk_binance import MANIFEST, connector
from connector_sdk_binance.auth import BinanceCredentials
from connector_sdk_binance.sandbox import dialect

T = TypeVar("T")
assert connector.trading is not None
TRADING = connector.trading
API = TRADING.api
PAIR = "BTC-USDT"
QUIET = Pace(0.001)
"""A flow so slow that the book stands still unless the test moves it."""


def intent(
    price: str | None, quantity: str = "0.01", side: Side = Side.BUY, **terms: str
) -> OrderIntent:
    kind = OrderType[terms.get("type", "LIMIT" if price else "MARKET")]
    force = TimeInForce[terms.get("force", "GTC")] if kind is OrderType.LIMIT else None
    return OrderIntent(
        PAIR, side, Decimal(quantity), None if price is None else Decimal(price), kind, force
    )


class Trader:
    """One account of a venue, reached as the runtime does, and what its stream told so far."""

    def __init__(self, venue: MemoryVenue, clock: ManualClock, fields: dict[str, str]) -> None:
        limiter = RateLimiter(MANIFEST.rate_limits, clock)
        public = RestClient(venue.transport, limiter, venue.endpoints, MANIFEST.weight_headers)
        time = API.server_time()
        assert time is not None
        self.clock, self.venue, self.limiter = clock, venue, limiter
        self.auth = TRADING.login(BinanceCredentials.model_validate(fields))
        self.stamper = Stamper(ServerClock(clock, lambda: public.read_time(time)))
        self.rest = public.signing(self.auth, self.stamper)
        self.instruments = Instruments(())
        self.heard: list[UserMessage] = []

    async def ask(self, call: Call[T]) -> T:
        return await self.rest.call(call)

    async def place(self, order: OrderIntent, client_order_id: str = "mine") -> OrderReport:
        report, *_ = await self.ask(API.place(order, client_order_id, self.instruments))
        assert isinstance(report, OrderReport)
        return report

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear the private stream, opened by the connector's text, within the block."""
        endpoint, path = TRADING.user_stream.endpoint()
        url = self.venue.endpoints[endpoint] + path
        connection = await self.venue.transport.open_websocket(url, timeout_s=5)
        decode = TRADING.user_stream.open(self.instruments)

        async def hear() -> None:
            while True:
                for text in await connection.receive():
                    self.heard += decode(Frame(text, self.clock.now_ns()))

        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(hear())
            login = Login(self.auth, await self.stamper.stamp())
            for request in TRADING.user_stream.subscribe(login, 1):
                await connection.send(request.text)
            await self.clock.settle()
            yield
            hearing.cancel()


@asynccontextmanager
async def trading(*, public_key: str = "", **proof: str) -> AsyncIterator[Trader]:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, [PAIR], flow=QUIET) as venue:
        account = venue.open_account(public_key)
        fields = {"api_key": account.key, **(proof or {"secret": account.secret})}
        trader = Trader(venue, clock, fields)
        trader.instruments = await trader.ask(API.instruments())
        yield trader


async def test_an_order_is_placed_found_amended_and_canceled() -> None:
    async with trading() as trader:
        placed = await trader.place(intent("50000"))
        assert (placed.status, placed.client_order_id) == (OrderStatus.OPEN, "mine")
        assert placed.intent == intent("50000")
        key = OrderKey(PAIR, "mine", placed.exchange_order_id)
        (found,) = await trader.ask(
            API.order_status(key._replace(exchange_order_id=None), trader.instruments)
        )
        assert found == placed
        assert await trader.ask(API.open_orders(None, trader.instruments)) == [placed]
        assert await trader.ask(API.open_orders(PAIR, trader.instruments)) == [placed]

        smaller = intent("50000", "0.004")
        amendment = API.amend(key, intent("50000"), smaller, trader.instruments)
        assert amendment is not None
        (amended,) = await trader.ask(amendment)
        assert isinstance(amended, OrderReport)
        assert (amended.client_order_id, amended.quantity) == ("mine", Decimal("0.004"))

        (canceled,) = await trader.ask(API.cancel(key, trader.instruments))
        assert isinstance(canceled, OrderReport)
        assert (canceled.client_order_id, canceled.status) == ("mine", OrderStatus.CANCELED)
        (after,) = await trader.ask(API.order_status(key, trader.instruments))
        assert isinstance(after, OrderReport)
        assert (after.client_order_id, after.status) == ("mine", OrderStatus.CANCELED)
        assert await trader.ask(API.open_orders(None, trader.instruments)) == []
        with pytest.raises(errors.OrderNotFound):
            await trader.ask(API.cancel(key, trader.instruments))


async def test_the_fills_of_the_answer_the_stream_and_the_history_are_the_same() -> None:
    async with trading() as trader, trader.listening():
        call = API.place(intent(None, "0.5"), "mine", trader.instruments)
        report, *fills = await trader.ask(call)
        assert isinstance(report, OrderReport)
        await trader.clock.settle()
        assert len(fills) > 1
        streamed = [message for message in trader.heard if isinstance(message, Fill)]
        assert streamed == fills

        key = OrderKey(PAIR, "mine", report.exchange_order_id)
        history = await trader.ask(API.order_fills(key, trader.instruments))
        nameless = tuple(fill._replace(client_order_id=None) for fill in streamed)
        assert history == FillPage(nameless, None)
        since_ns = report.event_ns or 0
        recent = API.recent_fills(PAIR, since_ns, None, trader.instruments)
        assert await trader.ask(recent) == history
        assert sum(fill.quantity for fill in history.fills) == report.filled == Decimal("0.5")


async def test_the_stream_tells_orders_and_balances_as_they_change() -> None:
    async with trading() as trader, trader.listening():
        assert trader.heard == [Subscribed("1")]
        placed = await trader.place(intent("50000"))
        await trader.clock.settle()
        assert placed in trader.heard
        listed = {balance.asset: balance for balance in (await trader.ask(API.balances())).balances}
        (told,) = [message for message in trader.heard if isinstance(message, BalanceReport)]
        assert told.balances == (listed["USDT"],)
        assert listed["USDT"].locked == Decimal(500)
        await trader.ask(API.cancel(OrderKey(PAIR, "mine"), trader.instruments))
        await trader.clock.settle()
        end = [message for message in trader.heard if isinstance(message, OrderReport)][-1]
        assert (end.client_order_id, end.status) == ("mine", OrderStatus.CANCELED)


async def test_a_stream_that_is_not_signed_for_is_refused() -> None:
    async with trading(secret="another") as trader, trader.listening():
        (refused,) = trader.heard
        assert isinstance(refused, SubscriptionRefused)
        assert (refused.ack, refused.code) == ("1", "-1022")


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        (intent("50000", "100"), errors.InsufficientFunds),
        (intent("70000", type="LIMIT_MAKER"), errors.PostOnlyRejected),
        (intent("50000.001"), errors.RuleViolated),
        (intent("50000", "0.000001"), errors.RuleViolated),
        (intent("1", "0.01"), errors.RuleViolated),
    ],
    ids=["funds", "post-only", "tick", "lot", "notional"],
)
async def test_what_the_venue_refuses_is_refused_for_that_reason(
    order: OrderIntent, kind: type[errors.VenueError]
) -> None:
    async with trading() as trader:
        with pytest.raises(errors.VenueError) as refused:
            await trader.place(order)
        assert type(refused.value) is kind


async def test_an_id_that_rests_already_is_a_duplicate() -> None:
    async with trading() as trader:
        await trader.place(intent("50000"))
        with pytest.raises(errors.DuplicateOrder):
            await trader.place(intent("50000"))


async def test_an_order_nobody_placed_is_not_found() -> None:
    async with trading() as trader:
        key = OrderKey(PAIR, "nobody's")
        for call in (API.order_status, API.cancel):
            with pytest.raises(errors.OrderNotFound):
                await trader.ask(call(key, trader.instruments))


@pytest.mark.parametrize("force", ["IOC", "FOK"])
async def test_an_order_that_may_not_rest_expires_with_the_venues_reason(force: str) -> None:
    async with trading() as trader:
        report = await trader.place(intent("50000", force=force))
        assert report.status is OrderStatus.EXPIRED
        (found,) = await trader.ask(API.order_status(OrderKey(PAIR, "mine"), trader.instruments))
        assert isinstance(found, OrderReport)
        assert force in found.reason


async def test_a_request_from_too_long_ago_is_refused_for_its_time() -> None:
    async with trading() as trader:
        stamp, call = await trader.stamper.stamp(), API.balances()
        signed = trader.auth.sign(call.request, stamp)
        await trader.clock.advance(API.order_validity_s + 0.1)
        refusal = call.decode(await trader.rest.send(replace(signed, signed=False)))
        assert isinstance(refusal, errors.TimestampRejected)


async def test_a_wrong_secret_is_an_auth_refusal() -> None:
    async with trading(secret="another") as trader:
        with pytest.raises(errors.AuthRejected):
            await trader.ask(API.balances())


async def test_rsa_and_ed25519_keys_trade_and_listen() -> None:
    pair = serialization.PublicFormat.SubjectPublicKeyInfo
    for key in (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()):
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(serialization.Encoding.PEM, pair)
        proof = {"public_key": public.decode(), "private_key": pem.decode()}
        async with trading(**proof) as trader, trader.listening():
            assert trader.heard == [Subscribed("1")]
            placed = await trader.place(intent("50000"))
            await trader.clock.settle()
            assert placed in trader.heard


async def test_fee_rates_are_what_a_fill_costs() -> None:
    async with trading() as trader:
        call = API.fee_rates(PAIR, trader.instruments)
        assert call is not None
        rates = await trader.ask(call)
        _, fill, *_ = await trader.ask(API.place(intent(None), "mine", trader.instruments))
        assert isinstance(fill, Fill)
        assert fill.fee is not None
        assert rates.taker > 0
        assert abs(fill.fee.quantity - rates.taker * fill.quantity) <= Decimal("0.00000001")


async def test_orders_are_counted_as_the_venue_counts_them() -> None:
    async with trading() as trader:
        for number in range(3):
            await trader.place(intent("50000"), f"mine-{number}")
        assert trader.limiter.used("orders_10s") == 3
        assert trader.limiter.used("orders_1d") == 3
