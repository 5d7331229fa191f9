"""Who a read or a write is about: a customer by id, by e-mail address, or by both.

The tags under which reads are remembered are made here, and those that a write drops.
"""

from __future__ import annotations

from typing import Final

from integrations.rivo.replies import body_of
from integrations.rivo.resource import Resource
from integrations.upstream import Reply

EVERYONE: Final = "everyone"  # no identifier: it is neither a number nor has an @
SOMEONE: Final = "someone"  # on whatever concerns one customer, whoever that is

Identity = tuple[str | None, str | None]
"""A customer's Shopify id and e-mail address, as far as known."""


def identity_of(identifier: str) -> Identity:
    """Tell an id from an e-mail address; EVERYONE is neither."""
    if identifier == EVERYONE:
        return None, None
    return (identifier, None) if identifier.isdecimal() else (None, identifier.casefold())


def identity(customer_id: int | None, email: str | None) -> Identity:
    """Make an identity of what Rivo says of a customer."""
    return str(customer_id) if customer_id is not None else None, email and email.casefold()


def is_same(one: Identity, other: Identity) -> bool:
    """Say whether two identities share their id or their e-mail address."""
    return any(mine and mine == theirs for mine, theirs in zip(one, other, strict=True))


def named_in(reply: Reply, asked: Identity) -> Identity:
    """Learn the customer's other identifier from the first resource of an answer.

    Rivo may have ignored the filter (trap 10): only who names the customer asked for is believed.
    """
    body = body_of(reply)
    data = body.get("data", body) if isinstance(body, dict) else body
    row = data[0] if isinstance(data, list) and data else data
    if not isinstance(row, dict):
        return asked
    resource = Resource.of(row)
    nested = resource.attributes.get("customer")
    customer = Resource.of(nested) if isinstance(nested, dict) else resource
    email = customer.attributes.get("email")
    is_customer = isinstance(email, str) or customer is not resource
    number = customer.id if is_customer else resource.attributes.get("customer_id")
    named = identity(
        number if isinstance(number, int) else None, email if isinstance(email, str) else None
    )
    if asked == (None, None):
        return named
    return (asked[0] or named[0], asked[1] or named[1]) if is_same(asked, named) else asked


def tags_of_read(reply: Reply, who: str | None) -> frozenset[str]:
    """Name whom a remembered read concerns."""
    if who is None or who == EVERYONE:
        return tags_asked(who)
    return tags_of_customer(named_in(reply, identity_of(who)))


def tags_asked(who: str | None) -> frozenset[str]:
    """Name whom a read is asked about; None is the shop's catalogue, which no news touches."""
    if who is None or who == EVERYONE:
        return frozenset({who} if who else ())
    return tags_of_customer(identity_of(who))


def tags_of_customer(customer: Identity) -> frozenset[str]:
    """Name a customer; an identifier not known is named as unknown."""
    number, email = customer
    return frozenset({SOMEONE, f"id:{number or '?'}", f"email:{email or '?'}"})


def tags_of_write(about: Identity) -> set[str]:
    """Name what a write about a customer changes: all that may be about that customer.

    A read known by the other identifier alone may be, so it goes, too; where nobody knows whom the
    write was about, any customer's may be.
    """
    number, email = about
    tags = {EVERYONE} if number or email else {EVERYONE, SOMEONE}
    if number:
        tags |= {f"id:{number}"} | (set() if email else {"id:?"})
    if email:
        tags |= {f"email:{email}"} | (set() if number else {"email:?"})
    return tags
