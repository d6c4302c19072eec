"""How much memory this process holds now."""

from __future__ import annotations

import os
from pathlib import Path

STATM = Path("/proc/self/statm")


def resident_mb() -> float:
    """Resident size. Only where there is a /proc."""
    pages = int(STATM.read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6
