"""What is done in the storefront and in Rivo's own pages, spelled as the requests it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import urlencode

from integrations.rivo_sandbox.received import Received
from integrations.rivo_sandbox.routes import ROOT


def redeeming(
    customer_id: int,
    reward_id: int,
    *,
    points_amount: int | None = None,
    credits_amount: Decimal | None = None,
) -> Received:
    """Take a reward."""
    amounts = {"points_amount": points_amount, "credits_amount": credits_amount}
    given = {name: value for name, value in amounts.items() if value is not None}
    form = {"customer_identifier": customer_id, "reward_id": reward_id, **given}
    return _request("POST", "points_redemptions", form)


def refunding(redemption_id: int, *, method: str) -> Received:
    """Give a reward back."""
    return _request(method, f"points_redemptions/{redemption_id}/refund")


def changing_birthday(customer_id: int, dob: str) -> Received:
    """Set the birthday, `MM-DD`."""
    return _request("PUT", f"customers/{customer_id}", {"dob": dob})


def cancelling(customer_id: int) -> Received:
    """Cancel a membership, as the shop's policy has it."""
    return _request("DELETE", f"memberships/{customer_id}/cancel")


def giving(
    customer_id: int, *, points: int = 0, credits_: Decimal | None = None, note: str | None = None
) -> Received:
    """Give points or store credit by hand, or take some; the customer sees the note."""
    amounts = {"points_amount": points, "credits_amount": credits_}
    given = {name: value for name, value in amounts.items() if value}
    told = {"external_note": note} if note else {}
    form = {"customer_identifier": customer_id, "source": "manual", **given, **told}
    return _request("POST", "points_events", form)


def moving(customer_id: int, vip_tier_id: int) -> Received:
    """Move to another VIP tier."""
    return _request("POST", f"customers/{customer_id}/vip_tier", {"vip_tier_id": vip_tier_id})


def _request(method: str, path: str, form: Mapping[str, object] | None = None) -> Received:
    body = urlencode(form or {}).encode()
    headers = (("content-type", "application/x-www-form-urlencoded"),) if form else ()
    return Received(method=method, path=f"{ROOT}/{path}", query="", headers=headers, body=body)
