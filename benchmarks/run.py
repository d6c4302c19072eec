"""The performance table: `nox -s bench`. Exits 1 when a row is beyond its gate."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from book_rows import measure_dense, measure_tape
from checksum_row import measure_checksum
from limiter_row import measure_limiter
from process_rows import measure_imports, measure_ledger, measure_memory
from resync_row import measure_resync
from socket_row import measure_socket
from table import ROWS, Measured, Result, Skipped, printed
from trading_rows import measure_trading

Measure: TypeAlias = Callable[[set[str]], dict[str, Measured | Skipped]]

GROUPS: Final[tuple[tuple[frozenset[str], Measure], ...]] = (
    (frozenset({"best", "top20", "decimals", "ccxt"}), measure_dense),
    (frozenset({"tape"}), measure_tape),
    (frozenset({"checksum"}), measure_checksum),
    (frozenset({"socket"}), measure_socket),
    (frozenset({"memory"}), measure_memory),
    (frozenset({"resync"}), measure_resync),
    (frozenset({"buy", "ccxt-order", "ccxt-pro-order"}), measure_trading),
    (frozenset({"limiter"}), measure_limiter),
    (frozenset({"ledger-flat", "ledger-memory"}), measure_ledger),
    (frozenset({"import-time", "import-memory"}), measure_imports),
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    wanted = set(options.rows or [row.key for row in ROWS])
    outcomes: dict[str, Measured | Skipped] = {}
    for keys, measure in GROUPS:
        if keys & wanted:
            found = measure(set(keys & wanted))
            outcomes |= {key: outcome for key, outcome in found.items() if key in wanted}
    results = [Result(row, outcomes[row.key]) for row in ROWS if row.key in outcomes]
    if options.json:
        print(json.dumps([result.as_json() for result in results], indent=2))
    else:
        print(printed(results))
    return 1 if any(result.beyond for result in results) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    keys = [row.key for row in ROWS]
    parser.add_argument("--rows", nargs="+", choices=keys, metavar="ROW", help=", ".join(keys))
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
