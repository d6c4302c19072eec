"""What a connector declares of itself: data, read without a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connector_sdk.errors import ConfigError
from connector_sdk.model.instrument import SymbolFormat
from connector_sdk.model.order import OrderType, TimeInForce

CONNECTOR_API_MINIMUM = 1
CONNECTOR_API_MAXIMUM = 1
URL_SCHEMES = ("http://", "https://", "ws://", "wss://")


class ApiRange(BaseModel):
    """Versions of the connector API, both ends included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum: int = Field(ge=1)
    maximum: int = Field(ge=1)

    def overlaps(self, other: ApiRange) -> bool:
        """Whether one version lies in both ranges."""
        return self.minimum <= other.maximum and other.minimum <= self.maximum

    def __str__(self) -> str:
        return f"{self.minimum}..{self.maximum}"


SUPPORTED_API = ApiRange(minimum=CONNECTOR_API_MINIMUM, maximum=CONNECTOR_API_MAXIMUM)
"""The connector API versions this SDK speaks."""


class RateLimitPool(BaseModel):
    """A budget of weight: at most `limit` in any `window_s` seconds.

    name:      one with ``{pair}`` in it is a template: each pair has such a pool.
    reserve:   the share of it that only cancels and reconciliation may use.
    per_key:   whether the venue counts it by API key and not by address.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    limit: int = Field(gt=0)
    window_s: float = Field(gt=0)
    reserve: float = Field(default=0.0, ge=0, lt=1)
    per_key: bool = False

    @property
    def per_pair(self) -> bool:
        """Whether this is a template."""
        return "{pair}" in self.name

    def instance(self, name: str) -> RateLimitPool | None:
        """The pool of that name, if this is its template: it belongs to one pair alone."""
        before, _, after = self.name.partition("{pair}")
        fits = name.startswith(before) and name.endswith(after)
        if not self.per_pair or not fits or len(name) <= len(before) + len(after):
            return None
        return self.model_copy(update={"name": name})


class ClientOrderIdFormat(BaseModel):
    """What a venue accepts as a client order id.

    kind:            ``text`` of `alphabet`, ``uuid``, or ``integer`` below 2 ** `bits`.
    maximum_length:  characters, for ``text``.
    prefix:          what every id must begin with, as a broker's code.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["text", "uuid", "integer"] = "text"
    maximum_length: int = Field(default=36, ge=16)
    alphabet: str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    prefix: str = ""
    bits: int = Field(default=63, ge=40, le=64)


class ConnectorManifest(BaseModel):
    """A connector's declaration.

    venue:        the name of the entry point, as in ``binance``.
    api:          connector API versions it was written for.
    domains:      domain → endpoint name → URL; the first domain is the default.
    channels:     public channels it decodes.
    rate_limits:  the pools its requests draw from; every cost names one of them.
    weight_headers: header (lower case) → pool whose used weight it reports.
    ordered_nonce:  the venue wants rising nonces, so requests are signed and sent one at a time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    venue: str
    title: str
    api: ApiRange
    products: tuple[str, ...]
    channels: tuple[str, ...]
    order_types: tuple[OrderType, ...] = ()
    time_in_force: tuple[TimeInForce, ...] = ()
    client_order_ids: ClientOrderIdFormat = ClientOrderIdFormat()
    auth: tuple[str, ...] = ()
    ordered_nonce: bool = False
    domains: Mapping[str, Mapping[str, str]]
    symbol_format: SymbolFormat
    example_pair: str
    rate_limits: tuple[RateLimitPool, ...] = ()
    weight_headers: Mapping[str, str] = Field(default_factory=dict)

    @field_validator("domains")
    @classmethod
    def _urls_are_urls(cls, domains: Mapping[str, Mapping[str, str]]) -> Mapping[str, object]:
        if not domains:
            raise ValueError("name at least one domain")
        for endpoints in domains.values():
            for name, url in endpoints.items():
                endpoint_url(name, url)
        return domains

    def endpoints(
        self, domain: str | None = None, overrides: Mapping[str, str] | None = None
    ) -> Mapping[str, str]:
        """Endpoint name → URL for `domain` (default: the first), with `overrides` in place.

        Raises ConfigError for an unknown domain, an unknown endpoint name or a malformed URL.
        """
        known = next(iter(self.domains)) if domain is None else domain
        if known not in self.domains:
            raise ConfigError(
                f"{self.venue} has no domain {domain!r}: it has {', '.join(self.domains)}"
            )
        endpoints = dict(self.domains[known])
        for name, url in (overrides or {}).items():
            if name not in endpoints:
                raise ConfigError(
                    f"{self.venue} has no endpoint {name!r}: it has {', '.join(endpoints)}"
                )
            endpoints[name] = endpoint_url(name, url)
        return endpoints


def endpoint_url(name: str, url: str) -> str:
    """`url` without a trailing slash. Raises ConfigError unless it is an absolute URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    strange = parts.query or parts.fragment or any(c.isspace() for c in url)
    if strange or not (url.startswith(URL_SCHEMES) and parts.hostname):
        raise ConfigError(
            f"endpoint {name}: {url!r} is not a URL: write it as in https://host or ws://host:port"
        )
    if not _has_port(parts):
        raise ConfigError(f"endpoint {name}: {url!r} has no valid port")
    return url.rstrip("/")


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0 and not parts.netloc.endswith(":")
    except ValueError:
        return False
