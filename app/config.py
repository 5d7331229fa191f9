"""CONFIG: a TOML file that names several shops, their callers, and what each may do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import msgspec

from app import announcing, helpdesks, permissions
from app.limits import BUILT_IN, Limits
from app.settings import (
    CallerSettings,
    GorgiasSettings,
    SettingsError,
    ShopSettings,
    Sources,
    TierBasis,
    TriggerSettings,
    ZendeskSettings,
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
    door: Literal["actions", "gorgias"]  # those of /zendesk stand in the table of the Zendesk
    actions: list[str]
    secret_sha256: list[str] = []
    secret_file: str | None = None
    limits: dict[str, Any] = {}
    sources: list[str] | None = None
    rights: list[str] = []


class _GorgiasTable(msgspec.Struct):
    domain: str | None = None
    user: str | None = None
    api_key_file: str | None = None


class _ZendeskTable(msgspec.Struct):
    subdomain: str | None = None
    shared_secret_file: str | None = None
    webhook_secret_file: str | None = None
    user: str | None = None
    api_token_file: str | None = None
    sidebar: dict[str, Any] = {}
    webhook: dict[str, Any] = {}


class _ReceiverTable(msgspec.Struct):
    url: str
    secret_file: str
    networks: list[str] = []


class _AllowedTable(msgspec.Struct):
    actions: list[str] | None = None
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
    gorgias: dict[str, Any] = {}
    zendesk: dict[str, Any] = {}
    rivo_webhook_secret_file: str | None = None
    triggers: dict[str, list[dict[str, Any]]] = {}


class _Config(msgspec.Struct):
    shops: dict[str, dict[str, Any]]


_Table = TypeVar(
    "_Table",
    _Config,
    _ShopTable,
    _CallerTable,
    _GorgiasTable,
    _ZendeskTable,
    _ReceiverTable,
    _AllowedTable,
)


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
    zendesk, in_zendesk = _zendesk(sources, f"{at}.zendesk", table.zendesk)
    for each in in_zendesk:
        if each.name in table.callers:
            raise SettingsError(f"{at}.callers.{each.name} is how the Zendesk's own is called.")
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
        )
        + in_zendesk,
        gorgias=_gorgias(sources, f"{at}.gorgias", table.gorgias),
        zendesk=zendesk,
        webhook_secrets=tuple(
            _secrets(
                sources,
                f"{at}.rivo_webhook_secret_file",
                table.rivo_webhook_secret_file,
                most=announcing.MOST_SECRETS,
                least=announcing.SHORTEST,
            )
        ),
        triggers=_triggers(sources, f"{at}.triggers", table.triggers),
    )


def _triggers(
    sources: Sources, at: str, found: Mapping[str, list[dict[str, Any]]]
) -> tuple[TriggerSettings, ...]:
    """Read where each trigger of a shop is sent."""
    permissions.check_keys(at, found, announcing.TRIGGERS)
    triggers = [
        _trigger(sources, f"{at}.{name}[{number}]", name, receiver)
        for name, receivers in found.items()
        for number, receiver in enumerate(receivers, start=1)
    ]
    return announcing.each_once(at, triggers)


def _trigger(sources: Sources, at: str, name: str, found: Mapping[str, Any]) -> TriggerSettings:
    table = _read(at, found, _ReceiverTable)
    return announcing.trigger(
        lambda field: f"{at}.{field}",
        name=name,
        url=table.url,
        secrets=_secrets(sources, f"{at}.secret_file", table.secret_file),
        networks=table.networks,
    )


def _gorgias(sources: Sources, at: str, found: Mapping[str, Any]) -> GorgiasSettings | None:
    table = _read(at, found, _GorgiasTable)
    return helpdesks.gorgias(
        lambda name: f"{at}.{name}_file" if name == "api_key" else f"{at}.{name}",
        domain=table.domain,
        user=table.user,
        api_key=_secrets(sources, f"{at}.api_key_file", table.api_key_file),
    )


def _zendesk(
    sources: Sources, at: str, found: Mapping[str, Any]
) -> tuple[ZendeskSettings | None, tuple[CallerSettings, ...]]:
    """Read a shop's Zendesk, and who comes from there."""
    table = _read(at, found, _ZendeskTable)
    plain = ("subdomain", "user")
    settings = helpdesks.zendesk(
        lambda name: f"{at}.{name}" if name in plain else f"{at}.{name}_file",
        subdomain=table.subdomain,
        shared_secrets=_secrets(sources, f"{at}.shared_secret_file", table.shared_secret_file),
        webhook_secrets=_secrets(sources, f"{at}.webhook_secret_file", table.webhook_secret_file),
        user=table.user,
        api_token=_secrets(sources, f"{at}.api_token_file", table.api_token_file),
    )
    if found and settings is None:
        raise SettingsError(f"{at}.subdomain is missing: it says whose Zendesk this is.")
    sidebar = _allowed(f"{at}.sidebar", table.sidebar, helpdesks.SIDEBAR)
    webhook = _allowed(f"{at}.webhook", table.webhook, helpdesks.WEBHOOK)
    if not webhook.actions <= helpdesks.WEBHOOK_ACTIONS:
        which = ", ".join(sorted(helpdesks.WEBHOOK_ACTIONS))
        raise SettingsError(f"{at}.webhook.actions may list {which}.")
    return settings, helpdesks.zendesk_callers(settings, sidebar=sidebar, webhook=webhook)


def _allowed(at: str, found: Mapping[str, Any], who: CallerSettings) -> CallerSettings:
    """Read what one of the Zendesk's callers may do; what is left out stays as it is."""
    table = _read(at, found, _AllowedTable)
    allowed = who.actions
    if table.actions is not None:
        allowed = permissions.actions(f"{at}.actions", table.actions)
    return msgspec.structs.replace(
        who,
        actions=allowed,
        limits=permissions.limits(f"{at}.limits", table.limits, over=BUILT_IN),
        sources=permissions.sources(f"{at}.sources", table.sources, who.door),
        rights=permissions.rights(f"{at}.rights", table.rights),
    )


def _secrets(
    sources: Sources, at: str, file: str | None, *, most: int = 2, least: int = 1
) -> list[str]:
    return [] if file is None else split(at, sources.file(at, Path(file)), most=most, least=least)


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
