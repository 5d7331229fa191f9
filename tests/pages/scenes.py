"""Every state of the sidebar and every step of its forms, each as an agent comes to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final
from urllib.parse import quote
from urllib.request import Request, urlopen

from integrations.rivo_sandbox import Fault
from tests.pages.agent import Agent
from tests.pages.stage import Stage

Scene = Callable[[Stage, Agent], None]
HOUR: Final = 3600.0
SCENES: Final[dict[str, Scene]] = {}
"""By name; each leaves the page in the state that it is named after."""


def scene(act: Scene) -> Scene:
    """List a scene by the name of its function."""
    SCENES[act.__name__] = act
    return act


def look(stage: Stage, agent: Agent, customer: str, *, heading: str | None = "") -> None:
    """Open the preview for a customer, and wait for what is headed so (None: for nothing)."""
    address = f"{customer}@example.com" if customer and "@" not in customer else customer
    agent.visit(f"{stage.url}/sidebar?customer={quote(address, safe='')}")
    if heading is not None:
        agent.sees("#sidebar h1", heading)


def ready(stage: Stage, agent: Agent, customer: str) -> None:
    """Open the preview for a customer, and wait until everything is there that will be."""
    look(stage, agent, customer)
    agent.sees(".quick button")
    # What is learned last; the page is painted anew after it.
    agent.until(
        "performance.getEntriesByType('resource').some(({name}) => /vip_tiers$/.test(name))"
    )
    agent.settle()


def link(stage: Stage, **given: object) -> str:
    """Ask for a link to a customer's sidebar."""
    asked = Request(
        f"{stage.url}/sidebar/links",
        data=json.dumps(given).encode(),
        headers={"Authorization": "Bearer demo", "Content-Type": "application/json"},
    )
    with urlopen(asked) as answer:
        return str(json.load(answer)["url"])


# What is known of a customer.


@scene
def member(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "maya.chen")


@scene
def member_with_everything_opened(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "aiko.tanaka")
    for each in ("activity", "rewards"):
        agent.click(f"[data-focus=more-{each}]")
        agent.sees(f"[data-focus=more-{each}]", "Show fewer")


@scene
def points_expire_soon(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "tom.becker")
    agent.sees(".expiry.soon", "Points expire in")


@scene
def membership_queued_for_cancellation(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "elena.rossi")
    agent.sees(".membership", "Cancellation")


@scene
def membership_not_paid(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "fatima.zahra")
    agent.sees(".membership", "failed")


@scene
def guest(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "priya.nair")
    agent.sees(".chip", "Guest")


@scene
def excluded(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "oskar.lund")
    agent.sees(".chip", "Excluded")


@scene
def negative_balance(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "carlos.mendes")


@scene
def nothing_in_any_list(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "hello")
    for each in ("codes", "activity", "rewards"):
        agent.sees(f".{each}", {"codes": "No unused", "activity": "No activity"}.get(each, "None"))


@scene
def not_a_member(stage: Stage, agent: Agent) -> None:
    look(stage, agent, "nobody", heading="Not a member")


@scene
def no_email_on_the_ticket(stage: Stage, agent: Agent) -> None:
    look(stage, agent, "", heading="No e-mail on this ticket")


@scene
def loading(stage: Stage, agent: Agent) -> None:
    agent.hold("*/get_sidebar*")
    look(stage, agent, "maya.chen", heading=None)
    agent.sees(".skeleton")
    agent.until("!!document.querySelector('[role=status]')")


@scene
def rivo_is_down(stage: Stage, agent: Agent) -> None:
    stage.down = True
    look(stage, agent, "maya.chen", heading="Not available right now")


@scene
def stale(stage: Stage, agent: Agent) -> None:
    stage.ahead = -3 * HOUR
    ready(stage, agent, "maya.chen")
    stage.down, stage.ahead = True, 0
    look(stage, agent, "maya.chen", heading="Maya Chen")
    agent.sees(".notices", "Rivo is not answering. This is what was known 3 hours ago")


@scene
def partly_there(stage: Stage, agent: Agent) -> None:
    stage.fails = ("points_events", "memberships")
    look(stage, agent, "maya.chen", heading="Maya Chen")
    for each in ("activity", "membership"):
        agent.sees(f".{each} .trouble", "Not available right now")


@scene
def balance_not_known(stage: Stage, agent: Agent) -> None:
    stage.fails = ("customers",)
    look(stage, agent, "maya.chen")
    agent.sees(".trouble", "balance is not available right now")


@scene
def service_does_not_answer(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "maya.chen")
    agent.hold("*/get_sidebar*")
    agent.click("[data-focus=refresh]")
    agent.fail()
    agent.sees(".notices", "This is what was known")


@scene
def read_only_by_link(stage: Stage, agent: Agent) -> None:
    agent.visit(link(stage, customer_email="maya.chen@example.com"))
    agent.sees("#sidebar h1", "Maya Chen")


@scene
def link_that_is_over(stage: Stage, agent: Agent) -> None:
    over = link(stage, customer_email="maya.chen@example.com", minutes=1)
    stage.ahead = HOUR
    agent.visit(over)
    agent.sees("#sidebar h1", "This link has expired")


# The forms: filled in, wrong, about to be confirmed, done.


def step(agent: Agent, name: str) -> None:
    """Wait until the open form has come to a step."""
    agent.sees(f".panel[data-step={name}]")


def ended(agent: Agent, kind: str) -> None:
    """Wait until the open form says how it ended."""
    agent.sees(f".panel[data-step=result][data-outcome={kind}]")


def go_on(agent: Agent) -> None:
    """Continue to the confirmation."""
    agent.click(".panel [type=submit]")
    step(agent, "confirm")


def confirm(agent: Agent) -> None:
    """Confirm; what becomes of it is another thing."""
    agent.click(".panel .buttons .primary")


def fill_points(stage: Stage, agent: Agent, amount: str = "100") -> None:
    """Fill in the form of points up to its confirmation."""
    ready(stage, agent, "sarah.martinez")
    agent.click("[data-focus=points]")
    agent.fill(".panel input[inputmode=numeric]", amount)
    agent.fill(".panel select", "Goodwill")


@scene
def points_to_fill_in(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "sarah.martinez")
    agent.click("[data-focus=points]")
    step(agent, "fill")


@scene
def points_filled_in_wrongly(stage: Stage, agent: Agent) -> None:
    points_to_fill_in(stage, agent)
    agent.click(".panel [type=submit]")
    agent.sees(".wrong", "Enter a whole number")
    agent.sees(".wrong", "Choose a reason")


@scene
def points_beyond_the_limit(stage: Stage, agent: Agent) -> None:
    fill_points(stage, agent, "501")
    agent.click(".panel [type=submit]")
    agent.sees(".wrong", "That is more than 500 points")


@scene
def points_to_confirm(stage: Stage, agent: Agent) -> None:
    fill_points(stage, agent)
    go_on(agent)


@scene
def points_given(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    confirm(agent)
    ended(agent, "done")
    agent.sees(".panel", "100 points given")


@scene
def points_to_take_below_zero(stage: Stage, agent: Agent) -> None:
    fill_points(stage, agent, "200")
    agent.click(".panel .choice:has([value=take])")
    go_on(agent)
    agent.sees(".panel .note", "below zero")


@scene
def points_taken(stage: Stage, agent: Agent) -> None:
    points_to_take_below_zero(stage, agent)
    confirm(agent)
    ended(agent, "done")
    agent.sees(".panel", "200 points taken away")


@scene
def undoing(stage: Stage, agent: Agent) -> None:
    points_given(stage, agent)
    agent.click(".panel .buttons button:last-child")
    agent.sees(".panel h2", "Undo")


@scene
def undone(stage: Stage, agent: Agent) -> None:
    undoing(stage, agent)
    agent.fill(".panel select", "Goodwill")
    go_on(agent)
    confirm(agent)
    agent.sees(".panel[data-outcome=done] h2", "Undone")


@scene
def credit_to_fill_in(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "sarah.martinez")
    agent.click("[data-focus=credit]")
    step(agent, "fill")


@scene
def credit_beyond_the_limit(stage: Stage, agent: Agent) -> None:
    credit_to_fill_in(stage, agent)
    agent.fill(".panel input[inputmode=decimal]", "25.01")
    agent.click(".panel [type=submit]")
    agent.sees(".wrong", "That is more than $25.00")


@scene
def credit_to_confirm(stage: Stage, agent: Agent) -> None:
    credit_to_fill_in(stage, agent)
    agent.fill(".panel input[inputmode=decimal]", "7.50")
    agent.fill(".panel select", "Late delivery")
    go_on(agent)


@scene
def credit_given(stage: Stage, agent: Agent) -> None:
    credit_to_confirm(stage, agent)
    confirm(agent)
    ended(agent, "done")
    agent.sees(".panel", "$7.50 of store credit given")


@scene
def reward_to_choose(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "aiko.tanaka")
    agent.click("[data-focus=redeem]")
    step(agent, "fill")


@scene
def reward_with_an_amount(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "aiko.tanaka")
    agent.until("document.querySelector('[data-focus=redeem-709490]')")
    agent.click("[data-focus=redeem-709490]")
    agent.sees(".panel label", "How many points to spend")


@scene
def reward_to_confirm(stage: Stage, agent: Agent) -> None:
    reward_to_choose(stage, agent)
    agent.click(".panel .choice:has([value='709485'])")
    agent.fill(".panel select", "Goodwill")
    go_on(agent)


@scene
def reward_redeemed(stage: Stage, agent: Agent) -> None:
    reward_to_confirm(stage, agent)
    confirm(agent)
    ended(agent, "done")
    agent.sees(".panel .code code")


@scene
def code_to_refund(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "maya.chen")
    agent.click("[data-focus^=refund-]")
    agent.fill(".panel select", "Goodwill")
    go_on(agent)


@scene
def code_refunded(stage: Stage, agent: Agent) -> None:
    code_to_refund(stage, agent)
    confirm(agent)
    ended(agent, "done")
    agent.sees(".panel", "Code refunded")


@scene
def birthday_to_fill_in(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "maya.chen")
    agent.click("[data-focus=birthday]")
    step(agent, "fill")


def fill_birthday(agent: Agent, month: str, day: str) -> None:
    """Choose a day, and why."""
    selects = ".panel .field:nth-of-type(%d) select"
    agent.fill(selects % 1, month)
    agent.fill(selects % 2, day)
    agent.fill(selects % 3, "Goodwill")


@scene
def birthday_that_is_no_day(stage: Stage, agent: Agent) -> None:
    birthday_to_fill_in(stage, agent)
    fill_birthday(agent, "February", "30")
    agent.click(".panel [type=submit]")
    agent.sees(".wrong", "There is no such day")


@scene
def birthday_changed(stage: Stage, agent: Agent) -> None:
    birthday_to_fill_in(stage, agent)
    fill_birthday(agent, "July", "13")
    go_on(agent)
    confirm(agent)
    ended(agent, "done")
    agent.sees(".panel", "It is July 13 now")


@scene
def birthday_that_was_so_already(stage: Stage, agent: Agent) -> None:
    birthday_to_fill_in(stage, agent)
    fill_birthday(agent, "March", "14")
    go_on(agent)
    confirm(agent)
    ended(agent, "already")


@scene
def membership_to_cancel(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "maya.chen")
    agent.click("[data-focus=cancel]")
    step(agent, "fill")


@scene
def cancelling_to_confirm(stage: Stage, agent: Agent) -> None:
    membership_to_cancel(stage, agent)
    agent.fill(".panel select", "Goodwill")
    go_on(agent)


@scene
def membership_cancelled(stage: Stage, agent: Agent) -> None:
    cancelling_to_confirm(stage, agent)
    confirm(agent)
    ended(agent, "done")


# How else a write ends.


@scene
def sending(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    agent.hold("*/create_points_event")
    confirm(agent)
    agent.sees(".panel .primary", "Sending")


@scene
def unknown(stage: Stage, agent: Agent) -> None:
    stage.writes.append(Fault(kind="lost"))
    points_to_confirm(stage, agent)
    confirm(agent)
    ended(agent, "unknown")


@scene
def awaiting_approval(stage: Stage, agent: Agent) -> None:
    fill_points(stage, agent, "400")
    go_on(agent)
    agent.sees(".panel .note", "Somebody else has to approve this")
    confirm(agent)
    ended(agent, "waiting")


@scene
def needs_review(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    agent.hold("*/create_points_event")
    confirm(agent)
    agent.answer(202, problem("needs_review", "needs_review", None))
    ended(agent, "review")


@scene
def refused_by_rivo(stage: Stage, agent: Agent) -> None:
    stage.writes.append(Fault(kind="status", status=422, body=b'{"error":"Points are frozen"}'))
    points_to_confirm(stage, agent)
    confirm(agent)
    ended(agent, "refused")
    agent.sees(".panel", "Points are frozen")


@scene
def not_sent(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    stage.writes += [Fault(kind="refuse")] * 5
    confirm(agent)
    ended(agent, "not_sent")


@scene
def still_running(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    agent.hold("*/create_points_event")
    confirm(agent)
    agent.answer(409, problem("still_running", "sending", None))
    ended(agent, "running")


@scene
def answer_lost_on_its_way(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    agent.hold("*/create_points_event")
    confirm(agent)
    agent.fail()
    ended(agent, "lost")


def problem(code: str, state: str, applied: bool | None) -> dict[str, object]:
    """Make the problem that the service answers where that cannot be brought about at will."""
    operation = {
        "id": f"op_{'0123456789abcdef' * 2}",
        "state": state,
        "applied": applied,
        "safe_to_retry": False,
    }
    return {"status": 0, "error": "See above.", "code": code, "operation": operation}
