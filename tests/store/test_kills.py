"""A process that is killed while it writes: whatever it acknowledged is there."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.acting import TOGETHER
from tests.store.stage import names, opened

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
KILLS = 5


def killed(path: Path, *, after: int) -> list[str]:
    """Let a process write until it has acknowledged so many rows, kill it, return all it said."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.acting", "write", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(after)]
        process.kill()
        told.extend(process.stdout)
    # A word that was cut off is one that nobody has heard.
    return [line.removesuffix("\n") for line in told if line.endswith("\n")]


@pytest.mark.parametrize("seed", range(KILLS))
async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "rivo.db"
    told = killed(path, after=random.Random(seed).randrange(1, 300))
    async with opened(path) as store:
        kept = await store.read(names)
        sound = await store.read(lambda tx: tx.execute("PRAGMA integrity_check").fetchone()[0])

    assert set() == set(told) - set(kept)
    assert len(kept) <= len(told) + TOGETHER
    assert "ok" == sound
