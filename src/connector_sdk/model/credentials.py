"""Credentials: what a venue knows an account by. Secrets show in no repr, log or dump."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Credentials(BaseModel):
    """Base of a venue's credentials: every field of a subclass is a SecretStr, or text to show.

    A field's value may come from an argument, from the environment variable VENUE_FIELD in upper
    case (BINANCE_API_KEY), or from the keyring (service ``connector-sdk``, name ``venue.field``).
    """

    # What was wrongly given may be a secret in the wrong place: no error shows it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
