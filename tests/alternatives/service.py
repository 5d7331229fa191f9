"""A shop's service over a sandbox in process, and what came of asking it something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import httpx
import msgspec
from starlette.types import Receive, Scope, Send

from integrations.errors import ActionError
from integrations.memory import Memory
from integrations.rivo import ACTIONS, Rivo, ShopFacts
from integrations.rivo_sandbox import Fault, Received, Sandbox, Switches, demo_shop
from integrations.rivo_sandbox.state import State
from integrations.upstream import Upstream, make_client

KEY = "sandbox-key"
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
SHOP = demo_shop()
FACTS = ShopFacts(
    currency="USD", tier_basis="spend", customer_fields=frozenset({"first_name", "last_name"})
)
CHANGEABLE = (
    "customers",
    "points_events",
    "points_redemptions",
    "vip_tier_memberships",
    "referrals",
    "tier_enrollments",
)
"""The rows that an action may change, besides the ledger."""
NOTHING_CHANGED = {
    "invalid_input",
    "not_found",
    "refused_by_rivo",
    "not_available_on_this_store",
    "unavailable",
    "rivo_key_refused",
}
"""Errors whose word is that the shop is as it was."""

BY_DEFAULT = Switches()
KEYS = {
    name: [field.encode_name for field in msgspec.structs.fields(action.answer)]
    for name, action in ACTIONS.items()
}

Plan = Callable[[Received], Fault | None]
Outcome = dict[str, Any]


class Watched:
    """The default switches, with a note of those that were looked at.

    What is asked of a sandbox that never looks at a switch cannot depend on it.
    """

    def __init__(self) -> None:
        self.looked_at: set[str] = set()

    def __getattr__(self, name: str) -> str:
        self.looked_at.add(name)
        value: str = getattr(BY_DEFAULT, name)
        return value


class Line:
    """The way to whichever sandbox is plugged in: connections cost more than sandboxes."""

    def __init__(self) -> None:
        self.sandbox: Sandbox | None = None
        client = make_client(
            base_url="http://rivo.example/merchant_api/v1",
            headers={"Authorization": KEY},
            transport=httpx.ASGITransport(app=self),
        )
        self.upstream = Upstream(client, name="shop", clock=lambda: 0.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.sandbox is not None
        await self.sandbox(scope, receive, send)


class Service:
    """Rivo over a fresh demo shop, at a time that goes only when it is told to.

    `faults` spoil what the sandbox answers, `key` is the one that it wants, `limit` the requests
    that a second allows.
    """

    def __init__(
        self,
        line: Line,
        switches: Switches | Watched,
        *,
        faults: Plan | None = None,
        key: str = KEY,
        limit: int | None = None,
    ) -> None:
        self.seconds = 0.0
        self.reads_lag = isinstance(switches, Switches) and switches.read_after_write == "delayed"
        self.sandbox = line.sandbox = Sandbox(
            SHOP,
            clock=self.now,
            switches=cast(Switches, switches),
            faults=faults,
            key=key,
            requests_per_second=limit,
        )
        self.rivo = Rivo(
            line.upstream,
            Memory(clock=self.clock),
            facts=FACTS,
            clock=self.clock,
            now=self.now,
        )

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    @property
    def state(self) -> State:
        return self.sandbox._state

    async def ask(self, name: str, inputs: Mapping[str, object]) -> Outcome:
        """Run an action as a door would, and describe what came of it.

        `answer` (and `full`, where it was asked for) or `error` and `message`; `sent` is every
        write that the sandbox received, `changed` how many of its rows are new or different.
        """
        action = ACTIONS[name]
        before, heard = self.state.copy(), len(self.sandbox.requests)
        outcome: Outcome = {}
        try:
            given, context = action.parse(inputs)
            answer = await action.run(self.rivo.until(self.seconds + 4), **given)
        except ActionError as error:
            outcome |= {"error": error.code, "message": error.message}
        else:
            outcome["answer"] = plain(answer)
            if context.shape == "full":
                outcome["full"] = plain(answer.resource)
        received = list(self.sandbox.requests)[heard:]
        outcome["sent"] = [_spelt(each) for each in received if each.method != "GET"]
        outcome["changed"] = changes(before, self.state)
        return outcome


def plain(value: object) -> Any:
    """Write as JSON and read again: what a caller gets."""
    return msgspec.json.decode(msgspec.json.encode(value))


def changes(before: State, after: State) -> dict[str, int]:
    """Count the rows that are new or different; entries of the ledger are only ever new."""
    counts = {"ledger": len(after.ledger.entries) - len(before.ledger.entries)}
    for name in CHANGEABLE:
        old, new = getattr(before, name), getattr(after, name)
        assert old.keys() <= new.keys()
        counts[name] = sum(old.get(id_) is not row != old.get(id_) for id_, row in new.items())
    return {name: count for name, count in counts.items() if count}


def assert_honest(service: Service, name: str, outcome: Outcome) -> None:
    """Hold an outcome against the shop: written once or not at all, and told as it is."""
    sent = Counter(line.partition(" ")[0] for line in outcome["sent"])
    refund_by_another_verb = name == "refund_points_redemption" and sent == {"POST": 1, "PUT": 1}
    assert sum(sent.values()) <= 1 or refund_by_another_verb
    assert outcome["changed"].get("ledger", 0) <= 1
    if not ACTIONS[name].writes:
        assert not outcome["sent"]
    if outcome.get("error") in NOTHING_CHANGED:
        assert outcome["changed"] == {}
    if "error" in outcome:
        assert outcome["message"]
        assert KEY not in outcome["message"]
        return
    assert KEYS[name] == list(outcome["answer"])
    if ACTIONS[name].writes or not service.reads_lag:
        _assert_true(service, outcome["answer"])


def _assert_true(service: Service, answer: Mapping[str, Any]) -> None:
    """What an answer says of its customer is what the shop holds."""
    told = answer.get("customer")
    if told is None or told["customer_id"] is None:
        return
    points, credit = service.sandbox.balance(told["customer_id"])
    customer = service.state.customers[told["customer_id"]]
    tier = service.state.vip_tiers.get(customer.vip_tier_id or 0)
    facts = {
        "points_tally": points,
        "credits_tally": credit,
        "first_name": customer.first_name,
        "dob": customer.dob,
        "vip_tier": tier and tier.name,
    }
    if told.get("credits_tally") is not None:
        told = {**told, "credits_tally": Decimal(told["credits_tally"])}
    known = {name: told[name] for name in facts if told.get(name) is not None}
    assert {name: facts[name] for name in known} == known


def _spelt(received: Received) -> str:
    form = "&".join(f"{name}={value}" for name, value in [*received.params, *received.form])
    path = received.path.removeprefix("/merchant_api/v1/")
    return f"{received.method} {path} {form}".rstrip()
