"""What is asked of each write, by its mode."""

from __future__ import annotations

from tests.alternatives.case import Case, looked, plus
from tests.alternatives.people import (
    AIKO,
    DISABLED,
    ELENA,
    EXCLUDED,
    EXPIRED,
    FIVE_OFF,
    FOR_DOLLARS,
    GIFT_CARD,
    GOLD,
    GUEST,
    JAMES,
    JOHNSON,
    MAYA,
    MAYA_BY_ID,
    MAYA_IN_CAPITALS,
    PLATINUM,
    REFUNDED,
    SARAH,
    STORE_CREDIT,
    STRANGER,
    TOM,
    UNUSED,
    USED,
)

WRITES: dict[str, dict[str, Case]] = {
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
    "reverse_points_event": {
        "points": Case(
            inputs={"operation_id": f"op_{1:032x}"},
            first=looked(MAYA),
            then=(*looked(MAYA), ("list_customer_points_events", plus(MAYA, per_page=1))),
        ),
        "in full": Case(inputs={"operation_id": f"op_{1:032x}", "shape": "full"}),
        "store credit": Case(inputs={"operation_id": f"op_{2:032x}"}, then=looked(JOHNSON)),
        "of nothing": Case(inputs={"operation_id": f"op_{3:032x}"}),
        "of a stranger": Case(inputs={"operation_id": f"op_{4:032x}"}),
        "unknown": Case(inputs={"operation_id": f"op_{5:032x}"}),
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
