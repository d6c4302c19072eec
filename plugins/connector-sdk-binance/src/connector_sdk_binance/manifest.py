"""What the Binance connector declares of itself."""

from __future__ import annotations

from connector_sdk.model.instrument import SymbolFormat
from connector_sdk.model.manifest import ApiRange, ConnectorManifest, RateLimitPool

QUOTE_ASSETS = (
    *("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "DAI", "USD1", "BTC", "ETH", "BNB", "XRP", "DOGE"),
    *("TRX", "SOL", "DOT", "EUR", "EURI", "TRY", "BRL", "JPY", "MXN", "ARS", "PLN", "UAH", "ZAR"),
    *("RON", "CZK", "COP", "IDR", "NGN", "RUB", "GBP", "AUD", "VAI", "BIDR", "PAX", "USDS"),
)

MANIFEST = ConnectorManifest(
    venue="binance",
    title="Binance Spot",
    api=ApiRange(minimum=1, maximum=1),
    products=("spot",),
    channels=("depth@100ms", "trade", "bookTicker"),
    domains={
        "prod": {
            "rest": "https://api.binance.com",
            "ws": "wss://stream.binance.com:9443",
            "ws_api": "wss://ws-api.binance.com:443/ws-api/v3",
        },
        "testnet": {
            "rest": "https://testnet.binance.vision",
            "ws": "wss://stream.testnet.binance.vision",
            "ws_api": "wss://ws-api.testnet.binance.vision/ws-api/v3",
        },
        "demo": {
            "rest": "https://demo-api.binance.com",
            "ws": "wss://demo-stream.binance.com",
            "ws_api": "wss://demo-ws-api.binance.com/ws-api/v3",
        },
    },
    symbol_format=SymbolFormat(quote_assets=QUOTE_ASSETS),
    example_pair="BTC-USDT",
    # QUIRK binance 2026-07: windows are fixed clock minutes; a rolling one is never looser.
    rate_limits=(
        RateLimitPool(name="weight", limit=6_000, window_s=60),
        RateLimitPool(name="requests", limit=300_000, window_s=300),
    ),
    weight_headers={"x-mbx-used-weight-1m": "weight"},
)
