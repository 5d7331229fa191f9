"""Switches: each alternative changes what it says, and nothing else."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from integrations.rivo_sandbox import Switches, alternatives
from integrations.rivo_sandbox.switches import ROWS
from tests.rivo_sandbox.scenes import SCENES, announced, play

pytestmark = pytest.mark.anyio

# Which scenes end otherwise than by default; `announced` are the webhooks of a refund.
CHANGES: dict[str, set[str]] = {
    "U1-refusal-400": {"redeem too much", "redeem as guest"},
    "U1-refusal-403": {"redeem too much", "redeem as guest"},
    "U1-refusal-200-error": {"redeem too much", "redeem as guest"},
    "U1-refusal-201-error": {"redeem too much", "redeem as guest"},
    "U2-validation-errors": {"events by unlisted source", "redeem without a reward"},
    "U2-validation-message": {"events by unlisted source", "redeem without a reward"},
    "U3-cancellation-empty-204": {"cancel", "cancel at once"},
    "U3-cancellation-body-202": {"cancel", "cancel at once"},
    "U3-cancellation-query-cancellation-policy": {"cancel at once"},
    "U4-refund-route-put": {"refund", "refund by put", "refund what is used", "refund a gift card"},
    "U4-refund-route-absent": {
        "refund",
        "refund by put",
        "refund what is used",
        "refund a gift card",
        "events after a refund",
        "announced",
    },
    "U5-redemption-customer-before": {"redeem", "refund"},
    "U5-redemption-customer-absent": {"redeem", "refund"},
    "U6-unknown-422": {"stranger", "unknown reward", "redeem nothing known"},
    "U6-unknown-200-null": {"stranger", "unknown reward", "redeem nothing known"},
    "U7-unknown-customer-list-404": {"events of a stranger"},
    "U8-last-links-absent": {
        "last page",
        "end of cursor",
        "tiers",
        "rules",
        "events of a stranger",
        "events by source",
        "used redemptions",
        "redemptions of a reward",
        "rewards by purchase type",
        "tier history",
        "referrals",
        "members",
        "enrolments",
        "events after a refund",
        "webhooks",
    },
    "U8-last-links-self-only": {"end of cursor", "events after a refund"},
    "U9-inferred-filters-unread": {
        "events by source",
        "events by unlisted source",
        "redemptions of a reward",
        "rewards by purchase type",
        "tier history",
    },
    "U9-inferred-filters-400": {
        "events by source",
        "events by unlisted source",
        "redemptions of a reward",
        "rewards by purchase type",
        "tier history",
    },
    "U10-tokens-any-text": {
        "events",
        "events by source",
        "events by unlisted source",
        "used redemptions",
        "redemptions of a reward",
        "rewards by purchase type",
        "redeem",
        "refund",
        "events after a refund",
    },
    "U11-write-fields-unread": {"name"},
    "U11-write-fields-400": {"name"},
    "U11-webhook-fields-unread": {"webhooks"},
    "U11-webhook-fields-400": {"webhooks"},
    "U11-webhook-key-own": {"webhooks"},
    "U11-webhook-key-hidden": {"webhooks"},
    "U12-tier-route-200": {"tier"},
    "U12-tier-route-absent": {"tier"},
    "U13-write-answer-bare": {
        "redeem",
        "refund",
        "grant",
        "take too much",
        "birthday",
        "name",
        "tier",
        "refer",
        "cancel",
        "cancel at once",
        "webhooks",
    },
    "U13-write-answer-put-204": {"birthday", "name", "webhooks"},
    "U14-batch-422": {"batch with a bad row", "batch of eleven"},
    "U14-batch-row-errors": {"batch with a bad row"},
    "U14-batch-empty": {"batch"},
    "U15-unauthorized-html": {"wrong key"},
    "U15-unauthorized-empty": {"wrong key"},
    "U16-too-many-retry-after": {"sixteen at once"},
    "U16-too-many-plain-text": {"sixteen at once"},
    "U17-limit-token-bucket": {"two bursts"},
    "U17-limit-fixed-window": {"two bursts"},
    "U18-failure-json-error": {"failing"},
    "U18-failure-closed-connection": {"failing"},
    "U19-negative-balance-refused": {"take too much"},
    "U20-read-after-write-delayed": {"read after write"},
    "U21-email-match-case-sensitive": {"customer in capitals"},
    "U22-spent-refund-201": {"refund what is used", "refund a gift card"},
    "U22-spent-refund-404": {"refund what is used", "refund a gift card"},
    "U23-refund-event-none": {"events after a refund", "announced"},
    "U24-signature-v1-base64": {"announced"},
    "U24-signature-documented-base64": {"announced"},
    "U24-signature-documented-hex": {"announced"},
    "U24-webhook-timestamp-iso-8601": {"announced"},
    "U25-webhook-retry-none": {"announced"},
    "U25-webhook-retry-unchanged": {"announced"},
    "U26-webhook-order-out-of-order": {"announced"},
    "U26-webhook-order-duplicates": {"announced"},
    "U27-membership-row-bare": {"member", "members", "never a member"},
    "U27-membership-missing-404": {"never a member"},
    "U27-membership-missing-200-error": {"never a member"},
}
ALTERNATIVES = dict(alternatives())


@pytest.fixture(scope="module")
async def default() -> dict[str, list[object]]:
    return {name: await play(name, Switches()) for name in SCENES}


@pytest.mark.parametrize("alternative", CHANGES)
async def test_an_alternative_changes_what_it_says(
    default: dict[str, list[object]], alternative: str
) -> None:
    switches = ALTERNATIVES[alternative]

    changed = {name for name in SCENES if default[name] != await play(name, switches)}
    if await announced(Switches()) != await announced(switches):
        changed.add("announced")

    assert CHANGES[alternative] == changed


async def test_the_content_type_changes_wherever_there_is_json(
    default: dict[str, list[object]],
) -> None:
    switches = ALTERNATIVES["U28-content-type-json-charset"]

    for name in SCENES:
        plain = str(default[name]).replace("application/json", "application/json; charset=utf-8")
        assert plain == str(await play(name, switches))


def test_every_row_of_the_contract_has_its_switches() -> None:
    fields = [name for names in ROWS.values() for name in names]

    assert [f"U{number}" for number in range(1, 29)] == list(ROWS)
    assert list(Switches.__struct_fields__) == fields


def test_every_alternative_is_listed_once() -> None:
    hints = get_type_hints(Switches)
    values = sum(len(get_args(hint)) - 1 for hint in hints.values())

    assert values == len(ALTERNATIVES) == len(set(ALTERNATIVES.values()))
    assert ALTERNATIVES.keys() - CHANGES.keys() == {"U28-content-type-json-charset"}


def test_the_first_value_of_a_switch_is_its_default() -> None:
    for name, hint in get_type_hints(Switches).items():
        assert get_args(hint)[0] == getattr(Switches(), name)
