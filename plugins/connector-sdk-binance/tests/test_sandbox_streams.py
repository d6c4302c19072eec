"""The embedded venue's market streams, against the documentation's frames and control messages."""

from __future__ import annotations

import functools
import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from private_client import Tape

from connector_sdk.sandbox.core import VenueCore, VenueSettings
from connector_sdk.sandbox.dialect import VenueRequest
from connector_sdk.sandbox.session import StreamSession
from connector_sdk_binance.sandbox import dialect

START_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000
ALL_KINDS = ("depth@100ms", "depth", "depth5@100ms", "trade", "aggTrade", "bookTicker")
FIELDS = {
    "depthUpdate": {"e": str, "E": int, "s": str, "U": int, "u": int, "b": list, "a": list},
    "trade": {
        **dict.fromkeys(("e", "s", "p", "q"), str),
        **dict.fromkeys(("E", "t", "T"), int),
        **dict.fromkeys(("m", "M"), bool),
    },
    "aggTrade": {
        **dict.fromkeys(("e", "s", "p", "q"), str),
        **dict.fromkeys(("E", "a", "f", "l", "T"), int),
        **dict.fromkeys(("m", "M"), bool),
    },
}


@functools.cache
def calm() -> VenueCore:
    """One venue for all tests whose market does not matter."""
    return VenueCore(dialect, VenueSettings(("BTC-USDT",)))


class Client:
    """One stream on a venue whose time it moves."""

    def __init__(self, path: str, query: str = "", venue: VenueCore | None = None) -> None:
        self.venue = venue or VenueCore(dialect, VenueSettings(("BTC-USDT", "ETH-USDT")))
        self.venue.step(START_NS)
        self.tape = Tape()
        opened = self.venue.open_session(VenueRequest("GET", path, query), self.tape)
        assert opened is not None
        self.session: StreamSession = opened
        opened.begin()

    def wait(self, seconds: float) -> None:
        self.venue.step(self.venue.now_ns + int(seconds * SECOND_NS))

    def say(self, message: object) -> Any:
        """Send a control message; return the first frame after it."""
        text = message if isinstance(message, str) else json.dumps(message)
        count = len(self.tape.frames)
        self.session.receive(text)
        assert len(self.tape.frames) == count + 1
        return self.tape.frames[-1]


@pytest.mark.parametrize(
    ("path", "query", "combined"),
    [
        ("/ws/btcusdt@depth@100ms", "", False),
        ("/ws/btcusdt@depth@100ms/ethusdt@trade", "", False),
        ("/stream", "streams=btcusdt@depth@100ms/ethusdt@trade", True),
        ("/stream", "streams=btcusdt%40depth%40100ms", True),
        ("/stream/ws/btcusdt@depth@100ms", "", False),
    ],
)
def test_the_url_names_streams_and_the_form(path: str, query: str, combined: bool) -> None:
    client = Client(path, query)
    client.wait(1)
    depth = [f for f in client.tape.frames if f.get("data", f).get("e") == "depthUpdate"]
    assert len(depth) == 10
    assert all(list(f) == ["stream", "data"] for f in depth) is combined
    if combined:
        assert depth[0]["stream"] == "btcusdt@depth@100ms"


@pytest.mark.parametrize("path", ["/ws", "/ws/1", "/stream/ws/1", "/stream", "/ws/nope@depth"])
def test_a_url_without_a_stream_says_nothing_until_it_subscribes(path: str) -> None:
    client = Client(path)
    client.wait(1)
    assert client.tape.frames == []
    subscribe = {"method": "SUBSCRIBE", "params": ["btcusdt@depth@100ms"], "id": 1}
    assert client.say(subscribe) == {"result": None, "id": 1}
    client.wait(0.5)
    assert len(client.tape.frames) == 6
    assert ("data" in client.tape.frames[-1]) is (path == "/stream")


@pytest.mark.parametrize("path", ["/", "/stream/x", "/ws-api/v4", "/wsx"])
def test_no_stream_is_at_other_paths(path: str) -> None:
    venue = calm()
    venue.step(START_NS)
    assert venue.open_session(VenueRequest("GET", path), Tape()) is None


def test_frames_have_the_documented_fields_and_types() -> None:
    client = Client("/stream", "streams=" + "/".join(f"btcusdt@{kind}" for kind in ALL_KINDS))
    client.wait(10)
    seen: set[str] = set()
    for frame in client.tape.frames:
        data, stream = frame["data"], frame["stream"]
        seen.add(stream)
        if stream.endswith("bookTicker"):
            assert {k: type(v) for k, v in data.items()} == {
                "u": int,
                **dict.fromkeys(("s", "b", "B", "a", "A"), str),
            }
        elif "depth5" in stream:
            assert list(data) == ["lastUpdateId", "bids", "asks"]
            assert len(data["bids"]) == len(data["asks"]) == 5
        else:
            assert {k: type(v) for k, v in data.items()} == FIELDS[data["e"]]
            assert data["s"] == "BTCUSDT"
    assert seen == {f"btcusdt@{kind}" for kind in ALL_KINDS}


def test_deltas_continue_each_other_and_delete_with_eight_zeros() -> None:
    client = Client("/ws/btcusdt@depth@100ms/btcusdt@depth")
    client.wait(10)
    fast = [f for f in client.tape.frames if f["E"] % 1_000 or f["u"] - f["U"] < 20]
    slow = [f for f in client.tape.frames if f not in fast]
    for frames in (fast, slow):
        assert len(frames) > 5
        assert all(b["U"] == a["u"] + 1 for a, b in pairwise(frames))
    texts = {quantity for f in fast for _, quantity in f["b"] + f["a"]}
    assert "0.00000000" in texts
    assert all(len(text.partition(".")[2]) == 8 for text in texts)


def test_aggregates_sum_up_the_trades() -> None:
    client = Client("/ws/btcusdt@trade/btcusdt@aggTrade")
    client.wait(30)
    trades = {f["t"]: f for f in client.tape.frames if f["e"] == "trade"}
    aggregates = [f for f in client.tape.frames if f["e"] == "aggTrade"]
    assert trades
    assert [n for f in aggregates for n in range(f["f"], f["l"] + 1)] == list(trades)
    for one in aggregates:
        assert {trades[n]["p"] for n in range(one["f"], one["l"] + 1)} == {one["p"]}


def test_the_buyer_is_the_maker_where_the_taker_hit_the_bid() -> None:
    client = Client("/ws/btcusdt@bookTicker/btcusdt@trade/btcusdt@aggTrade")
    client.wait(20)
    rows = json.loads(
        client.venue.request(VenueRequest("GET", "/api/v3/trades", "symbol=BTCUSDT")).body
    )
    rest = {row["id"]: row["isBuyerMaker"] for row in rows}
    top: Any = None
    sides: list[bool] = []
    for frame in client.tape.frames:
        if "b" in frame:
            top = frame
        elif top is not None:
            price = Decimal(frame["p"])
            assert price <= Decimal(top["b"]) if frame["m"] else price >= Decimal(top["a"])
            assert rest[frame.get("t") or frame["f"]] is frame["m"]
            sides.append(frame["m"])
    assert {True, False} == set(sides)


def test_time_is_told_in_microseconds_on_request() -> None:
    client = Client("/stream", "streams=btcusdt@trade&timeUnit=MICROSECOND")
    client.wait(10)
    assert all(len(str(frame["data"]["T"])) == 16 for frame in client.tape.frames)


def test_subscribing_twice_delivers_once_and_unsubscribing_stops() -> None:
    client = Client("/ws/btcusdt@depth@100ms")
    again = {"method": "SUBSCRIBE", "params": ["btcusdt@depth@100ms"], "id": "a1"}
    assert client.say(again) == {"result": None, "id": "a1"}
    client.wait(0.5)
    assert len(client.tape.frames) == 6
    assert client.say({**again, "method": "UNSUBSCRIBE", "id": 2}) == {"result": None, "id": 2}
    client.wait(0.5)
    assert len(client.tape.frames) == 7
    assert client.say({"method": "LIST_SUBSCRIPTIONS", "id": 3}) == {"result": [], "id": 3}


def test_a_name_of_no_stream_is_acknowledged_and_never_delivers() -> None:
    client = Client("/ws")
    names = ["btcusdt@nothing", "nopeusdt@depth", "BTCUSDT@depth", "btcusdt@depth7"]
    assert client.say({"method": "SUBSCRIBE", "params": names, "id": 1})["result"] is None
    assert client.say({"method": "LIST_SUBSCRIPTIONS", "id": 2})["result"] == names
    client.wait(3)
    assert len(client.tape.frames) == 2


def test_combined_is_a_property() -> None:
    client = Client("/ws/btcusdt@depth@100ms")
    assert (
        client.say({"method": "GET_PROPERTY", "params": ["combined"], "id": 1})["result"] is False
    )
    changed = client.say({"method": "SET_PROPERTY", "params": ["combined", True], "id": 2})
    assert changed == {"result": None, "id": 2}
    client.wait(0.2)
    assert client.tape.frames[-1]["stream"] == "btcusdt@depth@100ms"


@pytest.mark.parametrize(
    ("message", "code", "number"),
    [
        ("{", 3, None),
        ("[]", 2, None),
        ({"id": 1}, 2, 1),
        ({"method": "SHOUT", "id": 2}, 2, 2),
        ({"method": "SUBSCRIBE", "params": [1], "id": 3}, 2, 3),
        ({"method": "SUBSCRIBE", "params": {}, "id": 3}, 2, 3),
        ({"method": "LIST_SUBSCRIPTIONS", "id": 1.5}, 2, None),
        ({"method": "LIST_SUBSCRIPTIONS", "id": True}, 2, None),
        ({"method": "LIST_SUBSCRIPTIONS", "id": "x" * 37}, 2, None),
        ({"method": "SET_PROPERTY", "params": ["colour", True], "id": 4}, 0, 4),
        ({"method": "SET_PROPERTY", "params": ["combined", 1], "id": 4}, 1, 4),
        ({"method": "SET_PROPERTY", "params": [], "id": 4}, 2, 4),
    ],
)
def test_a_bad_control_message_gets_the_documented_code(
    message: object, code: int, number: object
) -> None:
    answer = Client("/ws", venue=calm()).say(message)
    assert (answer["code"], answer["id"]) == (code, number)
    assert isinstance(answer["msg"], str)


def test_more_than_1024_streams_are_refused() -> None:
    client = Client("/ws", venue=calm())
    names = [f"s{number}@trade" for number in range(1_024)]
    assert "result" in client.say({"method": "SUBSCRIBE", "params": names, "id": 1})
    assert client.say({"method": "SUBSCRIBE", "params": ["one@more"], "id": 2})["code"] == 2


def test_six_messages_in_a_second_end_the_connection() -> None:
    client = Client("/ws")
    for number in range(5):
        client.say({"method": "LIST_SUBSCRIPTIONS", "id": number})
    client.wait(1)
    for number in range(5):
        client.say({"method": "LIST_SUBSCRIPTIONS", "id": number})
    client.session.receive_ping(b"")
    assert client.tape.closed == 1008
    assert not client.venue.sessions


def test_the_shutdown_notice_has_the_form_of_its_connection() -> None:
    assert json.loads(dialect.shutdown_notice("raw", START_NS) or b"") == {
        "e": "serverShutdown",
        "E": START_NS // 1_000_000,
    }
    combined = json.loads(dialect.shutdown_notice("combined", START_NS) or b"")
    assert combined["stream"] == "!serverShutdown"


def test_the_bytes_of_a_message_are_shared_among_subscribers_of_one_form() -> None:
    venue = VenueCore(dialect, VenueSettings(("BTC-USDT",)))
    first = Client("/ws/btcusdt@depth@100ms", venue=venue)
    kept: list[list[bytes]] = [[], []]
    second = Client("/ws/btcusdt@depth@100ms", venue=venue)
    first.tape.send = lambda frame, piece=0: kept[0].append(frame)  # type: ignore[method-assign]
    second.tape.send = lambda frame, piece=0: kept[1].append(frame)  # type: ignore[method-assign]
    second.wait(0.3)
    assert len(kept[0]) == 3
    assert all(a is b for a, b in zip(*kept, strict=True))
