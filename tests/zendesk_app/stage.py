"""The Zendesk app as an agent has it: a page around it, the proxy, and the service behind."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app.commands.zendesk import _sidebar
from app.environment import DEMO_KEY
from integrations.zendesk.package import Deployment, build
from tests.pages.browser import Browser
from tests.pages.site import service

HERE: Final = Path(__file__).parent
SDK: Final = "https://static.zdassets.com/*"
PUBLIC_URL: Final = "https://loyalty.example.com"
SECRET: Final = "demo-zendesk"
KINDS: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
PATIENCE_SECONDS: Final = 30.0
"""A busy machine is no failure; what an answer may take is tested elsewhere."""
PAGE: Final = "<html><body><h1>502 Bad Gateway</h1></body></html>"


class Framing(Browser):
    """A browser that gets the stand-in of the SDK from the vendor's address."""

    def __init__(self, asks: int, hears: int) -> None:
        self._apart = itertools.count(1_000_000)
        self._script = base64.b64encode((HERE / "sdk.js").read_bytes()).decode()
        super().__init__(asks, hears)
        self.call("Fetch.enable", patterns=[{"urlPattern": SDK}])

    def _note(self, message: dict[str, Any]) -> None:
        super()._note(message)
        if message.get("method") == "Fetch.requestPaused":
            self._give(message["params"]["requestId"])

    def _give(self, request: str) -> None:
        """Answer a request; nobody waits for what becomes of that."""
        params = {
            "requestId": request,
            "responseCode": 200,
            "responseHeaders": [{"name": "Content-Type", "value": "text/javascript"}],
            "body": self._script,
        }
        command = {"id": next(self._apart), "method": "Fetch.fulfillRequest", "params": params}
        os.write(self._asks, json.dumps({**command, "sessionId": self._session}).encode() + b"\0")


class Sent(msgspec.Struct, frozen=True):
    """One request of the app as the proxy got it, and as the service did."""

    options: Mapping[str, Any]
    token: str
    status: int

    @property
    def action(self) -> str:
        """The action that was asked for; "" is the list of them."""
        path: str = self.options["url"].removeprefix(f"{PUBLIC_URL}/zendesk")
        return path.removeprefix("/")

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What was sent to the action."""
        told: Mapping[str, Any] = json.loads(self.options.get("data") or "{}")
        return told

    @property
    def claims(self) -> Mapping[str, Any]:
        """What the token says."""
        told: Mapping[str, Any] = jwt.decode(self.token, options={"verify_signature": False})
        return told


class Proxy:
    """Zendesk's proxy: fills in the installation's secret, signs the token, calls the service.

    `faults` say of the next writes what becomes of their answers: "page" is one of the proxy's own,
    "twice" sends the request again, and gives the second answer.
    """

    def __init__(self, service_url: str, manifest: Mapping[str, Any]) -> None:
        self.secret = SECRET
        self.sent: list[Sent] = []
        self.faults: list[str] = []
        self.page = ""
        self._pages = itertools.count(1)
        self.service_url = service_url
        self._hosts = manifest["domainWhitelist"]
        (self._parameter,) = manifest["parameters"]

    def turn(self) -> None:
        """Begin anew for another page; what an earlier one still sends does not count."""
        self.page = f"page={next(self._pages)}"
        self.sent = []

    def actions(self) -> list[str]:
        """List the actions that were asked for so far."""
        return [each.action for each in self.sent]

    async def __call__(self, request: Request) -> Response:
        """Do what the app's options ask for."""
        options = json.loads(await request.body())
        url = httpx.URL(options["url"])
        assert url.host in self._hosts
        assert url.scheme == "https"
        assert options["secure"]
        assert not options["cors"]
        token = self._token(options["jwt"])
        is_write = "idempotency_key" in json.loads(options.get("data") or "{}")
        fault = self.faults.pop(0) if is_write and self.faults else None
        answer = await self._forward(options, token)
        if fault == "twice":
            answer = await self._forward(options, token)
        if request.url.query == self.page:
            self.sent.append(Sent(options, token, answer.status_code))
        if fault == "page":
            return JSONResponse(
                {"status": 502, "statusText": "Bad Gateway", "responseText": PAGE, "headers": {}}
            )
        return JSONResponse(
            {
                "status": answer.status_code,
                "statusText": answer.reason_phrase,
                "responseText": answer.text,
                **({"responseJSON": answer.json()} if answer.content else {}),
                "headers": dict(answer.headers),
            }
        )

    async def _forward(self, options: Mapping[str, Any], token: str) -> httpx.Response:
        headers = {
            name: value.replace("{{jwt.token}}", token)
            for name, value in options["headers"].items()
        }
        if "data" in options:
            headers["Content-Type"] = options["contentType"]
        async with httpx.AsyncClient(
            base_url=self.service_url, trust_env=False, timeout=PATIENCE_SECONDS
        ) as http:
            return await http.request(
                options["type"],
                httpx.URL(options["url"]).raw_path.decode(),
                content=options.get("data"),
                headers=headers,
            )

    def _token(self, asked: Mapping[str, Any]) -> str:
        assert "jwt_secret_key" in self._parameter["scopes"]
        assert f"{{{{setting.{self._parameter['name']}}}}}" == asked["secret_key"]
        claims = {**asked["claims"], "exp": int(time.time()) + asked["expiry"]}
        return jwt.encode(claims, self.secret.ljust(64, "\0"), algorithm=asked["algorithm"])


class Stage:
    """Zendesk with the app in it, in a browser."""

    def __init__(self, browser: Browser, proxy: Proxy, *, host: str, assets: str) -> None:
        self.browser = browser
        self.proxy = proxy
        self._host = host
        self._assets = assets
        self._world: int | None = None

    def open(
        self,
        customer: str | None,
        *,
        where: str = "ticket_sidebar",
        scheme: str = "light",
        query: str = "",
        width: int = 320,
        before: str = "",
    ) -> None:
        """Open a ticket, or somebody's page, and wait until the app has something to show.

        `before` is evaluated in Zendesk's page before the app is opened.
        """
        self._world = None
        self.proxy.turn()
        page = f"{self._host}/host.html?{self.proxy.page}"
        self.browser.open(page, width=width, scheme=scheme)
        if before:
            self.outside(before)
        told = {
            "assets": f"{self._assets}/assets",
            "where": where,
            "customer": customer,
            "query": query,
        }
        assert self.outside(f"zendesk.open({json.dumps(told)})")
        self.until("!document.querySelector('.skeleton')")

    def open_alone(self) -> None:
        """Open the app's page outside of Zendesk."""
        self.browser.open(f"{self._assets}/assets/iframe.html", width=320, scheme="light")

    def outside(self, expression: str) -> Any:
        """Evaluate an expression in Zendesk's page."""
        return self.browser.value(expression)

    def once(self, condition: str) -> None:
        """Wait until something holds in Zendesk's page."""
        assert "it holds" == self.outside(LOOK.replace("HERE", condition)), condition

    def inside(self, expression: str) -> Any:
        """Evaluate an expression in the app's page."""
        found = self.browser.call(
            "Runtime.evaluate",
            expression=expression,
            contextId=self._context(),
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until something holds in the app's page."""
        look = LOOK.replace("HERE", condition)
        assert "it holds" == self.inside(look), condition

    def text(self, selector: str = "#sidebar") -> str:
        """Return the text that an element shows."""
        shown: str = self.inside(f"document.querySelector({json.dumps(selector)}).innerText")
        return shown

    def click(self, words: str) -> None:
        """Click the button that says so, or is called so."""
        self.until(f"({FIND})({json.dumps(words)})")
        self.inside(f"({FIND})({json.dumps(words)}).click()")

    def type(self, label: str, text: str) -> None:
        """Fill in, or choose in, the field of this label."""
        self.until(f"({TYPE})({json.dumps(label)}, {json.dumps(text)})")

    @contextlib.contextmanager
    def watching_timers(self) -> Iterator[None]:
        """Have pages that are opened count their timers that wait for a poll (see POLLS)."""
        added = self.browser.call("Page.addScriptToEvaluateOnNewDocument", source=COUNT_POLLS)
        yield
        self.browser.call("Page.removeScriptToEvaluateOnNewDocument", **added)

    def points(self, customer: str) -> int:
        """Ask the service itself how many points somebody has."""
        answer = httpx.get(
            f"{self.proxy.service_url}/actions/get_customer",
            params={"customer_email": customer},
            headers={"Authorization": f"Bearer {DEMO_KEY}"},
            trust_env=False,
        )
        return int(answer.json()["customer"]["points_tally"])

    def operations(self, customer: str) -> list[dict[str, Any]]:
        """Ask the service itself what was written about somebody, the newest first."""
        answer = httpx.get(
            f"{self.proxy.service_url}/operations",
            params={"customer_email": customer},
            headers={"Authorization": f"Bearer {DEMO_KEY}"},
            trust_env=False,
        )
        found: list[dict[str, Any]] = answer.json()["operations"]
        return found

    def screenshot(self) -> bytes:
        """Take a picture of the whole page."""
        shot = self.browser.call("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])

    def _context(self) -> int:
        """Make, once for each page, a world of our own in the app's frame."""
        if self._world is None:
            tree = self.browser.call("Page.getFrameTree")["frameTree"]
            frame = tree["childFrames"][0]["frame"]["id"]
            made = self.browser.call("Page.createIsolatedWorld", frameId=frame)
            self._world = int(made["executionContextId"])
        return self._world


FIND: Final = """(words) => [...document.querySelectorAll("button, [role=button], summary")]
    .filter((each) => each.checkVisibility())
    .find((each) => [each.innerText.trim(), each.getAttribute("aria-label")].includes(words))"""
TYPE: Final = """(label, text) => {
    const named = [...document.querySelectorAll("label")]
        .find((each) => each.innerText.trim().startsWith(label));
    const field = named && (named.control ?? document.getElementById(named.htmlFor));
    if (!field) return false;
    if (field.type === "radio") field.click();
    else field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
}"""


LOOK: Final = """new Promise((resolve) => {
    const end = performance.now() + 10000;
    const look = () => {
        if (HERE) resolve("it holds");
        else if (performance.now() > end) resolve(document.body.innerText);
        else requestAnimationFrame(look);
    };
    look();
})"""
"""Looks in a page until HERE holds, for at most ten seconds."""
POLLS: Final = "document.documentElement.dataset.polls"
COUNT_POLLS: Final = """(() => {
    const [set, clear] = [window.setTimeout, window.clearTimeout];
    const polls = new Set();
    const tell = () => {
        if (document.documentElement) document.documentElement.dataset.polls = polls.size;
    };
    window.setTimeout = (act, after, ...given) => {
        const id = set(() => { polls.delete(id); act(...given); tell(); }, after);
        if (after === 15000) polls.add(id);
        tell();
        return id;
    };
    window.clearTimeout = (id) => { polls.delete(id); clear(id); tell(); };
})()"""


def package() -> dict[str, bytes]:
    """Make the package that is tried."""
    return build(Deployment(public_url=PUBLIC_URL, version="0", currency="USD"), _sidebar())


@contextlib.contextmanager
def staged(browser: Browser) -> Iterator[Stage]:
    """Serve Zendesk's page, the app's files and the service, each from an origin of its own."""
    files = package()
    with contextlib.ExitStack() as stack:
        told = {"PUBLIC_URL": PUBLIC_URL, "FRESH_SECONDS": "3600"}
        behind = stack.enter_context(serving(service(told)))
        proxy = Proxy(behind, json.loads(files["manifest.json"]))
        assets = stack.enter_context(serving(_assets(files)))
        host = stack.enter_context(serving(_host(proxy)))
        yield Stage(browser, proxy, host=host, assets=assets)


@contextlib.contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a port of this machine."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 10
        while not server.started and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)
        assert server.started
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def _assets(files: Mapping[str, bytes]) -> Starlette:
    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        return Response(files[name], media_type=KINDS.get(Path(name).suffix))

    return Starlette(routes=[Route("/{name:path}", serve)])


def _host(proxy: Proxy) -> Starlette:
    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        return Response((HERE / name).read_bytes(), media_type=KINDS[Path(name).suffix])

    return Starlette(
        routes=[
            Route("/proxy", proxy.__call__, methods=["POST"]),
            Route("/{name}", serve),
        ]
    )
