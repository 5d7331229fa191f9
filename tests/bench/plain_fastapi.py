"""The same job as one would write it in an afternoon: FastAPI, httpx, a dict that remembers.

No authentication, no log line, no metrics, no coalescing, no bound.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

FRESH_SECONDS: Final = 86_400.0


class Customer(BaseModel):
    """A customer's loyalty profile."""

    customer_id: int
    email: str
    first_name: str | None
    last_name: str | None
    loyalty_status: str | None
    referral_code: str | None
    customer_dob: str | None
    customer_shopify_tags: list[str] | None
    points_expire_at: str | None
    vip_tier: str | None
    orders_count: int | None
    total_spent: float | None
    points_tally: int | None
    dob: str | None
    dob_last_updated_at: str | None
    lifetime_earnings_tally: int | None
    credits_tally: str | None


class Answer(BaseModel):
    """What is answered."""

    customer: Customer
    as_of: str
    stale: bool


def plain_fastapi(rivo: httpx.AsyncClient) -> FastAPI:
    """Make the application over a client whose base URL is Rivo's."""
    app = FastAPI()
    remembered: dict[str, tuple[float, Answer]] = {}

    @app.get("/actions/get_customer")
    async def get_customer(customer_email: str) -> Answer:
        until, answer = remembered.get(customer_email, (0.0, None))
        if answer is not None and time.monotonic() < until:
            return answer
        reply = await rivo.get(f"customers/{quote(customer_email, safe='')}")
        if reply.status_code != 200:
            raise HTTPException(502, "Rivo did not answer.")
        answer = _flat(reply.json()["data"]["attributes"])
        remembered[customer_email] = (time.monotonic() + FRESH_SECONDS, answer)
        return answer

    return app


def _flat(attributes: dict[str, Any]) -> Answer:
    tier = attributes["vip_tier"]
    known = {name: attributes.get(name) for name in Customer.model_fields}
    customer = Customer.model_validate(
        known
        | {
            "customer_id": attributes["id"],
            "customer_dob": attributes["dob"],
            "customer_shopify_tags": attributes["shopify_tags"],
            "vip_tier": tier and tier["name"],
        }
    )
    as_of = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Answer(customer=customer, as_of=as_of, stale=False)
