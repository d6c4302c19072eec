"""Binance spot, translated. Sources are in the README's evidence table."""

from connector_sdk.model import manifest
from connector_sdk.model.instrument import SymbolFormat
from connector_sdk.model.order import OrderType, TimeInForce
from connector_sdk.protocols.connector import Connector, Trading
from connector_sdk_binance.auth import BinanceAuth, BinanceCredentials
from connector_sdk_binance.market import MARKET_API, VENUE
from connector_sdk_binance.order_book_data_source import STREAMS, BinanceOrderBookDataSource
from connector_sdk_binance.user_stream_data_source import BinanceUserStreamDataSource

QUOTES = "USDT USDC FDUSD TUSD BUSD DAI USD1 BTC ETH BNB XRP DOGE TRX SOL EUR TRY BRL JPY MXN PLN"


def _domain(rest: str, ws: str, ws_api: str) -> dict[str, str]:
    return {"rest": f"https://{rest}", "ws": f"wss://{ws}", "ws_api": f"wss://{ws_api}/ws-api/v3"}


MANIFEST = manifest.ConnectorManifest(
    venue=VENUE,
    title="Binance Spot",
    api=manifest.ApiRange(minimum=1, maximum=1),
    products=("spot",),
    channels=STREAMS,
    domains={
        "prod": _domain("api.binance.com", "stream.binance.com:9443", "ws-api.binance.com:443"),
        "testnet": _domain(
            *(f"{name}testnet.binance.vision" for name in ("", "stream.", "ws-api."))
        ),
        "demo": _domain(*(f"demo-{name}.binance.com" for name in ("api", "stream", "ws-api"))),
    },
    symbol_format=SymbolFormat(quote_assets=tuple(QUOTES.split())),
    example_pair="BTC-USDT",
    order_types=tuple(OrderType),
    time_in_force=tuple(TimeInForce),
    auth=("hmac-sha256", "rsa", "ed25519"),
    client_order_ids=manifest.ClientOrderIdFormat(maximum_length=36),
    # QUIRK binance 2026-07: its windows are clock minutes; a rolling one is never looser.
    rate_limits=(
        manifest.RateLimitPool(name="weight", limit=6_000, window_s=60, reserve=0.1),
        manifest.RateLimitPool(name="orders_10s", limit=50, window_s=10, per_key=True),
        manifest.RateLimitPool(name="orders_1d", limit=160_000, window_s=86_400, per_key=True),
    ),
    weight_headers={
        "x-mbx-used-weight-1m": "weight",
        "x-mbx-order-count-10s": "orders_10s",
        "x-mbx-order-count-1d": "orders_1d",
    },
)
TRADING = Trading(MARKET_API, BinanceUserStreamDataSource(), BinanceCredentials, BinanceAuth)

connector = Connector(MANIFEST, MARKET_API, BinanceOrderBookDataSource(), TRADING)
