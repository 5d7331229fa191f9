"""A webhook of Rivo's as it is listed, what is to be done about it, and what came of that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from integrations.rivo.resource import Resource

Verb = Literal["keep", "create", "update", "delete"]
METHODS: Final[Mapping[Verb, str]] = {"create": "POST", "update": "PUT", "delete": "DELETE"}
TOPICS: Final = (
    "points_event/created",
    "points_redemption/created",
    "balance_transaction/created",
    "loyalty_profile/updated",
    "customer_vip_tier/upgraded",
    "customer_vip_tier/downgraded",
    "referral/completed",
    "membership/canceled",
    "membership/pending_cancellation",
    "membership/payment_success",
)
"""What makes us look again, or starts a trigger: one webhook each."""
SCHEMES: Final = ("https://", "http://")
ON: Final = {"active": True, "enabled": True, "disabled": False, "inactive": False, "paused": False}
SECRET: Final = re.compile(r"[A-Za-z0-9+/=_.:-]{12,}")
UNKNOWN_STATE: Final = "whether it is on is not shown"
UNKNOWN_SIGNATURE: Final = "its secret is not shown"
SIGNED_OTHERWISE: Final = "Rivo keeps another secret"


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as Rivo lists it; None is what it does not tell."""

    id: int
    topic: str | None
    url: str | None
    enabled: bool | None
    secret: str | None

    @classmethod
    def of(cls, row: Resource) -> Hook | None:
        """Read a row, by the names of its attributes or else by what stands in them."""
        told = row.attributes
        texts = [each for each in told.values() if isinstance(each, str)]
        topics = [told.get("event_type"), *(each for each in texts if each in TOPICS)]
        addresses = [told.get("url"), *(each for each in texts if each.startswith(SCHEMES))]
        on = told.get("enabled", ON.get(str(told.get("status")).lower()))
        if row.id is None:
            return None
        return cls(
            id=row.id,
            topic=_text(topics),
            url=_text(addresses),
            enabled=on if isinstance(on, bool) else None,
            secret=_text([told.get("secret"), told.get("secret_token")]),
        )


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook, and what is to be done about it.

    Of a step that was taken, `refused` says why Rivo did not let it be, `doubts` what could not be
    read back.
    """

    verb: Verb
    topic: str | None
    id: int | None = None
    form: Mapping[str, object] | None = None
    refused: str | None = None
    doubts: tuple[str, ...] = ()

    @property
    def path(self) -> tuple[str | int, ...]:
        """Say where it is in Rivo's API."""
        return ("webhooks",) if self.id is None else ("webhooks", self.id)


def planned(hooks: Sequence[Hook], *, url: str, secret: str) -> list[Step]:
    """Say what has to be done so that each topic is announced to `url`, once."""
    steps: list[Step] = []
    superfluous: list[Step] = []
    for topic in TOPICS:
        wanted = {"event_type": topic, "url": url, "enabled": True, "secret": secret}
        mine = sorted(
            (each for each in at(hooks, url) if each.topic == topic), key=lambda each: each.id
        )
        if not mine:
            steps.append(Step(verb="create", topic=topic, form=wanted))
            continue
        first, *rest = mine
        fine = first.enabled is not False and not _is_another(first.secret, secret)
        verb: Verb = "keep" if fine else "update"
        steps.append(Step(verb=verb, topic=topic, id=first.id, form=None if fine else wanted))
        superfluous += [Step(verb="delete", topic=topic, id=each.id) for each in rest]
    return steps + superfluous


def removal(hooks: Sequence[Hook], *, url: str) -> list[Step]:
    """Say what has to be deleted so that nothing is announced to `url` any more."""
    return [Step(verb="delete", topic=each.topic, id=each.id) for each in at(hooks, url)]


def at(hooks: Sequence[Hook], url: str) -> list[Hook]:
    """Choose those that announce to an address."""
    return [each for each in hooks if each.url is not None and each.url.rstrip("/") == url]


def read_back(step: Step, hooks: Sequence[Hook], secret: str) -> Step:
    """Compare a step with what Rivo lists afterwards."""
    if step.refused is not None:
        return step
    if step.verb == "delete":
        left = any(each.id == step.id for each in hooks)
        return msgspec.structs.replace(step, doubts=("still there",) if left else ())
    there = next((each for each in hooks if each.topic == step.topic), None)
    if there is None:
        return msgspec.structs.replace(step, doubts=("not there",))
    doubts = []
    if there.enabled is not True:
        doubts.append("switched off" if there.enabled is False else UNKNOWN_STATE)
    if there.secret != secret:
        another = _is_another(there.secret, secret)
        doubts.append(SIGNED_OTHERWISE if another else UNKNOWN_SIGNATURE)
    return msgspec.structs.replace(step, id=there.id, doubts=tuple(doubts))


def _is_another(shown: str | None, secret: str) -> bool:
    """Say whether what is shown is a secret, and not ours; what is masked may be any."""
    return shown not in (None, secret) and SECRET.fullmatch(str(shown)) is not None


def _text(values: Iterable[object]) -> str | None:
    return next((each for each in values if isinstance(each, str) and each), None)
