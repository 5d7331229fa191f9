"""The pages' routes."""

from __future__ import annotations

from starlette.routing import BaseRoute

from app.settings import Settings


def page_routes(settings: Settings) -> list[BaseRoute]:
    """Make the routes of the pages."""
    return []
