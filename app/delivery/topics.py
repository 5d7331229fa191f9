"""What a webhook of Rivo's says: its topic, which thing it is about, whom, and our reference.

It is never believed further than this: whom it names is looked at again. Known are sixteen of about
thirty topics; those without a documented body are read like the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from integrations.rivo.identities import Identity
from integrations.rivo.resource import Resource
from integrations.rivo.writing import REFERENCE

TOPICS: Final = frozenset(
    {
        "points_event/created",
        "points_redemption/created",
        "balance_transaction/created",
        "loyalty_profile/updated",
        "customer_vip_tier/upgraded",
        "customer_vip_tier/downgraded",
        "customer/advocate_stats",
        "referral/completed",
        "referral_invite/created",
        "notification/points_expiry_warning",
        "notification/points_expiry_last_chance",
        "notification/credits_expiry_warning",
        "notification/credits_expiry_last_chance",
        "membership/canceled",
        "membership/pending_cancellation",
        "membership/payment_success",
    }
)
OTHER: Final = "other"
"""How a topic is called that is not among them, where names are counted."""
TOPIC: Final = re.compile(r"[a-z0-9_]{1,64}(/[a-z0-9_]{1,64})?")
MOST_ADDRESS: Final = 320
NESTED: Final = ("customer", "referrer_customer", "referred_customer")
BY_NAME: Final = (
    ("customer_id", "customer_email"),
    ("referrer_customer_id", None),
    ("referred_customer_id", "referred_email"),
)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook says, `body` being all of it.

    `topic` is "" where none is told, `entity` the id of the thing ("" where it has none), `about`
    the customers that it names, `reference` the operation of ours that a points event carries.
    """

    topic: str
    entity: str
    about: tuple[Identity, ...]
    reference: str | None
    body: Mapping[str, Any]


def understand(topic: str, raw: bytes) -> Said | None:
    """Read a webhook whose signature is right; None where it is no JSON object.

    `topic` is what the header says, and holds where it is one: the body may say another (Rivo's own
    examples do), or none.
    """
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    entity = Resource(body).id
    note = body.get("internal_note")
    reference = REFERENCE.match(note) if isinstance(note, str) else None
    return Said(
        topic=topic if TOPIC.fullmatch(topic) else _topic_in(body),
        entity="" if entity is None else str(entity),
        about=_distinct(_named_in(body)),
        reference=reference and reference[0],
        body=body,
    )


def counted(topic: str) -> str:
    """Name a topic for a metric: there are no more names than are known."""
    return topic if topic in TOPICS else OTHER


def _topic_in(body: Mapping[str, Any]) -> str:
    customer = body.get("customer")
    for holder in (body, customer if isinstance(customer, dict) else {}):
        said = holder.get("event_type")
        if isinstance(said, str) and TOPIC.fullmatch(said):
            return said
    return ""


def _named_in(body: Mapping[str, Any]) -> Iterator[Identity]:
    """Name the customers in a body, nested, by their ids, or as what the body itself is."""
    for name in NESTED:
        if isinstance(nested := body.get(name), dict):
            yield _identity(nested.get("id"), nested.get("email"))
    attributes = body.get("event_attributes")
    for holder in (body, attributes if isinstance(attributes, dict) else {}):
        for number, email in BY_NAME:
            yield _identity(holder.get(number), holder.get(email) if email else None)
    if "email" in body:  # of contracts and events the id is not a customer's
        yield _identity(body.get("id"), body["email"])


def _identity(number: object, email: object) -> Identity:
    """Make an identity of what stands there; the test button's texts are no addresses."""
    found = Resource({"id": number}).id
    known = isinstance(email, str) and "@" in email and len(email) <= MOST_ADDRESS
    return str(found) if found else None, str(email).casefold() if known else None


def _distinct(found: Iterator[Identity]) -> tuple[Identity, ...]:
    """Leave out who is named better elsewhere in the same body, and who is not named at all."""
    named = [each for each in dict.fromkeys(found) if each != (None, None)]
    return tuple(
        each
        for each in named
        if not any(
            other != each
            and all(mine in (None, theirs) for mine, theirs in zip(each, other, strict=True))
            for other in named
        )
    )
