"""Credentials: what a venue knows an account by. Secrets show in no repr, log or dump."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator


class Credentials(BaseModel):
    """Base of a venue's credentials: every field of a subclass is a SecretStr, or text to show.

    A field's value may come from an argument, from the environment variable VENUE_FIELD in upper
    case (BINANCE_API_KEY), or from the keyring (service ``connector-sdk``, name ``venue.field``).
    """

    # What was wrongly given may be a secret in the wrong place: no error shows it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class KeyCredentials(Credentials):
    """An API key, and the one thing that proves it is yours.

    secret:       the secret that the venue gave out with the key.
    private_key:  the private half of the pair whose public half the venue was given, in PEM.
    passphrase:   of a private key that is encrypted.
    """

    api_key: SecretStr
    secret: SecretStr | None = None
    private_key: SecretStr | None = None
    passphrase: SecretStr | None = None

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.secret is None) is (self.private_key is None):
            raise ValueError("give either secret or private_key, whichever the key was made with")
        if self.secret is not None and self.passphrase is not None:
            raise ValueError("a passphrase belongs to a private_key, and there is none")
        return self
