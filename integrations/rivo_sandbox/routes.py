"""Which operation stands under which verb and path; `*` is one segment."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from integrations.rivo_sandbox.answers import Answer, NoRouteError, WrongVerbError
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.cancelling import cancel_membership
from integrations.rivo_sandbox.catalogue import (
    get_earning_rule,
    get_reward,
    get_vip_tier,
    list_earning_rules,
    list_rewards,
    list_vip_tiers,
)
from integrations.rivo_sandbox.customers import get_customer, list_customers, update_customer
from integrations.rivo_sandbox.memberships import (
    get_member,
    get_subscription_contract,
    list_members,
    list_membership_tiers,
    list_subscription_contracts,
    list_tier_enrollments,
)
from integrations.rivo_sandbox.points import (
    create_points_event,
    create_points_events,
    list_points_events,
)
from integrations.rivo_sandbox.received import Received
from integrations.rivo_sandbox.redeeming import create_points_redemption, refund_points_redemption
from integrations.rivo_sandbox.redemptions import get_points_redemption, list_points_redemptions
from integrations.rivo_sandbox.referrals import create_referral, list_referrals
from integrations.rivo_sandbox.vip_tiers import list_vip_tier_memberships, update_vip_tier
from integrations.rivo_sandbox.webhooks import (
    create_webhook,
    delete_webhook,
    list_webhooks,
    update_webhook,
)

Operation = Callable[[Call], Answer]
ROOT = "/merchant_api/v1"

ROUTES: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "customers", list_customers),
    ("GET", "customers/*", get_customer),
    ("PUT", "customers/*", update_customer),
    ("POST", "customers/*/vip_tier", update_vip_tier),
    ("GET", "points_events", list_points_events),
    ("POST", "points_events", create_points_event),
    ("POST", "points_events/batch", create_points_events),
    ("GET", "points_redemptions", list_points_redemptions),
    ("POST", "points_redemptions", create_points_redemption),
    ("GET", "points_redemptions/*", get_points_redemption),
    ("POST", "points_redemptions/*/refund", refund_points_redemption),
    ("PUT", "points_redemptions/*/refund", refund_points_redemption),
    ("GET", "rewards", list_rewards),
    ("GET", "rewards/*", get_reward),
    ("GET", "vip_tiers", list_vip_tiers),
    ("GET", "vip_tiers/*", get_vip_tier),
    ("GET", "vip_tier_memberships", list_vip_tier_memberships),
    ("GET", "earning_rules", list_earning_rules),
    ("GET", "earning_rules/*", get_earning_rule),
    ("GET", "referrals", list_referrals),
    ("POST", "referrals", create_referral),
    ("GET", "memberships/customers", list_members),
    ("GET", "memberships/customers/*", get_member),
    ("GET", "memberships/tiers", list_membership_tiers),
    ("GET", "memberships/tier_enrollments", list_tier_enrollments),
    ("GET", "memberships/subscription_contracts", list_subscription_contracts),
    ("GET", "memberships/subscription_contracts/*", get_subscription_contract),
    ("DELETE", "memberships/*/cancel", cancel_membership),
    ("GET", "webhooks", list_webhooks),
    ("POST", "webhooks", create_webhook),
    ("PUT", "webhooks/*", update_webhook),
    ("DELETE", "webhooks/*", delete_webhook),
)

LISTS = frozenset(
    f"{ROOT}/{pattern}" for verb, pattern, _ in ROUTES if verb == "GET" and "*" not in pattern
)


def find_operation(method: str, segments: list[str]) -> tuple[Operation, tuple[str, ...]]:
    """Find the operation for a decoded path, and the values of its `*`.

    Raises NoRouteError where no operation has this path, WrongVerbError where another verb has it.
    """
    known = False
    for verb, pattern, operation in ROUTES:
        values = _values(pattern.split("/"), segments)
        if values is not None and verb == method:
            return operation, values
        known = known or values is not None
    raise WrongVerbError if known else NoRouteError


def segments_of(path: str) -> list[str]:
    """Take a raw path apart below the base path; NoRouteError outside of it."""
    root, found, rest = path.partition(f"{ROOT}/")
    if root or not found:
        raise NoRouteError
    return [unquote(segment) for segment in rest.removesuffix("/").split("/")]


def is_list(received: Received) -> bool:
    """Whether a GET reads many rows, not one."""
    return received.path.removesuffix("/") in LISTS


def _values(parts: list[str], segments: list[str]) -> tuple[str, ...] | None:
    if len(parts) != len(segments):
        return None
    values = []
    for part, segment in zip(parts, segments, strict=True):
        if part == "*" and segment:
            values.append(segment)
        elif part != segment:
            return None
    return tuple(values)
