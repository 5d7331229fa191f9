"""What the package's triggers send, sent to the service: each macro does what it says, once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from app.commands.zendesk import _sidebar
from integrations.zendesk.package import Deployment, build
from integrations.zendesk.requirements import GIFTS, Gift
from tests.app.serving import SARAH
from tests.zendesk.asking import AGENT, Zendesk

pytestmark = pytest.mark.anyio

URL = "https://loyalty.example.com"
FILLED = {
    "{{ticket.requester.email}}": SARAH,
    "{{ticket.id}}": "35436",
    "{{current_user.email}}": AGENT,
}


def bodies() -> dict[str, bytes]:
    """Return what Zendesk would send for each macro's tag."""
    made = build(Deployment(public_url=URL, version="0", currency="USD"), _sidebar())
    told = json.loads(made["requirements.json"])
    found = {}
    for trigger in told["triggers"].values():
        actions = {each["field"]: each["value"] for each in trigger["actions"]}
        text = actions["notification_webhook"][1]
        for name, value in FILLED.items():
            text = text.replace(name, value)
        found[actions["remove_tags"]] = text.encode()
    return found


async def balance(zendesk: Zendesk) -> tuple[int, float]:
    customer = (await zendesk.act("get_customer", customer_email=SARAH)).json()["customer"]
    return customer["points_tally"], float(customer["credits_tally"])


async def ended(zendesk: Zendesk, operation_id: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for _ in range(100):
        told = (await zendesk.ask("GET", f"/operations/{operation_id}")).json()
        if told["state"] not in ("accepted", "sending"):
            break
        await asyncio.sleep(0.1)
    return told


@pytest.mark.parametrize("gift", GIFTS, ids=lambda gift: gift.tag)
async def test_a_macro_gives_what_it_says_by_the_agent_and_only_once(gift: Gift) -> None:
    zendesk = Zendesk()
    before = await balance(zendesk)
    body = bodies()[gift.tag]

    answers = [await zendesk.hook(body, invocation="one") for _ in range(2)]

    assert [200, 200] == [each.status_code for each in answers], answers[0].text
    (operation_id,) = {each.json()["operation_id"] for each in answers}
    operation = await ended(zendesk, operation_id)
    assert ("succeeded", AGENT, "35436", "goodwill") == (
        operation["state"],
        operation["agent_email"],
        operation["ticket_id"],
        operation["reason"],
    )
    after = await balance(zendesk)
    assert (gift.points or 0, float(gift.credits or 0)) == (
        after[0] - before[0],
        after[1] - before[1],
    )
