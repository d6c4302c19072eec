"""What of a URL, a form or a JSON text may be shown: all but the values of secret names."""

from __future__ import annotations

import re

GRANTED = ("signature", "apikey", "api_key", "secret", "passphrase", "listenkey")
SENT = (*GRANTED, "sign", "token", "authorization")
"""Names whose values are never shown. What a venue calls a token or a sign may be a coin or plus
and minus, so those count only in what we send."""


_NAMES = frozenset(SENT)


def _named(names: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(names)})"


def _in_query(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"((?:^|[?&]){_named(names)}=)[^&#\s]*", re.IGNORECASE)


def _in_json(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf'("{_named(names)}"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)


_SENT = _in_query(SENT), _in_json(SENT)
_RECEIVED = _in_query(GRANTED), _in_json(GRANTED)


def without_secrets(text: str, *, received: bool = False) -> str:
    """`text`, a URL, a form or JSON, with the values of secret names struck out."""
    in_query, in_json = _RECEIVED if received else _SENT
    return in_json.sub(r'\1"…"', in_query.sub(r"\1…", text))


def public_url(url: str) -> str:
    """`url` with the values of secret names struck out."""
    place, mark, query = url.partition("?")
    if not mark:
        return url
    # By hand in a fifth of the time that a pattern takes: it is on every request's way.
    parts = query.split("&")
    for i, part in enumerate(parts):
        name, named, _ = part.partition("=")
        if named and name.lower() in _NAMES:
            parts[i] = f"{name}=…"
    return f"{place}?{'&'.join(parts)}"
