"""Discovery of connectors: without importing, and no plugin takes another down."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from connector_sdk.errors import PluginError
from connector_sdk.plugins import (
    VENUES,
    check_connectors,
    installed_connectors,
    load_connector,
    load_entry_point,
)

GOOD = """
from dataclasses import replace
from connector_sdk_binance import connector as other
manifest = other.manifest.model_copy(update={{"venue": "{name}"{more}}})
connector = replace(other, manifest=manifest)
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of distributions on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def install(site: Path, distribution: str, name: str, code: str) -> str:
    """Put a distribution with one connector into `site`; returns the module's name."""
    module = distribution.replace("-", "_")
    sys.modules.pop(module, None)
    (site / f"{module}.py").write_text(code, "utf-8")
    metadata = site / f"{module}-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n", "utf-8"
    )
    (metadata / "entry_points.txt").write_text(
        f"[connector_sdk.connectors]\n{name} = {module}:connector\n", "utf-8"
    )
    return module


def error_of(name: str) -> str | None:
    return next(check.error for check in check_connectors() if check.name == name)


def test_an_installed_connector_is_listed_without_being_imported(site: Path) -> None:
    module = install(site, "acme-connector", "acme", "raise RuntimeError('imported')")
    found = {one.name: one for one in installed_connectors()}
    assert found["acme"].distribution == "acme-connector"
    assert found["acme"].version == "1.2"
    assert found["acme"].target == f"{module}:connector"
    assert module not in sys.modules


def test_a_good_connector_loads(site: Path) -> None:
    install(site, "good-connector", "good", GOOD.format(name="good", more=""))
    assert load_connector("good").manifest.venue == "good"
    assert error_of("good") is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('kaputt')", "RuntimeError: kaputt"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import no_such_module_here", "No module named 'no_such_module_here'"),
        ("def broken(:", "SyntaxError"),
        ("other = 1", "has no attribute 'connector'"),
        ("connector = 'a text'", "is a str, where a Connector is expected"),
        ("class Panic(BaseException): pass\nraise Panic('kaputt')", "Panic: kaputt"),
        (
            "from connector_sdk import Connector\nconnector = Connector(None, None, None)",
            "its manifest is no ConnectorManifest",
        ),
        (
            "from connector_sdk.model.manifest import ApiRange\nApiRange(minimum=0)",
            "greater than or equal to 1; maximum: Field required",
        ),
    ],
)
def test_a_broken_one_is_named_with_its_distribution_and_its_reason(
    site: Path, code: str, reason: str
) -> None:
    install(site, "broken-connector", "broken", code)
    with pytest.raises(PluginError, match=r"broken-connector 1\.2") as refused:
        load_connector("broken")
    assert reason in str(refused.value)
    assert reason in (error_of("broken") or "")
    assert error_of("binance") is None


@pytest.mark.parametrize("metadata", [None, "", "Metadata-Version: 2.1\n"])
def test_what_a_broken_uninstallation_left_takes_nothing_down(
    site: Path, metadata: str | None
) -> None:
    install(site, "leftover-connector", "leftover", "raise RuntimeError('kaputt')")
    path = site / "leftover_connector-1.2.dist-info" / "METADATA"
    if metadata is None:
        path.unlink()
    else:
        path.write_text(metadata, "utf-8")
    listed = {one.name: one.distribution for one in installed_connectors()}
    assert listed["leftover"] == "unknown distribution"
    assert "unknown distribution" in (error_of("leftover") or "")
    assert error_of("binance") is None


def test_one_made_for_another_api_is_refused_naming_both_ranges(site: Path) -> None:
    more = ', "api": type(other.manifest.api)(minimum=7, maximum=9)'
    install(site, "future-connector", "future", GOOD.format(name="future", more=more))
    with pytest.raises(PluginError, match=r"future-connector 1\.2.*7\.\.9.*1\.\.1"):
        load_connector("future")


def test_two_distributions_of_one_name_are_both_named_and_neither_is_taken(site: Path) -> None:
    install(site, "first-acme", "twice", GOOD.format(name="twice", more=""))
    install(site, "second-acme", "twice", GOOD.format(name="twice", more=""))
    with pytest.raises(PluginError, match=r"first-acme 1\.2 and second-acme 1\.2"):
        load_connector("twice")
    assert [c.error is None for c in check_connectors() if c.name == "twice"] == [False, False]
    assert error_of("binance") is None


def test_a_manifest_that_speaks_of_another_venue_is_refused(site: Path) -> None:
    install(site, "odd-connector", "odd", GOOD.format(name="even", more=""))
    with pytest.raises(PluginError, match="its manifest says venue 'even'"):
        load_connector("odd")


def test_a_name_that_is_not_installed_is_answered_with_near_ones() -> None:
    with pytest.raises(PluginError, match=r"'Binanc'.*did you mean binance\?"):
        load_connector("Binanc")


def test_other_groups_are_loaded_by_name() -> None:
    assert load_entry_point(VENUES, "binance") is not None
    with pytest.raises(PluginError, match="nowhere"):
        load_entry_point(VENUES, "nowhere")
