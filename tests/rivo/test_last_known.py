"""What is shown when Rivo cannot say: what was known last, marked, and never to decide a write."""

from __future__ import annotations

import contextlib
from typing import Any

import httpx
import pytest

from integrations.errors import (
    NotConfiguredError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo import WRITES
from tests.rivo.keeping import Keeper
from tests.rivo.stage import (
    AS_OF,
    DAY,
    SARAH,
    SARAH_ID,
    Stage,
    built,
    changed,
    listed,
    row,
    sample,
)
from tests.rivo.test_reads import INPUTS
from tests.rivo.test_writes import GIVEN
from tests.rivo.test_writes import INPUTS as WRITTEN

pytestmark = pytest.mark.anyio

MARTINEZ = sample("customer__sarah_martinez.reconstructed")
MEMBER = changed(
    sample("member__sarah_johnson.reconstructed"), id=SARAH_ID, email=SARAH, points_tally=150
)
TIER = {"data": row(552288, name="Silver", threshold=500)}
NONE = httpx.Response(404, json={"error": "Could not find a customer."})
TROUBLES: dict[str, Any] = {
    "not sent": httpx.ConnectError,
    "lost": httpx.ReadTimeout,
    "broken off": httpx.RemoteProtocolError,
    "busy": httpx.Response(429, text="Too many Merchant API requests"),
    "failing": httpx.Response(500),
    "a page": httpx.Response(503, html="<h1>503</h1>"),
    "no route": httpx.Response(404, html="<h1>404</h1>"),
    "no JSON": httpx.Response(200, text='{"data": {"id": 1'),
    "something else": httpx.Response(200, json={"data": []}),
}


def answer(stage: Stage, *, clear: bool = True) -> None:
    """Let Rivo answer whatever is read (but for what was said before and is not cleared)."""
    if clear:
        stage.router.routes.clear()
    stage.on("GET", "/vip_tiers/.+", *[TIER] * 99)
    stage.on("GET", "/customers/.*", *[MARTINEZ] * 99)
    stage.on("GET", "/memberships/customers/.+", *[MEMBER] * 99)
    stage.on("GET", "/.*", *[listed(row(1, email=SARAH))] * 99)


def fail(stage: Stage, trouble: Any = httpx.ConnectError) -> None:
    """Let Rivo fail from now on, whatever is read."""
    stage.router.routes.clear()
    stage.on("GET", "/.*", *[trouble] * 99)


async def points(stage: Stage, who: str = SARAH) -> Any:
    return built(await stage.run("get_customer", customer_email=who))


@pytest.mark.parametrize("name", INPUTS)
async def test_every_read_shows_what_was_known_last_and_how_old_it_is(
    stage: Stage, name: str
) -> None:
    answer(stage)
    before = built(await stage.run(name, **INPUTS[name]))
    assert (AS_OF, False) == (before["as_of"], before["stale"])

    stage.clock.seconds += 3_600
    fail(stage)
    after = built(await stage.run(name, **INPUTS[name]))

    stale: dict[str, Any] = {"stale": True}
    if name == "get_sidebar":
        stale |= {"parts": {part: age | stale for part, age in before["parts"].items()}}
    assert before | stale == after


@pytest.mark.parametrize("name", INPUTS)
async def test_every_read_is_fresh_again_when_rivo_is_back(stage: Stage, name: str) -> None:
    answer(stage)
    await stage.run(name, **INPUTS[name])
    stage.clock.seconds += 3_600
    fail(stage)
    await stage.run(name, **INPUTS[name])
    answer(stage)

    back = built(await stage.run(name, **INPUTS[name]))

    assert ("2026-11-21T13:00:00.000Z", False) == (back["as_of"], back["stale"])


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_whatever_is_wrong_with_rivo_what_was_known_last_is_shown(
    stage: Stage, trouble: str
) -> None:
    answer(stage)
    before = await points(stage)
    stage.clock.seconds += 60
    fail(stage, TROUBLES[trouble])

    assert before | {"stale": True} == await points(stage)


async def test_it_is_shown_for_a_day_and_not_longer(stage: Stage) -> None:
    answer(stage)
    await points(stage)
    fail(stage)

    stage.clock.seconds += DAY - 1
    assert (await points(stage))["stale"]
    stage.clock.seconds += 1
    with pytest.raises(UnavailableError):
        await points(stage)


async def test_it_is_asked_for_anew_each_time(stage: Stage) -> None:
    answer(stage)
    await points(stage)
    stage.clock.seconds += 60
    fail(stage)

    for _ in range(3):
        await points(stage)

    assert 4 == len(stage.sent)


async def test_what_is_still_fresh_is_not_called_stale(stage: Stage) -> None:
    answer(stage)
    await points(stage)
    fail(stage)

    in_no_time = await stage.run_until(stage.clock(), "get_customer", customer_email=SARAH)

    assert built(in_no_time)["stale"] is False


async def test_who_has_no_time_left_is_shown_what_was_known_last(stage: Stage) -> None:
    answer(stage)
    await points(stage)
    stage.clock.seconds += 60

    in_no_time = await stage.run_until(stage.clock(), "get_customer", customer_email=SARAH)

    assert (True, AS_OF) == (built(in_no_time)["stale"], built(in_no_time)["as_of"])
    assert 1 == len(stage.sent)


async def test_who_is_not_known_any_more_was_not_known_last_either(stage: Stage) -> None:
    answer(stage)
    await points(stage)
    stage.clock.seconds += 60
    fail(stage, NONE)
    with pytest.raises(NotFoundError):
        await points(stage)

    fail(stage)
    with pytest.raises(UnavailableError):
        await points(stage)


async def test_a_refused_key_is_no_outage(stage: Stage) -> None:
    answer(stage)
    await points(stage)
    stage.clock.seconds += 60

    fail(stage, httpx.Response(401, json={"error": "Unauthorized"}))
    with pytest.raises(NotConfiguredError):
        await points(stage)
    fail(stage)
    assert (await points(stage))["stale"]


async def test_no_membership_is_not_claimed_of_what_was_known_last(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", changed(MEMBER, membership=None))
    with pytest.raises(NotFoundError):
        await stage.run("get_membership", customer_email=SARAH)
    stage.clock.seconds += 60
    fail(stage)

    with pytest.raises(UnavailableError):
        await stage.run("get_membership", customer_email=SARAH)


@pytest.mark.parametrize("part", ["/rewards", "/vip_tiers"])
async def test_a_part_of_two_reads_is_stale_if_one_of_them_is(stage: Stage, part: str) -> None:
    answer(stage)
    await stage.run("get_sidebar", customer_email=SARAH)
    stage.clock.seconds += 3_600
    stage.router.routes.clear()
    stage.on("GET", part, *[httpx.ConnectError] * 9)
    answer(stage, clear=False)

    shown = built(await stage.run("get_sidebar", customer_email=SARAH))

    ages = {name: (age["as_of"], age["stale"]) for name, age in shown["parts"].items()}
    now = "2026-11-21T13:00:00.000Z", False
    assert (AS_OF, True) == ages.pop("catalogue")
    assert [now] * 4 == list(ages.values())
    assert (AS_OF, True) == (shown["as_of"], shown["stale"])


async def test_a_list_is_as_old_as_what_is_known_of_its_customer(stage: Stage) -> None:
    answer(stage)
    await stage.run("get_customer", customer_email=SARAH)
    stage.clock.seconds += 3_600
    stage.router.routes.clear()
    stage.on("GET", "/customers/sarah.*", httpx.ConnectError)
    answer(stage, clear=False)

    listed_now = built(await stage.run("list_customer_referrals", customer_email=SARAH))

    assert (AS_OF, True) == (listed_now["as_of"], listed_now["stale"])


# A write and what was known before it.


@pytest.mark.parametrize("read_by", [SARAH, str(SARAH_ID)], ids=["read by e-mail", "read by id"])
@pytest.mark.parametrize("written_by", [SARAH, str(SARAH_ID)], ids=["e-mail", "id"])
@pytest.mark.parametrize(
    "outcome",
    [httpx.Response(204), httpx.ReadTimeout, httpx.Response(500), httpx.Response(422)],
    ids=["applied", "lost", "failed", "refused"],
)
async def test_what_a_write_may_have_changed_is_not_known_any_more(
    stage: Stage, read_by: str, written_by: str, outcome: Any
) -> None:
    answer(stage)
    await points(stage, read_by)
    stage.clock.seconds += 60
    stage.router.routes.clear()
    stage.on("DELETE", "/memberships/.*/cancel", outcome)

    with contextlib.suppress(RefusedError, OutcomeUnknownError):
        await stage.run("cancel_membership", customer_email=written_by)
    assert 2 == len(stage.sent)
    fail(stage)

    with pytest.raises(UnavailableError):
        await points(stage, read_by)


async def test_what_was_surely_never_sent_changed_nothing_that_is_known(stage: Stage) -> None:
    answer(stage)
    await points(stage)
    stage.clock.seconds += 60
    fail(stage)
    stage.on("DELETE", "/memberships/.*/cancel", httpx.ConnectError)

    with pytest.raises(UnavailableError):
        await stage.run("cancel_membership", customer_email=SARAH)

    assert (await points(stage))["stale"]


async def test_of_others_it_is_still_known(stage: Stage) -> None:
    stage.on("GET", "/customers/maya.*", {"data": row(8, email="maya@example.com")})
    await points(stage, "maya@example.com")
    stage.on("DELETE", "/memberships/.*/cancel", httpx.Response(204))
    await stage.run("cancel_membership", customer_email=SARAH)
    stage.clock.seconds += 60
    fail(stage)

    assert (await points(stage, "maya@example.com"))["stale"]


@pytest.mark.parametrize("name", [function.__name__ for function in WRITES])
async def test_no_write_looks_at_what_was_known_last(
    stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(stage)
    for read, inputs in INPUTS.items():
        await stage.run(read, **inputs)
    stage.clock.seconds += 3_600
    fail(stage)
    stage.router.route(method__in=["POST", "PUT", "DELETE"]).side_effect = httpx.ReadTimeout
    looked_at: list[object] = []
    monkeypatch.setattr(stage.memory, "last_known", looked_at.append)

    with pytest.raises((UnavailableError, OutcomeUnknownError)):
        await stage.keep(Keeper(stage, given=GIVEN).writing(), name, **WRITTEN[name])

    assert [] == looked_at


@pytest.mark.parametrize("inputs", [{}, {"customer_email": SARAH}], ids=["nobody", "somebody"])
async def test_what_can_be_redeemed_is_not_told_of_what_was_known_last(
    stage: Stage, inputs: dict[str, Any]
) -> None:
    answer(stage)
    for name in ("list_rewards", "get_customer"):
        await stage.run(name, **INPUTS[name])
    stage.clock.seconds += 3_600
    fail(stage)

    with pytest.raises(UnavailableError):
        await stage.run("redeem_customer_points", **inputs)


@pytest.mark.parametrize("fresh", [False, True])
async def test_neither_a_write_nor_what_goes_past_the_memory_is_shown_it(
    stage: Stage, fresh: bool
) -> None:
    answer(stage)
    await points(stage)
    stage.clock.seconds += 60
    fail(stage)
    until = stage.clock() + 4
    reading = stage.rivo.for_read(until)
    for rivo, is_shown in (
        (reading, not fresh),
        (reading.afresh(), False),
        (reading.for_write(Keeper(stage).writing(), until), False),
        (stage.rivo.until(until), False),
    ):
        shown = None
        with contextlib.suppress(UnavailableError):
            shown = await rivo.get("customers", SARAH, who=SARAH, single=True, fresh=fresh)

        assert (is_shown, is_shown) == (shown is not None, shown is not None and shown.stale)
