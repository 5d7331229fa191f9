"""The Zendesk app in a browser: a stand-in for Zendesk around it, the real service behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pages.browser import CHROMIUM, running_browser
from tests.zendesk_app.stage import POLLS, SECRET, Framing, Sent, Stage, staged

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

SARAH = "sarah.martinez@example.com"
MAYA = "maya.chen@example.com"
UNTOUCHED = "tom.becker@example.com"
"""Nothing is written about him: for a while after a write every look is a new one."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One browser, and one shop, for all of these tests."""
    with (
        running_browser(tmp_path_factory.mktemp("profile"), Framing) as browser,
        staged(browser) as running,
    ):
        yield running


@pytest.fixture(autouse=True)
def nothing_complains(stage: Stage) -> Iterator[None]:
    """Whatever a test does, the browser's console stays empty."""
    stage.proxy.secret = SECRET
    stage.proxy.faults.clear()
    yield
    assert [] == stage.browser.complaints
    assert [] == stage.proxy.faults


def give(stage: Stage, amount: str) -> None:
    """Give points by the form, up to the click that sends."""
    stage.click("Points")
    stage.type("How many points", amount)
    stage.type("Reason", "late delivery")
    stage.click("Continue")
    stage.click(f"Give {amount} points")
    stage.until("document.querySelector('.panel').dataset.step === 'result'")


def writes(stage: Stage) -> list[Sent]:
    return [each for each in stage.proxy.sent if each.action == "create_points_event"]


def test_a_ticket_shows_its_requester(stage: Stage) -> None:
    stage.open(SARAH)

    assert "Sarah Martinez" in stage.text()
    assert {"", "get_sidebar"} <= set(stage.proxy.actions())
    view = next(each for each in stage.proxy.sent if each.action == "get_sidebar")
    assert {"customer_email": SARAH, "ticket_id": "35436"} == view.inputs
    assert {200} == {each.status for each in stage.proxy.sent}


def test_every_request_is_signed_for_this_account_and_only_once(stage: Stage) -> None:
    stage.open(SARAH)
    stage.click("Refresh")
    stage.until("document.querySelector('[role=status]').textContent === 'Refreshed.'")

    told = [each.claims for each in stage.proxy.sent]
    assert 3 <= len({each["jti"] for each in told}) == len(told)
    assert {("demo", "demo.zendesk.com", "7", "ada@helpdesk.example", "Ada Agent")} == {
        (each["iss"], each["aud"], each["sub"], each["email"], each["name"]) for each in told
    }


def test_the_browser_never_holds_the_secret(stage: Stage) -> None:
    stage.open(SARAH)
    said = stage.outside("zendesk.said.join()")

    assert "{{setting.shared_secret}}" in said
    assert SECRET not in said
    assert SECRET not in stage.inside("document.documentElement.outerHTML")


def test_points_are_given_by_the_agent_on_the_ticket(stage: Stage) -> None:
    stage.open(SARAH)
    before = stage.points(SARAH)

    give(stage, "20")

    assert "20 points given" in stage.text(".panel")
    assert before + 20 == stage.points(SARAH)
    (write,) = writes(stage)
    assert 32 == len(write.inputs["idempotency_key"])
    newest = stage.operations(SARAH)[0]
    assert ("succeeded", "ada@helpdesk.example", "35436", "late delivery") == (
        newest["state"],
        newest["agent_email"],
        newest["ticket_id"],
        newest["reason"],
    )
    stage.click("Done")
    stage.until(f"document.querySelector('.top').innerText.includes('{before + 20}')")


@pytest.mark.parametrize("fault", ["page", "twice"])
def test_a_lost_answer_is_asked_for_again_and_nothing_happens_twice(
    stage: Stage, fault: str
) -> None:
    """The proxy shows a page of its own, or has sent the request twice itself."""
    stage.open(MAYA)
    before = stage.points(MAYA)
    stage.proxy.faults.append(fault)

    give(stage, "30")
    assert "No answer came back" in stage.text(".panel")
    stage.click("Ask again")
    stage.until("document.querySelector('.panel').innerText.includes('30 points given')")

    assert before + 30 == stage.points(MAYA)
    assert 1 == len({each.inputs["idempotency_key"] for each in writes(stage)})


def test_another_requester_is_shown_at_once(stage: Stage) -> None:
    stage.open(SARAH)

    stage.outside(f"zendesk.change('{MAYA}')")

    stage.until("document.querySelector('.top').innerText.includes('Maya Chen')")
    assert "Sarah" not in stage.text()


def test_a_late_answer_about_an_earlier_requester_is_dropped(stage: Stage) -> None:
    stage.open(SARAH)
    stage.outside("zendesk.held = []")
    stage.click("Refresh")
    stage.outside(f"zendesk.change('{MAYA}')")
    stage.once("zendesk.held.length === 2")

    stage.outside("zendesk.release()")

    stage.until("document.querySelector('.top').innerText.includes('Maya Chen')")
    assert "Sarah" not in stage.text()


def test_a_ticket_without_an_address_says_so_until_it_has_one(stage: Stage) -> None:
    stage.open(None)

    assert "No e-mail on this ticket" in stage.text()
    assert "get_sidebar" not in stage.proxy.actions()

    stage.outside(f"zendesk.change('{MAYA}')")
    stage.until("document.querySelector('.top').innerText.includes('Maya Chen')")


def test_the_colours_are_those_of_zendesk(stage: Stage) -> None:
    scheme = "document.documentElement.dataset.scheme"
    stage.open(SARAH, scheme="dark")
    assert "light" == stage.inside(scheme)

    stage.outside("zendesk.dress('dark')")
    stage.until(f"{scheme} === 'dark'")

    stage.outside("zendesk.dress('something new')")
    stage.outside("zendesk.dress('light')")
    stage.until(f"{scheme} === 'light'")


def test_the_colours_are_right_where_only_the_address_names_them(stage: Stage) -> None:
    stage.open(SARAH, before="delete zendesk.values.colorScheme", query="&colorScheme=dark")

    assert "dark" == stage.inside("document.documentElement.dataset.scheme")


def test_a_code_is_put_into_the_reply(stage: Stage) -> None:
    stage.open(SARAH)
    code = "kL9mR4xP8vN2sQ7tY"

    stage.click(f"Insert {code} into the reply")

    stage.until("document.querySelector('[role=status]').textContent.startsWith('Put')")
    stage.once("zendesk.reply")
    assert code == stage.outside("zendesk.reply")


def test_a_code_that_cannot_be_put_into_the_reply_is_said_to_be_so(stage: Stage) -> None:
    stage.open(SARAH)
    stage.outside("zendesk.closed = true")

    stage.click("Insert kL9mR4xP8vN2sQ7tY into the reply")

    stage.until("document.querySelector('.notices').innerText.includes('copy it instead')")
    assert "" == stage.outside("zendesk.reply")


def test_the_frame_is_as_high_as_what_it_shows_up_to_a_thousand(stage: Stage) -> None:
    stage.open(None)
    stage.once("zendesk.heights.length")
    stage.outside(f"zendesk.change('{SARAH}')")
    stage.until("document.querySelector('.top').innerText.includes('Sarah')")
    stage.once("zendesk.heights.includes(1000)")

    heights = stage.outside("zendesk.heights")
    assert 0 < min(heights) < 600
    assert 1000 == max(heights)


def test_a_customers_page_has_no_ticket_and_no_reply(stage: Stage) -> None:
    stage.open(MAYA, where="user_sidebar")
    assert "Maya Chen" in stage.text()
    assert "Insert" not in stage.inside("document.body.innerHTML")

    give(stage, "40")

    (write,) = writes(stage)
    assert "ticket_id" not in write.inputs
    assert stage.operations(MAYA)[0]["ticket_id"] is None


def test_what_is_known_is_not_sent_again(stage: Stage) -> None:
    stage.open(UNTOUCHED)

    stage.click("Refresh")
    stage.until("document.querySelector('[role=status]').textContent === 'Refreshed.'")

    first, *_, last = [each for each in stage.proxy.sent if each.action == "get_sidebar"]
    assert "If-None-Match" not in first.options["headers"]
    assert last.options["headers"]["If-None-Match"]
    assert (200, 304) == (first.status, last.status)


def test_nothing_is_asked_while_the_tab_is_another(stage: Stage) -> None:
    with stage.watching_timers():
        stage.open(SARAH)
        stage.until(f"{POLLS} === '1'")

        stage.outside("zendesk.fire('app.deactivated')")
        stage.until(f"{POLLS} === '0'")

        stage.outside("zendesk.fire('app.activated')")
        stage.until(f"{POLLS} === '1'")

        stage.outside("zendesk.fire('app.willDestroy')")
        stage.until(f"{POLLS} === '0'")


def test_another_secret_shows_nothing(stage: Stage) -> None:
    stage.proxy.secret = "not-the-one-that-the-service-has"
    stage.open(SARAH)

    assert "No access" in stage.text()
    assert "Sarah Martinez" not in stage.text()
    assert {401} == {each.status for each in stage.proxy.sent}


def test_an_answer_without_its_status_and_headers_is_read_as_well(stage: Stage) -> None:
    stage.open(SARAH, before="zendesk.bare = true")

    assert "Sarah Martinez" in stage.text()


def test_outside_of_zendesk_the_page_says_where_it_belongs(stage: Stage) -> None:
    stage.open_alone()

    assert "This page is part of the Zendesk app: open it in a ticket." == stage.outside(
        "document.getElementById('sidebar').textContent"
    )
