"""The page of the embedded venue names every fault there is, as the catalogue says it."""

from __future__ import annotations

from pathlib import Path

from connector_sdk.sandbox.fault_catalogue import CATALOGUE

PAGE = Path(__file__).parents[2] / "docs" / "embedded-venue.md"


def test_the_docs_list_every_fault_with_its_keys_and_its_words() -> None:
    table = PAGE.read_text("utf-8").split("<!-- faults: begin -->")[1]
    rows = table.split("<!-- faults: end -->")[0].strip().splitlines()[2:]
    expected = [
        f"| `{kind.name}` | {kind.place.value} | {kind.help} | "
        f"{' '.join(f'`{key}={value}`' for key, value in kind.options.items())} |"
        for kind in CATALOGUE.values()
    ]
    assert rows == expected
