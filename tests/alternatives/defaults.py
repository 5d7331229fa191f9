"""What is said by default: every refusal, and which rows every list has.

Longer answers are written out in `samples/outcomes.default.json`, one of each kind.
"""

from __future__ import annotations

NOT_FOUND = "not_found: "
REFUSED = "refused_by_rivo: Rivo refused this: "
NO_CUSTOMER = f"{NOT_FOUND}Could not find a customer with that identifier."
NO_MEMBERSHIP = f"{NOT_FOUND}This customer has no active membership."
POOR = f"{REFUSED}Customer does not have enough balance for this reward."
FINAL = f"{REFUSED}This redemption cannot be refunded."
LOST = "outcome_unknown: Rivo did not confirm the change: it may have been applied."

ERRORS: dict[str, dict[str, str]] = {
    "get_customer": {
        "unknown": NO_CUSTOMER,
        "unknown id": NO_CUSTOMER,
    },
    "get_membership": {
        "ended": NO_MEMBERSHIP,
        "none": NO_MEMBERSHIP,
        "unknown": NO_CUSTOMER,
    },
    "list_customer_referrals": {
        "unknown": NO_CUSTOMER,
    },
    "get_vip_tier": {
        "unknown": f"{NOT_FOUND}Could not find a VIP tier with that ID.",
    },
    "create_points_event": {
        "no such custom action": f"{REFUSED}Could not find an active earning rule for that source.",
        "no points": "invalid_input: points_amount must be ",
        "excluded": f"{REFUSED}Customer is excluded from the loyalty program.",
        "unknown": NO_CUSTOMER,
    },
    "reverse_points_event": {
        "of nothing": "refused_by_rivo: That operation changed no balance",
        "of a stranger": NO_CUSTOMER,
        "unknown": f"{NOT_FOUND}There is no points event of ours with this operation_id.",
    },
    "create_points_redemption": {
        "without an amount": f"{REFUSED}points_amount is missing",
        "too expensive": POOR,
        "disabled": f"{REFUSED}Reward is not available.",
        "guest": f"{REFUSED}Guests cannot redeem rewards.",
        "excluded": f"{REFUSED}Customer is excluded from the loyalty program.",
        "unknown reward": f"{NOT_FOUND}Could not find a reward with that ID.",
        "unknown": NO_CUSTOMER,
    },
    "redeem_customer_points": {
        "what a stranger can": NO_CUSTOMER,
        "too expensive": POOR,
        "without a customer": "invalid_input: customer_email must be ",
        "unknown": NO_CUSTOMER,
    },
    "refund_points_redemption": {
        "of another customer": f"{NOT_FOUND}That customer has no redemption with this id.",
        "of a stranger": NO_CUSTOMER,
        "used": FINAL,
        "expired": FINAL,
        "gift card": FINAL,
        "unknown": f"{NOT_FOUND}Could not find a points redemption with that ID.",
        "unknown, of a customer": f"{NOT_FOUND}Could not find a points redemption with that ID.",
    },
    "update_customer": {
        "not allowed": "invalid_input: accepts_marketing must be ",
        "unknown": NO_CUSTOMER,
    },
    "update_customer_dob": {
        "no such day": "invalid_input: dob must be ",
        "unknown": NO_CUSTOMER,
    },
    "update_customer_vip_tier": {
        "unknown tier": f"{NOT_FOUND}Could not find a VIP tier with that ID.",
        "unknown": NO_CUSTOMER,
    },
    "cancel_membership": {
        "none": f"{NOT_FOUND}Could not find a membership for that customer.",
        "unknown": NO_CUSTOMER,
    },
    "create_referral": {
        "a customer already": f"{REFUSED}customer_already_exists",
        "unknown code": f"{NOT_FOUND}Could not find a customer with that referral code.",
    },
}
"""How each mode begins to end that ends with an error."""

TROUBLES: dict[str, tuple[str, str]] = {
    "bad key": ("rivo_key_refused: Rivo refuses", "rivo_key_refused: Rivo refuses"),
    "too many": (
        "unavailable: Rivo is too busy right now.",
        "unavailable: Rivo is too busy right now; nothing was changed.",
    ),
    "failing": ("unavailable: Rivo is not available right now.", LOST),
}
"""How every read ends in trouble, and every write."""

Rows = tuple[list[int] | int, dict[str, int] | None]

ROWS: dict[str, dict[str, Rows]] = {
    "list_customers": {
        "first page": ([7294851236742, 7301448820193, 7310275561948], {"page": 2, "per_page": 3}),
        "to the end by page": (15, None),
        "to the end by id": (15, None),
    },
    "list_customer_points_events": {
        "first page": ([790964048, 790964047, 790964045], {"page": 2, "per_page": 3}),
        "by id": ([790964009, 790964010, 790964019], {"since_id": 790964019, "limit": 3}),
        "to the end by page": (11, None),
        "to the end by id": (9, None),
        "unknown": ([], None),
    },
    "list_customer_points_redemptions": {
        "all": ([24101362, 24101330, 24101277, 24101180, 24100733], None),
        "used": ([24100301], None),
        "unused": ([24101362, 24101330, 24101277, 24101180, 24100733], None),
        "to the end by page": (5, None),
        "to the end by id": (5, None),
        "unknown": ([], None),
    },
    "list_customer_referrals": {
        "of who refers": ([4101, 4102], None),
        "to the end by id": (2, None),
        "none": ([], None),
    },
    "list_points_events": {
        "first page": ([790964050, 790964049, 790964048, 790964047], {"page": 2, "per_page": 4}),
        "of a source": ([790964046, 790964044, 790964037, 790964031], {"page": 2, "per_page": 4}),
        "of a source with two words": (14, None),
        "of no known source": ([], None),
        "of a period": (8, None),
        "to the end by page": (50, None),
        "to the end by id": (50, None),
        "of a source to the end": (7, None),
    },
    "list_points_redemptions": {
        "first page": ([24101362, 24101330, 24101277, 24101180], {"page": 2, "per_page": 4}),
        "of a reward": ([24101067, 24101002, 24100522, 24100301], None),
        "with a code": ([24101330], None),
        "used": ([24101002, 24100950, 24100811, 24100301], None),
        "unused": (9, None),
        "of a purchase type": ([24101362, 24101330, 24101277, 24100811, 24100415], None),
        "of a period": (7, None),
        "to the end by page": (13, None),
        "to the end by id": (12, None),
    },
    "list_rewards": {
        "all": (12, None),
        "disabled": ([709492], None),
        "for store credit": ([594155], None),
    },
    "list_rewards_by_purchase_type": {
        "one time": ([709486, 709487, 709490, 709492], None),
        "both": ([709485, 709488], None),
        "unknown": ([], None),
    },
    "list_earning_rules": {
        "all": (8, None),
    },
    "list_vip_tiers": {
        "all": ([552287, 552288, 552289, 552290], None),
    },
    "list_referrals": {
        "all": ([4101, 4102, 4103, 4104], None),
        "to the end by page": (4, None),
        "to the end by id": (4, None),
    },
    "list_memberships": {
        "all": (6, None),
        "paid and active": ([7301448820193, 7344628190357, 8051146358856], None),
        "ending": ([7344628190357], None),
        "of a tier, started since": ([7301448820193, 7380957312644], None),
        "to the end by page": (6, None),
        "to the end by id": (6, None),
    },
}
"""The rows of each list, by id as far as they are few, and its `next`; all lists are complete."""
