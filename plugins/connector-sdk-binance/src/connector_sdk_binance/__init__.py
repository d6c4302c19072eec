"""Binance spot, translated. Sources are in the README's evidence table."""

from connector_sdk.model.instrument import SymbolFormat
from connector_sdk.model.manifest import ApiRange, ConnectorManifest, RateLimitPool
from connector_sdk.protocols.connector import Connector
from connector_sdk_binance.market import MARKET_API, VENUE
from connector_sdk_binance.order_book_data_source import STREAMS, BinanceOrderBookDataSource

QUOTES = "USDT USDC FDUSD TUSD BUSD DAI USD1 BTC ETH BNB XRP DOGE TRX SOL EUR TRY BRL JPY MXN PLN"


def _domain(rest: str, ws: str, ws_api: str) -> dict[str, str]:
    return {"rest": f"https://{rest}", "ws": f"wss://{ws}", "ws_api": f"wss://{ws_api}/ws-api/v3"}


MANIFEST = ConnectorManifest(
    venue=VENUE,
    title="Binance Spot",
    api=ApiRange(minimum=1, maximum=1),
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
    # QUIRK binance 2026-07: its windows are clock minutes; a rolling one is never looser.
    rate_limits=(RateLimitPool(name="weight", limit=6_000, window_s=60),),
    weight_headers={"x-mbx-used-weight-1m": "weight"},
)

connector = Connector(MANIFEST, MARKET_API, BinanceOrderBookDataSource())
