"""What is asked of each read, by its mode."""

from __future__ import annotations

from tests.alternatives.case import Case, plus
from tests.alternatives.people import (
    AIKO,
    DMITRI,
    ELENA,
    EXCLUDED,
    FIVE_OFF,
    GOLD,
    GUEST,
    JAMES,
    JOHNSON,
    MAYA,
    MAYA_BY_ID,
    MAYA_IN_CAPITALS,
    PLUS,
    SARAH,
    SPARSE,
    STRANGER,
    STRANGER_BY_ID,
    TOM,
)

READS: dict[str, dict[str, Case]] = {
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
}
