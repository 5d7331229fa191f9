"""Shops share nothing, and the look for crossings finds those that somebody builds in."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from app import rivos
from app.operations import records
from app.operations.operation import Operation
from app.settings import Door
from app.shops import Caller, Shops
from integrations import upstream
from integrations.memory import Memory
from tests.soak.figures import count
from tests.tenants.figures import TENANTS, crossings
from tests.tenants.town import SHOPS, name_of

FEW = 100


@pytest.mark.parametrize("seed", range(1, 1 + count("tenants", suite=3, commit=25)))
def test_nothing_of_one_shop_shows_at_another(seed: int) -> None:
    assert [] == list(TENANTS.one(seed))


def test_a_seed_does_the_same_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    _forget_whose_operations(monkeypatch)

    once, twice = crossings(1, FEW), crossings(1, FEW)

    assert once == twice != []


def _let_callers_into_the_next_shop(patch: pytest.MonkeyPatch) -> None:
    true = Shops.caller

    def caller(self: Shops, door: Door, credential: bytes) -> Caller | None:
        found = true(self, door, credential)
        if found is None or found.shop.name != name_of(7):
            return found
        other = self.find(name_of(8))
        assert other is not None
        return msgspec.structs.replace(found, shop=other)

    patch.setattr(Shops, "caller", caller)


def _remember_for_all_together(patch: pytest.MonkeyPatch) -> None:
    made: list[Memory] = []

    def memory(**options: Any) -> Memory:
        if len(made) % SHOPS == 0:
            made.append(Memory(**options))
        return made[-1]

    patch.setattr(rivos, "Memory", memory)


def _forget_whose_operations(patch: pytest.MonkeyPatch) -> None:
    true = records.get

    def get(tx: Any, operation_id: str, *, shop: str | None = None) -> Operation | None:
        return true(tx, operation_id)

    patch.setattr(records, "get", get)


def _forget_whose_keys(patch: pytest.MonkeyPatch) -> None:
    true = records.same

    def same(tx: sqlite3.Connection, wanted: Operation) -> Operation | None:
        for shop in range(SHOPS):
            as_if = msgspec.structs.replace(wanted, shop=name_of(shop))
            if found := true(tx, as_if):
                return found
        return None

    patch.setattr(records, "same", same)


def _list_what_all_did(patch: pytest.MonkeyPatch) -> None:
    true = records.listed

    def listed(tx: Any, shop: str, **filters: Any) -> list[Operation]:
        found = [row for each in range(SHOPS) for row in true(tx, name_of(each), **filters)]
        return found[: filters["limit"]]

    patch.setattr(records, "listed", listed)


def _ask_with_the_first_shops_key(patch: pytest.MonkeyPatch) -> None:
    true = upstream.make_client
    first = f"rivo-key-of-{name_of(0)}"
    patch.setattr(
        rivos,
        "make_client",
        lambda **options: true(**{**options, "headers": {"Authorization": first}}),
    )


@pytest.mark.parametrize(
    "bug",
    [
        _let_callers_into_the_next_shop,
        _remember_for_all_together,
        _forget_whose_operations,
        _forget_whose_keys,
        _list_what_all_did,
        _ask_with_the_first_shops_key,
    ],
)
def test_a_crossing_that_is_built_in_is_found(
    bug: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)

    assert [] != crossings(1, FEW)
