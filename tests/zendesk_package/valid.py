"""A small valid package, as the contract shows it, and how tests change it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from integrations.zendesk.check.reading import Package

Change = Callable[["Draft"], None]

MANIFEST: Mapping[str, Any] = {
    "name": "Loyalty Sidebar",
    "author": {
        "name": "Example",
        "email": "support@example.com",
        "url": "https://www.example.com",
    },
    "defaultLocale": "en",
    "private": True,
    "singleInstall": True,
    "version": "0.1.0",
    "frameworkVersion": "2.0",
    "location": {
        "support": {
            "ticket_sidebar": {"url": "assets/iframe.html", "flexible": True},
            "user_sidebar": {"url": "assets/iframe.html", "flexible": True},
        }
    },
    "domainWhitelist": ["loyalty.example.com"],
    "parameters": [
        {"name": "base_url", "type": "url", "required": True},
        {
            "name": "shared_value",
            "type": "text",
            "required": True,
            "secure": True,
            "scopes": ["header"],
        },
    ],
}
WEBHOOK: Mapping[str, Any] = {
    "name": "Loyalty service",
    "status": "active",
    "endpoint": "https://loyalty.example.com/zendesk/webhook",
    "http_method": "POST",
    "request_format": "json",
    "subscriptions": ["conditional_ticket_events"],
}
REQUIREMENTS: Mapping[str, Any] = {
    "webhooks": {"loyalty": WEBHOOK},
    "triggers": {
        "goodwill": {
            "title": "Loyalty: goodwill",
            "conditions": {"all": [], "any": []},
            "actions": [{"field": "notification_webhook", "value": ["loyalty", "{}"]}],
        }
    },
    "macros": {
        "goodwill": {
            "title": "Loyalty::Goodwill",
            "actions": [{"field": "current_tags", "value": "loyalty_goodwill"}],
        }
    },
}


class Draft:
    """A package that can still be changed; the official rules passed it as it is at first."""

    def __init__(self) -> None:
        self.manifest: dict[str, Any] = copy.deepcopy(dict(MANIFEST))
        self.translation: dict[str, Any] = {"app": {"name": "Loyalty"}}
        self.requirements: dict[str, Any] | None = None
        self.files: dict[str, bytes] = {
            "assets/iframe.html": b"<!doctype html><title>Loyalty</title>",
            "assets/logo.png": b"\x89PNG\r\n\x1a\n",
            "assets/logo-small.png": b"\x89PNG\r\n\x1a\n",
        }
        self.links: set[str] = set()

    @property
    def parameter(self) -> dict[str, Any]:
        """The parameter that is secure and has scopes."""
        found: dict[str, Any] = self.manifest["parameters"][1]
        return found

    @property
    def places(self) -> dict[str, Any]:
        """Where the app has pages in Support."""
        found: dict[str, Any] = self.manifest["location"]["support"]
        return found

    def package(self) -> Package:
        """Put the package together."""
        files = {
            "manifest.json": json.dumps(self.manifest).encode(),
            "translations/en.json": json.dumps(self.translation).encode(),
            **self.files,
        }
        if self.requirements is not None:
            files["requirements.json"] = json.dumps(self.requirements).encode()
        return Package(files, frozenset(self.links))


def require(**entries: Any) -> Change:
    """Give the package requirements."""

    def change(draft: Draft) -> None:
        draft.requirements = entries

    return change
