"""The sidebar: everything an agent looks at first, in one answer, each part with its own age."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Generic, Protocol, TypeVar

from integrations.actions import ReadAnswer
from integrations.errors import ActionError, NotFoundError, UnavailableError
from integrations.rivo.client import DOWN, Rivo, when
from integrations.rivo.customers import Balance, Customer, find_customer
from integrations.rivo.inputs import CustomerEmail
from integrations.rivo.memberships import Membership, Subscription, get_membership
from integrations.rivo.paging import newest
from integrations.rivo.points_events import events_of
from integrations.rivo.points_redemptions import redemptions_of
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
PARTIAL = "Some of this could not be loaded right now."


class _Aged(Protocol):
    @property
    def as_of(self) -> str: ...

    @property
    def stale(self) -> bool: ...


T = TypeVar("T", bound=_Aged)


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

    def __init__(self, value: T | None, part: Part) -> None:
        self.value = value
        self.part = part

    @property
    def failed(self) -> bool:
        return self.part.error is not None


async def get_sidebar(rivo: Rivo, *, customer_email: CustomerEmail) -> SidebarAnswer:
    """Get what a sidebar shows: profile, balance, tier, membership, activity, codes, rewards.

    An unknown customer is `found: false` and no error. What could not be had is null or empty, and
    `parts` says why; UnavailableError where nothing at all could be had.
    """
    customer, activity, codes = await asyncio.gather(
        _try(rivo, find_customer(rivo, customer_email)),
        _try(rivo, newest(rivo, events_of(customer_email), LOOKED_AT)),
        _try(rivo, newest(rivo, redemptions_of(customer_email), LOOKED_AT)),
    )
    if customer.value is None and not customer.failed:
        return _unknown(customer.part)
    if customer.failed and activity.failed and codes.failed:
        raise UnavailableError(customer.part.error or DOWN, retry_after=1)
    membership, rewards, tiers = await asyncio.gather(
        _try(rivo, get_membership(rivo, customer_email=customer_email)),
        _try(rivo, read_rewards(rivo)),
        _try(rivo, read_vip_tiers(rivo)),
    )
    parts = Parts(
        customer=customer.part,
        activity=activity.part,
        codes=codes.part,
        membership=membership.part,
        catalogue=_worse(rewards.part, tiers.part),
    )
    each = [parts.customer, parts.activity, parts.codes, parts.membership, parts.catalogue]
    resource = customer.value.resource if customer.value else None
    balance = Balance.from_rivo(resource) if resource else None
    member = membership.value
    return SidebarAnswer(
        found=True if resource else None,
        message=PARTIAL if any(part.error for part in each) else "",
        customer=Customer.from_rivo(resource) if resource else None,
        balance=balance_of(rivo.facts, resource) if resource else None,
        tier=tier_of(rivo.facts, resource, tiers.value) if resource else None,
        membership=member.membership if member else None,
        subscription=member.subscription if member else None,
        activity=activity_of(activity.value),
        codes=codes_of(codes.value, rivo.now()),
        rewards=redeemable(rewards.value, balance) if rewards.value else [],
        parts=parts,
        as_of=min(part.as_of for part in each if part.as_of is not None),
        stale=any(part.stale for part in each),
    ).made_from(
        {
            "customer": resource.full() if resource else None,
            "points_events": activity.value.full() if activity.value else [],
            "points_redemptions": codes.value.full() if codes.value else [],
            "membership": member.resource if member else None,
            "rewards": rewards.value.full() if rewards.value else [],
            "vip_tiers": tiers.value.full() if tiers.value else [],
        }
    )


async def _try(rivo: Rivo, read: Awaitable[T]) -> _Got[T]:
    """Wait for one part; what Rivo does not know is an answer, too."""
    try:
        value = await read
    except NotFoundError:
        return _Got(None, Part(as_of=when(rivo.now()), stale=False, error=None))
    except ActionError as error:
        return _Got(None, Part(as_of=None, stale=False, error=error.message))
    return _Got(value, Part(as_of=value.as_of, stale=value.stale, error=None))


def _unknown(part: Part) -> SidebarAnswer:
    nothing = Part(as_of=part.as_of, stale=False, error=None)
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
        parts=Parts(
            customer=part, activity=nothing, codes=nothing, membership=nothing, catalogue=nothing
        ),
        as_of=part.as_of or "",
        stale=False,
    )


def _worse(one: Part, other: Part) -> Part:
    """Describe two reads as one part: the trouble of either, the older age."""
    if one.error or other.error:
        return one if one.error else other
    return min(one, other, key=lambda part: part.as_of or "")
