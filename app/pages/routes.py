"""The pages' routes: rendered here, whole, from the actions themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from app.environment import DEMO_KEY
from app.pages.entries import Book, Curl, make_book, spelled
from app.requests import own_address
from app.settings import Settings
from app.shops import Shops
from integrations.actions import Action

HERE: Final = Path(__file__).parent
STATIC: Final = {"pages.css": "text/css", "icon.svg": "image/svg+xml"}
CHAPTERS: Final = (
    ("authentication", "Authentication"),
    ("calling", "Reading and writing"),
    ("once", "Writing once"),
    ("values", "Values"),
    ("context", "Context"),
    ("paging", "Paging"),
    ("full", "The whole resource"),
    ("doors", "Doors"),
    ("errors", "Errors"),
)


class Pages:
    """Renders pages into the frame that all of them share.

    `admin` says whether there is a "Rivo admin": only over demo shops of our own.
    """

    def __init__(
        self,
        settings: Settings,
        shops: Shops,
        actions: Mapping[str, Action],
        *,
        admin: bool = False,
    ) -> None:
        self.settings = settings
        self.shops = shops
        self.admin = admin
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["spelled"] = spelled
        # The actions are described when somebody first wants to read about them.
        self._book: Callable[[], Book] = cache(lambda: make_book(actions))

    def page(
        self, name: str, request: Request, *, root: str = "", status: int = 200, **more: object
    ) -> Response:
        """Render a template; `root` leads from it to the start page.

        Links are relative, so that a proxy may put the service below any path.
        """
        demo = self.settings.sandbox and self.shops.caller("actions", DEMO_KEY.encode()) is not None
        url = self.settings.public_url or own_address(request.scope)
        template = self._templates.get_template(f"{name}.html")
        return HTMLResponse(
            template.render(
                here=name,
                root=root,
                book=self._book(),
                sandbox=self.settings.sandbox,
                sidebar=demo,
                admin=self.admin,
                curl=Curl(url=url.rstrip("/"), key=DEMO_KEY if demo else "$API_KEY"),
                **more,
            ),
            status,
        )


def page_routes(pages: Pages) -> list[BaseRoute]:
    """Make the routes of the start page, the documentation and their static files."""

    async def home(request: Request) -> Response:
        # Every real shop has tiers; whom it knows is not ours to guess.
        first = "get_customer" if pages.settings.sandbox else "list_vip_tiers"
        return pages.page("home", request, first=first, doors=_doors(pages.shops))

    async def docs(request: Request) -> Response:
        return pages.page("docs", request, chapters=CHAPTERS)

    return [Route("/", home), Route("/docs", docs), *map(_static, STATIC)]


def _static(name: str) -> Route:
    body, kind = (HERE / "static" / name).read_bytes(), STATIC[name]

    async def file(_request: Request) -> Response:
        return Response(body, media_type=kind)

    return Route(f"/static/{name}", file)


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
        {
            "path": "/zendesk",
            "open": shops.is_open("zendesk"),
            "variable": "ZENDESK_SHARED_SECRET",
            "words": "For the Zendesk app and its macros: signed tokens, a signed webhook.",
        },
    ]
