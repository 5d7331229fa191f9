"""The environment, read into settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from app import announcing, config, helpdesks
from app.limits import BUILT_IN, RIGHTS, Limits, Right
from app.settings import (
    EVERY_ACTION,
    IN_MEMORY,
    CallerSettings,
    GorgiasSettings,
    Settings,
    SettingsError,
    ShopSettings,
    Sources,
    TriggerSettings,
    ZendeskSettings,
    address,
    currency,
    database,
    digest,
    origins,
    public_address,
    sendable,
    timezone,
)
from integrations.rivo.client import BASE_URL

GORGIAS_READS: Final = frozenset(
    name
    for name in EVERY_ACTION
    if name in ("get_sidebar", "get_customer", "get_membership")
    or name.startswith("list_customer_")
)
GORGIAS_BUTTONS: Final = frozenset(
    {
        "create_points_event",
        "create_points_redemption",
        "redeem_customer_points",
        "refund_points_redemption",
        "update_customer_dob",
        "cancel_membership",
    }
)
DATABASE: Final = "./data/rivo-helpdesk.db"
SANDBOX_DATABASE: Final = "./data/sandbox.db"
SHORTEST_KEY: Final = 16
DEMO_KEY: Final = "demo"
DEMO_LEAD_KEY: Final = "demo-lead"
DEMO_WEBHOOK_SECRETS: Final = ("demo-rivo-webhook",)
DEMO_ZENDESK: Final = ZendeskSettings(
    subdomain="demo",
    shared_secrets=("demo-zendesk",),
    webhook_secrets=("demo-zendesk-webhook",),
    api_url="https://demo.zendesk.com/api/v2",
)


def _anybody(name: str, *rights: Right, secret: str = "") -> CallerSettings:
    """Make a caller of /actions without limits."""
    return CallerSettings(
        name=name,
        door="actions",
        digests=(digest(secret),) if secret else (),
        actions=EVERY_ACTION,
        limits=Limits(),
        rights=frozenset(rights),
    )


def _gorgias(name: str, actions: frozenset[str], *, secret: str = "") -> CallerSettings:
    """Make a caller of /gorgias, within the built-in limits."""
    return CallerSettings(
        name=name,
        door="gorgias",
        digests=(digest(secret),) if secret else (),
        actions=actions,
        limits=BUILT_IN,
        sources=frozenset({"manual"}),
    )


CALLERS: Final = (
    _anybody("api_key", "read_operations"),
    _anybody("lead_key", *RIGHTS),
    _gorgias("gorgias_secret", GORGIAS_READS),
    _gorgias("gorgias_button_secret", GORGIAS_BUTTONS),
)
"""Those of the one shop, each named as the variable that holds its secret."""
DEMO_CALLERS: Final = (
    _anybody(DEMO_KEY, "read_operations", secret=DEMO_KEY),
    _anybody(DEMO_LEAD_KEY, *RIGHTS, secret=DEMO_LEAD_KEY),
    _gorgias("demo-gorgias", GORGIAS_READS | GORGIAS_BUTTONS, secret=DEMO_KEY),
    *helpdesks.zendesk_callers(DEMO_ZENDESK),
)
"""Those of the sandbox; one key for two doors, and a caller for each, as everywhere."""


def load(environ: Mapping[str, str], *, sandbox: bool = False) -> Settings:
    """Read the settings; SettingsError where something is missing, empty or wrong."""
    return _Reader(environ, sandbox=sandbox).settings()


class _Reader:
    def __init__(self, environ: Mapping[str, str], *, sandbox: bool) -> None:
        self.environ = environ
        self.sandbox = sandbox
        self.sources = Sources(environ)

    def settings(self) -> Settings:
        shops = config.shops(self.sources) if "CONFIG" in self.environ else (self._the_one_shop(),)
        metrics_digests = tuple(map(digest, self.sources.secrets("METRICS_KEY")))
        kept_in = self._database()
        secret_key = self._secret_key(kept_in)
        self._check_secrets(shops, metrics_digests, secret_key)
        public_url = self.environ.get("PUBLIC_URL")
        return Settings(
            shops=shops,
            sandbox=self.sandbox,
            database=kept_in,
            settle_seconds=self._number("SETTLE_SECONDS", 90, least=1, most=3600),
            host=self.environ.get("HOST") or "127.0.0.1",
            port=self._whole("PORT", 8000, least=0, most=65_535),
            public_url=public_address("PUBLIC_URL", public_url) if public_url else None,
            trusted_proxies=self.environ.get("TRUSTED_PROXIES", ""),
            requests_per_second=self._whole("RIVO_REQUESTS_PER_SECOND", 15, least=1, most=1000),
            fresh_seconds=self._number("FRESH_SECONDS", 30, least=0, most=86_400),
            stale_seconds=self._number("STALE_SECONDS", 300, least=0, most=86_400),
            stale_if_error_seconds=self._number(
                "STALE_IF_ERROR_SECONDS", 86_400, least=0, most=604_800
            ),
            frame_ancestors=origins("FRAME_ANCESTORS", self.environ.get("FRAME_ANCESTORS", "")),
            log_level=self._one_of("LOG_LEVEL", ("info", "debug", "warning", "error")),
            log_format=self._one_of("LOG_FORMAT", ("json", "console")),
            metrics_digests=metrics_digests,
            secret_key=secret_key,
            files=self.sources.files,
        )

    def _the_one_shop(self) -> ShopSettings:
        keys = ["sandbox"] if self.sandbox else self.sources.secrets("RIVO_API_KEY")
        if not keys:
            raise SettingsError(
                "RIVO_API_KEY is missing: set it to the shop's key, or start with --sandbox."
            )
        callers, zendesk = self._callers(), self._zendesk()
        if self.sandbox and not callers and zendesk is None:
            callers, zendesk = DEMO_CALLERS, DEMO_ZENDESK
        else:
            callers += helpdesks.zendesk_callers(zendesk)
        return ShopSettings(
            name="sandbox" if self.sandbox else "shop",
            rivo_api_key=sendable("RIVO_API_KEY", keys[0]),
            rivo_api_url=address("RIVO_API_URL", self.environ.get("RIVO_API_URL") or BASE_URL),
            currency=currency(
                "SHOP_CURRENCY",
                self.environ.get("SHOP_CURRENCY") or ("USD" if self.sandbox else None),
            ),
            timezone=timezone("SHOP_TIMEZONE", self.environ.get("SHOP_TIMEZONE") or "UTC"),
            callers=callers,
            gorgias=self._gorgias(),
            zendesk=zendesk,
            webhook_secrets=self._webhook_secrets(),
            triggers=self._triggers(),
        )

    def _webhook_secrets(self) -> tuple[str, ...]:
        """Read what Rivo signs with; the sandbox's Rivo has a secret that everybody knows."""
        given = self.sources.secrets(
            "RIVO_WEBHOOK_SECRET", most=announcing.MOST_SECRETS, least=announcing.SHORTEST
        )
        return tuple(given) or (DEMO_WEBHOOK_SECRETS if self.sandbox else ())

    def _triggers(self) -> tuple[TriggerSettings, ...]:
        return announcing.mesa(
            self.environ.get("MESA_WEBHOOK_URL"), self.sources.secrets("MESA_WEBHOOK_SECRET")
        )

    def _callers(self) -> tuple[CallerSettings, ...]:
        given = {each.name: self.sources.secrets(each.name.upper()) for each in CALLERS}
        return tuple(
            msgspec.structs.replace(each, digests=tuple(map(digest, given[each.name])))
            for each in CALLERS
            if given[each.name]
        )

    def _gorgias(self) -> GorgiasSettings | None:
        return helpdesks.gorgias(
            lambda name: f"GORGIAS_{name.upper()}",
            domain=self.environ.get("GORGIAS_DOMAIN"),
            user=self.environ.get("GORGIAS_USER"),
            api_key=self.sources.secrets("GORGIAS_API_KEY"),
        )

    def _zendesk(self) -> ZendeskSettings | None:
        return helpdesks.zendesk(
            lambda name: f"ZENDESK_{name.upper()}",
            subdomain=self.environ.get("ZENDESK_SUBDOMAIN"),
            shared_secrets=self.sources.secrets("ZENDESK_SHARED_SECRET"),
            webhook_secrets=self.sources.secrets("ZENDESK_WEBHOOK_SECRET"),
            user=self.environ.get("ZENDESK_USER"),
            api_token=self.sources.secrets("ZENDESK_API_TOKEN"),
        )

    def _database(self) -> str:
        """Read DATABASE_URL; the sandbox has a file of its own."""
        if url := self.environ.get("DATABASE_URL"):
            return database("DATABASE_URL", url)
        return SANDBOX_DATABASE if self.sandbox else DATABASE

    def _secret_key(self, kept_in: str) -> bytes:
        """Read SECRET_KEY, else the one that the first start made beside the database."""
        if given := self.sources.secrets("SECRET_KEY", least=SHORTEST_KEY):
            return given[0].encode()
        if kept_in in (IN_MEMORY, SANDBOX_DATABASE):
            return os.urandom(32).hex().encode()
        path = Path(kept_in).with_name("secret_key")
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(os.urandom(32).hex(), encoding="ascii")
        except FileExistsError:
            pass
        except OSError as error:
            raise SettingsError(
                f"SECRET_KEY is not set and {path} cannot be made ({type(error).__name__})."
            ) from None
        if not (kept := self.sources.file("SECRET_KEY", path).strip()):
            raise SettingsError(f"{path} is empty: remove it, and a new one is made.")
        return kept.encode()

    def _whole(self, name: str, default: int, *, least: int, most: int) -> int:
        number = self._number(name, default, least=least, most=most)
        if not number.is_integer():
            raise SettingsError(f"{name} must be a whole number.")
        return int(number)

    def _number(self, name: str, default: float, *, least: float, most: float) -> float:
        try:
            number = float(self.environ.get(name) or default)
        except ValueError:
            number = -1.0
        if not least <= number <= most:
            raise SettingsError(f"{name} must be a number from {least:g} to {most:g}.")
        return number

    def _one_of(self, name: str, choices: tuple[str, ...]) -> str:
        chosen = (self.environ.get(name) or choices[0]).lower()
        if chosen not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(choices)}.")
        return chosen

    def _check_secrets(
        self,
        shops: tuple[ShopSettings, ...],
        metrics_digests: tuple[bytes, ...],
        secret_key: bytes,
    ) -> None:
        """Refuse equal secrets: they would leave open who comes, and with which rights."""
        named = [("METRICS_KEY", each) for each in metrics_digests]
        named.append(("SECRET_KEY", digest(secret_key.decode())))
        for shop in shops:
            table = f"CONFIG: shops.{shop.name}" if "CONFIG" in self.environ else None
            if not self.sandbox:
                key = f"{table}.rivo_api_key" if table else "RIVO_API_KEY"
                named.append((key, digest(shop.rivo_api_key)))
            for who in shop.callers if shop.callers is not DEMO_CALLERS else ():
                at = f"{table}.callers.{who.name}" if table else who.name.upper()
                named += [(at, each) for each in who.digests]
            if shop.zendesk is not DEMO_ZENDESK:
                named += helpdesks.named_secrets(shop, table)
            if shop.webhook_secrets is not DEMO_WEBHOOK_SECRETS:
                named += announcing.named_secrets(shop, table)
            named += announcing.named_trigger_secrets(shop, table)
        owners: dict[bytes, str] = {}
        for at, each in named:
            if owners.setdefault(each, at) != at:
                raise SettingsError(f"{at} and {owners[each]} are the same: give each its own.")
