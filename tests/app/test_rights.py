"""Who may do what: a table of caller, action and shop, asked for at the doors, and read by people.

`rights.txt` is that table. Whoever changes what somebody may do changes it by hand.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from app.environment import DEMO_KEY, DEMO_LEAD_KEY, load
from app.helpdesks import SIDEBAR
from app.limits import tightest
from app.permissions import SOURCES
from app.settings import CallerSettings, Door, Settings, ShopSettings
from integrations.rivo import ACTIONS
from tests.app.serving import (
    API_KEY,
    BUTTON_SECRET,
    GORGIAS_SECRET,
    LEAD_KEY,
    MAYA,
    RIVO_KEY,
    Service,
)
from tests.zendesk.asking import SHARED, ZENDESK, Zendesk

pytestmark = pytest.mark.anyio

APPS: Final = {SHARED: "acme.zendesk.com", "demo-zendesk": "demo.zendesk.com"}
MEMORY: Final = {"DATABASE_URL": "sqlite://"}
TABLE: Final = Path(__file__).with_name("rights.txt")
NOBODYS_OPERATION: Final = "op_" + "0" * 32
EVIDENCE: Final = {"outcome": "applied", "evidence": "seen in Rivo's admin"}
NEEDED: Final[dict[str, dict[str, Any]]] = {
    "create_points_event": {"points_amount": 1},
    "redeem_customer_points": {"customer_email": MAYA, "reward_id": 709485},
    "update_customer": {"dob": "07-13"},
}
SHOWN: Final = (
    "points_per_write",
    "credits_per_write",
    "writes_per_agent_day",
    "reason_required",
)
RIGHTS: Final[tuple[tuple[str, str, str, object], ...]] = (
    ("read_operations", "GET", "/operations", None),
    ("read_operations", "GET", f"/operations/{NOBODYS_OPERATION}", None),
    ("settle", "POST", f"/operations/{NOBODYS_OPERATION}/settle", EVIDENCE),
    ("approve", "POST", f"/operations/{NOBODYS_OPERATION}/approve", {}),
)


def table(name: str, door: str, actions: str, more: str = "") -> str:
    """Write a caller of CONFIG; its secret is its full name."""
    hexadecimal = sha256(name.encode()).hexdigest()
    shop, _, caller = name.partition(".")
    return (
        f'[shops.{shop}.callers.{caller}]\ndoor = "{door}"\nsecret_sha256 = ["{hexadecimal}"]\n'
        f"actions = {actions}\n{more}\n"
    )


CONFIG: Final = "\n".join(
    [
        '[shops.acme]\nrivo_api_key = "rivo-key-of-acme"\n',
        table("acme.widget", "gorgias", '["get_sidebar", "get_customer"]'),
        table(
            "acme.buttons",
            "gorgias",
            '["create_points_event", "redeem_customer_points"]',
            "limits = { points_per_write = 100, reason_required = true }",
        ),
        table("acme.mesa", "actions", '["*"]', 'sources = ["manual", "custom_action"]'),
        table("acme.lead", "actions", "[]", 'rights = ["read_operations", "settle", "approve"]'),
        '[shops.bolt]\nrivo_api_key = "rivo-key-of-bolt"\nkill = ["create_referral"]',
        "limits = { credits_per_write = 10.5 }\n",
        table("bolt.widget", "gorgias", '["get_sidebar"]'),
        table("bolt.mesa", "actions", '["*"]', 'rights = ["read_operations"]'),
        table("bolt.nobody", "actions", "[]"),
    ]
)


class Deployment:
    """A service, its callers by shop and name, and each one's key."""

    def __init__(self, settings: Settings, keys: Mapping[str, str]) -> None:
        self.service = Zendesk(settings=settings)
        self.keys = keys
        self.callers = {
            f"{shop.name}.{caller.name}": (shop, caller)
            for shop in settings.shops
            for caller in shop.callers
            if has_key(caller)
        }
        assert list(keys) == list(self.callers)

    async def rows(self) -> dict[str, list[str]]:
        """Ask for everything as everybody; a row each, with a cell for each caller."""
        found: dict[str, list[str]] = {}
        for name, (shop, caller) in self.callers.items():
            for sandbox in self.service.sandboxes.values():
                sandbox.requests.clear()
            asked = self._asked(self.keys[name], caller.door)
            cells = {
                "door": f"/{caller.door}",
                **_told(shop, caller),
                **dict([a async for a in asked]),
            }
            for row in cells:
                found.setdefault(row, [])
            self._check_whose_rivo(shop)
            for row, cells_of_row in found.items():
                cells_of_row.append(cells[row])
        return found

    async def _asked(self, key: str, own: Door) -> AsyncIterator[tuple[str, str]]:
        others = {"actions", "gorgias", "zendesk"} - {own}
        elsewhere = set()
        for row, action, inputs in _questions():
            methods = ("POST",) if ACTIONS[action].writes else ("GET", "POST")
            yield row, "/".join({await self._cell(key, m, own, action, inputs): 0 for m in methods})
            for other in others:
                elsewhere |= {await self._cell(key, m, other, action, inputs) for m in methods}
        yield "at the other doors", "/".join(sorted(elsewhere))
        rights: dict[str, dict[str, int]] = {}
        for right, method, path, body in RIGHTS:
            answer = await self.service.ask(method, path, key=self._proof(key), json=body)
            rights.setdefault(right, {})[_cell(answer)] = 0
        for right, cells in rights.items():
            yield right, "/".join(cells)

    async def _cell(
        self, key: str, method: str, door: str, action: str, inputs: dict[str, Any]
    ) -> str:
        given = {"params": inputs} if method == "GET" else {"json": inputs}
        proof = self._proof(key)
        return _cell(await self.service.ask(method, f"/{door}/{action}", key=proof, **given))

    def _proof(self, key: str) -> str:
        """Sign a token with what is no key itself but the secret of an app."""
        if key not in APPS:
            return key
        return self.service.token(secret=key, aud=APPS[key], email=None, name=None)

    def _check_whose_rivo(self, own: ShopSettings) -> None:
        """Whatever was asked for, only the caller's own shop was asked, with its own key."""
        for name, sandbox in self.service.sandboxes.items():
            keys = {received.header("authorization") for received in sandbox.requests}
            assert keys <= ({own.rivo_api_key} if name == own.name else set())


def _told(shop: ShopSettings, caller: CallerSettings) -> dict[str, str]:
    """Show the limits that hold for a caller."""
    limits = tightest(caller.limits, shop.limits)
    return {name: str(getattr(limits, name) or "-") for name in SHOWN}


def _questions() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Ask for every action, the looking mode and every source apart."""
    for name, action in ACTIONS.items():
        inputs = {i.name: i.examples[0] for i in action.inputs if i.required}
        yield name, name, {**inputs, **NEEDED.get(name, {})}
    yield "redeem_customer_points, to look", "redeem_customer_points", {}
    for source in SOURCES:
        given = {"customer_email": MAYA, "points_amount": 1, "custom_action_name": "Survey"}
        yield f"source {source}", "create_points_event", {**given, "source": source}


def _cell(answer: httpx.Response) -> str:
    """Say in a word whether somebody was let in; what became of it then is not asked here."""
    if answer.status_code == 401:
        return "401"
    told = answer.json().get("error") or ""
    if answer.status_code == 403:
        return "off" if "switched off" in told else "no" if told.startswith("This key may") else "?"
    return "closed" if "is closed" in told else "yes"


def laid_out(title: str, rows: Mapping[str, list[str]], names: Iterable[str]) -> str:
    """Lay a table out for people."""
    lines = [["", *(name.partition(".")[0] for name in names)]]
    lines.append(["", *(name.partition(".")[2] for name in names)])
    lines += [[row, *cells] for row, cells in rows.items()]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    laid = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([title, "", *laid, ""])


@pytest.mark.parametrize("title", ["The environment", "The sandbox", "A CONFIG of two shops"])
async def test_who_may_do_what_is_a_table(title: str, tmp_path: Path) -> None:
    deployment = Deployment(*deployed(title, tmp_path))
    asked = laid_out(title, await deployment.rows(), deployment.keys)

    assert written(title).splitlines() == asked.splitlines()


def written(title: str) -> str:
    """Take one table out of the file."""
    _, *tables = TABLE.read_text().split("\n\n\n")
    (found,) = (table for table in tables if table.startswith(f"{title}\n"))
    return found


@pytest.mark.parametrize("key", [None, "", "a-wrong-key", f"{API_KEY}x", RIVO_KEY])
async def test_who_is_nobody_may_do_nothing(key: str | None) -> None:
    service = Service()
    answers = [
        await service.ask("POST", f"/{door}/{action}", key=key, json=inputs)
        for door in ("actions", "gorgias")
        for _, action, inputs in _questions()
    ]
    answers += [await service.ask(m, path, key=key, json=body) for _, m, path, body in RIGHTS]

    assert {"401"} == {_cell(answer) for answer in answers}
    assert [] == list(service.sandbox.requests)


@pytest.mark.parametrize("key", [API_KEY, GORGIAS_SECRET, None])
async def test_a_door_that_nobody_has_a_key_to_is_closed_to_all(key: str | None) -> None:
    service = Service(
        {"RIVO_API_KEY": RIVO_KEY, "SECRET_KEY": "key-of-the-hashes", "API_KEY": API_KEY, **MEMORY}
    )
    answers = [
        await service.ask("POST", f"/gorgias/{action}", key=key, json=inputs)
        for _, action, inputs in _questions()
    ]

    assert {"closed"} == {_cell(answer) for answer in answers}
    assert [] == list(service.sandbox.requests)


def has_key(caller: CallerSettings) -> bool:
    """Say whether a caller asks by name for actions; the webhook of Zendesk has its own path."""
    return bool(caller.digests) or caller.name == SIDEBAR.name


def deployed(title: str, folder: Path) -> tuple[Settings, dict[str, str]]:
    """Make the settings of a deployment, and each caller's key."""
    keys: tuple[str, ...]
    if title == "The environment":
        keys = (API_KEY, LEAD_KEY, GORGIAS_SECRET, BUTTON_SECRET, SHARED)
        settings = load({**ZENDESK, **MEMORY})
    elif title == "The sandbox":
        keys = (DEMO_KEY, DEMO_LEAD_KEY, DEMO_KEY, "demo-zendesk")
        settings = load(MEMORY, sandbox=True)
    else:
        config = folder / "config.toml"
        config.write_text(CONFIG)
        settings = load({"CONFIG": str(config), "SECRET_KEY": "key-of-the-hashes", **MEMORY})
        keys = tuple(f"{shop.name}.{who.name}" for shop in settings.shops for who in shop.callers)
    names = (
        f"{shop.name}.{who.name}" for shop in settings.shops for who in shop.callers if has_key(who)
    )
    return settings, dict(zip(names, keys, strict=True))
