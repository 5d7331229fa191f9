"""What answers where nothing is: a problem, as everywhere else."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from app.doors import Reply, encode, respond
from app.problems import MEDIA_TYPE, HttpError, problem_of


async def unrouted(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 -- ASGI
    """Answer 404."""
    error = HttpError(404, "not_found", "There is nothing here; / says what there is.")
    body = encode(problem_of(error, scope["seen"].request_id))
    await respond(send, Reply(404, body, MEDIA_TYPE), head=scope["method"] == "HEAD")
