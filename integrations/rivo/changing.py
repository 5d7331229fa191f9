"""Changing customers: their birthday, their tier, and what else the shop allows.

Source: https://developer-docs.rivo.io/reference/customers-1
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from integrations.actions import WriteAnswer
from integrations.errors import (
    InputError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo.balances import before_sending
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Customer, find_customer
from integrations.rivo.finding import absent, reads_back, unsure
from integrations.rivo.inputs import Birthday, CustomerEmail, VipTierId
from integrations.rivo.replies import LOST
from integrations.rivo.resource import Resource
from integrations.rivo.writing import ReadBack, Sent

PROVEN = {"dob", "vip_tier"}
"""What Rivo is known to change; the rest it may leave as it was without a word (contract, U11)."""


class CustomerChangedAnswer(WriteAnswer):
    """The customer after the change."""

    customer: Customer


async def update_customer(
    rivo: Rivo,
    *,
    customer_email: CustomerEmail,
    dob: Birthday | None = None,
    first_name: Annotated[
        str | None, Meta(description="First name, where the shop allows it.")
    ] = None,
    last_name: Annotated[
        str | None, Meta(description="Last name, where the shop allows it.")
    ] = None,
    accepts_marketing: Annotated[
        bool | None, Meta(description="Consent to marketing, where the shop allows it.")
    ] = None,
) -> CustomerChangedAnswer:
    """Correct a customer's birthday, and what else the shop's configuration lets callers change.

    At least one value to change is needed. Identity, e-mail, balances and status are never changed
    here, and names and consent only where the shop allows it. It is refused as well where Rivo
    answers but leaves the value as it was (RefusedError).
    """
    others = {
        "first_name": first_name,
        "last_name": last_name,
        "accepts_marketing": accepts_marketing,
    }
    given: dict[str, object] = {name: value for name, value in others.items() if value is not None}
    for name in given.keys() - rivo.facts.customer_fields:
        allowed = ", ".join(["dob", *sorted(rivo.facts.customer_fields)])
        raise InputError(name, expected=f"left out: this shop allows {allowed}", given="a value")
    if dob is not None:
        given["dob"] = dob
    if not given:
        raise InputError("dob", expected="given, or another value to change")
    return await _change(rivo, customer_email, given)


async def update_customer_dob(
    rivo: Rivo, *, customer_email: CustomerEmail, dob: Birthday
) -> CustomerChangedAnswer:
    """Correct a customer's birthday."""
    return await _change(rivo, customer_email, {"dob": dob})


async def update_customer_vip_tier(
    rivo: Rivo, *, customer_email: CustomerEmail, vip_tier_id: VipTierId
) -> CustomerChangedAnswer:
    """Move a customer to another VIP tier (Rivo's path for this is unproven)."""
    wanted = {"vip_tier": {"id": vip_tier_id}}
    before = await _look_before(rivo, customer_email)
    if before and not _differing(before, wanted):
        return _changed(before)
    said = await rivo.apply(
        "POST",
        "customers",
        customer_email,
        "vip_tier",
        form={"vip_tier_id": vip_tier_id},
        who=customer_email,
        snapshot=_snapshot(before, wanted),
        told=lambda customer: _picked(customer, wanted),
    )
    if said is None or not _shows(said, wanted) or _differing(said, wanted):
        return await _read_back(rivo, customer_email, wanted)
    return _changed(said)


async def _change(rivo: Rivo, identifier: str, given: dict[str, object]) -> CustomerChangedAnswer:
    before = await _look_before(rivo, identifier)
    if before and not _differing(before, given):
        return _changed(before)
    snapshot = _snapshot(before, given)
    said = await rivo.apply(
        "PUT",
        "customers",
        identifier,
        form=given,
        who=identifier,
        snapshot=snapshot,
        told=lambda customer: _picked(customer, given),
    )
    if said is None or not _shows(said, given):
        return await _read_back(rivo, identifier, given)
    if left := _differing(said, given):
        unchanged = f"Rivo answered but did not change {', '.join(left)}"
        if len(left) == len(given):
            refusal = RefusedError(f"{unchanged}.")
            refusal.doubtful = True  # the status says that it was done
            raise refusal
        raise OutcomeUnknownError(f"{unchanged}; the rest it did. Look at the customer first.")
    return _changed(said)


async def _look_before(rivo: Rivo, identifier: str) -> Resource | None:
    """Look at a customer before a change of which account is kept; None where it tells nothing."""
    if rivo.writing is None or not rivo.writing.trusts_state:
        return None
    try:
        return (await find_customer(before_sending(rivo), identifier)).resource
    except UnavailableError:
        return None


def _snapshot(customer: Resource | None, wanted: Mapping[str, object]) -> dict[str, object]:
    return {"before": _had(customer, wanted)} if customer else {}


def _picked(customer: Resource, wanted: Mapping[str, object]) -> Mapping[str, object]:
    """Pick what an answer says in place of what is wanted."""
    return {name: customer.attributes[name] for name in wanted if name in customer.attributes}


def _had(customer: Resource, wanted: Mapping[str, object]) -> dict[str, object]:
    """Pick what a customer has in place of what is wanted, as far as it is shown."""
    shown = wanted.keys() & customer.attributes.keys()
    return {name: _of_id(customer.attributes[name]) for name in sorted(shown)}


@reads_back
async def find_customer_change(rivo: Rivo, sent: Sent) -> ReadBack:
    """Look whether the customer now has what was wanted, or still what was there before."""
    names = ("dob", "first_name", "last_name", "accepts_marketing")
    wanted = {name: sent.inputs[name] for name in names if sent.inputs.get(name) is not None}
    return await _find(rivo, sent, wanted)


@reads_back
async def find_vip_tier_change(rivo: Rivo, sent: Sent) -> ReadBack:
    """Look whether the customer now is in the tier, or still in the one before."""
    return await _find(rivo, sent, {"vip_tier": {"id": sent.inputs["vip_tier_id"]}})


async def _find(rivo: Rivo, sent: Sent, wanted: Mapping[str, object]) -> ReadBack:
    customer = (await find_customer(rivo, sent.inputs["customer_email"])).resource.read_back()
    if not _differing(customer, wanted):
        return ReadBack(verdict="found", answer=_changed(customer))
    names, now = ", ".join(wanted), _had(customer, wanted)
    if now == sent.snapshot.get("before") and now.keys() == wanted.keys():
        return absent(f"The customer's {names} is what it was before.")
    return unsure(f"The customer's {names} is neither what was wanted nor known from before.")


def _changed(customer: Resource) -> CustomerChangedAnswer:
    return CustomerChangedAnswer(customer=Customer.from_rivo(customer)).made_from(customer.full())


async def _read_back(
    rivo: Rivo, identifier: str, wanted: Mapping[str, object]
) -> CustomerChangedAnswer:
    """Answer a write that Rivo confirmed without the customer: read it, or say what is known."""
    try:
        customer = (await find_customer(rivo.afresh(), identifier)).resource
        answer = _changed(customer)
    except (UnavailableError, NotFoundError):
        if wanted.keys() - PROVEN:
            raise OutcomeUnknownError(LOST) from None
        known = {"id": identifier} if identifier.isdecimal() else {"email": identifier}
        return _changed(Resource({**known, **wanted}))
    if _differing(customer, wanted):
        raise OutcomeUnknownError(LOST)
    return answer


def _shows(said: Resource, wanted: Mapping[str, object]) -> bool:
    """Say whether a write's answer is the whole customer."""
    return {"points_tally", *wanted} <= said.attributes.keys()


def _differing(customer: Resource, wanted: Mapping[str, object]) -> list[str]:
    """Name what the customer does not have as it was wanted; of an object the id counts."""
    return [n for n, v in wanted.items() if _of_id(customer.attributes.get(n)) != _of_id(v)]


def _of_id(value: object) -> object:
    return value.get("id") if isinstance(value, dict) else value
