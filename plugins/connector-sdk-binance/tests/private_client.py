"""Clients of the embedded venue's private half: signed REST calls, and one WebSocket API socket."""

from __future__ import annotations

import functools
import hmac
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from documented import CONDITIONAL, Fields

from connector_sdk.sandbox.core import VenueCore, VenueSettings
from connector_sdk.sandbox.dialect import VenueRequest
from connector_sdk.sandbox.fault_plan import FaultPlan
from connector_sdk.sandbox.link import Link
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.session import StreamSession
from connector_sdk.sandbox.trading import Account
from connector_sdk_binance.sandbox import dialect

START_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000
EIGHT = re.compile(r"[0-9]+\.[0-9]{8}")
QUIET = Pace(0.001)
"""A flow so slow that the book stands still unless a client moves it."""

STOP = {"type": "STOP_LOSS_LIMIT", "side": "SELL", "price": "50000", "stopPrice": "55000"}
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}


def quiet_venue(faults: str = "") -> VenueCore:
    """A venue whose book only clients move."""
    core = VenueCore(
        dialect, VenueSettings(("BTC-USDT", "ETH-USDT"), pace=QUIET), FaultPlan(faults)
    )
    core.step(START_NS)
    return core


@functools.cache
def shared_venue() -> VenueCore:
    """One venue for all tests that leave its time and its best prices alone."""
    return quiet_venue()


def hmac_of(secret: str, payload: str) -> str:
    return hmac.new(secret.encode(), payload.encode(), "sha256").hexdigest()


class Answer(NamedTuple):
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def error(self) -> tuple[int, int, str]:
        assert list(self.body)[:2] == ["code", "msg"]
        return self.status, self.body["code"], self.body["msg"]


class PrivateClient:
    """The REST client of an account: a new one of the venue, unless it is given."""

    def __init__(self, core: VenueCore, account: Account | None = None) -> None:
        self.core = core
        self.account = account or core.open_account()

    def __call__(self, method: str, path: str, **params: Any) -> Answer:
        """A signed call, its parameters in the query."""
        return self.send(method, path, self._signed(params))

    def in_body(self, method: str, path: str, **params: Any) -> Answer:
        """A signed call, its parameters in a form body."""
        return self.send(method, path, body=self._signed(params))

    def _signed(self, params: dict[str, Any]) -> str:
        form = urlencode({"timestamp": self.core.now_ns // 1_000_000, **params})
        return f"{form}&signature={hmac_of(self.account.secret, form)}"

    def send(
        self, method: str, path: str, query: str = "", body: str = "", key: str | None = None
    ) -> Answer:
        """A call exactly as given, under this account's key or another."""
        headers = {"x-mbx-apikey": self.account.key if key is None else key}
        sender = self.account.name
        request = VenueRequest(method, f"/api/v3/{path}", query, headers, body.encode(), sender)
        answer = self.core.request(request)
        return Answer(answer.status, json.loads(answer.body), dict(answer.headers))

    def place(self, **params: Any) -> Answer:
        """A limit order far below the market, but for what `params` change; "" leaves one out."""
        wanted = {**LIMIT, **params}
        return self("POST", "order", **{k: v for k, v in wanted.items() if v != ""})

    def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        rows = self("GET", "account").body["balances"]
        return {row["asset"]: (Decimal(row["free"]), Decimal(row["locked"])) for row in rows}

    def best(self) -> tuple[Decimal, Decimal]:
        """Best bid and ask of BTC-USDT."""
        top, listing = self.core.top("BTC-USDT"), self.core.listings["BTC-USDT"]
        return listing.price(top.bid_price), listing.price(top.ask_price)


class Tape(Link):
    """A link that keeps what was sent."""

    def __init__(self) -> None:
        self.frames: list[Any] = []
        self.closed = 0

    def send(self, frame: bytes, piece: int = 0) -> None:
        self.frames.append(json.loads(frame))

    def ping(self, payload: bytes) -> None: ...

    def pong(self, payload: bytes) -> None: ...

    def close(self, code: int, reason: str) -> None:
        self.closed = code

    def cut(self, *, reset: bool, partial: bytes = b"") -> None:
        self.closed = 1006


class ApiSocket:
    """One connection of the WebSocket API.

    sign: payload → signature; HMAC with the account's secret unless given.
    """

    def __init__(
        self,
        core: VenueCore,
        account: Account | None = None,
        *,
        query: str = "",
        sign: Callable[[str], str] | None = None,
    ) -> None:
        self.core = core
        self.account = account or core.open_account()
        self.tape = Tape()
        self._sign = sign or (lambda payload: hmac_of(self.account.secret, payload))
        opened = core.open_session(
            VenueRequest("GET", "/ws-api/v3", query, client="socket"), self.tape
        )
        assert opened is not None
        self.session: StreamSession = opened
        opened.begin()

    def say(self, text: str) -> Any:
        """Send a message as it is; return the first frame after it that is no event."""
        before = len(self.tape.frames)
        self.session.receive(text)
        return next(frame for frame in self.tape.frames[before:] if "event" not in frame)

    def ask(self, method: str, **params: object) -> Any:
        """An unsigned request."""
        return self.say(json.dumps({"id": 1, "method": method, "params": params}))

    def stamped(self, **params: object) -> dict[str, object]:
        return {"timestamp": self.core.now_ns // 1_000_000, **params}

    def signed(self, method: str, **params: object) -> Any:
        """A signed request."""
        proven = self.stamped(apiKey=self.account.key, **params)
        payload = "&".join(f"{name}={proven[name]}" for name in sorted(proven))
        return self.ask(method, **proven, signature=self._sign(payload))

    @property
    def events(self) -> list[Any]:
        """Every event so far, with its wrapping."""
        return [frame for frame in self.tape.frames if "event" in frame]

    def wait(self, seconds: float) -> None:
        self.core.step(self.core.now_ns + int(seconds * SECOND_NS))


def types(row: dict[str, Any]) -> dict[str, type]:
    """Field → type."""
    return {name: type(value) for name, value in row.items()}


def check_fields(row: dict[str, Any], known: Fields, *conditional: str) -> None:
    """Exactly the documented fields, of their types; money with 8 decimals."""
    assert types(row) == {**known, **{name: CONDITIONAL[name] for name in conditional}}
    for name, value in row.items():
        if name in {"price", "qty"} or name.lower().endswith("qty"):
            assert EIGHT.fullmatch(value), name
