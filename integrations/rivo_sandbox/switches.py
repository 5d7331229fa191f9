"""What nobody knows about Rivo: one switch for each open question, U1 to U28.

The first value of each switch is the default, the others are the alternatives that a client has to
accept as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Struct


class Switches(Struct, frozen=True, kw_only=True):
    """How this Rivo behaves where its documentation is silent."""

    # U1: too little balance, disabled reward, excluded or guest customer
    refusal: Literal["422", "400", "403", "200_error", "201_error"] = "422"
    # U2: 400 {"error": "x is missing"}, 422 {"errors": [...]}, 400 {"message": ...}
    validation: Literal["error", "errors", "message"] = "error"
    # U3: what cancelling answers, and whether `cancellation_policy` in the query is read
    cancellation: Literal["body_200", "empty_204", "body_202"] = "body_200"
    cancellation_query: Literal["unread", "cancellation_policy"] = "unread"
    # U4: the verb of `/points_redemptions/{id}/refund`
    refund_route: Literal["post", "put", "absent"] = "post"
    # U5: whose balance the answer to a redemption shows
    redemption_customer: Literal["after", "before", "absent"] = "after"
    # U6: unknown customer or reward
    unknown: Literal["404", "422", "200_null"] = "404"
    # U7: a list filtered by an unknown customer
    unknown_customer_list: Literal["empty", "404"] = "empty"
    # U8: `links` on the last page
    last_links: Literal["null", "absent", "self_only"] = "null"
    # U9: filters whose names are only inferred
    inferred_filters: Literal["read", "unread", "400"] = "read"
    # U10: tokens of `purchase_type`, a redemption's `source`, the events list's `source`
    tokens: Literal["listed", "any_text"] = "listed"
    # U11: customer fields other than `dob` in a PUT; all fields of a webhook, and its secret
    write_fields: Literal["attributes", "unread", "400"] = "attributes"
    webhook_fields: Literal["attributes", "unread", "400"] = "attributes"
    webhook_key: Literal["taken", "own", "hidden"] = "taken"
    # U12: POST `/customers/{customer_identifier}/vip_tier`
    tier_route: Literal["201", "200", "absent"] = "201"
    # U13: what a write answers
    write_answer: Literal["envelope", "bare", "put_204"] = "envelope"
    # U14: batches with a bad row or more than ten, and the body of a good one
    batch: Literal["400", "422", "row_errors", "empty"] = "400"
    # U15: the body of a 401
    unauthorized: Literal["error", "html", "empty"] = "error"
    # U16: a 429
    too_many: Literal["error", "retry_after", "plain_text"] = "error"
    # U17: how requests are counted
    limit: Literal["rolling", "token_bucket", "fixed_window"] = "rolling"
    # U18: how an internal failure looks
    failure: Literal["html_502", "json_error", "closed_connection"] = "html_502"
    # U19: manual events that would leave less than nothing
    negative_balance: Literal["allowed", "refused"] = "allowed"
    # U20: reads after a write
    read_after_write: Literal["immediate", "delayed"] = "immediate"
    # U21: e-mail as identifier
    email_match: Literal["case_insensitive", "case_sensitive"] = "case_insensitive"
    # U22: refund of a used or expired redemption, a gift card or store credit
    spent_refund: Literal["422", "201", "404"] = "422"
    # U23: what a refund leaves behind
    refund_event: Literal["positive_event", "none"] = "positive_event"
    # U24: the signature of a webhook, and its timestamp
    signature: Literal["bare_base64", "v1_base64", "documented_base64", "documented_hex"] = (
        "bare_base64"
    )
    webhook_timestamp: Literal["unix_seconds", "iso_8601"] = "unix_seconds"
    # U25: webhooks that were not taken
    webhook_retry: Literal["exponential", "none", "unchanged"] = "exponential"
    # U26: the order of webhooks
    webhook_order: Literal["in_order", "out_of_order", "duplicates"] = "in_order"
    # U27: the row of GET `/memberships/customers/{customer_identifier}`, and without a membership
    membership_row: Literal["envelope", "bare"] = "envelope"
    membership_missing: Literal["nulls", "404", "200_error"] = "nulls"
    # U28: the type of every JSON answer
    content_type: Literal["json", "json_charset"] = "json"


ROWS: dict[str, tuple[str, ...]] = {
    "U1": ("refusal",),
    "U2": ("validation",),
    "U3": ("cancellation", "cancellation_query"),
    "U4": ("refund_route",),
    "U5": ("redemption_customer",),
    "U6": ("unknown",),
    "U7": ("unknown_customer_list",),
    "U8": ("last_links",),
    "U9": ("inferred_filters",),
    "U10": ("tokens",),
    "U11": ("write_fields", "webhook_fields", "webhook_key"),
    "U12": ("tier_route",),
    "U13": ("write_answer",),
    "U14": ("batch",),
    "U15": ("unauthorized",),
    "U16": ("too_many",),
    "U17": ("limit",),
    "U18": ("failure",),
    "U19": ("negative_balance",),
    "U20": ("read_after_write",),
    "U21": ("email_match",),
    "U22": ("spent_refund",),
    "U23": ("refund_event",),
    "U24": ("signature", "webhook_timestamp"),
    "U25": ("webhook_retry",),
    "U26": ("webhook_order",),
    "U27": ("membership_row", "membership_missing"),
    "U28": ("content_type",),
}


def alternatives() -> list[tuple[str, Switches]]:
    """List every alternative of every row once, as `U5-redemption-customer-absent`."""
    return list(_alternatives())


def _alternatives() -> Iterator[tuple[str, Switches]]:
    values: dict[str, Any] = get_type_hints(Switches)
    default = Switches()
    for row, names in ROWS.items():
        for name in names:
            for value in get_args(values[name])[1:]:
                readable = f"{row}-{name}-{value}".replace("_", "-")
                yield readable, msgspec.structs.replace(default, **{name: value})
