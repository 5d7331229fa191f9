"""What the service is told, typed; `environment.load` and `config.shops` fill it in."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from app.limits import BUILT_IN, Limits, Right
from integrations.rivo import ACTIONS
from integrations.rivo.client import BASE_URL

EVERY_ACTION: Final = frozenset(ACTIONS)
Door = Literal["actions", "gorgias", "zendesk"]
TierBasis = Literal["unknown", "points", "spend", "orders"]
IN_MEMORY: Final = ":memory:"


class SettingsError(Exception):
    """The configuration cannot be used; the message is one sentence that names what to mend."""


class CallerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who may come through which door, and do what; `digests` are SHA-256 of one or two secrets.

    Those of /zendesk have none: they sign. `sources` are those of the points events that the caller
    may create (None: all).
    """

    name: str
    door: Door
    digests: tuple[bytes, ...]
    actions: frozenset[str]
    limits: Limits = BUILT_IN
    sources: frozenset[str] | None = None
    rights: frozenset[Right] = frozenset()


class GorgiasSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A shop's Gorgias, for notes and the installation: `domain` is its host, `api_url` has /api.

    `user` and `api_key` are those of basic authentication.
    """

    domain: str
    user: str
    api_key: str
    api_url: str


class ZendeskSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A shop's Zendesk: whose it is, and the secrets shared with its app and its webhook.

    One secret each, two while it is changed, none where that way in is closed. `user` and
    `api_token` are for notes (both or neither); `api_url` has /api/v2.
    """

    subdomain: str
    shared_secrets: tuple[str, ...] = ()
    webhook_secrets: tuple[str, ...] = ()
    user: str | None = None
    api_token: str | None = None
    api_url: str = ""

    @property
    def audience(self) -> str:
        """What a token for this shop says in `aud`."""
        return f"{self.subdomain}.zendesk.com"


class TriggerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a trigger is sent, and the one or two secrets that it is signed with.

    `networks` are the private addresses that the URL may lead to, in CIDR notation.
    """

    trigger: str
    url: str
    secrets: tuple[str, ...]
    networks: tuple[str, ...] = ()


class ShopSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One shop: its Rivo, its facts, its helpdesks, its callers.

    `limits` hold for every caller besides the caller's own; `reasons` are those that may be given
    (none: any); `kill` names the actions that are switched off; `webhook_secrets` are those that
    Rivo signs its webhooks with.
    """

    name: str
    rivo_api_key: str
    rivo_api_url: str = BASE_URL
    currency: str | None = None
    timezone: str = "UTC"
    tier_basis: TierBasis = "unknown"
    customer_fields: frozenset[str] = frozenset()
    limits: Limits = Limits()
    reasons: tuple[str, ...] = ()
    kill: frozenset[str] = frozenset()
    callers: tuple[CallerSettings, ...] = ()
    gorgias: GorgiasSettings | None = None
    zendesk: ZendeskSettings | None = None
    webhook_secrets: tuple[str, ...] = ()
    triggers: tuple[TriggerSettings, ...] = ()


class FileState(msgspec.Struct, frozen=True):
    """What tells one state of a file from another."""

    modified_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileState | None:
        """Look at a file; None where it cannot be looked at."""
        try:
            stat = path.stat()
        except (OSError, ValueError):
            return None
        return cls(stat.st_mtime_ns, stat.st_size, stat.st_ino)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the service is told.

    `database` is a path or ":memory:", `settle_seconds` the time after sending from which a read
    tells whether a lost write was applied; what was fresh may be shown for `stale_seconds` more
    while Rivo is asked anew; `frame_ancestors` are the origins that may frame the
    read-only sidebar; `files` are those that the settings were read from, each as it was just
    before.
    """

    shops: tuple[ShopSettings, ...]
    sandbox: bool = False
    database: str = IN_MEMORY
    settle_seconds: float = 90.0
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    trusted_proxies: str = ""
    requests_per_second: int = 15
    fresh_seconds: float = 30.0
    stale_seconds: float = 300.0
    stale_if_error_seconds: float = 86_400.0
    frame_ancestors: tuple[str, ...] = ()
    log_level: str = "info"
    log_format: str = "json"
    metrics_digests: tuple[bytes, ...] = ()
    secret_key: bytes = b""
    files: Mapping[Path, FileState | None] = {}


def digest(secret: str) -> bytes:
    """Hash a secret as callers' keys are kept."""
    return hashlib.sha256(secret.encode()).digest()


class Sources:
    """The environment and the files that it names; remembers which files were read."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.files: dict[Path, FileState | None] = {}

    def secrets(self, name: str, *, most: int = 2, least: int = 1) -> list[str]:
        """Read one secret, or two while it is changed, from NAME or from the file NAME_FILE."""
        file = f"{name}_FILE"
        if name in self.environ and file in self.environ:
            raise SettingsError(f"{name} and {file} are both set: keep one.")
        if file in self.environ:
            return split(file, self.file(file, Path(self.environ[file])), most=most, least=least)
        return (
            split(name, self.environ[name], most=most, least=least) if name in self.environ else []
        )

    def file(self, name: str, path: Path) -> str:
        """Read a file that `name` names."""
        self.files[path] = FileState.of(path)
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"{name}: {path} cannot be read ({type(error).__name__})."
            ) from None


def split(name: str, given: str, *, most: int = 2, least: int = 1) -> list[str]:
    """Take a text apart into one secret, or two while it is changed; into `most` at most.

    Each has `least` characters or more: what is shorter was pasted wrongly.
    """
    secrets = given.split()
    if not secrets:
        raise SettingsError(f"{name} is empty: give it a value, or do not set it.")
    if not all(secret.isprintable() for secret in secrets):
        raise SettingsError(f"{name} must be of printable characters.")
    if min(map(len, secrets)) < least:
        raise SettingsError(f"{name} is too short: it needs {least} characters or more.")
    if len(secrets) > most:
        known = "one, or two while it is changed" if most == 2 else f"at most {most}"
        raise SettingsError(f"{name} holds {len(secrets)} secrets: {known}.")
    return secrets


def sendable(name: str, key: str) -> str:
    """Check a key that we send in a header ourselves."""
    if not (key.isascii() and key.isprintable()):
        raise SettingsError(f"{name} must be of printable ASCII characters.")
    return key


def address(name: str, url: str) -> str:
    """Check the address of a Rivo: https, or http to this machine itself."""
    parts = _parts(url)
    if parts and (parts.scheme == "https" or is_loopback(parts.hostname or "")):
        return url.rstrip("/")
    raise SettingsError(f"{name} must be an https address (http only on loopback).")


def public_address(name: str, url: str) -> str:
    """Check the address at which others find this service."""
    if _parts(url) is None:
        raise SettingsError(f"{name} must be an address like https://loyalty.example.com.")
    return url.rstrip("/")


def origins(name: str, listed: str) -> tuple[str, ...]:
    """Check the origins that may frame a page, separated by spaces."""
    found = tuple(listed.split())
    for each in found:
        if not re.fullmatch(r"https://(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?", each):
            raise SettingsError(f"{name} lists origins like https://app.example.com.")
    return found


def database(name: str, url: str) -> str:
    """Read where the operations are kept: the path of a SQLite file, or ":memory:"."""
    if url.startswith(("postgresql:", "postgres:", "postgresql+")):
        raise SettingsError(f"{name}: PostgreSQL is not there yet in this version.")
    if url in ("sqlite://", "sqlite:///:memory:"):
        return IN_MEMORY
    path = url.removeprefix("sqlite:///")
    plain = path.isprintable() and not re.search(r"[?#]|^:|(^|/)\.{0,2}$", path)
    if path == url or not plain:
        raise SettingsError(f"{name} must be like sqlite:///./data/rivo-helpdesk.db.")
    return path


def _parts(url: str) -> SplitResult | None:
    """Take a web address apart; None where it is none, or says more than where something is."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    more = parts.username is not None or parts.query or parts.fragment
    return parts if sound and url.isprintable() and " " not in url and not more else None


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def currency(name: str, code: str | None) -> str | None:
    """Check a currency code."""
    if code is not None and not re.fullmatch("[A-Z]{3}", code):
        raise SettingsError(f"{name} must be a currency code of three letters, like USD.")
    return code


def timezone(name: str, key: str) -> str:
    """Check the name of a time zone."""
    try:
        ZoneInfo(key)
    except (ValueError, OSError, KeyError):
        raise SettingsError(f"{name} must be a time zone like Europe/Amsterdam.") from None
    return key
