"""How often that is tried what is counted: seldom in every run, more often for a commit."""

from __future__ import annotations

import os


def often(*, suite: int, commit: int) -> int:
    """Say how often: `commit` times where COMMIT_FIGURES=1 asks for it, otherwise `suite` times."""
    return commit if os.environ.get("COMMIT_FIGURES") == "1" else suite
