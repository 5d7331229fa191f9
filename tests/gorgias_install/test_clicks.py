"""What is installed works: Gorgias' requests, made from what it keeps, against the service."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from integrations.gorgias.sidebar import EMPTY
from tests.app.serving import MAYA, MEMBER, SARAH, Service
from tests.gorgias_install.conftest import Admin
from tests.gorgias_install.standin import Body, Gorgias

pytestmark = pytest.mark.anyio

AGENT = "bo@shop.example.com"


def context(email: str, ticket: str = "4711") -> dict[str, str]:
    """What templates hold while an agent looks at a ticket."""
    return {
        "ticket.customer.email": email,
        "customer.email": email,
        "ticket.id": ticket,
        "current_user.email": AGENT,
        "current_user.name": "Bo",
    }


def rendered(template: str, told: dict[str, str]) -> str:
    """Fill a template in; what is not known stays as it is."""
    return re.sub(r"\{\{(.+?)\}\}", lambda m: told.get(m[1].strip(), m[0]), template)


def path_of(url: str) -> str:
    base, path = url[:27], url[27:]
    assert "https://loyalty.example.com" == base
    return path


async def click(
    service: Service, action: Body, told: dict[str, str], **typed: str
) -> httpx.Response:
    """Send what Gorgias' server would after a click: the form, what was typed and what was not."""
    form = action["body"]["application/x-www-form-urlencoded"]
    editable = {each["key"] for each in form if each["editable"]}
    mandatory = {each["key"] for each in form if each["editable"] and each["mandatory"]}
    assert mandatory <= set(typed) <= editable
    return await service.ask(
        action["method"],
        path_of(action["url"]),
        key=None,
        headers={each["key"]: rendered(each["value"], told) for each in action["headers"]},
        data={each["key"]: typed.get(each["key"], rendered(each["value"], told)) for each in form},
    )


@pytest.fixture(params=["ticket", "customer"])
def widget(admin: Admin, gorgias: Gorgias, request: pytest.FixtureRequest) -> Body:
    admin.run("install")
    (found,) = (w for w in gorgias.rows["widgets"].values() if w["context"] == request.param)
    (card,) = found["template"]["widgets"]
    told: Body = card
    return told


@pytest.fixture
def buttons(widget: Body) -> dict[str, Body]:
    return {each["label"]: each["action"] for each in widget["meta"]["custom"]["buttons"]}


@pytest.fixture
def calls(admin: Admin, gorgias: Gorgias) -> dict[str, Any]:
    """The requests of the macros that give."""
    admin.run("install")
    return {
        each["name"]: each["actions"][0]["arguments"]
        for each in gorgias.rows["macros"].values()
        if each["actions"][0]["name"] == "http"
    }


async def test_every_button_does_what_it_says(buttons: dict[str, Body]) -> None:
    service = Service()
    sarah, maya, member = context(SARAH), context(MAYA), context(MEMBER)

    async def said(label: str, told: dict[str, str], **typed: str) -> tuple[int, str]:
        answer = await click(service, buttons[label], told, **typed)
        return answer.status_code, answer.json()["message"]

    redeemed = await said("Redeem", maya, reward_id="709485")
    rows = await service.act("list_customer_points_redemptions", customer_email=MAYA)
    number = str(rows.json()["points_redemptions"][0]["id"])

    assert (201, "Gave 100 points. New balance: 250 points.") == await said(
        "Add points", sarah, points_amount="100", external_note="Sorry!", reason="late parcel"
    )
    assert (201, "Took 30 points away. New balance: 220 points.") == await said(
        "Take points", sarah, points_amount="30"
    )
    status, words = await said("Add store credit", sarah, credits_amount="5.00")
    assert (201, True) == (status, words.startswith("Gave 5"))
    assert (201, "Redeemed the reward. New balance: 1740 points.") == redeemed
    assert (201, "Refunded the reward; its code is void. New balance: 1840 points.") == await said(
        "Refund code", maya, redemption_id=number
    )
    assert (200, "Changed the birthday. New balance: 220 points.") == await said(
        "Set birthday", sarah, dob="1990-07-13"
    )
    status, words = await said("Cancel membership", member, reason="moves away")
    assert (200, True) == (status, words.startswith("Cancelled the membership."))


async def test_a_click_says_who_clicked_and_on_which_ticket(
    buttons: dict[str, Body], widget: Body
) -> None:
    service = Service()
    answer = await click(service, buttons["Add points"], context(SARAH), points_amount="5")
    kept = await service.ask("GET", f"/operations/{answer.json()['operation_id']}")
    hidden = [
        each["key"]
        for each in buttons["Add points"]["body"]["application/x-www-form-urlencoded"]
        if not each["editable"]
    ]

    assert (SARAH, AGENT, "Bo") == tuple(
        kept.json()[name] for name in ("customer_email", "agent_email", "agent_name")
    )
    assert ("4711" if "ticket_id" in hidden else None) == kept.json()["ticket_id"]


@pytest.mark.parametrize("missing", ["", "None", "{{ticket.customer.email}}"])
async def test_without_an_address_nothing_is_given(buttons: dict[str, Body], missing: str) -> None:
    service = Service()
    answer = await click(service, buttons["Add points"], context(missing), points_amount="5")

    assert 422 == answer.status_code
    assert answer.json()["message"].startswith("customer_email must be ")
    assert [] == list(service.sandbox.requests)


async def test_an_agent_who_types_a_minus_into_add_points_takes_nothing_away(
    buttons: dict[str, Body],
) -> None:
    service = Service()
    answer = await click(service, buttons["Add points"], context(SARAH), points_amount="-5")

    assert 422 == answer.status_code
    assert "points_amount must be above 0, since this gives" in answer.json()["message"]


@pytest.mark.parametrize("email", [SARAH, MEMBER, "nobody@example.com", "None"])
async def test_the_widget_shows_what_the_integration_fetches(
    admin: Admin, gorgias: Gorgias, widget: Body, email: str
) -> None:
    service = Service()
    (http,) = (each["http"] for each in gorgias.rows["integrations"].values())
    answer = await service.ask(
        http["method"],
        path_of(http["url"]),
        key=None,
        headers=http["headers"],
        json={name: rendered(value, context(email)) for name, value in http["form"].items()},
    )
    shown = [each["path"] for each in widget["widgets"]]

    assert 200 == answer.status_code
    assert answer.json()["status"]
    assert set(shown) <= set(answer.json())
    assert set(EMPTY) - set(shown) == {"name", "email", "profile_url", "_version"}
    for code in answer.json()["unused_codes"]:
        (card,) = next(each for each in widget["widgets"] if each["type"] == "list")["widgets"]
        assert {"code", *(leaf["path"] for leaf in card["widgets"])} <= set(code)


async def test_macros_give_once_a_ticket(calls: dict[str, Any]) -> None:
    service = Service()

    async def send(arguments: Body, ticket: str) -> tuple[int, str]:
        told = context(SARAH, ticket)
        answer = await service.ask(
            arguments["method"],
            path_of(arguments["url"]),
            key=None,
            headers={each["key"]: each["value"] for each in arguments["headers"]},
            data={each["key"]: rendered(each["value"], told) for each in arguments["form"]},
        )
        return answer.status_code, answer.json()["message"]

    assert 3 == len(calls)
    for arguments in calls.values():
        first, again, elsewhere = [await send(arguments, ticket) for ticket in ("1", "1", "2")]
        assert [201, 201, 201] == [status for status, _ in (first, again, elsewhere)]
        assert [True, False, True] == [
            words.startswith("Gave ") for _, words in (first, again, elsewhere)
        ]
        assert "nothing was done twice" in again[1]
