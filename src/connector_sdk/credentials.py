"""Where credentials come from: an argument, the environment, the keyring, or a callable."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from pydantic import SecretStr, ValidationError

from connector_sdk.errors import ConfigError
from connector_sdk.model.credentials import Credentials

C = TypeVar("C", bound=Credentials)
Fields: TypeAlias = Mapping[str, str | SecretStr]
Place: TypeAlias = Literal["environment", "keyring"]
CredentialsSource: TypeAlias = Credentials | Fields | Place | Callable[[], "Credentials | Fields"]
"""Credentials, their fields by name, where to look for them, or what fetches them."""
KEYRING_SERVICE = "connector-sdk"


def credentials_from(model: type[C], venue: str, source: CredentialsSource) -> C:
    """The credentials of `venue`, of type `model`, from `source`.

    The environment has them in VENUE_FIELD, upper case (BINANCE_API_KEY), or in the file that
    VENUE_FIELD_FILE names, as for a key in PEM; the keyring in service ``connector-sdk`` under
    ``venue.field`` (``binance.api_key``).

    Raises ConfigError that says what is missing, and how to set it; it never shows a value.
    """
    if callable(source):
        return credentials_from(model, venue, source())
    if isinstance(source, Credentials):
        return _of_that_kind(model, venue, source)
    if isinstance(source, str):
        return _found_in(source, model, venue)
    return _validated(model, venue, source, lambda field: f"give {field!r}")


def _found_in(place: str, model: type[C], venue: str) -> C:
    match place:
        case "environment":
            fields = _present(model, lambda field: _from_environment(variable_of(venue, field)))
            return _validated(
                model, venue, fields, lambda field: f"set the variable {variable_of(venue, field)}"
            )
        case "keyring":
            fields = _present(model, lambda field: _from_keyring(f"{venue}.{field}"))
            command = f"keyring set {KEYRING_SERVICE} {venue}"
            return _validated(model, venue, fields, lambda field: f"run `{command}.{field}`")
        case _:
            raise ConfigError(
                f"{venue}: credentials come from 'environment', 'keyring', an object, a mapping "
                f"or a callable, not from {place!r}"
            )


def _of_that_kind(model: type[C], venue: str, given: Credentials) -> C:
    if isinstance(given, model):
        return given
    raise ConfigError(f"{venue} takes {model.__name__}, not {type(given).__name__}")


def _present(model: type[Credentials], read: Callable[[str], str | None]) -> Fields:
    read_fields = ((field, read(field)) for field in model.model_fields)
    stripped = ((field, value.strip()) for field, value in read_fields if value)
    return {field: value for field, value in stripped if value}


def _validated(model: type[C], venue: str, fields: Fields, remedy: Callable[[str], str]) -> C:
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        said = [
            f"{each['loc'][0]} is missing: {remedy(str(each['loc'][0]))}"
            if each["type"] == "missing"
            else ": ".join([*map(str, each["loc"]), each["msg"].removeprefix("Value error, ")])
            for each in wrong
        ]
        raise ConfigError(f"{venue}: these credentials will not do: {'; '.join(said)}") from error


def variable_of(venue: str, field: str) -> str:
    """The environment variable that holds a field: ``BINANCE_API_KEY``."""
    return re.sub(r"\W", "_", f"{venue}_{field}").upper()


def _from_environment(variable: str) -> str | None:
    value, file = os.environ.get(variable), os.environ.get(f"{variable}_FILE")
    if not file:
        return value
    if value:
        raise ConfigError(f"both {variable} and {variable}_FILE are set: keep one")
    try:
        return Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{variable}_FILE names a file that cannot be read: {error}") from error


def _from_keyring(name: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise ConfigError(
            "the keyring needs the package `keyring`: pip install 'connector-sdk[cli]'"
        ) from error
    try:
        return keyring.get_password(KEYRING_SERVICE, name)
    except KeyringError as error:
        raise ConfigError(f"the keyring does not give {name}: {error}") from error
