"""What the sidebar does: how often it asks, what it repeats and never repeats, how fast it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from integrations.rivo_sandbox import Fault
from tests.pages.agent import PATIENCE_MS, UNTIL, Agent
from tests.pages.browser import CHROMIUM
from tests.pages.scenes import (
    confirm,
    ended,
    link,
    look,
    points_to_confirm,
    ready,
    step,
)
from tests.pages.stage import Stage, serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

PAINTED_MS: Final = 300
TRANSFERRED: Final = 60_000
# The page's own time goes fifty times as fast, so that no test waits for 15 seconds.
HASTE: Final = """for (const name of ["setTimeout", "setInterval"]) {
  const real = window[name];
  window[name] = (act, wait, ...more) => real(act, (wait ?? 0) / 50, ...more);
}"""
PATIENCE: Final = 300
HIDE: Final = """Object.defineProperty(document, "hidden", {configurable: true, get: () => %s});
document.dispatchEvent(new Event("visibilitychange"));"""


@pytest.fixture
def hasty(agent: Agent) -> Iterator[Agent]:
    """An agent whose pages are in a hurry."""
    script = agent.call("Page.addScriptToEvaluateOnNewDocument", source=HASTE)
    yield agent
    agent.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])


def views(agent: Agent) -> list[int]:
    return [status for path, status in agent.answered if path == "/actions/get_sidebar"]


def given(stage: Stage) -> list[str]:
    """The points events that the shop was asked for."""
    return [each.path for each in stage.sandbox.requests if each.method == "POST"]


# Speed.


def test_the_preview_is_painted_soon_and_is_small(stage: Stage, agent: Agent) -> None:
    """Others may keep the machine busy: the quickest of some tries is how fast it is."""
    painted = [first_paint(stage, agent)]
    while min(painted) >= PAINTED_MS and len(painted) < 10:
        painted.append(first_paint(stage, agent))

    assert PAINTED_MS > min(painted)
    assert TRANSFERRED > agent.bytes


def first_paint(stage: Stage, agent: Agent) -> float:
    """Open the preview with an empty cache, and say after how many milliseconds it was painted."""
    agent.call("Network.clearBrowserCache")
    ready(stage, agent, "maya.chen")
    agent.until("performance.getEntriesByName('first-contentful-paint').length > 0")
    return float(agent.value("performance.getEntriesByName('first-contentful-paint')[0].startTime"))


def test_the_forms_are_fetched_when_somebody_is_about_to_open_one(
    stage: Stage, agent: Agent
) -> None:
    ready(stage, agent, "maya.chen")
    before = [path for _, path in agent.asked]
    agent.click("[data-focus=points]")
    step(agent, "fill")

    assert "/sidebar/forms.js" not in before
    assert 1 == [path for _, path in agent.asked].count("/sidebar/forms.js")


def test_a_form_that_cannot_be_fetched_is_said_so_and_can_be_opened_later(
    stage: Stage, agent: Agent
) -> None:
    ready(stage, agent, "maya.chen")
    agent.hold("*/sidebar/forms.js")
    agent.click("[data-focus=points]")
    agent.fail()
    agent.hold()
    agent.sees(".notices", "could not be fetched")
    agent.click("[data-focus=points]")

    step(agent, "fill")


def test_from_click_to_result_is_one_round_trip(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    agent.hold("*/get_sidebar*")
    agent.asked.clear()
    confirm(agent)
    ended(agent, "done")

    assert ("POST", "/actions/create_points_event") == agent.asked[0]
    assert {("GET", "/actions/get_sidebar")} >= set(agent.asked[1:])


def test_after_a_write_the_view_is_asked_for_at_once(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    confirm(agent)
    ended(agent, "done")

    agent.sees(".figures dd", "250")


# Asking again.


def test_a_view_that_is_the_same_costs_a_304_and_rivo_nothing(stage: Stage, hasty: Agent) -> None:
    ready(stage, hasty, "maya.chen")
    before = len(stage.sandbox.requests)
    for _ in range(PATIENCE):
        hasty.settle()
        if len(views(hasty)) > 4:
            break

    first, *later = views(hasty)
    assert 200 == first
    assert {304} == set(later)
    assert 4 <= len(later)
    assert before == len(stage.sandbox.requests)


def test_a_view_that_nobody_sees_is_not_asked_for(stage: Stage, hasty: Agent) -> None:
    ready(stage, hasty, "maya.chen")
    hasty.value(HIDE % "true")
    hasty.settle()
    before = len(views(hasty))
    hasty.value("new Promise(done => setTimeout(done, 50 * 1000))")
    hidden = len(views(hasty))
    hasty.value(HIDE % "false")
    hasty.until("!document.hidden")
    hasty.value("new Promise(done => setTimeout(done, 50 * 200))")

    assert before == hidden
    assert hidden < len(views(hasty))


def test_an_answer_about_an_earlier_customer_is_dropped(stage: Stage, agent: Agent) -> None:
    agent.hold("*customer_email=maya*")
    look(stage, agent, "maya.chen", heading=None)
    agent.until("!!document.querySelector('[role=status]')")
    agent.value(
        "(() => { const picker = document.getElementById('customer');"
        "picker.append(new Option('Tom', 'tom.becker@example.com'));"
        "picker.value = 'tom.becker@example.com';"
        "picker.dispatchEvent(new Event('change')); })()"
    )
    agent.sees("#sidebar h1", "Tom Becker")
    agent.hold()
    agent.value("new Promise(done => setTimeout(done, 300))")

    assert "Tom Becker" in agent.text("#sidebar h1")


def test_a_click_is_not_lost_to_what_comes_in_between(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "maya.chen")
    agent.value("import('./sidebar/forms.js').catch(() => 0)")
    place = agent.place_of("[data-focus=points]")
    agent.hold("*/get_sidebar*", stage="Response")
    agent.click("[data-focus=refresh]")
    place = agent.place_of("[data-focus=points]")
    agent.mouse("mousePressed", place)
    agent.answer(503, {"error": "Rivo is not answering."})
    agent.hold()
    agent.value("new Promise(done => setTimeout(done, 100))")
    agent.mouse("mouseReleased", place)

    step(agent, "fill")


# Writing once.


def test_who_clicks_twice_gives_once(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    agent.value(
        "(() => { const go = document.querySelector('.panel .buttons .primary');"
        "go.click(); go.click(); go.click(); })()"
    )
    ended(agent, "done")

    assert ["POST"] == agent.to("create_points_event")
    assert 1 == len(given(stage))


@pytest.mark.parametrize("kind", ["not_sent", "lost"])
def test_to_ask_again_is_the_same_request_with_the_same_key(
    stage: Stage, agent: Agent, kind: str
) -> None:
    points_to_confirm(stage, agent)
    if kind == "not_sent":
        stage.writes += [Fault(kind="refuse")]
        confirm(agent)
    else:
        agent.hold("*/create_points_event")
        confirm(agent)
        agent.fail()
        agent.hold()
    ended(agent, kind)
    agent.click(".panel .buttons button:nth-child(2)")
    ended(agent, "done")

    first, second = agent.keys[-2:]
    assert first == second
    assert 1 == len([each for each in given(stage) if each.endswith("/points_events")])


def test_a_request_whose_answer_was_lost_after_it_was_applied_is_not_applied_again(
    stage: Stage, agent: Agent
) -> None:
    points_to_confirm(stage, agent)
    agent.hold("*/create_points_event", stage="Response")
    confirm(agent)
    agent.fail()
    agent.hold()
    ended(agent, "lost")
    agent.click(".panel .buttons button:nth-child(2)")
    ended(agent, "done")

    first, second = agent.keys[-2:]
    assert first == second
    assert 1 == len(given(stage))
    agent.sees(".figures dd", "250")


def test_two_forms_are_two_intentions(stage: Stage, agent: Agent) -> None:
    for _ in range(2):
        points_to_confirm(stage, agent)
        confirm(agent)
        ended(agent, "done")

    first, second = agent.keys[-2:]
    assert first != second
    assert {32} == {len(first), len(second)}
    assert 2 == len(given(stage))


# By keyboard alone.


def test_points_are_given_by_keyboard_alone(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "sarah.martinez")
    walk(agent, "document.activeElement.dataset.focus === 'points'")
    agent.press("Enter")
    step(agent, "fill")
    agent.until("document.activeElement.inputMode === 'numeric'")
    agent.types("100")
    walk(agent, "document.activeElement.tagName === 'SELECT'")
    agent.press("ArrowDown")
    walk(agent, "document.activeElement.type === 'submit'")
    agent.press("Enter")
    step(agent, "confirm")
    agent.until("document.querySelector('.panel').contains(document.activeElement)")
    walk(agent, "document.activeElement.matches('.panel .primary')")
    agent.press("Space")
    ended(agent, "done")
    agent.until("document.querySelector('.panel').contains(document.activeElement)")
    walk(agent, "document.activeElement.matches('.panel .buttons .primary')")
    agent.press("Enter")
    agent.until("!document.querySelector('.panel')")

    agent.until("document.activeElement.dataset.focus === 'points'")
    agent.sees(".figures dd", "250")


def test_escape_leads_back_step_by_step(stage: Stage, agent: Agent) -> None:
    points_to_confirm(stage, agent)
    agent.press("Escape")
    step(agent, "fill")
    agent.press("Escape")

    agent.until("!document.querySelector('.panel')")
    agent.until("document.activeElement.dataset.focus === 'points'")
    assert [] == agent.to("create_points_event")


def test_what_has_the_focus_shows_it(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "maya.chen")
    bare: list[str] = []
    for _ in range(25):
        agent.press("Tab")
        seen = agent.value(
            "(() => { const {outlineStyle, outlineWidth, boxShadow} ="
            "getComputedStyle(document.activeElement);"
            "return document.activeElement === document.body ||"
            "(outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'"
            "? '' : document.activeElement.outerHTML.slice(0, 80); })()"
        )
        bare += [seen] if seen else []

    assert [] == bare


def walk(agent: Agent, there: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(40):
        if agent.value(there):
            return
        agent.press("Tab")
    raise AssertionError(f"no Tab leads to {there}")


# The reply.


def test_a_code_is_put_into_the_reply(stage: Stage, agent: Agent) -> None:
    ready(stage, agent, "maya.chen")
    agent.click("[data-focus^=insert-BAL]")

    agent.until("document.getElementById('reply').value.startsWith('BAL-')")
    agent.until("document.querySelector('[role=status]').textContent.includes('into the reply')")


# Other tools.


class Helpdesk:
    """A tool that shows an address in an iframe."""

    def __init__(self) -> None:
        self.src = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with the one page that there is."""
        if scope["type"] == "lifespan":
            for each in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{each}.complete"})
            return
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        page = f'<!doctype html><iframe width="320" height="800" src="{self.src}"></iframe>'
        await send({"type": "http.response.body", "body": page.encode()})


def framed(agent: Agent, expression: str) -> Any:
    """Evaluate an expression in the frame of the page."""
    (frame,) = agent.call("Page.getFrameTree")["frameTree"]["childFrames"]
    world = agent.call("Page.createIsolatedWorld", frameId=frame["frame"]["id"])
    found = agent.call(
        "Runtime.evaluate",
        expression=expression,
        contextId=world["executionContextId"],
        returnByValue=True,
        awaitPromise=True,
    )
    return found["result"].get("value")


@pytest.mark.parametrize("invited", [True, False])
def test_a_link_is_framed_by_whom_the_settings_name(agent: Agent, invited: bool) -> None:
    tool = Helpdesk()
    with serving(tool) as host:
        ancestors = (host if invited else "https://app.example.com",)
        with Stage(frame_ancestors=ancestors).open() as stage:
            tool.src = link(stage, customer_email="maya.chen@example.com")
            agent.visit(host)
            found = "document.querySelector('#sidebar h1').textContent === 'Maya Chen'"
            shown = framed(agent, UNTIL % (PATIENCE_MS if invited else 500, found))
            forms = framed(agent, "document.querySelectorAll('form, .quick').length")

    assert invited == shown
    assert 0 == forms
    assert invited == (agent.complaints == [])


def test_the_preview_is_framed_by_nobody(agent: Agent) -> None:
    tool = Helpdesk()
    with serving(tool) as host, Stage(frame_ancestors=(host,)).open() as stage:
        tool.src = f"{stage.url}/sidebar"
        agent.visit(host)

    assert any("frame-ancestors" in each for each in agent.complaints)


def test_a_link_reads_and_never_writes(stage: Stage, agent: Agent) -> None:
    agent.visit(link(stage, customer_email="maya.chen@example.com"))
    agent.sees("#sidebar h1", "Maya Chen")

    assert {"/sidebar/view"} == {path for path in paths(agent) if not is_file(path)}
    assert "/sidebar/forms.js" not in paths(agent)
    assert 0 == agent.value(
        "document.querySelectorAll('form, .quick, [data-focus^=refund]').length"
    )
    assert [] == agent.complaints


def paths(agent: Agent) -> list[str]:
    return [path for _, path in agent.asked if path != "blank"]


def is_file(path: str) -> bool:
    return path.endswith((".js", ".css", ".svg", "/sidebar/link"))
