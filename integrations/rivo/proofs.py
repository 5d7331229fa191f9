"""What a read has to show to be one after a write of ours.

Rivo may show for seconds what was there before (contract, U20). The answer to a write tells what it
left behind: a row by its id, what the customer has now. A read that shows it may be kept at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

import msgspec

from integrations.errors import ActionError
from integrations.rivo.replies import body_of, resource_in, rows_in, write_error
from integrations.rivo.resource import Resource
from integrations.upstream import Reply

Key = tuple[tuple[str | int, ...], tuple[tuple[str, str], ...]]
"""By what a read is remembered: its path and its parameters."""
Told = Callable[[Resource], Mapping[str, object]]
"""Reads off a write's answer which attributes its customer surely has after it."""

BALANCE: Final = frozenset({"customers", "memberships/customers", "points_events"})
CODES: Final = BALANCE | {"points_redemptions"}
TOUCHED: Final[Mapping[str, frozenset[str]]] = {
    "points_events": BALANCE,
    "points_redemptions": CODES,
    "referrals": CODES | {"referrals"},
    "customers": BALANCE,  # a birthday or a tier may give points
}
"""What a write to each of these may change; of others nothing is known."""
FIRST_PAGE: Final = ("pagination[page]", "1")


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What one write left behind: a row of a list, what its customer has, what it touched."""

    touched: frozenset[str]
    listed: str
    row: int | None
    customer: Mapping[str, object]

    def touches(self, key: Hashable) -> bool:
        """Say whether the write may be in what is read under a key at all."""
        return _name(cast(Key, key)[0]) in self.touched

    def shows(self, key: Hashable, body: bytes) -> bool | None:
        """Say whether a read shows the write; None where it cannot tell."""
        segments, params = cast(Key, key)
        name = _name(segments)
        with contextlib.suppress(ActionError, msgspec.DecodeError):
            if name == self.listed and len(segments) == 1:
                return self._is_listed(msgspec.json.decode(body), params)
            if name in ("customers", "memberships/customers"):
                return self._is_had(msgspec.json.decode(body))
        return None

    def _is_listed(self, body: Any, params: tuple[tuple[str, str], ...]) -> bool | None:
        if self.row is None:
            return None
        if any(Resource.of(row).id == self.row for row in rows_in(body) or []):
            return True
        return False if FIRST_PAGE in params else None  # the newest come first

    def _is_had(self, body: Any) -> bool | None:
        resource = resource_in(body)
        customer = resource and (resource.inner("customer") or resource)
        has = customer.attributes if customer else {}
        if not self.customer or not self.customer.keys() <= has.keys():
            return None
        return all(_plain(told) == _plain(has[name]) for name, told in self.customer.items())


def nothing(_: Resource) -> Mapping[str, object]:
    """Read nothing off a write's answer."""
    return {}


def proof_of(segments: tuple[str | int, ...], reply: Reply, *, told: Told) -> Proof | None:
    """Read off a write's answer what shows it; None where nothing is known to."""
    touched = TOUCHED.get(_name(segments))
    if touched is None or write_error(reply, empty=True) is not None:
        return None
    said = resource_in(body_of(reply), wrote=True)
    has: Mapping[str, object] = {}
    with contextlib.suppress(ActionError):
        has = told(said) if said else {}
    return Proof(
        touched=touched,
        listed=_name(segments),
        row=said.id if said else None,
        customer=has,
    )


def _name(segments: tuple[str | int, ...]) -> str:
    """Name what a path is about: memberships are several things."""
    return "/".join(map(str, segments[:2])) if segments[0] == "memberships" else str(segments[0])


def _plain(value: object) -> object:
    """Read a value so that two spellings of the same are equal (contract, traps 3 and 4)."""
    if isinstance(value, dict):
        return Resource.of(value).id
    if isinstance(value, str):
        with contextlib.suppress(InvalidOperation):
            return Decimal(value)
    return value
