"""Everything that is asked under every alternative: each action in its modes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received, Switches, in_turn
from tests.alternatives.service import KEY, Line, Outcome, Plan, Service, Watched, assert_honest

Inputs = Mapping[str, object]
Step = tuple[str, Inputs]

SARAH = {"customer_email": "sarah.martinez@example.com"}
JOHNSON = {"customer_email": "sarah.johnson@example.com"}
MAYA = {"customer_email": "maya.chen@example.com"}
MAYA_BY_ID = {"customer_email": "7301448820193"}
MAYA_IN_CAPITALS = {"customer_email": "Maya.Chen@Example.com"}
TOM = {"customer_email": "tom.becker@example.com"}
GUEST = {"customer_email": "priya.nair@example.com"}
EXCLUDED = {"customer_email": "oskar.lund@example.com"}
ELENA = {"customer_email": "elena.rossi@example.com"}
JAMES = {"customer_email": "james.oconnor@example.com"}
AIKO = {"customer_email": "aiko.tanaka@example.com"}
PLUS = {"customer_email": "lena+shop@example.com"}
DMITRI = {"customer_email": "dmitri.volkov@example.com"}
SPARSE = {"customer_email": "hello@example.com"}
STRANGER = {"customer_email": "nobody@example.com"}
STRANGER_BY_ID = {"customer_email": "7999999999999"}

FIVE_OFF, FOR_DOLLARS, STORE_CREDIT, DISABLED = 709485, 709490, 594155, 709492
UNUSED, USED, EXPIRED, REFUNDED, GIFT_CARD = 24101330, 24100301, 24100415, 24101180, 24100733
GOLD, PLATINUM = 552289, 552290


class Case(Struct, frozen=True, kw_only=True):
    """One question: what is asked, and how.

    `first` is asked before it, `then` after it, `seconds` later; `to_the_end` follows `next` until
    there is none. `faults` spoil the answers, `key` is the one sent.
    """

    inputs: Inputs = {}
    first: tuple[Step, ...] = ()
    then: tuple[Step, ...] = ()
    seconds: float = 0.0
    to_the_end: bool = False
    faults: Callable[[], Plan] | None = None
    key: str = KEY


def looked(inputs: Inputs) -> tuple[Step, ...]:
    return (("get_customer", inputs),)


def plus(inputs: Inputs, **more: object) -> dict[str, object]:
    return {**inputs, **more}


MODES: dict[str, dict[str, Case]] = {
    "get_customer": {
        "by e-mail": Case(inputs=MAYA),
        "by id": Case(inputs=MAYA_BY_ID),
        "in capitals": Case(inputs=MAYA_IN_CAPITALS),
        "with a plus": Case(inputs=PLUS),
        "guest": Case(inputs=GUEST),
        "excluded": Case(inputs=EXCLUDED),
        "hardly known": Case(inputs=SPARSE),
        "in full": Case(inputs=plus(MAYA, shape="full")),
        "unknown": Case(inputs=STRANGER),
        "unknown id": Case(inputs=STRANGER_BY_ID),
    },
    "get_sidebar": {
        "member": Case(inputs=MAYA),
        "many codes": Case(inputs=AIKO),
        "without membership": Case(inputs=TOM),
        "excluded": Case(inputs={"customer_email": "7338015926471"}),
        "unknown": Case(inputs=STRANGER),
    },
    "get_membership": {
        "paid": Case(inputs=JOHNSON),
        "by id": Case(inputs=MAYA_BY_ID),
        "queued for cancellation": Case(inputs=ELENA),
        "manual": Case(inputs=DMITRI),
        "in full": Case(inputs=plus(JOHNSON, shape="full")),
        "ended": Case(inputs=JAMES),
        "none": Case(inputs=TOM),
        "unknown": Case(inputs=STRANGER),
    },
    "list_customers": {
        "first page": Case(inputs={"per_page": 3}),
        "to the end by page": Case(inputs={"per_page": 4}, to_the_end=True),
        "to the end by id": Case(inputs={"limit": 5}, to_the_end=True),
    },
    "list_customer_points_events": {
        "first page": Case(inputs=plus(AIKO, per_page=3)),
        "by id": Case(inputs=plus(MAYA_BY_ID, limit=3)),
        "to the end by page": Case(inputs=plus(AIKO, per_page=4), to_the_end=True),
        "to the end by id": Case(inputs=plus(MAYA, limit=5), to_the_end=True),
        "unknown": Case(inputs=STRANGER),
    },
    "list_customer_points_redemptions": {
        "all": Case(inputs=AIKO),
        "used": Case(inputs=plus(TOM, used=True)),
        "unused": Case(inputs=plus(AIKO, used="false")),
        "to the end by page": Case(inputs=plus(AIKO, per_page=2), to_the_end=True),
        "to the end by id": Case(inputs=plus(AIKO, limit=2), to_the_end=True),
        "unknown": Case(inputs=STRANGER),
    },
    "list_customer_referrals": {
        "of who refers": Case(inputs=AIKO),
        "to the end by id": Case(inputs=plus(AIKO, limit=1), to_the_end=True),
        "none": Case(inputs=SARAH),
        "unknown": Case(inputs=STRANGER),
    },
    "list_points_events": {
        "first page": Case(inputs={"per_page": 4}),
        "of a source": Case(inputs={"source": "manual", "per_page": 4}),
        "of a source with two words": Case(inputs={"source": "order_placed", "per_page": 250}),
        "of no known source": Case(inputs={"source": "gratitude"}),
        "of a period": Case(
            inputs={"applied_after": "2026-08-01", "applied_before": "2026-10-01T00:00:00Z"}
        ),
        "to the end by page": Case(inputs={"per_page": 20}, to_the_end=True),
        "to the end by id": Case(inputs={"limit": 7}, to_the_end=True),
        "of a source to the end": Case(inputs={"source": "manual", "per_page": 3}, to_the_end=True),
    },
    "list_points_redemptions": {
        "first page": Case(inputs={"per_page": 4}),
        "of a reward": Case(inputs={"reward_id": FIVE_OFF}),
        "with a code": Case(inputs={"code": "AIKO-LIVE-15"}),
        "used": Case(inputs={"used": "true"}),
        "unused": Case(inputs={"used": False}),
        "of a purchase type": Case(inputs={"purchase_type": "one_time"}),
        "of a period": Case(inputs={"applied_after": "2026-09-01"}),
        "to the end by page": Case(inputs={"per_page": 5}, to_the_end=True),
        "to the end by id": Case(inputs={"since_id": 24100301, "limit": 4}, to_the_end=True),
    },
    "list_rewards": {
        "all": Case(),
        "disabled": Case(inputs={"enabled": False}),
        "for store credit": Case(inputs={"source": "credits"}),
    },
    "list_rewards_by_purchase_type": {
        "one time": Case(inputs={"purchase_type": "one_time"}),
        "both": Case(inputs={"purchase_type": "both"}),
        "unknown": Case(inputs={"purchase_type": "barter"}),
    },
    "list_earning_rules": {"all": Case()},
    "list_vip_tiers": {"all": Case()},
    "get_vip_tier": {
        "gold": Case(inputs={"vip_tier_id": GOLD}),
        "unknown": Case(inputs={"vip_tier_id": 1}),
    },
    "list_referrals": {
        "all": Case(),
        "to the end by page": Case(inputs={"per_page": 3}, to_the_end=True),
        "to the end by id": Case(inputs={"limit": 2}, to_the_end=True),
    },
    "list_memberships": {
        "all": Case(),
        "paid and active": Case(
            inputs={"membership_tier_source": "paid", "subscription_status": "active"}
        ),
        "ending": Case(inputs={"queued_for_cancellation": "true"}),
        "of a tier, started since": Case(
            inputs={"membership_tier_id": 2230, "membership_started_after": "2026-01-01"}
        ),
        "to the end by page": Case(inputs={"per_page": 4}, to_the_end=True),
        "to the end by id": Case(inputs={"limit": 2}, to_the_end=True),
    },
    "create_points_event": {
        "points": Case(
            inputs=plus(MAYA, points_amount=100, external_note="Sorry", internal_note="T-1"),
            first=looked(MAYA),
            then=(*looked(MAYA), ("list_customer_points_events", plus(MAYA, per_page=1))),
        ),
        "in full": Case(inputs=plus(MAYA, credits_amount=5, shape="full")),
        "by id": Case(
            inputs=plus(MAYA_BY_ID, points_amount="20"), first=looked(MAYA), then=looked(MAYA)
        ),
        "store credit": Case(inputs=plus(JOHNSON, credits_amount="2.50"), then=looked(JOHNSON)),
        "taken away": Case(inputs=plus(TOM, points_amount=-20)),
        "below zero": Case(inputs=plus(SARAH, points_amount=-200)),
        "custom action": Case(
            inputs=plus(TOM, source="custom_action", custom_action_name="style_quiz")
        ),
        "page visited": Case(
            inputs=plus(
                TOM,
                source="visit_url",
                custom_action_name="https://shop.example.com/pages/our-story",
                applied_at="2026-11-01T10:00:00+01:00",
                skip_email="true",
            )
        ),
        "no such custom action": Case(
            inputs=plus(TOM, source="custom_action", custom_action_name="handstand")
        ),
        "no points": Case(inputs=TOM),
        "excluded": Case(inputs=plus(EXCLUDED, points_amount=5)),
        "in capitals": Case(inputs=plus(MAYA_IN_CAPITALS, points_amount=5)),
        "unknown": Case(inputs=plus(STRANGER, points_amount=5)),
        "twice": Case(
            inputs=plus(MAYA, points_amount=100),
            first=(("create_points_event", plus(MAYA, points_amount=100)),),
        ),
        "looked at later": Case(
            inputs=plus(MAYA, points_amount=100), then=looked(MAYA), seconds=5, first=looked(MAYA)
        ),
    },
    "create_points_redemption": {
        "fixed price": Case(
            inputs=plus(SARAH, reward_id=FIVE_OFF),
            first=looked(SARAH),
            then=(*looked(SARAH), ("list_customer_points_redemptions", SARAH)),
        ),
        "in full": Case(inputs=plus(SARAH, reward_id=str(FIVE_OFF), shape="full")),
        "by id": Case(inputs=plus(MAYA_BY_ID, reward_id=FIVE_OFF)),
        "chosen price": Case(inputs=plus(TOM, reward_id=FOR_DOLLARS, points_amount=300)),
        "store credit": Case(inputs=plus(SARAH, reward_id=STORE_CREDIT, credits_amount="7.5")),
        "into store credit": Case(inputs=plus(TOM, reward_id=709495)),
        "without an amount": Case(inputs=plus(TOM, reward_id=FOR_DOLLARS)),
        "too expensive": Case(inputs=plus(SARAH, reward_id=709494)),
        "disabled": Case(inputs=plus(MAYA, reward_id=DISABLED)),
        "guest": Case(inputs=plus(GUEST, reward_id=FIVE_OFF)),
        "excluded": Case(inputs=plus(EXCLUDED, reward_id=FIVE_OFF)),
        "unknown reward": Case(inputs=plus(MAYA, reward_id=1)),
        "unknown": Case(inputs=plus(STRANGER, reward_id=FIVE_OFF)),
        "in capitals": Case(inputs=plus(MAYA_IN_CAPITALS, reward_id=FIVE_OFF)),
        "twice": Case(
            inputs=plus(MAYA, reward_id=FIVE_OFF),
            first=(("create_points_redemption", plus(MAYA, reward_id=FIVE_OFF)),),
        ),
        "after a gift": Case(
            inputs=plus(SARAH, reward_id=FIVE_OFF),
            first=(("create_points_event", plus(SARAH, points_amount=500)),),
        ),
        "after a gift of its price": Case(
            inputs=plus(SARAH, reward_id=FIVE_OFF),
            first=(("create_points_event", plus(SARAH, points_amount=100)),),
        ),
        "looked at later": Case(
            inputs=plus(SARAH, reward_id=FIVE_OFF), then=looked(SARAH), seconds=5
        ),
    },
    "redeem_customer_points": {
        "redeemed": Case(inputs=plus(SARAH, reward_id=FIVE_OFF), first=looked(SARAH)),
        "what there is": Case(),
        "what a customer can afford": Case(inputs=SARAH),
        "what a guest can": Case(inputs=GUEST),
        "what an excluded customer can": Case(inputs=EXCLUDED),
        "what a stranger can": Case(inputs=STRANGER),
        "too expensive": Case(inputs=plus(SARAH, reward_id=709494)),
        "without a customer": Case(inputs={"reward_id": FIVE_OFF}),
        "unknown": Case(inputs=plus(STRANGER, reward_id=FIVE_OFF)),
    },
    "refund_points_redemption": {
        "unused": Case(
            inputs={"redemption_id": UNUSED},
            first=looked(AIKO),
            then=(*looked(AIKO), ("list_customer_points_redemptions", plus(AIKO, per_page=2))),
        ),
        "in full": Case(inputs={"redemption_id": UNUSED, "shape": "full"}),
        "of its customer": Case(inputs=plus(AIKO, redemption_id=UNUSED)),
        "of its customer by id": Case(
            inputs={"customer_email": "7366840215973", "redemption_id": UNUSED}
        ),
        "of another customer": Case(inputs=plus(TOM, redemption_id=UNUSED)),
        "of a stranger": Case(inputs=plus(STRANGER, redemption_id=UNUSED)),
        "used": Case(inputs={"redemption_id": USED}),
        "expired": Case(inputs=plus(TOM, redemption_id=EXPIRED)),
        "gift card": Case(inputs={"redemption_id": GIFT_CARD}),
        "refunded before": Case(inputs={"redemption_id": REFUNDED}),
        "of its customer, refunded before": Case(inputs=plus(AIKO, redemption_id=REFUNDED)),
        "unknown": Case(inputs={"redemption_id": 1}),
        "unknown, of a customer": Case(inputs=plus(AIKO, redemption_id=1)),
        "twice": Case(
            inputs={"redemption_id": UNUSED},
            first=(("refund_points_redemption", {"redemption_id": UNUSED}),),
        ),
        "after it was taken": Case(
            inputs=plus(SARAH, redemption_id=60000001),
            first=(("create_points_redemption", plus(SARAH, reward_id=FIVE_OFF)),),
        ),
        "store credit": Case(
            inputs={"redemption_id": 60000001},
            first=(
                (
                    "create_points_redemption",
                    plus(SARAH, reward_id=STORE_CREDIT, credits_amount="5"),
                ),
            ),
        ),
        "events after it": Case(
            inputs={"redemption_id": UNUSED},
            then=(("list_customer_points_events", plus(AIKO, per_page=1)),),
        ),
    },
    "update_customer": {
        "birthday": Case(
            inputs=plus(MAYA, dob="1990-03-15"), first=looked(MAYA), then=looked(MAYA)
        ),
        "name": Case(inputs=plus(MAYA, first_name="May"), then=looked(MAYA)),
        "birthday and name": Case(inputs=plus(MAYA, dob="03-15", first_name="May")),
        "as it was": Case(inputs=plus(MAYA, dob="03-14")),
        "not allowed": Case(inputs=plus(MAYA, accepts_marketing=False)),
        "unknown": Case(inputs=plus(STRANGER, dob="03-15")),
    },
    "update_customer_dob": {
        "first time": Case(
            inputs=plus(SARAH, dob="07-13"), first=looked(SARAH), then=looked(SARAH)
        ),
        "by id": Case(inputs=plus(MAYA_BY_ID, dob="13/07/1990")),
        "in capitals": Case(inputs=plus(MAYA_IN_CAPITALS, dob="07-13")),
        "no such day": Case(inputs=plus(MAYA, dob="02-30")),
        "unknown": Case(inputs=plus(STRANGER, dob="07-13")),
        "looked at later": Case(inputs=plus(MAYA, dob="07-13"), then=looked(MAYA), seconds=5),
    },
    "update_customer_vip_tier": {
        "up": Case(inputs=plus(MAYA, vip_tier_id=PLATINUM), first=looked(MAYA), then=looked(MAYA)),
        "as it was": Case(inputs=plus(MAYA, vip_tier_id=GOLD)),
        "unknown tier": Case(inputs=plus(MAYA, vip_tier_id=1)),
        "unknown": Case(inputs=plus(STRANGER, vip_tier_id=GOLD)),
    },
    "cancel_membership": {
        "as the shop has it": Case(
            inputs=JOHNSON,
            first=(("get_membership", JOHNSON),),
            then=(("get_membership", JOHNSON),),
        ),
        "in full": Case(inputs=plus(MAYA_BY_ID, shape="full")),
        "at once": Case(
            inputs=plus(JOHNSON, cancellation_policy="immediate"),
            then=(("get_membership", JOHNSON),),
        ),
        "at the period's end": Case(inputs=plus(JOHNSON, cancellation_policy="end_of_period")),
        "queued before": Case(inputs=ELENA),
        "ended": Case(inputs=JAMES),
        "none": Case(inputs=TOM),
        "unknown": Case(inputs=STRANGER),
    },
    "create_referral": {
        "friend": Case(
            inputs={
                "email": "friend@example.com",
                "referral_code": "MAYA-LOVES-IT",
                "remote_ip": "203.0.113.7",
            },
            first=(("list_customer_referrals", MAYA), ("list_referrals", {})),
            then=(("list_customer_referrals", MAYA), ("list_referrals", {"per_page": 10})),
        ),
        "a customer already": Case(
            inputs={
                "email": "tom.becker@example.com",
                "referral_code": "MAYA-LOVES-IT",
                "remote_ip": "203.0.113.7",
            }
        ),
        "unknown code": Case(
            inputs={
                "email": "friend@example.com",
                "referral_code": "NOBODY",
                "remote_ip": "2001:db8::7",
            }
        ),
    },
}


def _always(fault: Fault, *, of: Literal["everything", "reads", "writes"] = "everything") -> Plan:
    def plan(received: Received) -> Fault | None:
        reads = received.method == "GET"
        return fault if of == "everything" or reads == (of == "reads") else None

    return plan


TROUBLES: dict[str, Callable[[], Plan]] = {
    "too many": lambda: _always(Fault(kind="too_many")),
    "failing": lambda: _always(Fault(kind="server_error")),
    "failing once": lambda: in_turn(Fault(kind="server_error")),
}
"""What can go wrong on Rivo's side, whatever is asked."""
AFTER: dict[str, Callable[[], Plan]] = {
    "lost": lambda: _always(Fault(kind="lost", applied=True), of="writes"),
    "broken off": lambda: _always(Fault(kind="broken_json", applied=True), of="writes"),
    "a page": lambda: _always(Fault(kind="html", applied=True), of="writes"),
    "reads failing": lambda: _always(Fault(kind="server_error"), of="reads"),
    "reads not found": lambda: _always(Fault(kind="status", status=404), of="reads"),
}
"""What can go wrong once a write is applied: with its answer, or with what is read around it."""


def _first(name: str) -> Case:
    """Take an action's first mode by itself."""
    return msgspec.structs.replace(next(iter(MODES[name].values())), first=(), then=())


def _in_trouble(name: str) -> dict[str, Case]:
    troubles = {m: msgspec.structs.replace(_first(name), faults=f) for m, f in TROUBLES.items()}
    return {"bad key": msgspec.structs.replace(_first(name), key="another-key"), **troubles}


def _troubled_after(name: str) -> dict[str, Case]:
    if not ACTIONS[name].writes:
        return {}
    return {
        f"applied, then {mode}": msgspec.structs.replace(_first(name), faults=faults)
        for mode, faults in AFTER.items()
    }


CASES: dict[str, dict[str, Case]] = {name: MODES[name] | _in_trouble(name) for name in ACTIONS}
"""What is asked of each action, by its mode, under every alternative."""
CASES_OF_WRITES = {name: _troubled_after(name) for name in ACTIONS}
"""What is asked besides where an alternative is about writes."""


async def play(line: Line, switches: Switches | Watched, name: str, case: Case) -> list[Outcome]:
    """Ask one case from a fresh start; every step is held against the shop on the way."""
    faults = case.faults() if case.faults else None
    service = Service(line, switches, faults=faults, key=case.key)
    for earlier, inputs in case.first:
        await _once(service, earlier, inputs)
    asked = _to_the_end if case.to_the_end else _once
    outcomes = [await asked(service, name, case.inputs)]
    service.seconds += case.seconds
    return outcomes + [await _once(service, later, inputs) for later, inputs in case.then]


async def _once(service: Service, name: str, inputs: Inputs) -> Outcome:
    outcome = await service.ask(name, inputs)
    assert_honest(service, name, outcome)
    return outcome


async def _to_the_end(service: Service, name: str, inputs: Inputs) -> Outcome:
    """Follow `next` and put the pages together."""
    rows: list[object] = []
    following: Inputs | None = {}
    for _ in range(100):
        outcome = await _once(service, name, {**inputs, **(following or {})})
        if "error" in outcome:
            return outcome
        answer = outcome["answer"]
        rows += next(iter(answer.values()))
        following = answer["next"]
        if following is None:
            return {"rows": rows, "complete": answer["complete"]}
    raise AssertionError("the list does not end")
