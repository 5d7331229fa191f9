"""Points redemptions: rewards taken, and their discount codes.

Source: https://developer-docs.rivo.io/reference/points_redemptions
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from integrations.rivo.client import Rivo
from integrations.rivo.filters import (
    Matches,
    all_of,
    applied_between,
    has,
    is_filled,
    is_token,
    of,
    period,
)
from integrations.rivo.identities import EVERYONE
from integrations.rivo.inputs import (
    CustomerEmail,
    Limit,
    Page,
    PerPage,
    PurchaseType,
    RewardId,
    SinceId,
)
from integrations.rivo.paging import ListAnswer, Listing, Rows, paging, walk
from integrations.rivo.points_events import AppliedAfter, AppliedBefore
from integrations.rivo.resource import Resource
from integrations.rivo.rewards import Reward

Used = Annotated[bool, Meta(description="Only used (or only unused) codes.")]


class PointsRedemption(msgspec.Struct, frozen=True, kw_only=True):
    """A reward taken; `usable` says that its code is neither used nor refunded nor revoked."""

    id: int | None
    code: str | None
    name: str | None
    reward_id: int | None
    reward_name: str | None
    reward_type: str | None
    reward_value: int | float | None
    points_amount: int | None
    credits_amount: str | None
    applied_at: str | None
    expires_at: str | None
    used_at: str | None
    refunded_at: str | None
    usable: bool
    customer_id: int | None
    customer_email: str | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> PointsRedemption:
        """Flatten Rivo's redemption."""
        reward = resource.inner("reward")
        customer = resource.inner("customer")
        return cls(
            id=resource.id,
            code=resource.text("code"),
            name=resource.text("name"),
            reward_id=reward_id_of(resource),
            reward_name=reward.text("name") if reward else None,
            reward_type=reward.text("reward_type") if reward else resource.text("reward_type"),
            reward_value=reward.number("reward_value") if reward else None,
            points_amount=resource.whole("points_amount"),
            credits_amount=resource.money("credits_amount"),
            applied_at=resource.text("applied_at"),
            expires_at=resource.text("expires_at"),
            used_at=resource.text("used_at"),
            refunded_at=resource.text("refunded_at"),
            usable=is_usable(resource),
            customer_id=customer.id if customer else resource.whole("customer_id"),
            customer_email=customer.text("email") if customer else None,
        )


class PointsRedemptionsAnswer(ListAnswer):
    """A page of redemptions."""

    points_redemptions: list[PointsRedemption]


async def list_points_redemptions(
    rivo: Rivo,
    *,
    page: Page | None = None,
    per_page: PerPage | None = None,
    since_id: SinceId | None = None,
    limit: Limit | None = None,
    reward_id: RewardId | None = None,
    code: Annotated[str | None, Meta(description="Only the one with this discount code.")] = None,
    used: Used | None = None,
    purchase_type: PurchaseType | None = None,
    applied_after: AppliedAfter | None = None,
    applied_before: AppliedBefore | None = None,
) -> PointsRedemptionsAnswer:
    """List the shop's redemptions, newest first (with since_id by id, ascending)."""
    guesses = {
        "reward_id": None if reward_id is None else str(reward_id),
        "code": code,
        "purchase_type": purchase_type,
    }
    listing = Listing(
        path=("points_redemptions",),
        who=EVERYONE,
        filters=_used_filter(used=used),
        guesses={name: value for name, value in guesses.items() if value is not None}
        | period(applied_after, applied_before),
        matches=all_of(
            has("code", code),
            is_token("purchase_type", purchase_type),
            _has_reward(reward_id),
            is_filled("used_at", wanted=used),
            applied_between(applied_after, applied_before),
        ),
        newest_first=True,
    )
    return _answer(await walk(rivo.to_export(), listing, paging(page, per_page, since_id, limit)))


async def list_customer_points_redemptions(
    rivo: Rivo,
    *,
    customer_email: CustomerEmail,
    used: Used | None = None,
    page: Page | None = None,
    per_page: PerPage | None = None,
    since_id: SinceId | None = None,
    limit: Limit | None = None,
) -> PointsRedemptionsAnswer:
    """List one customer's redemptions and codes, newest first (with since_id by id, ascending)."""
    listing = redemptions_of(customer_email, used=used)
    return _answer(await walk(rivo, listing, paging(page, per_page, since_id, limit)))


def redemptions_of(identifier: str, *, used: bool | None = None) -> Listing:
    """Ask for one customer's redemptions."""
    return Listing(
        path=("points_redemptions",),
        who=identifier,
        filters={"customer_identifier": identifier} | _used_filter(used=used),
        matches=all_of(of(identifier), is_filled("used_at", wanted=used)),
        newest_first=True,
    )


def is_usable(row: Resource) -> bool:
    """Say whether a code can still be used, as far as Rivo says: expiry is a date of its own."""
    return not any(row.attributes.get(n) for n in ("used_at", "refunded_at", "revoked_at"))


def documented(said: Resource) -> dict[str, object]:
    """Project a redemption onto the documented keys of `shape=full`."""
    redemption = PointsRedemption.from_rivo(said)
    reward, customer = said.inner("reward"), said.inner("customer")
    return {
        "id": redemption.id,
        "type": "points_redemption",
        "attributes": {
            "id": redemption.id,
            "code": redemption.code,
            "name": redemption.name,
            "reward": reward and _documented_reward(reward),
            "customer": customer and _documented_customer(customer),
            "applied_at": redemption.applied_at,
            "expires_at": redemption.expires_at,
            "points_amount": redemption.points_amount,
            "credits_amount": redemption.credits_amount,
        },
    }


def _documented_reward(resource: Resource) -> dict[str, object]:
    reward = Reward.from_rivo(resource)
    return {
        "id": reward.id,
        "name": reward.name,
        "source": reward.source,
        "enabled": reward.enabled,
        "reward_type": reward.reward_type,
        "reward_value": reward.reward_value,
        "points_amount": reward.points_amount,
    }


def _documented_customer(resource: Resource) -> dict[str, object]:
    return {
        "id": resource.id,
        "email": resource.text("email"),
        "first_name": resource.text("first_name"),
        "last_name": resource.text("last_name"),
        "total_spent": resource.number("total_spent"),
        "orders_count": resource.whole("orders_count"),
        "points_tally": resource.whole("points_tally"),
        "credits_tally": resource.money("credits_tally"),
        "loyalty_status": resource.text("loyalty_status"),
    }


def reward_id_of(row: Resource) -> int | None:
    """Find which reward was redeemed."""
    reward = row.inner("reward")
    return reward.id if reward else row.whole("reward_id")


def _used_filter(*, used: bool | None) -> dict[str, str]:
    return {} if used is None else {"used": str(used).lower()}


def _has_reward(wanted: int | None) -> Matches:
    def matches(row: Resource) -> bool:
        found = reward_id_of(row)
        return wanted is None or found is None or found == wanted

    return matches


def _answer(found: Rows) -> PointsRedemptionsAnswer:
    return PointsRedemptionsAnswer(
        points_redemptions=[PointsRedemption.from_rivo(row) for row in found.rows],
        **found.ending(),
    ).made_from(found.full())
