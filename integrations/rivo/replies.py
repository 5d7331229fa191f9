"""What a complete answer of Rivo's means: the resource in it, or the error it stands for."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.errors import (
    ActionError,
    NotAvailableError,
    NotConfiguredError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo.resource import Resource, strange, unclear
from integrations.upstream import Reply

LOST = (
    "Rivo did not confirm the change: it may have been applied. "
    "Do not repeat it before you have looked at the customer."
)
NOT_OFFERED = "Rivo does not offer this on this store; nothing was changed."
BUSY = "Rivo is too busy right now; nothing was changed."
NOBODY = {"data": None}  # there is no such customer, or reward (contract, U6)
BARE = frozenset({"id", "customer_id", "customer"})  # one of them is in every bare resource
KEY_REFUSED = "Rivo refuses the service's API key; an administrator has to set it right."


class WrongVerbError(NotAvailableError):
    """The operation wants another HTTP verb on this store; surely not applied."""


def body_of(reply: Reply) -> Any:
    """Decode a JSON body; None where it is none (HTML, empty, broken)."""
    try:
        return msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def reason(body: object) -> str | None:
    """Find Rivo's words in an error body: `error`, then `message`, then `errors`."""
    if not isinstance(body, dict):
        return None
    for name in ("error", "message", "errors"):
        said = body.get(name)
        if isinstance(said, list):
            said = ", ".join(str(each) for each in said)
        if isinstance(said, dict):
            said = said.get("message") or said.get("msg")
        if isinstance(said, str) and said.strip():
            return " ".join("".join(c for c in said if c.isprintable() or c == " ").split())[:200]
    return None


def read_error(reply: Reply, *, optional: bool = False, single: bool = False) -> ActionError | None:
    """Say which error a read's answer stands for; None where it is a good answer.

    `optional` marks operations that some stores lack; `single` a read of one resource by its id,
    where 400 and 422 mean that there is none.
    """
    body = body_of(reply)
    said = reason(body)
    if 200 <= reply.status < 300:
        if isinstance(body, dict) and body.get("data") is None and (said or "data" in body):
            return NotFoundError(said or "Rivo knows no such customer or resource.")
        what, there = ("one resource", resource_in(body)) if single else ("a list", rows_in(body))
        return strange(what) if there is None else None
    if reply.status in (401, 403):
        return NotConfiguredError(KEY_REFUSED)
    if reply.status == 404 and said:
        return NotFoundError(said)
    if reply.status in (404, 405) and optional:
        return NotAvailableError("Rivo does not offer this on this store.")
    if reply.status in (400, 422):
        return NotFoundError(said or "Rivo knows no such thing.") if single else refused(said)
    if reply.status == 429:
        return UnavailableError("Rivo is too busy right now.", retry_after=reply.retry_after or 1)
    return UnavailableError("Rivo is not available right now.", retry_after=1)


def write_error(reply: Reply, *, empty: bool) -> ActionError | None:
    """Say which error a write's answer stands for; None where it was applied.

    `empty` says that the contract lists 204 for this write.
    """
    body = body_of(reply)
    said = reason(body)
    status = reply.status
    if 200 <= status < 300:
        return _not_applied(reply, body, empty=empty)
    if status == 401 or (status == 403 and not said):
        return NotConfiguredError(KEY_REFUSED)
    if status in (400, 403, 422):
        return refused(said)
    if status == 404 and said:
        return NotFoundError(said)
    if status == 405:
        return WrongVerbError(NOT_OFFERED)
    if status == 404:
        return NotAvailableError(NOT_OFFERED)
    if status == 429:
        return UnavailableError(BUSY, retry_after=reply.retry_after or 1)
    return OutcomeUnknownError(LOST)


def _not_applied(reply: Reply, body: object, *, empty: bool) -> ActionError | None:
    """Say what is wrong with a 2xx: only the forms that the contract lists mean applied."""
    if reply.status == 204:
        return None if empty else OutcomeUnknownError(LOST)
    if isinstance(body, dict) and body.get("data") is None and isinstance(body.get("error"), str):
        error = refused(reason(body))
        error.doubtful = True  # the status says that it was done
        return error
    return None if resource_in(body) else OutcomeUnknownError(LOST)


def resource_in(body: object, *, wrote: bool = False) -> Resource | None:
    """Find the resource in an answer to one: under `data`, or bare attributes.

    `wrote` says that the answer is one to a write.
    """
    if not isinstance(body, dict):
        return None
    row = body.get("data", body)
    if not isinstance(row, dict) or not (row is not body or row.keys() & BARE):
        return None
    resource = Resource.of(row, trouble=unclear if wrote else strange)
    return resource if resource.attributes else None


def rows_in(body: object) -> list[Any] | None:
    """Find the rows in an answer to a list: under `data`, or bare."""
    rows = body.get("data") if isinstance(body, dict) else body
    return rows if isinstance(rows, list) else None


def refused(said: str | None) -> RefusedError:
    """Make the error for a plain no, with Rivo's reason where it gave one."""
    return RefusedError(
        f"Rivo refused this: {said}" if said else "Rivo refused this without a reason."
    )
