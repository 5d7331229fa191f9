"""A stand-in for Rivo's Merchant API: an ASGI application with a ledger.

It answers what the real one is known to answer; where nobody knows, `Switches` says which of the
possible answers is given. It imports nothing of the rest of this project.
"""

from integrations.rivo_sandbox.announcements import Announcement, Announcer, Delivery
from integrations.rivo_sandbox.answers import Answer
from integrations.rivo_sandbox.demo.story import demo_shop
from integrations.rivo_sandbox.faults import (
    Fault,
    LostConnectionError,
    RefusedConnectionError,
    in_turn,
)
from integrations.rivo_sandbox.ids import Ids
from integrations.rivo_sandbox.ledger import Entry
from integrations.rivo_sandbox.past import lists_only
from integrations.rivo_sandbox.received import Applied, Received
from integrations.rivo_sandbox.sandbox import Sandbox
from integrations.rivo_sandbox.shop import (
    Customer,
    EarningRule,
    MembershipTier,
    PointsEvent,
    PointsRedemption,
    Referral,
    Reward,
    Shop,
    SubscriptionContract,
    TierEnrollment,
    VipTier,
    VipTierMembership,
    Webhook,
)
from integrations.rivo_sandbox.switches import Switches, alternatives
from integrations.rivo_sandbox.transport import InProcess

__all__ = [
    "Announcement",
    "Announcer",
    "Answer",
    "Applied",
    "Customer",
    "Delivery",
    "EarningRule",
    "Entry",
    "Fault",
    "Ids",
    "InProcess",
    "LostConnectionError",
    "MembershipTier",
    "PointsEvent",
    "PointsRedemption",
    "Received",
    "Referral",
    "RefusedConnectionError",
    "Reward",
    "Sandbox",
    "Shop",
    "SubscriptionContract",
    "Switches",
    "TierEnrollment",
    "VipTier",
    "VipTierMembership",
    "Webhook",
    "alternatives",
    "demo_shop",
    "in_turn",
    "lists_only",
]
