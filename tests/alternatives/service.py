"""A shop's service over a sandbox in process, and what came of asking it something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import httpx
import msgspec
from starlette.types import Message, Receive, Scope, Send

from integrations.errors import ActionError, NotFoundError
from integrations.memory import Memory
from integrations.rivo import ACTIONS, Rivo, ShopFacts
from integrations.rivo.writing import Given, Writing
from integrations.rivo_sandbox import Fault, Received, Sandbox, Switches, demo_shop
from integrations.rivo_sandbox.state import State
from integrations.upstream import Upstream, make_client

BUSY = 429
KEY = "sandbox-key"
REFERENCE = "op_0123456789abcdef0123456789abcdef"
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

GIVEN = {
    f"op_{1:032x}": Given(customer="maya.chen@example.com", points=40, credits="0"),
    f"op_{2:032x}": Given(customer="sarah.johnson@example.com", points=0, credits="-2.50"),
    f"op_{3:032x}": Given(customer="maya.chen@example.com", points=0, credits="0"),
    f"op_{4:032x}": Given(customer="nobody@example.com", points=40, credits="0"),
}
"""Points events of ours that can be taken back, by their operation."""

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
        self._client = make_client(
            base_url="http://rivo.example/merchant_api/v1",
            headers={"Authorization": KEY},
            transport=httpx.ASGITransport(app=self),
        )
        self.busy = 0

    @property
    def upstream(self) -> Upstream:
        """What has asked nothing yet: neither budget nor breaker knows of other sandboxes."""
        # By chance 0 a read is tried again so soon that there is time for it before a write.
        return Upstream(self._client, name="shop", clock=lambda: 0.0, chance=lambda: 0.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.sandbox is not None

        async def sent(message: Message) -> None:
            if scope["method"] != "GET":
                self.busy += message.get("status") == BUSY
            await send(message)

        await self.sandbox(scope, receive, sent)


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
        self.line = line
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
            sleep=self.sleep,
        )

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    @property
    def state(self) -> State:
        return self.sandbox._state

    async def ask(self, name: str, inputs: Mapping[str, object]) -> Outcome:
        """Run an action as a door would, and describe what came of it.

        `answer` (and `full`, where it was asked for) or `error` and `message`; `sent` is every
        write that the sandbox received, `busy` how many of them it was too busy for, `changed` how
        many of its rows are new or different.
        """
        action = ACTIONS[name]
        before, heard = self.state.copy(), len(self.sandbox.requests)
        self.line.busy = 0
        outcome: Outcome = {}
        try:
            given, context = action.parse(inputs)
            until = self.seconds + 4
            rivo = (
                self.rivo.for_write(account(), until) if action.writes else self.rivo.until(until)
            )
            answer = await action.run(rivo, **given)
        except ActionError as error:
            outcome |= {"error": error.code, "message": error.message}
        else:
            outcome["answer"] = plain(answer)
            if context.shape == "full":
                outcome["full"] = plain(answer.resource)
        received = list(self.sandbox.requests)[heard:]
        outcome["sent"] = [_spelt(each) for each in received if each.method != "GET"]
        outcome["changed"] = changes(before, self.state)
        if self.line.busy:
            outcome["busy"] = self.line.busy
        return outcome


def account() -> Writing:
    """Keep account of a write as far as its action needs it: nothing else is done with it."""

    async def about_to_send(_: Mapping[str, Any]) -> None:
        """Let it be sent."""

    async def recall(operation_id: str) -> Given:
        if operation_id not in GIVEN:
            raise NotFoundError("There is no points event of ours with this operation_id.")
        return GIVEN[operation_id]

    return Writing(reference=REFERENCE, about_to_send=about_to_send, recall=recall)


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
    # What Rivo was too busy for it has not done: it is sent once more.
    assert sum(sent.values()) - outcome.get("busy", 0) <= 1 or refund_by_another_verb
    assert outcome.get("busy", 0) <= 2
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
