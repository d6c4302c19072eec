"""What of a URL, a JSON text or a header may be shown: all but secrets."""

from __future__ import annotations

import re

GRANTED = ("signature", "apikey", "api_key", "secret", "passphrase", "listenkey")
SENT = (*GRANTED, "token")
"""Names whose values are never shown. What a venue calls a token may be a coin, so that name
counts only in what we send."""


def _values(names: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    named = "|".join(names)
    return (
        re.compile(rf"([?&](?:{named})=)[^&]*", re.IGNORECASE),
        re.compile(rf'("(?:{named})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE),
    )


_SENT, _RECEIVED = _values(SENT), _values(GRANTED)


def without_secrets(text: str, *, received: bool = False) -> str:
    """`text`, a URL or JSON, with the values of secret names struck out."""
    in_query, in_json = _RECEIVED if received else _SENT
    return in_json.sub(r'\1"…"', in_query.sub(r"\1…", text))
