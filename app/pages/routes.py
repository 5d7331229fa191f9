"""The pages' routes: rendered here, whole, from the actions themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from app.environment import DEMO_KEY
from app.pages.entries import Curl, context_rows, entry_of, refusals
from app.settings import Settings
from app.shops import Shops
from integrations.actions import Action

HERE: Final = Path(__file__).parent
HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
STATIC: Final = {"pages.css": "text/css", "icon.svg": "image/svg+xml"}
CHAPTERS: Final = (
    ("authentication", "Authentication"),
    ("calling", "Reading and writing"),
    ("values", "Values"),
    ("context", "Context"),
    ("paging", "Paging"),
    ("full", "The whole resource"),
    ("doors", "Doors"),
    ("errors", "Errors"),
)


def page_routes(settings: Settings, shops: Shops, actions: Mapping[str, Action]) -> list[BaseRoute]:
    """Make the routes of the start page, the documentation and their static files."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    entries = [entry_of(action, None) for action in actions.values()]
    reads = [entry for entry in entries if not entry.writes]
    writes = [entry for entry in entries if entry.writes]

    def page(name: str, request: Request, **more: object) -> Response:
        demo = settings.sandbox and shops.caller("actions", DEMO_KEY.encode()) is not None
        url = settings.public_url or _address(request)
        return HTMLResponse(
            templates.get_template(f"{name}.html").render(
                here=name,
                sandbox=settings.sandbox,
                curl=Curl(url=url.rstrip("/"), key=DEMO_KEY if demo else "$API_KEY"),
                entries=entries,
                **more,
            )
        )

    async def home(request: Request) -> Response:
        known = "get_customer" if settings.sandbox else "list_vip_tiers"
        first = next(entry for entry in entries if entry.name == known)
        return page("home", request, first=first, doors=_doors(shops))

    async def docs(request: Request) -> Response:
        return page(
            "docs",
            request,
            chapters=CHAPTERS,
            groups=(("Reads", reads), ("Writes", writes)),
            context=context_rows(),
            refusals=refusals(),
        )

    return [Route("/", home), Route("/docs", docs), *map(_static, STATIC)]


def _static(name: str) -> Route:
    body, kind = (HERE / "static" / name).read_bytes(), STATIC[name]

    async def file(_request: Request) -> Response:
        return Response(body, media_type=kind)

    return Route(f"/static/{name}", file)


def _address(request: Request) -> str:
    """Say where this is, as whoever asks sees it; a host that is none is not repeated."""
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host if HOST.fullmatch(host) else '127.0.0.1:8000'}"


def _doors(shops: Shops) -> list[dict[str, object]]:
    return [
        {
            "path": "/actions",
            "open": shops.is_open("actions"),
            "variable": "API_KEY",
            "words": "For any tool that can send HTTP: AI agents, automation, macros.",
        },
        {
            "path": "/gorgias",
            "open": shops.is_open("gorgias"),
            "variable": "GORGIAS_SECRET",
            "words": "For widgets and buttons in Gorgias: flat answers, ready to show.",
        },
    ]
