"""Credentials from every source; what is missing is named, and nothing is shown."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
from pydantic import SecretStr, model_validator

from connector_sdk.credentials import CredentialsSource, credentials_from
from connector_sdk.errors import ConfigError
from connector_sdk.model.credentials import Credentials

KEY, SECRET = "vmPUZE6mv9SD5VNH", "NhqPtmdSJYdKjVHj"


class VenueCredentials(Credentials):
    """What some venue asks for."""

    api_key: SecretStr
    secret: SecretStr | None = None
    account: str = "main"


class StrictCredentials(VenueCredentials):
    """With a rule of its own."""

    @model_validator(mode="after")
    def _names_an_account(self) -> Self:
        if not self.account:
            raise ValueError("name an account")
        return self


class OtherCredentials(Credentials):
    """What another one asks for."""

    wallet: SecretStr


GIVEN = VenueCredentials(api_key=SecretStr(KEY), secret=SecretStr(SECRET))


class Ring(KeyringBackend):
    """A keyring in memory; one without entries is locked."""

    priority = 1.0

    def __init__(self, entries: Mapping[str, str]) -> None:
        self.entries = entries

    def get_password(self, service: str, username: str) -> str | None:
        if not self.entries:
            raise KeyringLocked("locked")
        return self.entries.get(username) if service == "connector-sdk" else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    "source",
    [
        GIVEN,
        {"api_key": KEY, "secret": SecretStr(SECRET)},
        lambda: GIVEN,
        lambda: {"api_key": KEY, "secret": SECRET},
    ],
)
def test_an_object_a_mapping_and_what_fetches_them_give_the_same(
    source: CredentialsSource,
) -> None:
    assert credentials_from(VenueCredentials, "venue", source) == GIVEN


def test_the_environment_is_read_by_venue_and_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_VENUE_API_KEY", KEY)
    monkeypatch.setenv("SOME_VENUE_SECRET", SECRET)
    monkeypatch.setenv("SOME_VENUE_ACCOUNT", "")
    found = credentials_from(VenueCredentials, "some-venue", "environment")
    assert found == GIVEN  # an empty variable is one that is not set


def test_a_variable_may_name_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    monkeypatch.setenv("VENUE_API_KEY", KEY)
    monkeypatch.setenv("VENUE_SECRET_FILE", str(tmp_path / "secret"))
    assert credentials_from(VenueCredentials, "venue", "environment") == GIVEN
    monkeypatch.setenv("VENUE_SECRET", SECRET)
    with pytest.raises(ConfigError, match="both VENUE_SECRET and VENUE_SECRET_FILE are set"):
        credentials_from(VenueCredentials, "venue", "environment")
    monkeypatch.delenv("VENUE_SECRET")
    monkeypatch.setenv("VENUE_SECRET_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="VENUE_SECRET_FILE names a file that cannot be read"):
        credentials_from(VenueCredentials, "venue", "environment")


def test_the_keyring_is_read_by_venue_and_field(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Ring({"venue.api_key": KEY, "venue.secret": SECRET})
    monkeypatch.setattr(keyring.core, "_keyring_backend", ring)
    assert credentials_from(VenueCredentials, "venue", "keyring") == GIVEN
    with pytest.raises(ConfigError, match=r"keyring set connector-sdk other\.api_key"):
        credentials_from(VenueCredentials, "other", "keyring")
    ring.entries = {}
    with pytest.raises(ConfigError, match=r"does not give venue\.api_key: locked"):
        credentials_from(VenueCredentials, "venue", "keyring")


def test_a_missing_keyring_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match=r"pip install 'connector-sdk\[cli\]'"):
        credentials_from(VenueCredentials, "venue", "keyring")


def test_what_is_missing_is_named_with_the_way_to_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VENUE_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="api_key is missing: set the variable VENUE_API_KEY"):
        credentials_from(VenueCredentials, "venue", "environment")
    with pytest.raises(ConfigError, match="api_key is missing: give 'api_key'"):
        credentials_from(VenueCredentials, "venue", {})


def test_credentials_of_another_venue_and_unknown_places_are_refused() -> None:
    other = OtherCredentials(wallet=SecretStr(KEY))
    with pytest.raises(ConfigError, match="venue takes VenueCredentials, not OtherCredentials"):
        credentials_from(VenueCredentials, "venue", other)
    with pytest.raises(ConfigError, match="'environment', 'keyring', an object"):
        credentials_from(VenueCredentials, "venue", "vault")  # type: ignore[arg-type]  # the point


def test_neither_credentials_nor_their_refusals_show_a_value() -> None:
    shown = [repr(GIVEN), str(GIVEN), str(GIVEN.model_dump()), GIVEN.model_dump_json()]
    for wrong in (
        {"api_key": KEY, "secert": SECRET},
        {"secret": SECRET},
        {"api_key": KEY, "account": ""},
    ):
        with pytest.raises(ConfigError) as refused:
            credentials_from(StrictCredentials, "venue", wrong)
        shown.append("".join(traceback.format_exception(refused.value)))
    for text in shown:
        assert KEY not in text
        assert SECRET not in text
