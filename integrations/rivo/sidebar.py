"""The sidebar: everything an agent looks at first, in one answer, each part with its own age."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

from integrations.actions import ReadAnswer
from integrations.errors import ActionError, NotFoundError, UnavailableError
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance, Customer, find_customer
from integrations.rivo.forms import when
from integrations.rivo.inputs import CustomerEmail
from integrations.rivo.memberships import Membership, Subscription, find_member
from integrations.rivo.paging import Rows, newest
from integrations.rivo.points_events import events_of
from integrations.rivo.points_redemptions import redemptions_of
from integrations.rivo.reading import DOWN
from integrations.rivo.rewards import Redeemable, read_rewards, redeemable
from integrations.rivo.sidebar_parts import (
    Activity,
    Code,
    Part,
    Parts,
    SidebarBalance,
    SidebarTier,
    activity_of,
    balance_of,
    codes_of,
    tier_of,
)
from integrations.rivo.vip_tiers import read_vip_tiers

LOOKED_AT = 25
IN_TROUBLE_SECONDS = 0.5
"""So long is waited for the rest, where it took longer to get nothing anew of the first parts."""
PARTIAL = "Some of this could not be loaded right now."


class _Aged(Protocol):
    @property
    def as_of(self) -> str: ...

    @property
    def stale(self) -> bool: ...


T = TypeVar("T", bound=_Aged)
R = TypeVar("R")


class SidebarAnswer(ReadAnswer):
    """Everything that a sidebar shows."""

    found: bool | None
    message: str
    customer: Customer | None
    balance: SidebarBalance | None
    tier: SidebarTier | None
    membership: Membership | None
    subscription: Subscription | None
    activity: list[Activity]
    codes: list[Code]
    rewards: list[Redeemable]
    parts: Parts


class _Got(Generic[T]):
    """What came of one read: its value, or why there is none."""

    def __init__(self, value: T | None, part: Part, error: ActionError | None = None) -> None:
        self.value = value
        self.part = part
        self.error = error

    def show(self, make: Callable[[T], R]) -> R | None:
        """Make what is shown of it; what was not understood is this part's trouble alone."""
        if self.value is None:
            return None
        try:
            return make(self.value)
        except ActionError as error:
            self.part = Part(as_of=None, stale=False, error=error.message)
            return None


async def get_sidebar(rivo: Rivo, *, customer_email: CustomerEmail) -> SidebarAnswer:
    """Get what a sidebar shows: profile, balance, tier, membership, activity, codes, rewards.

    An unknown customer is `found: false` and no error. What could not be had anew is what was known
    last (`stale`), else null or empty, and `parts` says why; UnavailableError where nothing at all
    could be had.
    """
    began = rivo.clock()
    customer, activity, codes = await asyncio.gather(
        _try(rivo, find_customer(rivo, customer_email)),
        _try(rivo, newest(rivo, events_of(customer_email), LOOKED_AT)),
        _try(rivo, newest(rivo, redemptions_of(customer_email), LOOKED_AT)),
    )
    if customer.value is None and customer.error is None:
        return _unknown(customer.part)
    if customer.error and activity.error and codes.error:
        raise customer.error
    is_old = all(got.error or got.part.stale for got in (customer, activity, codes))
    if is_old and rivo.clock() - began > IN_TROUBLE_SECONDS:
        rivo = rivo.until(min(rivo.deadline, rivo.clock() + IN_TROUBLE_SECONDS))
    membership, rewards, tiers = await asyncio.gather(
        _try(rivo, find_member(rivo, customer_email)),
        _try(rivo, read_rewards(rivo)),
        _try(rivo, read_vip_tiers(rivo)),
    )
    balance = customer.show(lambda found: Balance.from_rivo(found.resource))
    shown: dict[str, Any] = {
        "customer": customer.show(lambda found: Customer.from_rivo(found.resource)),
        "balance": customer.show(lambda found: balance_of(rivo.facts, found.resource)),
        "tier": customer.show(lambda found: tier_of(rivo.facts, found.resource, tiers.value)),
        "membership": membership.show(lambda member: member.membership),
        "subscription": membership.show(lambda member: member.subscription),
        "activity": activity.show(activity_of) or [],
        "codes": codes.show(lambda rows: codes_of(rows, rivo.now())) or [],
        "rewards": rewards.show(lambda rows: redeemable(rows, balance)) or [],
    }
    full = {
        "customer": customer.show(lambda found: found.resource.full()),
        "points_events": activity.show(Rows.full) or [],
        "points_redemptions": codes.show(Rows.full) or [],
        "membership": membership.show(lambda member: member.resource),
        "rewards": rewards.show(Rows.full) or [],
        "vip_tiers": tiers.show(Rows.full) or [],
    }
    parts = Parts(
        customer=customer.part,
        activity=activity.part,
        codes=codes.part,
        membership=membership.part,
        catalogue=_worse(rewards.part, tiers.part),
    )
    return _answer(shown, parts, found=True if customer.value else None).made_from(full)


async def _try(rivo: Rivo, read: Awaitable[T]) -> _Got[T]:
    """Wait for one part; what Rivo does not know is an answer, too."""
    asked = when(rivo.now())
    try:
        value = await read
    except NotFoundError:
        return _Got(None, Part(as_of=asked, stale=False, error=None))
    except ActionError as error:
        return _Got(None, Part(as_of=None, stale=False, error=error.message), error)
    return _Got(value, Part(as_of=value.as_of, stale=value.stale, error=None))


def _answer(shown: dict[str, Any], parts: Parts, *, found: bool | None) -> SidebarAnswer:
    """Put together what is shown; it is as old as its oldest part."""
    each = [parts.customer, parts.activity, parts.codes, parts.membership, parts.catalogue]
    ages = [part.as_of for part in each if part.as_of is not None]
    if not ages:
        raise UnavailableError(DOWN, retry_after=1)
    return SidebarAnswer(
        **shown,
        found=found,
        message=PARTIAL if any(part.error for part in each) else "",
        parts=parts,
        as_of=min(ages),
        stale=any(part.stale for part in each),
    )


def _unknown(part: Part) -> SidebarAnswer:
    return SidebarAnswer(
        found=False,
        message="Rivo knows no customer with this e-mail address or id.",
        customer=None,
        balance=None,
        tier=None,
        membership=None,
        subscription=None,
        activity=[],
        codes=[],
        rewards=[],
        parts=Parts(customer=part, activity=part, codes=part, membership=part, catalogue=part),
        as_of=part.as_of or "",
        stale=False,
    )


def _worse(one: Part, other: Part) -> Part:
    """Describe two reads as one part: the trouble of either, the older age, stale if one is."""
    if one.error or other.error:
        return one if one.error else other
    return min(one, other, key=lambda part: (not part.stale, part.as_of or ""))
