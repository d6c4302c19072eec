"""An unmodified ccxt.pro exchange that talks to the embedded venue."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from connector_sdk.sandbox.trading import Account

# By name: the type checkers of this project do not know it.
CCXT: Any = importlib.import_module("ccxt.pro")


def client(endpoints: Mapping[str, str], account: Account | None = None) -> Any:
    """A ccxt.pro exchange at those endpoints, and otherwise as shipped; with keys if given."""
    keys = {} if account is None else {"apiKey": account.key, "secret": account.secret}
    exchange: Any = CCXT.binance(
        {
            **keys,
            "enableRateLimit": False,
            "options": {
                "defaultType": "spot",
                "fetchMarkets": {"types": ["spot"]},
                "fetchMargins": False,
                "fetchCurrencies": False,
            },
        }
    )
    rest = f"{endpoints['rest']}/api/v3"
    exchange.urls["api"]["public"] = exchange.urls["api"]["private"] = rest
    exchange.urls["api"]["ws"]["spot"] = f"{endpoints['ws']}/stream/ws"
    exchange.urls["api"]["ws"]["ws-api"]["spot"] = endpoints["ws_api"]
    return exchange
