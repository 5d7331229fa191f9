"""Where an alternative rightly changes what an action ends with: one table, each row with its why.

Whatever stands in no row ends exactly as it does by default.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tests.alternatives.changes import (
    GONE,
    Expect,
    as_in,
    as_words,
    ends,
    first_only,
    refused,
    sent_as,
    with_,
    with_rows,
    without_customer,
    without_event,
)
from tests.alternatives.literals import CONFIRMED, MAYA_ID, SPENT_REFUNDS, hardly_known
from tests.alternatives.people import UNUSED

NOT_OFFERED = "Rivo does not offer this on this store; nothing was changed."
NO_CUSTOMER = "Could not find a customer with that identifier."


EVERY = ("every mode",)


class Difference(Struct, frozen=True, kw_only=True):
    """What is otherwise under an alternative, in which modes of which actions, and why."""

    why: str
    modes: Mapping[str, tuple[str, ...]]
    expect: Expect


UNREADABLE = ("applied, then reads failing", "applied, then reads not found")
REFUNDED = (
    "unused",
    "in full",
    "of its customer",
    "of its customer by id",
    "after it was taken",
    "store credit",
    "events after it",
    "failing once",
    *UNREADABLE,
)
NOT_REFUNDED = ("used", "expired", "gift card", "unknown", "applied, then broken off")

FILTERED_HERE = (
    Difference(
        why="rows are picked here, from as many pages as it takes to find one",
        modes={"list_points_events": ("of a source",)},
        expect=with_rows(2, following={"page": 3, "per_page": 4}),
    ),
    Difference(
        why="rows are picked here, so there may be more",
        modes={"list_points_events": ("of a period",)},
        expect=with_({"0.answer.next": {"page": 2, "per_page": 25}}),
    ),
)
NO_MEMBERSHIP = (
    Difference(
        why="Rivo says it in its own words",
        modes={"get_membership": ("none",)},
        expect=ends("not_found", "Could not find a membership for that customer."),
    ),
    Difference(
        why="Rivo says before it is asked to cancel anything that there is nothing to cancel",
        modes={"cancel_membership": ("none",)},
        expect=with_({"0.sent": []}),
    ),
)

DIFFERENCES: dict[str, tuple[Difference, ...]] = {
    "U3-cancellation-empty-204": (
        Difference(
            why="a 204 says that it is done, and not what",
            modes={
                "cancel_membership": (
                    "as the shop has it",
                    "at once",
                    "at the period's end",
                    "failing once",
                    "applied, then reads failing",
                )
            },
            expect=with_({"0.answer.membership_cancellation": CONFIRMED}),
        ),
        Difference(
            why="of a customer who was named by id it says at least whose it was",
            modes={"cancel_membership": ("in full",)},
            expect=with_(
                {
                    "0.answer.membership_cancellation": CONFIRMED | {"customer_id": MAYA_ID},
                    "0.full.attributes": CONFIRMED | {"customer_id": MAYA_ID},
                }
            ),
        ),
        Difference(
            why="what has no body cannot break off",
            modes={"cancel_membership": ("applied, then broken off",)},
            expect=with_(
                {
                    "0.error": GONE,
                    "0.message": GONE,
                    "0.answer": {"membership_cancellation": CONFIRMED, "operation": None},
                }
            ),
        ),
    ),
    "U3-cancellation-query-cancellation-policy": (
        Difference(
            why="the policy is read, so the membership is over at once and not found later",
            modes={"cancel_membership": ("at once",)},
            expect=with_(
                {
                    "0.answer.membership_cancellation.cancellation_policy": "immediate",
                    "1.answer": GONE,
                    "1.error": "not_found",
                    "1.message": "This customer has no active membership.",
                }
            ),
        ),
    ),
    "U4-refund-route-put": (
        Difference(
            why="POST is answered with 405, so PUT is sent",
            modes={
                "refund_points_redemption": (
                    *REFUNDED,
                    *NOT_REFUNDED,
                )
            },
            expect=sent_as("POST", "PUT"),
        ),
        Difference(
            why="the answer that was lost is the 405: nobody knows that nothing was applied",
            modes={"refund_points_redemption": ("applied, then lost", "applied, then a page")},
            expect=with_({"0.changed": {}}),
        ),
    ),
    "U4-refund-route-absent": (
        Difference(
            why="this store has no refunds",
            modes={
                "refund_points_redemption": (
                    *REFUNDED,
                    *NOT_REFUNDED,
                )
            },
            expect=ends("not_available_on_this_store", NOT_OFFERED),
        ),
        Difference(
            why="so that the second time nothing has been done before, either",
            modes={"refund_points_redemption": ("twice",)},
            expect=ends("not_available_on_this_store", NOT_OFFERED, sends_as="unused"),
        ),
        Difference(
            why="the answer that was lost is the 404: nobody knows that nothing was applied",
            modes={"refund_points_redemption": ("applied, then lost", "applied, then a page")},
            expect=with_({"0.changed": {}}),
        ),
    ),
    "U5-redemption-customer-before": (
        Difference(
            why="in full it is Rivo's own customer, with the balance before",
            modes={"create_points_redemption": ("in full",)},
            expect=with_({"0.full.attributes.customer.points_tally": 150}),
        ),
        Difference(
            why="in full it is Rivo's own customer, with the balance before",
            modes={"refund_points_redemption": ("in full",)},
            expect=with_({"0.full.attributes.customer.points_tally": 5320}),
        ),
    ),
    "U5-redemption-customer-absent": (
        Difference(
            why="Rivo does not say whose redemption it is; the balance is read all the same",
            modes={
                "create_points_redemption": EVERY,
                "redeem_customer_points": EVERY,
                "refund_points_redemption": EVERY,
            },
            expect=without_customer,
        ),
    ),
    "U6-unknown-422": (
        Difference(
            why="Rivo refuses a write for an unknown customer",
            modes={
                "create_points_event": ("unknown",),
                "reverse_points_event": ("of a stranger",),
                "create_points_redemption": ("unknown",),
                "redeem_customer_points": ("unknown",),
            },
            expect=refused(NO_CUSTOMER),
        ),
        Difference(
            why="Rivo refuses an unknown reward",
            modes={"create_points_redemption": ("unknown reward",)},
            expect=refused("Could not find a reward with that ID."),
        ),
        Difference(
            why="Rivo refuses an unknown code",
            modes={"create_referral": ("unknown code",)},
            expect=refused("Could not find a customer with that referral code."),
        ),
    ),
    "U6-unknown-200-null": (
        Difference(
            why="Rivo gives no reason, so the words are ours; a change is followed by a read",
            modes={
                "get_customer": ("unknown", "unknown id"),
                "get_membership": ("unknown",),
                "list_customer_referrals": ("unknown",),
                "redeem_customer_points": ("what a stranger can",),
                "refund_points_redemption": ("of a stranger",),
                "update_customer": ("unknown",),
                "update_customer_dob": ("unknown",),
                "update_customer_vip_tier": ("unknown",),
                "cancel_membership": ("unknown",),
            },
            expect=ends("not_found", "Rivo knows no such customer or resource."),
        ),
        Difference(
            why="Rivo gives no reason, and whatever was made would have been answered with 201",
            modes={
                "create_points_event": ("unknown",),
                "reverse_points_event": ("of a stranger",),
                "create_points_redemption": ("unknown", "unknown reward"),
                "redeem_customer_points": ("unknown",),
                "create_referral": ("unknown code",),
            },
            expect=ends("not_found", "Rivo knows no such customer or reward; nothing was changed."),
        ),
    ),
    "U7-unknown-customer-list-404": (
        Difference(
            why="Rivo tells an unknown customer from one without rows",
            modes={
                "list_customer_points_events": ("unknown",),
                "list_customer_points_redemptions": ("unknown",),
            },
            expect=ends("not_found", NO_CUSTOMER),
        ),
    ),
    "U9-inferred-filters-unread": FILTERED_HERE,
    "U9-inferred-filters-400": FILTERED_HERE,
    "U10-tokens-any-text": (
        Difference(
            why="tokens are shown as Rivo spells them",
            modes={
                "get_sidebar": EVERY,
                "list_customer_points_events": EVERY,
                "list_points_events": EVERY,
                "list_rewards": EVERY,
                "list_rewards_by_purchase_type": EVERY,
                "create_points_event": ("points",),
                "reverse_points_event": ("points",),
                "refund_points_redemption": ("events after it",),
            },
            expect=as_words,
        ),
    ),
    "U11-write-fields-unread": (
        Difference(
            why="the answer shows that Rivo left the name as it was",
            modes={"update_customer": ("name",)},
            expect=ends("refused_by_rivo", "Rivo answered but did not change first_name."),
        ),
        Difference(
            why="half of it is done, which is neither yes nor no",
            modes={"update_customer": ("birthday and name",)},
            expect=with_(
                {
                    "0.answer": GONE,
                    "0.error": "outcome_unknown",
                    "0.message": "Rivo answered but did not change first_name; the rest it did. "
                    "Look at the customer first.",
                }
            ),
        ),
    ),
    "U11-write-fields-400": (
        Difference(
            why="Rivo refuses names, and the birthday with them",
            modes={"update_customer": ("name", "birthday and name")},
            expect=refused("first_name is invalid"),
        ),
    ),
    "U12-tier-route-absent": (
        Difference(
            why="this store cannot move customers to another tier",
            modes={
                "update_customer_vip_tier": (
                    "up",
                    "unknown tier",
                    "failing once",
                    "applied, then broken off",
                    "applied, then reads failing",
                )
            },
            expect=ends("not_available_on_this_store", NOT_OFFERED),
        ),
        Difference(
            why="the answer that was lost is the 404: nobody knows that nothing was applied",
            modes={"update_customer_vip_tier": ("applied, then lost", "applied, then a page")},
            expect=with_({"0.changed": {}}),
        ),
    ),
    "U13-write-answer-bare": (
        Difference(
            why="without an envelope there is no type",
            modes={"create_points_event": ("in full",), "reverse_points_event": ("in full",)},
            expect=with_({"0.full.type": None}),
        ),
    ),
    "U13-write-answer-put-204": (
        Difference(
            why="what has no body cannot break off; the customer is read",
            modes={"update_customer": ("applied, then broken off",)},
            expect=as_in("birthday"),
        ),
        Difference(
            why="what has no body cannot break off; the customer is read",
            modes={"update_customer_dob": ("applied, then broken off",)},
            expect=as_in("first time"),
        ),
        Difference(
            why="Rivo has confirmed the birthday; the rest nobody can read",
            modes={"update_customer": ("applied, then reads failing",)},
            expect=with_(
                {
                    "0.answer.customer": hardly_known(
                        email="maya.chen@example.com", customer_dob="03-15", dob="03-15"
                    )
                }
            ),
        ),
        Difference(
            why="Rivo has confirmed the birthday; the rest nobody can read",
            modes={"update_customer_dob": ("applied, then reads failing",)},
            expect=with_(
                {
                    "0.answer.customer": hardly_known(
                        email="sarah.martinez@example.com", customer_dob="07-13", dob="07-13"
                    )
                }
            ),
        ),
    ),
    "U19-negative-balance-refused": (
        Difference(
            why="more is taken away than there is",
            modes={"create_points_event": ("below zero",)},
            expect=refused("Customer does not have enough balance."),
        ),
    ),
    "U20-read-after-write-delayed": (
        Difference(
            why="what is read at once still shows what was before",
            modes={
                "create_points_event": ("points", "by id", "store credit"),
                "reverse_points_event": ("points", "store credit"),
                "create_points_redemption": ("fixed price",),
                "refund_points_redemption": ("unused", "events after it"),
                "update_customer": ("birthday", "name"),
                "update_customer_dob": ("first time",),
                "update_customer_vip_tier": ("up",),
                "cancel_membership": ("as the shop has it", "at once"),
                "create_referral": ("friend",),
            },
            expect=first_only,
        ),
        Difference(
            why="soon after another write no balance is sure: none is told",
            modes={
                "create_points_redemption": ("twice", "after a gift", "after a gift of its price"),
                "refund_points_redemption": ("store credit",),
            },
            expect=with_({"0.answer.customer": None}),
        ),
        Difference(
            why="nor is it seen that it was refunded before; Rivo is asked, and says so",
            modes={"refund_points_redemption": ("twice",)},
            expect=with_(
                {
                    "0.answer.customer": None,
                    "0.sent": [f"POST points_redemptions/{UNUSED}/refund"],
                }
            ),
        ),
        Difference(
            why="a redemption that cannot be seen yet may not be the customer's",
            modes={"refund_points_redemption": ("after it was taken",)},
            expect=with_(
                {
                    "0.answer": GONE,
                    "0.error": "not_found",
                    "0.message": "Could not find a points redemption with that ID.",
                    "0.sent": [],
                    "0.changed": {},
                }
            ),
        ),
    ),
    "U21-email-match-case-sensitive": (
        Difference(
            why="another spelling of the address is another customer",
            modes={
                "get_customer": ("in capitals",),
                "get_membership": ("manual",),
                "create_points_event": ("in capitals",),
                "create_points_redemption": ("in capitals",),
            },
            expect=ends("not_found", NO_CUSTOMER),
        ),
        Difference(
            why="so it is found before anything is sent that there is no such customer",
            modes={"update_customer_dob": ("in capitals",)},
            expect=ends("not_found", NO_CUSTOMER, sends_as="no such day"),
        ),
    ),
    "U22-spent-refund-201": tuple(
        Difference(
            why="Rivo gives back what is used, expired or final as well",
            modes={"refund_points_redemption": (mode,)},
            expect=with_(
                {
                    "0.error": GONE,
                    "0.message": GONE,
                    "0.answer": answer,
                    "0.changed": {"ledger": 1, "points_events": 1, "points_redemptions": 1},
                }
            ),
        )
        for mode, answer in SPENT_REFUNDS.items()
    ),
    "U22-spent-refund-404": (
        Difference(
            why="Rivo says so with 404",
            modes={"refund_points_redemption": ("used", "expired", "gift card")},
            expect=ends("not_found", "This redemption cannot be refunded."),
        ),
    ),
    "U23-refund-event-none": (
        Difference(
            why="a refund leaves no event behind",
            modes={"refund_points_redemption": EVERY},
            expect=without_event,
        ),
    ),
    "U27-membership-row-bare": (
        Difference(
            why="without an envelope there is no type",
            modes={"get_membership": ("in full",)},
            expect=with_({"0.full.type": None}),
        ),
    ),
    "U27-membership-missing-404": NO_MEMBERSHIP,
    "U27-membership-missing-200-error": NO_MEMBERSHIP,
}
