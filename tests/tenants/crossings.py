"""Looks for whatever came from another shop; knows nothing of how they are kept apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import httpx
import msgspec

from integrations.rivo_sandbox import Sandbox
from tests.tenants.town import BALANCE, is_closed, mark, most_points, name_of
from tests.tenants.traffic import NO_ID, Round

MARK: Final = re.compile(r"Mark\d\d")
REFERENCE: Final = re.compile(r"op_[0-9a-f]{32}")
POINTS: Final = re.compile(r'"points_tally":(\d+)')
FLAT: Final = re.compile(r'"(?:points_tally|points)":(\d+)')
FOREIGN: Final = frozenset({"foreign", "settle", "approve", "take back"})
Same = tuple[int, str, str]


class Crossings:
    """What was told to whom, and what was wrong with it.

    `owners` are the shops of operations, `events` those of points events that were applied; `named`
    are operations of others that a shop has asked about.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.marked = 0
        self.owners: dict[str, int] = {}
        self.events: dict[str, int] = {}
        self.named: set[tuple[int, str]] = set()
        self._first: dict[Same, tuple[str | None, dict[str, Any] | None]] = {}

    def look(self, shop: int, asked: Round, answer: httpx.Response) -> None:
        """Look at an answer that a shop's caller got."""
        if asked.action == "create_points_event" and answer.status_code == 201:
            operation = _operation(msgspec.json.decode(answer.content))
            self.events[operation or ""] = shop
        self.found += [
            f"{name_of(shop)} {asked.kind} {asked.action} {answer.status_code}: {wrong}"
            for wrong in (*self._seen(shop, asked, answer), *self._expected(shop, asked, answer))
        ]

    def _seen(self, shop: int, asked: Round, answer: httpx.Response) -> Iterator[str]:
        marks = set(MARK.findall(answer.text))
        balances = (FLAT if asked.caller == "helpdesk" else POINTS).findall(answer.text)
        self.marked += mark(shop) in marks or bool(balances)
        if others := marks - {mark(shop)}:
            yield f"names of {sorted(others)}"
        for points in balances:
            if int(points) // BALANCE != shop + 1:
                yield f"a balance of {points}"
        for reference in set(REFERENCE.findall(answer.text)) - {NO_ID}:
            if (shop, reference) in self.named:
                continue  # it says what the shop itself has asked about
            if self.owners.setdefault(reference, shop) != shop:
                yield f"an operation of {name_of(self.owners[reference])}"

    def _expected(self, shop: int, asked: Round, answer: httpx.Response) -> Iterator[str]:
        told = msgspec.json.decode(answer.content)
        if answer.status_code in (400, 401, 500, 502) or told.get("code") == "key_reused":
            yield "refused"
        if asked.kind in FOREIGN and answer.status_code != 404:
            yield "somebody else's operation was found"
        if asked.kind == "own" and answer.status_code != 200:
            yield "its own operation was not found"
        if asked.kind == "write":
            is_off = asked.action == "create_referral" and is_closed(shop)
            if is_off != ("is switched off" in answer.text):
                yield "the switch of another shop"
            is_over = asked.inputs.get("points_amount", 0) > most_points(shop)
            if is_over and answer.status_code != 403:
                yield "the limits of another shop"
            if not is_over and answer.status_code == 403 and not is_off:
                yield "the limits of another shop"
        if asked.kind == "write" and asked.key is not None:
            yield from self._again((shop, asked.caller, asked.key), told, answer)

    def _again(self, same: Same, told: Any, answer: httpx.Response) -> Iterator[str]:
        """The first request under a key is new in each shop, a repeat has the first's answer."""
        operation = _operation(told)
        is_repeat = answer.headers.get("idempotent-replayed") == "true"
        if is_repeat != (same in self._first):
            yield "answered as a repeat" if is_repeat else "made twice"
        if operation is None:
            return
        before, first = self._first.setdefault(same, (operation, None))
        if before != operation:
            yield "another operation than at first"
        told.pop("message", None)  # at a helpdesk it says that this was done already
        if first is not None and first != told:
            yield "another answer than at first"
        if _is_over(told):
            self._first[same] = operation, told


def sent_elsewhere(shop: int, sandbox: Sandbox, told: set[str]) -> Iterator[str]:
    """Say what a sandbox got that is not its own shop's; `told` are that shop's operations."""
    keys = {received.header("authorization") for received in sandbox.requests}
    if keys - {f"rivo-key-of-{name_of(shop)}"}:
        yield f"{name_of(shop)}: asked with another shop's key"
    notes = [each.internal_note or "" for each in sandbox.state.points_events.values()]
    found = [reference for note in notes for reference in REFERENCE.findall(note)[:1]]
    if len(found) != len(set(found)):
        yield f"{name_of(shop)}: a write was applied twice"
    if set(found) - told:
        yield f"{name_of(shop)}: holds a write of another shop"


def _operation(told: dict[str, Any]) -> str | None:
    operation = told.get("operation")
    return operation["id"] if operation else told.get("operation_id")


def _is_over(told: dict[str, Any]) -> bool:
    operation = told.get("operation") or told
    return operation.get("state") in ("succeeded", "rejected", "expired")
