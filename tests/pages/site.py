"""The pages as somebody sees them: the service over a demo shop, and a parser that is strict."""

from __future__ import annotations

import contextlib
import io
import shlex
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, Final

import httpx
from starlette.applications import Starlette

from app.environment import load
from app.main import World, create_app
from app.observe import make_log
from integrations.rivo_sandbox import Sandbox, demo_shop

HOST: Final = "http://helpdesk.test"
VOID: Final = frozenset({"meta", "link", "img", "br", "hr", "input"})


def service(environ: Mapping[str, str] | None = None, *, sandbox: bool = True) -> Starlette:
    """Make the service; its demo shop sets no limit, so that no test has to wait."""
    shop = Sandbox(
        demo_shop(datetime.now(UTC)),
        clock=lambda: datetime.now(UTC),
        key="sandbox",
        requests_per_second=None,
    )
    return create_app(
        load({"DATABASE_URL": "sqlite://", **(environ or {})}, sandbox=sandbox),
        log=make_log(io.BytesIO(), level="error", form="json"),
        world=World(transport=lambda _: httpx.ASGITransport(app=shop)),
    )


def client(environ: Mapping[str, str] | None = None, *, sandbox: bool = True) -> httpx.AsyncClient:
    """Make a client of a new service."""
    app = service(environ, sandbox=sandbox)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HOST, trust_env=False)


@contextlib.asynccontextmanager
async def writing() -> AsyncIterator[httpx.AsyncClient]:
    """Make a client of a new service that can write."""
    app = service()
    await app.state.store.open()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=HOST, trust_env=False) as http:
        yield http
    await app.state.store.close()


class Page(HTMLParser):
    """Reads a page, and notes whatever is not as it should be in `faults`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: dict[str, str] = {}
        self._open: list[str] = []
        self._block: str | None = None
        self.text = ""
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]

    def all(self, name: str) -> list[str]:
        """Every value of an attribute, wherever it stands."""
        return [found[name] or "" for _, found in self.elements if name in found]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if len(attributes) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "pre":
            self._block = attributes.get("aria-label") or "a block without a label"
            self.blocks[self._block] = ""

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1:]}")
            return
        self._open.pop()
        if tag == "pre":
            self._block = None

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.faults.append(f"<{tag}/> is not HTML")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._block is not None:
            self.blocks[self._block] += data


def request_of(curl: str) -> dict[str, Any]:
    """Read a `curl` line as a shell and curl would: method, address, headers, body."""
    words = shlex.split(curl.replace("\\\n", " "))
    assert "curl" == words.pop(0)
    headers: dict[str, str] = {}
    asked: dict[str, Any] = {"method": "GET", "headers": headers}
    while words:
        match words.pop(0):
            case "-s":
                pass
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                asked |= {"method": "POST", "content": words.pop(0)}
            case url:
                assert "url" not in asked
                asked["url"] = url
    return asked
