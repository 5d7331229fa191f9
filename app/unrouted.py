"""What answers where nothing is, or not by this method: a problem, as everywhere else."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.manners import encode
from app.problems import MEDIA_TYPE, HttpError, problem_of


async def unrouted(request: Request, error: Exception) -> Response:
    """Answer 404, or 405 with what is allowed."""
    allowed = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    problem = HttpError(404, "not_found", "There is nothing here; / says what there is.")
    if methods := allowed.get("Allow"):
        allowed = {"Allow": ", ".join(sorted(methods.split(", ")))}
        problem = HttpError(405, "method_not_allowed", f"This answers {allowed['Allow']} only.")
    body = encode(problem_of(problem, request.scope["seen"].request_id))
    return Response(body, problem.status, allowed, MEDIA_TYPE.decode())
