"""CONFIG: a TOML file that names several shops, their callers, and what each may do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from app import permissions
from app.limits import BUILT_IN, Limits
from app.settings import (
    CallerSettings,
    Door,
    SettingsError,
    ShopSettings,
    Sources,
    TierBasis,
    address,
    currency,
    digest,
    sendable,
    split,
    timezone,
)
from integrations.rivo.client import BASE_URL

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
CUSTOMER_FIELDS: Final = ("first_name", "last_name", "accepts_marketing")


class _CallerTable(msgspec.Struct):
    door: Door
    actions: list[str]
    secret_sha256: list[str] = []
    secret_file: str | None = None
    limits: dict[str, Any] = {}
    sources: list[str] | None = None
    rights: list[str] = []


class _ShopTable(msgspec.Struct):
    rivo_api_key: str | None = None
    rivo_api_key_file: str | None = None
    rivo_api_url: str = BASE_URL
    currency: str | None = None
    timezone: str = "UTC"
    tier_basis: TierBasis = "unknown"
    customer_fields: list[str] = []
    limits: dict[str, Any] = {}
    reasons: list[str] = []
    kill: list[str] = []
    callers: dict[str, dict[str, Any]] = {}


class _Config(msgspec.Struct):
    shops: dict[str, dict[str, Any]]


_Table = TypeVar("_Table", _Config, _ShopTable, _CallerTable)


def shops(sources: Sources) -> tuple[ShopSettings, ...]:
    """Read the shops that CONFIG names; SettingsError names the table and what is wrong."""
    text = sources.file("CONFIG", Path(sources.environ["CONFIG"]))
    try:
        found = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"CONFIG is not TOML: {error}.") from None
    except (ValueError, ArithmeticError):
        raise SettingsError("CONFIG holds a number that is too large.") from None
    tables = _read("CONFIG", found, _Config)
    if not tables.shops:
        raise SettingsError("CONFIG names no shop: it needs a table like [shops.acme].")
    return tuple(_shop(sources, name, table) for name, table in tables.shops.items())


def _read(at: str, table: Mapping[str, Any], kind: type[_Table]) -> _Table:
    """Read a table; what it holds besides is refused, since nobody would heed it."""
    permissions.check_keys(at, table, kind.__struct_fields__)
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{at}: {error}.") from None


def _named(at: str, name: str) -> str:
    if not NAME.fullmatch(name):
        raise SettingsError(f"{at} must have a name of a-z, 0-9, - and _.")
    return f"{at}.{name}"


def _shop(sources: Sources, name: str, found: Mapping[str, Any]) -> ShopSettings:
    at = _named("CONFIG: shops", name)
    table = _read(at, found, _ShopTable)
    key = table.rivo_api_key
    if table.rivo_api_key_file is not None:
        if key is not None:
            raise SettingsError(f"{at} has rivo_api_key and rivo_api_key_file: keep one.")
        key = sources.file(f"{at}.rivo_api_key_file", Path(table.rivo_api_key_file))
    if key is None:
        raise SettingsError(f"{at} needs rivo_api_key_file (or rivo_api_key).")
    for field in table.customer_fields:
        if field not in CUSTOMER_FIELDS:
            known = ", ".join(CUSTOMER_FIELDS)
            raise SettingsError(f"{at}.customer_fields may list {known}.")
    return ShopSettings(
        name=name,
        rivo_api_key=sendable(f"{at}.rivo_api_key", split(f"{at}.rivo_api_key", key)[0]),
        rivo_api_url=address(f"{at}.rivo_api_url", table.rivo_api_url),
        currency=currency(f"{at}.currency", table.currency),
        timezone=timezone(f"{at}.timezone", table.timezone),
        tier_basis=table.tier_basis,
        customer_fields=frozenset(table.customer_fields),
        limits=permissions.limits(f"{at}.limits", table.limits, over=Limits()),
        reasons=permissions.reasons(f"{at}.reasons", table.reasons),
        kill=permissions.actions(f"{at}.kill", table.kill),
        callers=tuple(
            _caller(sources, f"{at}.callers", caller, who) for caller, who in table.callers.items()
        ),
    )


def _caller(sources: Sources, callers: str, name: str, found: Mapping[str, Any]) -> CallerSettings:
    at = _named(callers, name)
    table = _read(at, found, _CallerTable)
    digests = []
    for hexadecimal in table.secret_sha256:
        if not re.fullmatch(r"[0-9a-fA-F]{64}", hexadecimal):
            raise SettingsError(f"{at}.secret_sha256 lists SHA-256 of 64 hex digits.")
        digests.append(bytes.fromhex(hexadecimal))
    if table.secret_file is not None:
        path = Path(table.secret_file)
        digests += map(digest, split(f"{at}.secret_file", sources.file(f"{at}.secret_file", path)))
    if not 1 <= len(digests) <= 2:
        raise SettingsError(f"{at} needs one secret, or two while it is changed.")
    return CallerSettings(
        name=name,
        door=table.door,
        digests=tuple(digests),
        actions=permissions.actions(f"{at}.actions", table.actions),
        limits=permissions.limits(f"{at}.limits", table.limits, over=BUILT_IN),
        sources=permissions.sources(f"{at}.sources", table.sources, table.door),
        rights=permissions.rights(f"{at}.rights", table.rights),
    )
