"""Through /gorgias while Rivo is down: what was known last, marked, with its true time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from app.environment import load
from app.limits import BUILT_IN
from integrations.rivo_sandbox import Fault, Received
from tests.app.flat import (
    AIKO,
    DOWN,
    NOBODY,
    OSKAR_EXCLUDED,
    OUTAGES,
    PRIYA_GUEST,
    READS,
    read,
    write,
)
from tests.app.loop import seconds
from tests.app.serving import ENVIRON, MAYA, MEMBER, SARAH, Service

pytestmark = pytest.mark.anyio

HOUR = 3_600
UPDATED = "2026-11-03 07:00:00"


class Outage:
    """A service over a Rivo that can be switched off."""

    def __init__(self, environ: dict[str, str] = ENVIRON) -> None:
        self.fault: Callable[[], Fault | None] = lambda: None
        self.service = Service(environ, faults=self._faults)

    def _faults(self, _: Received) -> Fault | None:
        return self.fault()

    async def later(self, how: str, after: float = HOUR) -> None:
        """Let time pass, and Rivo fail."""
        await asyncio.sleep(after)
        self.fault = DOWN[how]


@pytest.fixture
async def outage() -> Outage:
    return Outage()


@pytest.mark.parametrize("how", OUTAGES)
@pytest.mark.parametrize("who", [MAYA, PRIYA_GUEST, OSKAR_EXCLUDED])
async def test_a_sidebar_is_what_was_known_last_and_says_so(
    outage: Outage, who: str, how: str
) -> None:
    before = await read(outage.service, "get_sidebar", customer_email=who)
    await outage.later(how)

    after = await read(outage.service, "get_sidebar", customer_email=who)

    said = f"Out of date: this was known at {UPDATED}."
    assert (UPDATED, "No") == (before["updated"], before["stale"])
    assert before | {"stale": "Yes", "message": said} == after


@pytest.mark.parametrize("name", [name for name in READS if name != "get_sidebar"])
async def test_the_other_reads_are_marked_as_well(outage: Outage, name: str) -> None:
    before = await read(outage.service, name, customer_email=MEMBER)
    await outage.later("an error")

    after = await read(outage.service, name, customer_email=MEMBER)

    assert (UPDATED, "No") == (before["as_of"], before["stale"])
    assert before | {"stale": "Yes"} == after


async def test_a_sidebar_does_not_wait_twice_for_a_rivo_that_hangs(outage: Outage) -> None:
    await read(outage.service, "get_sidebar", customer_email=MAYA)
    await outage.later("hanging")
    began = seconds()

    told = await read(outage.service, "get_sidebar", customer_email=MAYA)

    assert "Yes" == told["stale"]
    assert 2.5 == pytest.approx(seconds() - began, abs=0.2)
    await asyncio.sleep(10)  # what hangs still ends


async def test_what_was_never_known_is_not_available(outage: Outage) -> None:
    await read(outage.service, "get_sidebar", customer_email=MAYA)
    await outage.later("an error")

    told = await read(outage.service, "get_sidebar", customer_email=AIKO)

    assert ("Not available right now", None, "No") == (
        told["status"],
        told["updated"],
        told["stale"],
    )


async def test_who_was_not_known_to_rivo_is_not_called_so_while_it_is_down(outage: Outage) -> None:
    before = await read(outage.service, "get_sidebar", customer_email=NOBODY)
    await outage.later("an error")

    after = await read(outage.service, "get_sidebar", customer_email=NOBODY)

    assert ("Not a member", "Not available right now") == (before["status"], after["status"])


async def test_a_refused_key_is_not_hidden_behind_what_was_known(outage: Outage) -> None:
    await read(outage.service, "get_sidebar", customer_email=MAYA)
    await outage.later("another key")

    told = await read(outage.service, "get_sidebar", customer_email=MAYA)

    assert "Not available right now" == told["status"]
    assert "Rivo refuses the service's API key" in told["message"]


@pytest.mark.parametrize("how", ["an error", "hanging"])
async def test_after_a_write_the_balance_before_it_is_not_shown(outage: Outage, how: str) -> None:
    service = outage.service
    await read(service, "get_sidebar", customer_email=MAYA)
    await read(service, "get_sidebar", customer_email=SARAH)
    await asyncio.sleep(HOUR)
    status, given = await write(
        service, "create_points_event", customer_email=MAYA, points_amount=60
    )
    outage.fault = DOWN[how]

    hers = await read(service, "get_sidebar", customer_email=MAYA)
    others = await read(service, "get_sidebar", customer_email=SARAH)

    assert (201, 1900) == (status, given["points"])
    assert ("Not available right now", None) == (hers["status"], hers["points"])
    assert ("Member", 150, "Yes") == (others["status"], others["points"], others["stale"])
    await asyncio.sleep(10)


async def test_after_a_write_that_was_lost_neither(outage: Outage) -> None:
    service = outage.service
    await read(service, "get_sidebar", customer_email=MAYA)
    outage.fault = DOWN["gone"]

    status, _ = await write(service, "create_points_event", customer_email=MAYA, points_amount=60)
    told = await read(service, "get_sidebar", customer_email=MAYA)

    assert (202, "Not available right now") == (status, told["status"])


async def test_what_a_rule_gives_is_not_taken_from_what_was_known_last() -> None:
    """With limits, what a rule gives has to be known for sure before it is sent."""
    settings = load(ENVIRON)
    (shop,) = settings.shops
    replace = msgspec.structs.replace
    callers = tuple(replace(each, limits=BUILT_IN) for each in shop.callers)
    is_down = False
    service = Service(
        settings=replace(settings, shops=(replace(shop, callers=callers),)),
        faults=lambda got: (
            Fault(kind="server_error") if is_down and "earning_rules" in got.path else None
        ),
    )
    await service.act("list_earning_rules")
    gift: dict[str, Any] = {"customer_email": MAYA, "source": "custom_action"}
    named = {"custom_action_name": "style_quiz"}
    before = await service.act("create_points_event", **gift, **named)
    await asyncio.sleep(HOUR)
    is_down = True

    known = await service.act("list_earning_rules")
    after = await service.act("create_points_event", **gift, **named)

    assert (201, 503) == (before.status_code, after.status_code), before.text
    assert known.json()["stale"]


@pytest.mark.parametrize("kept", [0, 600])
async def test_how_long_it_is_known_is_a_setting(kept: int) -> None:
    times = {"STALE_SECONDS": "0", "STALE_IF_ERROR_SECONDS": str(kept)}
    outage = Outage({**ENVIRON, **times})
    await read(outage.service, "get_sidebar", customer_email=MAYA)
    statuses = []
    for after in (301, 250, 60):
        await outage.later("an error", after)
        statuses.append((await read(outage.service, "get_sidebar", customer_email=MAYA))["status"])

    down = "Not available right now"
    assert (["Member", "Member", down] if kept else [down] * 3) == statuses
