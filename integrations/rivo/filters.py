"""What a row is held against, since Rivo ignores the filters that it does not know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from integrations.rivo.forms import when
from integrations.rivo.identities import identity_of
from integrations.rivo.resource import Resource

Matches = Callable[[Resource], bool]


def all_of(*conditions: Matches) -> Matches:
    """Hold a row against every condition."""
    return lambda row: all(condition(row) for condition in conditions)


def has(name: str, wanted: str | int | None) -> Matches:
    """Keep rows whose attribute is `wanted` (any where None); one that lacks it is Rivo's word."""

    def matches(row: Resource) -> bool:
        if wanted is None or name not in row.attributes:
            return True
        return str(row.attributes[name]).casefold() == str(wanted).casefold()

    return matches


def is_token(name: str, wanted: str | None) -> Matches:
    """Keep rows whose attribute is the token `wanted`, also where Rivo shows it as words.

    Tokens are not all known (contract, U10): "One time" is one_time. Otherwise as `has`.
    """

    def matches(row: Resource) -> bool:
        if wanted is None or name not in row.attributes:
            return True
        return _token(row.attributes[name]) == _token(wanted)

    return matches


def _token(value: object) -> str:
    return str(value).casefold().replace(" ", "_")


def is_filled(name: str, *, wanted: bool | None) -> Matches:
    """Keep rows whose attribute is filled, or is null; one that lacks it is Rivo's word."""

    def matches(row: Resource) -> bool:
        if wanted is None or name not in row.attributes:
            return True
        return (row.attributes[name] is not None) == wanted

    return matches


def of(identifier: str) -> Matches:
    """Keep a customer's rows; a row that says nothing about its customer is Rivo's word."""
    number, email = identity_of(identifier)

    def matches(row: Resource) -> bool:
        customer = row.inner("customer")
        if number is not None:
            found = customer.id if customer else row.whole("customer_id")
            return found is None or str(found) == number
        address = customer.text("email") if customer else None
        return address is None or address.casefold() == email

    return matches


def applied_between(after: datetime | None, before: datetime | None) -> Matches:
    """Keep rows applied at `after` or later and before `before`."""

    def matches(row: Resource) -> bool:
        applied_at = moment_of(row, "applied_at")
        if applied_at is None:
            return True
        return not ((after and applied_at < after) or (before and applied_at >= before))

    return matches


def period(after: datetime | None, before: datetime | None) -> dict[str, str]:
    """Spell the period as Rivo's filters."""
    given = {"applied_after": after, "applied_before": before}
    return {name: when(moment) for name, moment in given.items() if moment is not None}


def moment_of(row: Resource, name: str) -> datetime | None:
    """Read a time of a row; None where it is missing or not ISO 8601."""
    try:
        found = datetime.fromisoformat(row.text(name) or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
