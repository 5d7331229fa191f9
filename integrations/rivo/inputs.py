"""The inputs that several of Rivo's actions share, each described once."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from integrations.inputs import LARGEST_ID
from integrations.kinds import (
    BIRTHDAY_KIND,
    CUSTOMER_KIND,
    EMAIL_KIND,
    OPERATION_KIND,
    between,
)

ROW = between(1, LARGEST_ID)

CustomerEmail = Annotated[
    str,
    CUSTOMER_KIND,
    Meta(
        description="The customer: an e-mail address or a Shopify customer id.",
        examples=["sarah.martinez@example.com"],
    ),
]
Email = Annotated[str, EMAIL_KIND]
Birthday = Annotated[
    str,
    BIRTHDAY_KIND,
    Meta(
        description="The birthday as MM-DD, YYYY-MM-DD or an unambiguous DD/MM/YYYY.",
        examples=["07-13"],
    ),
]
RewardId = Annotated[
    int, ROW, Meta(description="The reward, as list_rewards has it.", examples=[594155])
]
RedemptionId = Annotated[
    int,
    ROW,
    Meta(
        description="The redemption, as list_points_redemptions has it (not the points event).",
        examples=[24186741],
    ),
]
VipTierId = Annotated[
    int, ROW, Meta(description="The VIP tier, as list_vip_tiers has it.", examples=[552288])
]
OperationId = Annotated[
    str,
    OPERATION_KIND,
    Meta(
        description="The operation to reverse, as its answer named it.",
        examples=["op_0123456789abcdef0123456789abcdef"],
    ),
]
PurchaseType = Annotated[
    str,
    Meta(
        description="Rivo's purchase type: one_time, subscription, both; other texts go through.",
        examples=["one_time"],
    ),
]
Page = Annotated[int, between(1, 500), Meta(description="Which page, from 1.", examples=[1])]
PerPage = Annotated[int, between(1, 250), Meta(description="Rows on a page.", examples=[25])]
SinceId = Annotated[
    int,
    between(0, LARGEST_ID),
    Meta(
        description="Rows with a greater id, ascending; goes with limit, not with page.",
    ),
]
Limit = Annotated[int, between(1, 250), Meta(description="Rows after since_id.")]
