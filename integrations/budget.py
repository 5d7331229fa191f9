"""What may leave for one shop's Rivo, and who goes first."""

from __future__ import annotations

import enum


class Priority(enum.IntEnum):
    """What a request is for; the lower goes first."""

    WRITE = 0
    READ = 1
    SETTLE = 2
    REFRESH = 3
    EXPORT = 4
