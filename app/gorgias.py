"""The manner of the /gorgias door: reads answer 200 whatever happens, writes say what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from starlette.types import Scope

from app.manners import Asked, Manner, Reply, blank, encode
from app.problems import Problem, headers_of
from app.requests import header
from integrations import gorgias
from integrations.actions import Action, Answer, OperationState
from integrations.errors import (
    ActionError,
    ForbiddenError,
    InputError,
    NotFoundError,
    SwitchedOffError,
    TooFastError,
    UnavailableError,
)

NO_EMAIL: Final = "No e-mail on this ticket"
UNKNOWN: Final = "Not a member"
DOWN: Final = "Not available right now"
SIDEBAR: Final = "get_sidebar"
GIVE_OR_TAKE: Final = "create_points_event"
DIRECTION: Final = gorgias.DIRECTION.lower().encode()


class GorgiasManner(Manner):
    """Flat objects with text that is ready to show; `public_url` is linked from the sidebar."""

    ignores_unknown_reads = True
    tags_views = False

    def __init__(self, public_url: str | None) -> None:
        self.public_url = public_url
        self.blanks: dict[type[Answer], dict[str, Any]] = {}

    def understood(self, scope: Scope, action: Action, inputs: dict[str, Any]) -> dict[str, Any]:
        """Turn amounts the way the button says that was clicked."""
        direction = header(scope, DIRECTION)
        if direction is None or action.name != GIVE_OR_TAKE:
            return inputs
        return gorgias.directed(inputs, direction)

    def answer(self, asked: Asked, answer: Answer) -> Reply:
        """Show what an action answered as one flat object."""
        action, facts = asked.action, asked.shop.settings
        canonical: dict[str, Any] = msgspec.to_builtins(answer)
        if action.writes:
            flat = gorgias.done(action.name, canonical, wrote=answer.wrote, currency=facts.currency)
            return Reply(201 if action.creates and answer.wrote else 200, encode(flat))
        if action.name == SIDEBAR:
            flat = gorgias.flat_sidebar(
                canonical,
                _customer_attributes(answer),
                currency=facts.currency,
                zone=facts.timezone,
                profile_url=self.public_url,
            )
        else:
            flat = gorgias.flat_read(canonical, self.blank(action.answer), zone=facts.timezone)
        return Reply(200, encode(flat))

    def refuse(self, asked: Asked, error: ActionError, problem: Problem) -> Reply:
        """Show why there is nothing: a read as its usual object with a status, at 200."""
        action = asked.action
        if action.writes:
            told = problem.operation
            flat = gorgias.not_done(
                problem.error,
                None if told is msgspec.UNSET else msgspec.to_builtins(told),
                safe_to_retry=isinstance(error, (UnavailableError, TooFastError)),
            )
            return Reply(problem.status, encode(flat), headers=headers_of(error))
        if isinstance(error, ForbiddenError) and not isinstance(error, SwitchedOffError):
            return super().refuse(asked, error, problem)
        status = _status(error)
        if action.name == SIDEBAR:
            flat = gorgias.failed_sidebar(
                status=status, message=problem.error, profile_url=self.public_url
            )
        else:
            flat = gorgias.failed_read(
                self.blank(action.answer),
                status=status,
                message=problem.error,
                zone=asked.shop.settings.timezone,
            )
        return Reply(200, encode(flat))

    def settled(self, asked: Asked, operation: OperationState) -> Reply:
        """Show that a write was applied of which nothing more is known."""
        flat = gorgias.settled(msgspec.to_builtins(operation))
        return Reply(201 if asked.action.creates else 200, encode(flat))

    def repeated(self, asked: Asked, reply: Reply, *, at: datetime) -> Reply:
        """Show an answer again, and say that it is an old one."""
        when = gorgias.local(at.isoformat(), asked.shop.settings.timezone)
        flat = gorgias.repeated(msgspec.json.decode(reply.body), at=when)
        return msgspec.structs.replace(reply, body=encode(flat))

    def blank(self, answer: type[Answer]) -> dict[str, Any]:
        """Return an answer with every key and nothing in it; made once, since it takes a while."""
        if answer not in self.blanks:
            self.blanks[answer] = blank(answer)
        return self.blanks[answer]


def _status(error: ActionError) -> str:
    if isinstance(error, InputError) and error.field == "customer_email":
        return NO_EMAIL
    return UNKNOWN if isinstance(error, NotFoundError) else DOWN


def _customer_attributes(answer: Answer) -> dict[str, Any]:
    resource = answer.resource
    customer = resource.get("customer") if isinstance(resource, dict) else None
    return customer["attributes"] if customer else {}
