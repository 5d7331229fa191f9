"""Files are read again: within seconds, without losing what is known, and never half."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.environment import load
from tests.app.loop import seconds
from tests.app.serving import SARAH, Service

pytestmark = pytest.mark.anyio

WITHIN = 5.0
MEMORY = {"DATABASE_URL": "sqlite://"}


def hexadecimal(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def caller(name: str, *secrets: str, actions: str = '"*"') -> str:
    digests = ", ".join(f'"{hexadecimal(secret)}"' for secret in secrets)
    return (
        f"[shops.acme.callers.{name}]\n"
        f'door = "actions"\nactions = [{actions}]\nsecret_sha256 = [{digests}]\n'
    )


ACME = '[shops.acme]\nrivo_api_key = "rivo-key-of-acme"\n'
OTHER = (
    '[shops.other]\nrivo_api_key = "rivo-key-of-other"\n[shops.other.callers.mesa]\n'
    f'door = "actions"\nactions = ["*"]\nsecret_sha256 = ["{hexadecimal("key-of-other")}"]\n'
)


class Told:
    """A service whose CONFIG changes while it runs."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.toml"
        self.environ = {"CONFIG": str(self.config), "SECRET_KEY": "key-of-the-hashes", **MEMORY}
        self.reads = 0
        self._writes = 0

    def write(self, text: str) -> None:
        """Write CONFIG in one step, as the tools that mount files do."""
        self._writes += 1
        new = self.config.with_suffix(f".{self._writes}")
        new.write_text(text)
        new.rename(self.config)

    def load(self) -> Any:
        self.reads += 1
        return load(self.environ)

    @contextlib.asynccontextmanager
    async def serving(self, **options: Any) -> AsyncIterator[Service]:
        service = Service(self.environ, reload=self.load, **options)
        async with service.app.router.lifespan_context(service.app):
            yield service

    async def status(self, service: Service, key: str, action: str = "list_rewards") -> int:
        inputs = {"customer_email": SARAH} if action == "get_customer" else {}
        return (await service.act(action, key=key, **inputs)).status_code


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


async def noticed(service: Service, event: str, count: int = 1) -> None:
    """Wait until the log says so; longer than the promise is a failure."""
    began = seconds()
    while [line["event"] for line in service.lines()].count(event) < count:
        assert seconds() - began <= WITHIN
        await asyncio.sleep(0.5)


async def test_a_new_caller_is_let_in_and_a_removed_one_is_not(told: Told) -> None:
    told.write(ACME + caller("mesa", "key-of-mesa"))
    async with told.serving() as service:
        before = [await told.status(service, key) for key in ("key-of-mesa", "key-of-robot")]
        told.write(ACME + caller("robot", "key-of-robot"))
        await noticed(service, "settings.changed")
        after = [await told.status(service, key) for key in ("key-of-mesa", "key-of-robot")]

    assert ([200, 401], [401, 200]) == (before, after)


async def test_what_it_says_of_a_shop_is_in_the_next_answer(told: Told) -> None:
    """Also where the answer was put together before, and what it was made of is fresh."""

    async def currency(service: Service) -> Any:
        asked = {"customer_email": SARAH, "key": "key-of-mesa"}
        return (await service.act("get_sidebar", **asked)).json()["balance"]["currency"]

    told.write(ACME + 'currency = "USD"\n' + caller("mesa", "key-of-mesa"))
    async with told.serving() as service:
        before = [await currency(service) for _ in range(2)]
        told.write(ACME + 'currency = "EUR"\n' + caller("mesa", "key-of-mesa"))
        await noticed(service, "settings.changed")
        asked = len(service.sandbox.requests)

        assert (["USD"] * 2, "EUR") == (before, await currency(service))
        assert asked == len(service.sandbox.requests)


async def test_a_right_is_taken_away(told: Told) -> None:
    told.write(ACME + caller("mesa", "key-of-mesa"))
    async with told.serving() as service:
        before = await told.status(service, "key-of-mesa")
        told.write(ACME + caller("mesa", "key-of-mesa", actions='"get_customer"'))
        await noticed(service, "settings.changed")

        assert (200, 403) == (before, await told.status(service, "key-of-mesa"))


async def test_the_switch_works_within_seconds_on_reads_and_writes(told: Told) -> None:
    async def tried(service: Service) -> list[str]:
        looked = await service.act("list_rewards", key="key-of-mesa")
        given = {"customer_email": SARAH, "points_amount": 1}
        wrote = await service.act("create_points_event", key="key-of-mesa", **given)
        return [answer.json().get("code", "done") for answer in (looked, wrote)]

    found = []
    told.write(ACME + caller("mesa", "key-of-mesa"))
    async with told.serving() as service:
        kills = ['kill = ["create_points_event"]', 'kill = ["*"]', "kill = []"]
        for count, kill in enumerate(kills, 1):
            told.write(f"{ACME}{kill}\n" + caller("mesa", "key-of-mesa"))
            await noticed(service, "settings.changed", count)
            found.append(await tried(service))
        posts = [each for each in service.sandbox.requests if each.method == "POST"]

    assert [["done", "switched_off"], ["switched_off"] * 2, ["done", "done"]] == found
    assert 1 == len(posts)


async def test_a_secret_is_changed_without_a_gap(told: Told) -> None:
    statuses = []
    told.write(ACME + caller("mesa", "old"))
    async with told.serving() as service:
        for count, secrets in enumerate((["old", "new"], ["new"]), 1):
            statuses.append([await told.status(service, key) for key in ("old", "new")])
            told.write(ACME + caller("mesa", *secrets))
            await noticed(service, "settings.changed", count)
        statuses.append([await told.status(service, key) for key in ("old", "new")])

    assert [[200, 401], [200, 200], [401, 200]] == statuses


@pytest.mark.parametrize("name", ["API_KEY", "METRICS_KEY"])
async def test_a_secret_of_its_own_file_is_read_again(told: Told, name: str) -> None:
    folder = told.config.parent
    (folder / "secret").write_text("old")
    told.environ = {
        **MEMORY,
        "RIVO_API_KEY": "rivo-key-of-acme",
        "SECRET_KEY": "key-of-the-hashes",
        f"{name}_FILE": str(folder / "secret"),
    }
    path = "/metrics" if name == "METRICS_KEY" else "/actions"
    async with told.serving() as service:
        before = [(await service.ask("GET", path, key=key)).status_code for key in ("old", "new")]
        (folder / "next").write_text("new\n")
        (folder / "next").rename(folder / "secret")
        await noticed(service, "settings.changed")
        after = [(await service.ask("GET", path, key=key)).status_code for key in ("old", "new")]

    assert ([200, 401], [401, 200]) == (before, after)


async def test_a_key_for_hashes_is_read_again(told: Told) -> None:
    folder = told.config.parent
    (folder / "secret").write_text("old-key-of-the-hashes")
    told.environ = {
        **MEMORY,
        "RIVO_API_KEY": "rivo-key-of-acme",
        "API_KEY": "caller",
        "SECRET_KEY_FILE": str(folder / "secret"),
    }
    async with told.serving() as service:
        await told.status(service, "caller", "get_customer")
        (folder / "secret").write_text("new-key-of-the-hashes")
        await noticed(service, "settings.changed")
        await told.status(service, "caller", "get_customer")
        first, second = [line for line in service.lines() if "customer" in line]

    assert first["customer"] != second["customer"]


async def test_a_mistake_changes_nothing_and_is_said_once(told: Told) -> None:
    told.write(ACME + caller("mesa", "key-of-mesa"))
    async with told.serving() as service:
        told.write(ACME + caller("mesa", "key-of-mesa") + "kill = []\n")
        await noticed(service, "settings.refused")
        await asyncio.sleep(60)

        assert 200 == await told.status(service, "key-of-mesa")

        refused = [line for line in service.lines() if line["event"] == "settings.refused"]

    (line,) = refused
    sentence = "CONFIG: shops.acme.callers.mesa has an unknown key kill ("
    assert ("error", True) == (line["level"], line["reason"].startswith(sentence))


async def test_a_mistake_that_was_mended_is_forgotten(told: Told) -> None:
    told.write(ACME + caller("mesa", "key-of-mesa"))
    async with told.serving() as service:
        told.config.unlink()
        await noticed(service, "settings.refused")
        told.write("[")
        await noticed(service, "settings.refused", 2)
        told.write(ACME + caller("robot", "key-of-robot"))
        await noticed(service, "settings.changed")

        assert 200 == await told.status(service, "key-of-robot")


async def test_a_file_that_comes_after_the_config_that_names_it_is_waited_for(told: Told) -> None:
    secret = told.config.with_name("secret-of-robot")
    named = f'[shops.acme.callers.robot]\ndoor="actions"\nactions=["*"]\nsecret_file="{secret}"\n'
    told.write(ACME + caller("mesa", "key-of-mesa"))
    async with told.serving() as service:
        told.write(ACME + named)
        await noticed(service, "settings.refused")
        secret.write_text("key-of-robot")
        await noticed(service, "settings.changed")

        assert 200 == await told.status(service, "key-of-robot")


async def test_what_changed_while_it_was_read_is_read_again(told: Told) -> None:
    told.write(ACME + caller("mesa", "key-of-mesa"))
    settings = load(told.environ)
    told.write(ACME + caller("robot", "key-of-robot"))  # after it was read, before it is watched
    service = Service(settings=settings, reload=told.load)
    async with service.app.router.lifespan_context(service.app):
        await noticed(service, "settings.changed")

        assert 200 == await told.status(service, "key-of-robot")


async def test_files_that_stay_the_same_are_not_read_again(told: Told) -> None:
    told.write(ACME + caller("mesa", "key-of-mesa"))
    async with told.serving() as service:
        reads = told.reads
        await asyncio.sleep(3600)
        os.utime(told.config)
        await noticed(service, "settings.changed")

    assert 1 == told.reads - reads


async def test_a_shop_that_is_kept_keeps_what_it_remembers(told: Told) -> None:
    told.write(ACME + caller("mesa", "key-of-mesa"))
    async with told.serving() as service:
        await told.status(service, "key-of-mesa", "get_customer")
        told.write(
            '[shops.acme]\nrivo_api_key = "rivo-key-of-acme"\ncurrency = "EUR"\n'
            + caller("mesa", "key-of-mesa")
        )
        await noticed(service, "settings.changed")
        remembered = await told.status(service, "key-of-mesa", "get_customer")
        sidebar = await service.act("get_sidebar", key="key-of-mesa", customer_email=SARAH)
        paths = [received.path for received in service.sandbox.requests]

    assert 200 == remembered
    assert 1 == len([path for path in paths if "/customers/sarah" in path and "member" not in path])
    assert "EUR" == sidebar.json()["balance"]["currency"]


async def test_a_shop_with_another_key_begins_anew(told: Told) -> None:
    asked: list[str] = []

    def transport(shop: Any) -> httpx.AsyncBaseTransport:
        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request.headers["authorization"])
            return httpx.Response(200, json={"data": {"id": 1, "attributes": {"id": 1}}})

        return httpx.MockTransport(answer)

    told.write(ACME + caller("mesa", "key-of-mesa"))
    async with told.serving(transport=transport) as service:
        await told.status(service, "key-of-mesa", "get_customer")
        told.write(ACME.replace("of-acme", "of-acme-2") + caller("mesa", "key-of-mesa"))
        await noticed(service, "settings.changed")
        await told.status(service, "key-of-mesa", "get_customer")

    assert ["rivo-key-of-acme", "rivo-key-of-acme-2"] == asked


class Closing(httpx.AsyncBaseTransport):
    """Answers after a second, and says when it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1)
        return httpx.Response(200, json={"data": {"id": 1, "attributes": {"id": 1}}})

    async def aclose(self) -> None:
        self.closed = True


async def test_a_shop_that_is_gone_is_closed_after_its_last_answer(told: Told) -> None:
    transports: dict[str, Closing] = {}

    def transport(shop: Any) -> httpx.AsyncBaseTransport:
        return transports.setdefault(shop.name, Closing())

    def closed() -> list[str]:
        return sorted(name for name, each in transports.items() if each.closed)

    async def asked_meanwhile(service: Service) -> int:
        await asyncio.sleep(1.5)  # the watch looks at 2
        return await told.status(service, "key-of-other", "get_customer")

    told.write(ACME + caller("mesa", "key-of-mesa") + OTHER)
    async with told.serving(transport=transport) as service:
        under_way = asyncio.create_task(asked_meanwhile(service))
        told.write(ACME + caller("mesa", "key-of-mesa"))
        await noticed(service, "settings.changed")
        await asyncio.sleep(0)

        assert [] == closed()
        assert 200 == await under_way

        await asyncio.sleep(3)

        assert ["other"] == closed()
        assert 401 == await told.status(service, "key-of-other", "get_customer")
        assert 200 == await told.status(service, "key-of-mesa", "get_customer")
    assert ["acme", "other"] == closed()
