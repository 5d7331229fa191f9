"""Rivo's webhooks: registered where it shall announce what, read back, and taken away again.

The operations are documented, the names of their fields are not (contract, U11): `event_type`,
`url`, `enabled` and `secret` are what is sent. So nothing counts before it was read back, and what
cannot be read back is said. Source: https://developer-docs.rivo.io/reference/webhooks-1
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from integrations.errors import ActionError, LostReplyError, NotSentError
from integrations.rivo.forms import pairs_of
from integrations.rivo.hooks import METHODS, Hook, Step, at, read_back
from integrations.rivo.replies import (
    KEY_REFUSED,
    body_of,
    read_error,
    reason,
    resource_in,
    rows_in,
)
from integrations.rivo.resource import Resource
from integrations.upstream import Reply, Upstream

SECONDS: Final = 15.0
TRIES: Final = 3
PAGE: Final = 100
MOST_PAGES: Final = 20


class WebhooksError(Exception):
    """It could not be done; the message is one or two sentences for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RivoWebhooks:
    """Asks one Rivo for its webhooks, and changes them; each write is sent once."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def all(self) -> list[Hook]:
        """List all of them; WebhooksError where Rivo does not tell."""
        found: dict[int, Hook] = {}
        for number in range(1, MOST_PAGES + 1):
            page = [("pagination[page]", str(number)), ("pagination[per_page]", str(PAGE))]
            try:
                reply = await self._upstream.read(("webhooks",), params=page, seconds=SECONDS)
            except (NotSentError, LostReplyError):
                raise WebhooksError("Rivo does not answer.") from None
            _check_known(reply)
            if (error := read_error(reply)) is not None:
                raise WebhooksError(error.message)
            hooks = _hooks(rows_in(body_of(reply)) or [])
            new = {each.id: each for each in hooks if each.id not in found}
            found |= new
            if len(hooks) < PAGE or not new:
                break
        return list(found.values())

    async def register(
        self, steps: Sequence[Step], *, url: str, secret: str, tell: Callable[[Step], None]
    ) -> list[Step]:
        """Take what `planned` says, and read back what came of it; `tell` hears of each step.

        Where Rivo made the first webhook and kept nothing of it, no second one is made, and that
        one is taken away again: WebhooksError.
        """
        taken: list[Step] = []
        proved = False
        for step in steps:
            done = await self._take(step)
            if step.verb == "create" and done.refused is None and not proved:
                await self._prove(done, url)
                proved = True
            taken.append(done)
            tell(done)
        hooks = at(await self.all(), url)
        return [read_back(step, hooks, secret) for step in taken]

    async def remove(self, steps: Sequence[Step], *, tell: Callable[[Step], None]) -> list[Step]:
        """Take what `removal` says, and look whether they are gone."""
        taken = []
        for step in steps:
            taken.append(await self._take(step))
            tell(taken[-1])
        hooks = await self.all() if taken else []
        return [read_back(step, hooks, "") for step in taken]

    async def _prove(self, made: Step, url: str) -> None:
        """See that the first webhook is there as it was asked for."""
        hooks = await self.all()
        if any(each.topic == made.topic for each in at(hooks, url)):
            return
        if made.doubts:
            raise WebhooksError("Rivo did not answer, and the webhook is not there: try it again.")
        gone = ""
        for each in hooks:
            if each.id == made.id and each.url is None:
                done = await self._take(Step(verb="delete", topic=None, id=each.id))
                gone = "" if done.refused or done.doubts else " What it made was taken away again."
        raise WebhooksError(f"Rivo took the request, and the webhook is not there.{gone}")

    async def _take(self, step: Step) -> Step:
        if step.verb == "keep":
            return step
        reply = await self._send(step)
        if reply is None or reply.status >= 500:
            return msgspec.structs.replace(step, doubts=("Rivo did not answer",))
        if 200 <= reply.status < 300:
            return msgspec.structs.replace(step, id=_id_in(reply) or step.id)
        if step.verb == "delete" and reply.status == 404:
            return step
        _check_known(reply)
        said = reason(body_of(reply)) or "without a reason"
        return msgspec.structs.replace(step, refused=f"{said} ({reply.status})")

    async def _send(self, step: Step) -> Reply | None:
        """Send a step once; None where nobody knows whether it was done."""
        form = None if step.form is None else pairs_of(step.form)
        reply = None
        for _ in range(TRIES):
            try:
                reply = await self._upstream.call(
                    METHODS[step.verb], step.path, form=form, seconds=SECONDS
                )
            except NotSentError:
                raise WebhooksError("Rivo could not be reached; this was not sent.") from None
            except LostReplyError:
                return None
            if reply.status != 429:  # that one was surely not done
                break
        return reply


def _hooks(rows: list[Any]) -> list[Hook]:
    try:
        found = [Hook.of(Resource.of(row)) for row in rows]
    except ActionError as error:
        raise WebhooksError(error.message) from None
    return [each for each in found if each is not None]


def _id_in(reply: Reply) -> int | None:
    resource = resource_in(body_of(reply))
    return resource.id if resource else None


def _check_known(reply: Reply) -> None:
    """Raise WebhooksError where nothing about webhooks can be done here."""
    if reply.status == 401:
        raise WebhooksError(KEY_REFUSED)
    if reply.status == 405 or (reply.status == 404 and reason(body_of(reply)) is None):
        raise WebhooksError("This store's Rivo has no operations for webhooks.")
