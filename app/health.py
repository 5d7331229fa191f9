"""Health and metrics: is the loop alive, may requests come, what has been counted."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.manners import encode
from app.metrics import Metrics
from app.problems import MEDIA_TYPE, HttpError, problem_of
from app.shops import Shops
from integrations.breaker import State

FORWARDED: Final = ("forwarded", "x-real-ip", "via")


def health_routes(shops: Shops, metrics: Metrics) -> list[Route]:
    """Make the routes of /healthz, /readyz and /metrics."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        if not request.app.state.ready:
            request.scope["seen"].outcome = "not_ready"  # nobody has to mend that
            return JSONResponse({"status": "not ready"}, status_code=503)
        return JSONResponse(
            {
                "status": "ready",
                "sandbox": shops.settings.sandbox,
                "store": "ok" if request.app.state.store.usable else "lost",
                "rivo": _rivo(shops),
            }
        )

    async def show_metrics(request: Request) -> Response:
        if not _may_see(request, shops.settings.metrics_digests):
            error = HttpError(401, "unauthorized", "METRICS_KEY is needed as a bearer key.")
            problem = problem_of(error, request.scope["seen"].request_id)
            challenge = {"WWW-Authenticate": 'Bearer realm="rivo-helpdesk"'}
            return Response(encode(problem), 401, challenge, MEDIA_TYPE.decode())
        metrics.store_usable.set(request.app.state.store.usable)
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", show_metrics),
    ]


def _rivo(shops: Shops) -> dict[str, int]:
    """Count the shops whose Rivo is in trouble, without their names: anybody may read this."""
    states = [shop.rivo.upstream.state() for shop in shops.all()]
    return {
        "shops": len(states),
        "left_alone": sum(state.breaker != State.CLOSED for state in states),
        "used_up": sum(state.budget.waiting > 0 for state in states),
    }


def _may_see(request: Request, digests: tuple[bytes, ...]) -> bool:
    """Let in who has METRICS_KEY; where there is none, who comes from this machine itself.

    Behind a proxy on the same machine everybody comes from here: a forwarded request is not let in.
    """
    if digests:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        presented = hashlib.sha256(key.strip().encode("latin-1")).digest()
        known = [hmac.compare_digest(each, presented) for each in digests]
        return scheme.lower() == "bearer" and any(known)
    if any(name in FORWARDED or name.startswith("x-forwarded-") for name in request.headers):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
