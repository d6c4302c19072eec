"""ThrowAwayTls: a certificate authority of one venue's life, and the certificates it shows."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from connector_sdk.errors import ConfigError
from connector_sdk.sandbox.circumstances import CutOff

NAMES = ("localhost", "127.0.0.1")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class ThrowAwayTls:
    """Made at start, gone at `close`.

    context:  of the server; what it shows may change while it serves.
    ca_path:  the PEM that clients are to trust.

    Raises ConfigError where the package that makes certificates is not installed.
    """

    def __init__(self) -> None:
        try:
            import trustme
        except ImportError as missing:
            raise ConfigError(
                "a TLS port needs the package trustme: pip install 'connector-sdk[testing]'"
            ) from missing
        authority, stranger = trustme.CA(), trustme.CA()
        self._leaves = {
            None: authority.issue_cert(*NAMES),
            CutOff.EXPIRED: authority.issue_cert(*NAMES, not_after=LONG_AGO),
            CutOff.UNSIGNED: stranger.issue_cert(*NAMES),
        }
        self._folder = tempfile.TemporaryDirectory(prefix="connector-sdk-venue-")
        self.ca_path = Path(self._folder.name) / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_path))
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.present(None)

    def present(self, why: CutOff | None) -> None:
        """Show new connections the good certificate (None), or one that is bad in that way."""
        leaf = self._leaves.get(why, self._leaves[None])
        with leaf.private_key_and_cert_chain_pem.tempfile() as chain:
            self.context.load_cert_chain(chain)

    def close(self) -> None:
        """Remove the files. Idempotent."""
        self._folder.cleanup()
