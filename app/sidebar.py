"""The routes of the sidebar's pages and of the files that they are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.environment import DEMO_KEY
from app.settings import Settings
from app.shops import Shops

HERE: Final = Path(__file__).parent / "pages" / "sidebar"
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def sidebar_files() -> tuple[str, ...]:
    """Name what the pages are made of; the pages themselves are not among it."""
    return tuple(sorted(each.name for each in HERE.iterdir() if each.suffix in KINDS))


def sidebar_routes(settings: Settings, shops: Shops) -> list[BaseRoute]:
    """Make the routes; the preview is in the sandbox alone, where its key is no secret."""
    pages = {name: (HERE / f"{name}.html").read_bytes() for name in ("preview", "link")}
    files = {name: (HERE / name).read_bytes() for name in sidebar_files()}

    async def preview(_request: Request) -> Response:
        if not settings.sandbox or shops.caller("actions", DEMO_KEY.encode()) is None:
            raise HTTPException(404)
        return Response(pages["preview"], media_type="text/html")

    async def link(_request: Request) -> Response:
        return Response(pages["link"], media_type="text/html")

    async def file(request: Request) -> Response:
        name = request.path_params["file"]
        if name not in files:
            raise HTTPException(404)
        return Response(files[name], media_type=KINDS[Path(name).suffix])

    return [
        Route("/sidebar", preview),
        Route("/sidebar/link", link),
        Route("/sidebar/{file}", file),
    ]
