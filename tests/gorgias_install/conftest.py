"""An account of Gorgias, and the command line as an admin runs it over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app import cli
from tests.app.loop import SkippingLoop
from tests.app.serving import BUTTON_SECRET, ENVIRON, GORGIAS_SECRET
from tests.gorgias_install.standin import API_KEY, USER, Gorgias, serving


class Admin:
    """Runs commands over one account."""

    def __init__(self, gorgias: Gorgias) -> None:
        self.gorgias = gorgias
        self.environ: dict[str, str | None] = {
            **ENVIRON,
            "GORGIAS_DOMAIN": f"http://127.0.0.1:{gorgias.port}",
            "GORGIAS_USER": USER,
            "GORGIAS_API_KEY": API_KEY,
        }

    def run(self, *words: str, code: int = 0, **environ: Any) -> Result:
        """Run a command; a variable that is None is not set."""
        arguments = ["gorgias", *words]
        done = CliRunner().invoke(cli.main, arguments, env={**self.environ, **environ})
        assert code == done.exit_code, f"{done.output}\n{done.exception!r}"
        for secret in (GORGIAS_SECRET, BUTTON_SECRET, API_KEY):
            assert secret not in done.output
        return done

    def refused(self, *words: str, **environ: Any) -> str:
        """Run a command that fails; the sentences that it ends with."""
        done = self.run(*words, code=1, **environ)
        return done.stderr.rpartition("Error: ")[2].strip()

    def writes(self, *words: str, **environ: Any) -> list[tuple[str, str]]:
        """Run a command; what it asked Gorgias to change."""
        before = len(self.gorgias.writes)
        self.run(*words, **environ)
        return self.gorgias.writes[before:]


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run what is asynchronous on a loop whose time jumps."""
    return "asyncio", {"loop_factory": SkippingLoop}


@pytest.fixture
def gorgias() -> Iterator[Gorgias]:
    with serving() as account:
        yield account


@pytest.fixture
def admin(gorgias: Gorgias, monkeypatch: pytest.MonkeyPatch) -> Admin:
    for name in (*ENVIRON, "CONFIG", "GORGIAS_DOMAIN", "GORGIAS_USER", "GORGIAS_API_KEY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setattr("integrations.gorgias.rest.BUSY_SECONDS", 0.0)
    return Admin(gorgias)
