"""The words of Rivo's enums that nobody has listed (U10)."""

from __future__ import annotations

from collections.abc import Callable

from integrations.rivo_sandbox.call import Call

PURCHASE_TYPES = ("one_time", "subscription", "both")
REDEMPTION_SOURCES = ("points", "credits", "referrer")
CREATABLE_SOURCES = (
    "manual",
    "custom_action",
    "referral_complete",
    "visit_url",
    "instagram_follow",
    "tiktok_follow",
    "facebook_like",
    "facebook_share",
    "twitter_follow",
    "twitter_share",
)
EVENT_SOURCES = (
    *CREATABLE_SOURCES,
    "order_placed",
    "points_purchase",
    "customer_birthday",
    "customer_member_enabled",
    "review_complete",
    "vip_tier_upgrade",
)


def show_token(call: Call, token: str | None) -> str | None:
    """Show a token as listed, or under `any_text` as words: `One time`."""
    if token is None or call.switches.tokens == "listed":
        return token
    return token.replace("_", " ").capitalize()


def token_filter(call: Call, name: str, listed: tuple[str, ...]) -> Callable[[str | None], bool]:
    """Read `filters[name]` and answer what lets its rows through; words are compared as words."""
    if call.switches.tokens == "listed":
        wanted = call.query.choice(f"filters[{name}]", listed)
    else:
        wanted = call.query.text(f"filters[{name}]")
        wanted = wanted and wanted.lower().replace(" ", "_")
    return lambda token: wanted is None or token == wanted
