"""Puts what is to be into Gorgias, in place and as often as one likes, and takes it out again.

Nothing is remembered but in Gorgias itself: each run looks first, so that one that was broken off
is simply run again. What is not ours is never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from integrations.gorgias.comparing import differences
from integrations.gorgias.macros import macros, name_of
from integrations.gorgias.ours import There
from integrations.gorgias.rest import (
    GorgiasApi,
    GorgiasError,
    KeyRefusedError,
    Method,
    NotThereError,
    SaidNoError,
)
from integrations.gorgias.site import Body, Site, integration, title
from integrations.gorgias.widget import CONTEXTS, widget

Kind = Literal["integrations", "widgets", "macros"]
Verb = Literal["keep", "create", "update", "delete"]
METHODS: Final[Mapping[Verb, Method]] = {"create": "POST", "update": "PUT", "delete": "DELETE"}
NEEDED: Final = ("create", "integrations")
NEW_ID: Final = "<id of the new integration>"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One object, and what is to be done about it: `json` is what it is to be.

    `differences` name what is otherwise now; of a step that was taken, what Gorgias did not keep.
    `refused` says why Gorgias did not let it be taken.
    """

    verb: Verb
    kind: Kind
    name: str
    id: int | None = None
    json: Body | None = None
    differences: tuple[str, ...] = ()
    refused: str | None = None

    @property
    def path(self) -> str:
        """Say where it is in Gorgias' API."""
        return f"/api/{self.kind}" if self.id is None else f"/api/{self.kind}/{self.id}"


def planned(site: Site, there: There, integration_id: int | None = None) -> list[Step]:
    """Say what an installation has to do: the integration first, deletions last.

    `integration_id` is that of the integration where it was made just now.
    """
    now = there.integrations[0] if there.integrations else None
    steps = [_step("integrations", title(site.shop), integration(site), now)]
    known = steps[0].id if integration_id is None else integration_id
    shown_id = NEW_ID if known is None else known
    for context in CONTEXTS:
        name = _widget_name(site.shop, context)
        body = widget(site, context, shown_id)
        steps.append(_step("widgets", name, body, there.widget(context, known)))
    for key, body in macros(site, shown_id).items():
        steps.append(_step("macros", body["name"], body, there.macro(key)))
    kept = {(step.kind, step.id) for step in steps}
    return steps + [step for step in _all(site.shop, there) if (step.kind, step.id) not in kept]


def removal(shop: str, there: There) -> list[Step]:
    """Say what has to be deleted so that nothing of ours is left: integrations last."""
    return list(_all(shop, there))


async def install(
    api: GorgiasApi, site: Site, there: There, tell: Callable[[Step], None]
) -> list[Step]:
    """Make it so; `tell` hears of every step that was taken. Raises a GorgiasError."""
    first = await _take(api, planned(site, there)[0], tell)
    rest = planned(site, there, first.id)[1:]
    return [first, *[await _take(api, step, tell) for step in rest]]


async def remove(api: GorgiasApi, steps: list[Step], tell: Callable[[Step], None]) -> list[Step]:
    """Delete what `removal` names; raises a GorgiasError."""
    return [await _take(api, step, tell) for step in steps]


def _step(kind: Kind, name: str, wanted: Body, found: Body | None) -> Step:
    if found is None:
        # A null says something only to what is there: switch it on again.
        made = {key: value for key, value in wanted.items() if value is not None}
        return Step(verb="create", kind=kind, name=name, json=made)
    told = tuple(differences(wanted, found))
    verb: Verb = "update" if told else "keep"
    return Step(verb=verb, kind=kind, name=name, id=found["id"], json=wanted, differences=told)


def _all(shop: str, there: There) -> Iterator[Step]:
    """Delete everything of ours: what uses something goes before what it uses."""
    for key, known in there.macros.items():
        for each in known:
            yield Step(verb="delete", kind="macros", name=name_of(shop, key), id=each["id"])
    for each in there.widgets:
        name = _widget_name(shop, str(each.get("context")))
        yield Step(verb="delete", kind="widgets", name=name, id=each["id"])
    for each in there.integrations:
        yield Step(verb="delete", kind="integrations", name=title(shop), id=each["id"])


async def _take(api: GorgiasApi, step: Step, tell: Callable[[Step], None]) -> Step:
    """Take a step; what is refused by itself is told, and does not keep the others from going on.

    Nothing goes on without the integration, or with a key that is refused.
    """
    try:
        taken = step if step.verb == "keep" else await _send(api, step)
    except SaidNoError as error:
        if isinstance(error, KeyRefusedError) or (step.verb, step.kind) == NEEDED:
            raise
        taken = msgspec.structs.replace(step, refused=error.message)
    tell(taken)
    return taken


async def _send(api: GorgiasApi, step: Step) -> Step:
    at = () if step.id is None else (step.id,)
    try:
        answer = await api.request(METHODS[step.verb], step.kind, *at, json=step.json)
    except NotThereError:
        if step.verb == "delete":
            return step
        if step.verb == "update":  # somebody has deleted it just now
            return await _send(api, msgspec.structs.replace(step, verb="create", id=None))
        raise
    if step.json is None:
        return step
    body: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
    id_ = body.get("id", step.id)
    if not isinstance(id_, int):
        raise GorgiasError(f"Gorgias did not say which {step.kind[:-1]} it made.")
    kept = {name: value for name, value in step.json.items() if name in body}
    return msgspec.structs.replace(step, id=id_, differences=tuple(differences(kept, body)))


def _widget_name(shop: str, context: str) -> str:
    return f"{title(shop)}, {context} sidebar"
