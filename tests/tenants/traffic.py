"""The same request from many shops at once: one round after the other, drawn from a seed."""

from __future__ import annotations

import random
from typing import Any, Final

import msgspec

from tests.tenants.town import SHOPS, key_of

PEOPLE: Final = (
    "sarah.martinez@example.com",
    "sarah.johnson@example.com",
    "maya.chen@example.com",
    "aiko.tanaka@example.com",
    "tom.becker@example.com",
)
TIERS: Final = (552287, 552288, 552289, 552290)
REWARDS: Final = (709485, 709486, 709487)
READS: Final = (
    "get_customer",
    "get_sidebar",
    "get_membership",
    "list_customer_points_events",
    "list_customer_points_redemptions",
)
NO_ID: Final = "op_" + "f" * 32


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and the shops that make it; `kind` says what is to be expected of it.

    `about` draws the operation that is looked at; `key` is the idempotency key, one for all shops.
    """

    kind: str
    shops: tuple[int, ...]
    caller: str = "agents"
    action: str = ""
    inputs: dict[str, Any] = {}
    key: str | None = None
    about: float = 0.0

    def headers(self, shop: int) -> dict[str, str]:
        """Make the headers of one shop's request."""
        proof = {"authorization": f"Bearer {key_of(shop, self.caller)}"}
        return proof if self.key is None else {**proof, "idempotency-key": self.key}


class Dice:
    """Draws rounds."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._count = 0
        self._keyed: list[Round] = []

    def round(self, most: int) -> Round:
        """Draw a round of at most so many requests."""
        dice = self._random
        self._count += 1
        shops = tuple(dice.sample(range(SHOPS), min(most, dice.randint(5, SHOPS))))
        if (
            self._keyed and dice.random() < 0.15
        ):  # once more, from some who did and some who did not
            return msgspec.structs.replace(dice.choice(self._keyed), shops=shops)
        kinds = (self._read, self._write, self._look)
        drawn = dice.choices(kinds, (30, 50, 20))[0](shops)
        if drawn.key is not None:
            self._keyed.append(drawn)
        return drawn

    def _read(self, shops: tuple[int, ...]) -> Round:
        dice = self._random
        action = dice.choice((*READS, "list_rewards", "list_vip_tiers", "list_customers"))
        inputs = {"customer_email": dice.choice(PEOPLE)} if action in READS else {}
        caller = dice.choice(("agents", "helpdesk"))
        return Round(kind="read", shops=shops, caller=caller, action=action, inputs=inputs)

    def _write(self, shops: tuple[int, ...]) -> Round:
        dice, who = self._random, {"customer_email": self._random.choice(PEOPLE)}
        note = {"external_note": f"round {self._count}"}
        writes: tuple[tuple[str, dict[str, Any]], ...] = (
            ("create_points_event", {**who, **note, "points_amount": dice.randint(1, 130)}),
            ("create_points_event", {**who, **note, "points_amount": -dice.randint(1, 90)}),
            ("create_points_event", {**who, **note, "credits_amount": "1.25"}),
            ("create_points_redemption", {**who, "reward_id": dice.choice(REWARDS)}),
            ("redeem_customer_points", {**who, "reward_id": dice.choice(REWARDS)}),
            ("refund_points_redemption", {"redemption_id": 60_000_001 + dice.randrange(3)}),
            ("update_customer_dob", {**who, "dob": f"0{dice.randint(1, 9)}-13"}),
            ("update_customer_vip_tier", {**who, "vip_tier_id": dice.choice(TIERS)}),
            ("cancel_membership", who),
            ("create_referral", self._referral()),
        )
        action, inputs = dice.choice(writes)
        is_keyed = dice.random() < 0.6
        return Round(
            kind="write",
            shops=shops,
            caller=dice.choice(("agents", "agents", "helpdesk")),
            action=action,
            inputs=inputs,
            key=f"key-{self._count}" if is_keyed else None,
        )

    def _referral(self) -> dict[str, Any]:
        friend = f"friend-{self._count}@example.com"
        return {"email": friend, "referral_code": "CMENDES", "remote_ip": "192.0.2.1"}

    def _look(self, shops: tuple[int, ...]) -> Round:
        kinds = ("own", "foreign", "settle", "approve", "reverse", "take back", "list")
        kind = self._random.choice(kinds)
        is_judging = kind in ("settle", "approve")
        return Round(
            kind=kind,
            shops=shops,
            caller="lead" if is_judging else "agents",
            action="reverse_points_event" if kind in ("reverse", "take back") else "",
            about=self._random.random(),
        )
