"""CONFIG: a TOML file that names several shops, their callers, and what each may do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from app.settings import (
    EVERY_ACTION,
    CallerSettings,
    Door,
    SettingsError,
    ShopSettings,
    Sources,
    TierBasis,
    address,
    currency,
    digest,
    split,
    timezone,
)
from integrations.rivo.client import BASE_URL

CUSTOMER_FIELDS: Final = ("first_name", "last_name", "accepts_marketing")


class _CallerTable(msgspec.Struct, forbid_unknown_fields=True):
    door: Door
    actions: list[str]
    secret_sha256: list[str] = []
    secret_file: str | None = None


class _ShopTable(msgspec.Struct, forbid_unknown_fields=True):
    rivo_api_key: str | None = None
    rivo_api_key_file: str | None = None
    rivo_api_url: str = BASE_URL
    currency: str | None = None
    timezone: str = "UTC"
    tier_basis: TierBasis = "unknown"
    customer_fields: list[str] = []
    callers: dict[str, _CallerTable] = {}


class _Config(msgspec.Struct, forbid_unknown_fields=True):
    shops: dict[str, _ShopTable]


def shops(sources: Sources) -> tuple[ShopSettings, ...]:
    """Read the shops that CONFIG names; SettingsError names the table and what is wrong."""
    path = Path(sources.environ["CONFIG"])
    try:
        tables = msgspec.convert(tomllib.loads(sources.file("CONFIG", path)), _Config)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"CONFIG: {error}.") from None
    if not tables.shops:
        raise SettingsError("CONFIG names no shop: it needs a table like [shops.acme].")
    return tuple(_shop(sources, name, table) for name, table in tables.shops.items())


def _shop(sources: Sources, name: str, table: _ShopTable) -> ShopSettings:
    at = f"shops.{name}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name):
        raise SettingsError(f"CONFIG: {at}: a shop's name is of a-z, 0-9, - and _.")
    key = table.rivo_api_key
    if table.rivo_api_key_file is not None:
        key = sources.file(f"{at}.rivo_api_key_file", Path(table.rivo_api_key_file)).strip()
    if not key:
        raise SettingsError(f"CONFIG: {at} needs rivo_api_key_file (or rivo_api_key).")
    for field in table.customer_fields:
        if field not in CUSTOMER_FIELDS:
            known = ", ".join(CUSTOMER_FIELDS)
            raise SettingsError(f"CONFIG: {at}.customer_fields may list {known}.")
    return ShopSettings(
        name=name,
        rivo_api_key=key,
        rivo_api_url=address(f"CONFIG: {at}.rivo_api_url", table.rivo_api_url),
        currency=currency(f"CONFIG: {at}.currency", table.currency),
        timezone=timezone(f"CONFIG: {at}.timezone", table.timezone),
        tier_basis=table.tier_basis,
        customer_fields=frozenset(table.customer_fields),
        callers=tuple(
            _caller(sources, f"{at}.callers.{caller}", caller, who)
            for caller, who in table.callers.items()
        ),
    )


def _caller(sources: Sources, at: str, name: str, table: _CallerTable) -> CallerSettings:
    digests = []
    for hexadecimal in table.secret_sha256:
        if not re.fullmatch(r"[0-9a-fA-F]{64}", hexadecimal):
            raise SettingsError(f"CONFIG: {at}.secret_sha256 lists SHA-256 of 64 hex digits.")
        digests.append(bytes.fromhex(hexadecimal))
    if table.secret_file is not None:
        path = Path(table.secret_file)
        digests += map(digest, split(f"CONFIG: {at}.secret_file", sources.file(at, path)))
    if not 1 <= len(digests) <= 2:
        raise SettingsError(f"CONFIG: {at} needs one secret, or two while it is changed.")
    unknown = sorted(set(table.actions) - EVERY_ACTION - {"*"})
    if unknown:
        raise SettingsError(f"CONFIG: {at}.actions names {unknown[0]}, which is no action.")
    actions = EVERY_ACTION if "*" in table.actions else frozenset(table.actions)
    return CallerSettings(name=name, door=table.door, digests=tuple(digests), actions=actions)
