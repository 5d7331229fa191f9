"""Before an operation exists: the switch, sources, own addresses, reasons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.limits import BUILT_IN, Limits
from app.operations.admitting import admit, check_own_address, limits_of
from app.settings import EVERY_ACTION, CallerSettings, ShopSettings
from app.shops import Caller, Shop
from integrations.actions import Context
from integrations.errors import (
    ActionError,
    ForbiddenError,
    InputError,
    OwnAddressError,
    SwitchedOffError,
)
from integrations.rivo import ACTIONS

AGENT = "jo@support.example.com"
REASONS = ("Late delivery", "Damaged item", "goodwill")


def caller(shop: dict[str, Any] | None = None, **settings: Any) -> Caller:
    """Make a caller who may do everything, but for what is given."""
    given = {"limits": Limits(), **settings}
    return Caller(
        shop=Shop(
            settings=ShopSettings(name="acme", rivo_api_key="rivo-key", **(shop or {})),
            rivo=None,  # type: ignore[arg-type]  # nothing is asked of Rivo
        ),
        settings=CallerSettings(
            name="one", door="actions", digests=(), actions=EVERY_ACTION, **given
        ),
    )


def asked(who: Caller, action: str, inputs: dict[str, Any], **context: Any) -> Context:
    return admit(who, ACTIONS[action], inputs, Context(**context))


def refused(who: Caller, action: str, inputs: dict[str, Any], **context: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        asked(who, action, inputs, **context)
    return caught.value


def given(action: str, **more: Any) -> dict[str, Any]:
    """Give an action what it needs, read as a door reads it."""
    examples = {i.name: i.examples[0] for i in ACTIONS[action].inputs if i.required}
    return ACTIONS[action].parse({**examples, **more})[0]


@pytest.mark.parametrize("action", ACTIONS)
def test_whoever_is_free_is_let_in_with_the_context_as_it_came(action: str) -> None:
    context = Context(agent_email=AGENT, reason="because", ticket_id="7")

    assert context == admit(caller(), ACTIONS[action], given(action), context)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("kill", ["*", "itself", "others"])
def test_what_is_switched_off_is_off_reads_too(action: str, kill: str) -> None:
    off = {"*": EVERY_ACTION, "itself": {action}, "others": EVERY_ACTION - {action}}[kill]
    who = caller({"kill": frozenset(off)})

    if kill == "others":
        assert Context() == asked(who, action, given(action))
        return
    error = refused(who, action, given(action))

    assert type(error) is SwitchedOffError
    assert f"{action} is switched off in this shop at the moment." == error.message


def test_switching_redemptions_off_switches_off_both_ways_to_make_one() -> None:
    who = caller({"kill": frozenset({"create_points_redemption"})})
    both = given("redeem_customer_points", customer_email="a@example.com", reward_id=709485)

    assert type(refused(who, "redeem_customer_points", both)) is SwitchedOffError
    assert Context() == asked(who, "redeem_customer_points", {})
    assert Context() == asked(who, "redeem_customer_points", {"customer_email": "a@example.com"})
    assert Context() == asked(
        caller({"kill": frozenset({"redeem_customer_points"})}),
        "create_points_redemption",
        given("create_points_redemption"),
    )


@pytest.mark.parametrize(
    ("sources", "source", "told"),
    [
        (None, "visit_url", None),
        ({"manual"}, "manual", None),
        ({"manual"}, None, None),
        ({"visit_url", "manual"}, "visit_url", None),
        ({"manual"}, "visit_url", "the source visit_url; allowed: manual."),
        ({"visit_url", "custom_action"}, None, "source manual; allowed: custom_action, visit_url."),
        (set(), "manual", "the source manual; allowed: none."),
    ],
)
def test_a_source_has_to_be_allowed(
    sources: set[str] | None, source: str | None, told: str | None
) -> None:
    who = caller(sources=None if sources is None else frozenset(sources))
    inputs = given("create_points_event", points_amount=1, source=source)

    if told is None:
        assert Context() == asked(who, "create_points_event", inputs)
        return
    error = refused(who, "create_points_event", inputs)

    assert (ForbiddenError, "not_allowed") == (type(error), error.code)
    assert error.message.startswith("This key may not use ")
    assert error.message.endswith(told)


def test_a_source_is_a_word_of_points_events_alone() -> None:
    who = caller(sources=frozenset())

    assert Context() == asked(who, "list_points_events", given("list_points_events", source="x"))
    assert Context() == asked(who, "cancel_membership", given("cancel_membership"))


SPELLINGS = [
    AGENT,
    "JO@Support.Example.COM",
    "jo+friend@support.example.com",
    "Jo+a+b@support.example.com",
]
OTHERS = [
    "joe@support.example.com",
    "jo@example.com",
    "jo.@support.example.com",
    "+jo@support.example.com",
    "8443",
]


@pytest.mark.parametrize("agent", SPELLINGS)
@pytest.mark.parametrize("customer", SPELLINGS)
def test_an_address_is_the_same_in_any_case_and_with_any_plus_part(
    agent: str, customer: str
) -> None:
    with pytest.raises(OwnAddressError):
        check_own_address(agent, customer)


@pytest.mark.parametrize("customer", [*OTHERS, None])
@pytest.mark.parametrize("agent", [*SPELLINGS, None])
def test_somebody_else_is_somebody_else(agent: str | None, customer: str | None) -> None:
    check_own_address(agent, customer)
    check_own_address(customer, agent)


def test_an_address_that_is_nothing_but_a_plus_part_is_itself() -> None:
    check_own_address("+jo@example.com", "+mo@example.com")
    with pytest.raises(OwnAddressError):
        check_own_address("+jo@example.com", "+JO@example.com")


@pytest.mark.parametrize(
    ("action", "inputs", "gives"),
    [
        ("create_points_event", {"points_amount": 1}, True),
        ("create_points_event", {"points_amount": -1}, False),
        ("create_points_event", {"credits_amount": Decimal("0.01")}, True),
        ("create_points_event", {"credits_amount": Decimal("-0.01")}, False),
        ("create_points_event", {"points_amount": -5, "credits_amount": Decimal(1)}, True),
        ("create_points_event", {"points_amount": 5, "credits_amount": Decimal(-1)}, True),
        ("create_points_event", {"points_amount": 0}, False),
        ("create_points_event", {}, False),
        ("create_points_event", {"source": "visit_url"}, True),
        ("create_points_event", {"source": "visit_url", "points_amount": 0}, True),
        ("create_points_event", {"source": "visit_url", "points_amount": -5}, False),
        ("create_points_redemption", {"reward_id": 7}, True),
        ("redeem_customer_points", {"reward_id": 7}, True),
        ("redeem_customer_points", {}, False),
        ("refund_points_redemption", {"redemption_id": 7}, True),
        ("update_customer_dob", {"dob": "07-13"}, False),
        ("cancel_membership", {}, False),
        ("get_customer", {}, False),
    ],
)
def test_agents_give_nothing_to_themselves(
    action: str, inputs: dict[str, Any], *, gives: bool
) -> None:
    own = {**inputs, "customer_email": "jo+mine@support.example.com"}

    if gives:
        assert type(refused(caller(), action, own, agent_email=AGENT)) is OwnAddressError
    else:
        assert AGENT == asked(caller(), action, own, agent_email=AGENT).agent_email
    other = {**inputs, "customer_email": "mo@support.example.com"}
    assert AGENT == asked(caller(), action, other, agent_email=AGENT).agent_email


def test_a_refund_that_names_nobody_is_let_in() -> None:
    inputs = {"redemption_id": 7}

    assert (
        AGENT == asked(caller(), "refund_points_redemption", inputs, agent_email=AGENT).agent_email
    )


GIVE = {"customer_email": "mo@example.com", "points_amount": 5}


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("Late delivery", "Late delivery"),
        ("late DELIVERY", "Late delivery"),
        (" late   delivery ", "Late delivery"),
        ("GOODWILL", "goodwill"),
        (None, None),
    ],
)
def test_a_reason_is_kept_as_the_shop_spells_it(reason: str | None, kept: str | None) -> None:
    who = caller({"reasons": REASONS})
    found = asked(who, "create_points_event", GIVE, reason=reason, ticket_id="7")

    assert Context(reason=kept, ticket_id="7") == found


def test_a_reason_that_is_not_listed_is_refused() -> None:
    error = refused(caller({"reasons": REASONS}), "create_points_event", GIVE, reason="because")

    assert isinstance(error, InputError)
    assert ("reason", "'because'") == (error.field, error.given)
    assert "one of Late delivery, Damaged item, goodwill" == error.expected


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [((), "given"), (REASONS, "one of Late delivery, Damaged item, goodwill")],
)
@pytest.mark.parametrize("whose", ["caller", "shop"])
def test_a_reason_that_is_needed_is_asked_for(
    reasons: tuple[str, ...], expected: str, whose: str
) -> None:
    needed = Limits(reason_required=True)
    shop = {"reasons": reasons} | ({"limits": needed} if whose == "shop" else {})
    who = caller(shop, limits=needed if whose == "caller" else Limits())
    error = refused(who, "cancel_membership", {"customer_email": "mo@example.com"})

    assert isinstance(error, InputError)
    assert ("reason", expected, None) == (error.field, error.expected, error.given)
    assert "goodwill" == asked(who, "create_points_event", GIVE, reason="goodwill").reason


@pytest.mark.parametrize(
    ("action", "inputs"),
    [("get_customer", {"customer_email": "mo@example.com"}), ("redeem_customer_points", {})],
)
def test_to_look_needs_no_reason_and_may_have_any(action: str, inputs: dict[str, Any]) -> None:
    who = caller({"reasons": REASONS}, limits=Limits(reason_required=True))

    assert Context(reason="x") == asked(who, action, inputs, reason="x")
    assert Context() == asked(who, action, inputs)


def test_the_shops_limits_hold_besides_the_callers() -> None:
    who = caller(
        {"limits": Limits(points_per_write=100, points_per_shop_day=1000)}, limits=BUILT_IN
    )

    assert limits_of(who) == Limits(
        points_per_write=100,
        points_per_shop_day=1000,
        credits_per_write=BUILT_IN.credits_per_write,
        writes_per_agent_day=BUILT_IN.writes_per_agent_day,
    )


def test_the_switch_comes_first_and_the_reason_last() -> None:
    """What is refused anyway must not be asked to be mended first."""
    wrong = {"customer_email": AGENT, "points_amount": 5, "source": "visit_url"}
    found = []
    for kill in (EVERY_ACTION, frozenset[str]()):
        who = caller({"kill": kill, "reasons": REASONS}, sources=frozenset({"manual"}))
        found.append(refused(who, "create_points_event", wrong, agent_email=AGENT, reason="x").code)
    who = caller({"reasons": REASONS})
    found.append(refused(who, "create_points_event", wrong, agent_email=AGENT, reason="x").code)

    assert ["switched_off", "not_allowed", "own_address"] == found
