"""Room for connections: each is an open file, and a process may have so many of them."""

from __future__ import annotations

import sys
from typing import Final

SPARE: Final = 256
"""So many files are kept for what is no connection of a client's."""


def room_for(connections: int) -> int:
    """Make room for so many connections, and a quarter more; say for how many there is."""
    if sys.platform == "win32":
        return connections
    import resource  # noqa: PLC0415 -- there is none on Windows

    wanted = connections + connections // 4 + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return connections
    return max(1, min(connections, (soft - SPARE) * 4 // 5))
