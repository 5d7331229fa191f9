"""`rivo-helpdesk audit verify`: what was changed behind the service's back is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.app.serving import ENVIRON
from tests.commands.stage import Desk
from tests.operations.made import made


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in (*ENVIRON, "CONFIG", "SECRET_KEY_FILE", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    desk = Desk(tmp_path)
    desk.make(*(made(n, shop="shop") for n in (1, 2, 3)))
    return desk


def verified(desk: Desk, *words: str, code: int = 0) -> dict[str, Any]:
    done = desk.run("audit", "verify", "--json", *words)
    assert code == done.exit_code, done.output
    (found,) = msgspec.json.decode(done.stdout)
    told: dict[str, Any] = found
    return told


def test_a_chain_that_holds_is_said_to_hold(desk: Desk) -> None:
    found = verified(desk)
    done = desk.run("audit", "verify")

    assert ("shop", 3, None, None) == (
        found["shop"],
        found["rows"],
        found["broken_at"],
        found["why"],
    )
    assert found["head"] in done.stdout
    assert "holds" in done.stdout


def test_an_audit_that_was_changed_is_broken(desk: Desk) -> None:
    with desk.open() as tx:
        tx.execute("UPDATE audit SET event = 'expired' WHERE number = 2")
    found = verified(desk, code=1)
    done = desk.run("audit", "verify")

    assert (1, 2, "mac") == (found["rows"], found["broken_at"], found["why"])
    assert 1 == done.exit_code
    assert "broken at 2: it or the one before was changed, or SECRET_KEY is another" in done.stdout


def test_an_anchor_tells_what_was_cut_off(desk: Desk) -> None:
    head = verified(desk)["head"]
    with desk.open() as tx:
        tx.execute("DELETE FROM audit WHERE number = 3")

    assert None is verified(desk)["why"]
    assert "truncated" == verified(desk, "--anchor", head, code=1)["why"]
    assert "truncated" == verified(desk, "--shop", "shop", "--anchor", head, code=1)["why"]


@pytest.mark.parametrize("anchor", ["3", "3:xyz", "0:" + "0" * 64, "3:" + "0" * 63])
def test_an_anchor_that_is_none_is_refused(desk: Desk, anchor: str) -> None:
    done = desk.run("audit", "verify", "--anchor", anchor)

    assert 2 == done.exit_code
    assert "64 hex digits" in done.stderr


def test_every_shop_is_verified(desk: Desk) -> None:
    config = desk.path.with_name("shops.toml")
    config.write_text('[shops.shop]\nrivo_api_key = "k1"\n[shops.other]\nrivo_api_key = "k2"\n')
    for name in ("RIVO_API_KEY", "API_KEY", "LEAD_KEY", "GORGIAS_SECRET", "GORGIAS_BUTTON_SECRET"):
        del desk.environ[name]
    desk.environ["CONFIG"] = str(config)

    found = desk.json("audit", "verify")

    assert [("shop", 3), ("other", 0)] == [(each["shop"], each["rows"]) for each in found]
    assert "There are several shops" in desk.refused("audit", "verify", "--anchor", "1:" + "0" * 64)
