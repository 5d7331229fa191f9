"""A support agent at a browser: looks, clicks, types, and notes what the page asks the service."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import os
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.pages.browser import Browser

WIDTH: Final = 320
PATIENCE_MS: Final = 8_000
KEYS: Final = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Space": (" ", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
}
UNTIL: Final = """new Promise((done, failed) => {
  const ends = performance.now() + %d;
  (function look() {
    let found = null;
    try { found = %s; } catch (error) { found = null; }
    if (found) done(true);
    else if (performance.now() > ends) done(false);
    else setTimeout(look, 10);
  })();
})"""
PAINTED: Final = """new Promise(done => setTimeout(() =>
  requestAnimationFrame(() => requestAnimationFrame(done)), 20))"""
AXE: Final = """axe.run(document, {resultTypes: ["violations"], preload: false}).then(
  ({violations}) => violations.flatMap(({id, nodes}) =>
    nodes.map(({target, failureSummary}) => `${id} ${target}: ${failureSummary}`)))"""
SMALL: Final = """[...document.querySelectorAll("#sidebar :is(button, a, input, select, summary)")]
  .filter(each => each.checkVisibility() && !["radio", "checkbox"].includes(each.type))
  .map(each => [each.getBoundingClientRect(), each])
  .filter(([{width, height}]) => width < 24 || height < 24)
  .map(([{width, height}, each]) => `${width}x${height} ${each.outerHTML.slice(0, 90)}`)"""
CUT_OFF: Final = """[...document.querySelectorAll("#sidebar *")]
  .filter(each => each.checkVisibility() && !each.closest("svg, .unseen"))
  .map(each => [each.getBoundingClientRect(), each])
  .filter(([{left, right}]) =>
    left < -0.5 || right > document.documentElement.clientWidth + 0.5)
  .map(([{left, right}, each]) => `${left}..${right} ${each.outerHTML.slice(0, 90)}`)"""


class Agent(Browser):
    """One browser, and what its page asked since it was opened, in order.

    `asked` are methods and paths, `answered` paths and statuses, `bytes` what came over the wire,
    `held` what is held back; `keys` are the idempotency keys of all pages so far. That the service
    refused something is no complaint of the page, though the browser's console says so.
    """

    def __init__(self, asks: int, hears: int) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answered: list[tuple[str, int]] = []
        self.keys: list[str] = []
        self.bytes = 0
        self.held: list[tuple[str, str]] = []
        super().__init__(asks, hears)

    def visit(self, url: str, *, width: int = WIDTH, scheme: str = "light") -> None:
        """Open a page anew."""
        self.asked.clear()
        self.answered.clear()
        self.bytes = 0
        self.open("about:blank", width=width, scheme=scheme)
        self.open(url, width=width, scheme=scheme)

    def dress(self, scheme: str, *, width: int = WIDTH) -> None:
        """Let the system have another colour scheme, or the window another width."""
        self.call(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": "prefers-color-scheme", "value": scheme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ],
        )
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=True,
        )

    def until(self, condition: str) -> None:
        """Wait until an expression is true."""
        if not self.value(UNTIL % (PATIENCE_MS, condition)):
            shown = self.value("document.body.innerText")
            raise AssertionError(f"never came: {condition}\n{shown}\n{self.asked}")

    def settle(self) -> None:
        """Wait until what has come is painted."""
        self.value(PAINTED)

    def sees(self, selector: str, text: str = "") -> None:
        """Wait until something is to be seen that holds a text."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})]"
        here = f"each.checkVisibility() && each.textContent.includes({json.dumps(text)})"
        self.until(f"{found}.some(each => {here})")

    def text(self, selector: str = "#sidebar") -> str:
        """Read what is shown somewhere."""
        return str(self.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def click(self, selector: str) -> None:
        """Click in the middle of something, once it is there."""
        place = self.place_of(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, place)

    def place_of(self, selector: str) -> list[float]:
        """Bring something into view, once it is there, and say where its middle is."""
        self.sees(selector)
        place: list[float] = self.value(
            f"""(() => {{
              const each = document.querySelector({json.dumps(selector)});
              each.scrollIntoView({{block: "center", behavior: "instant"}});
              const {{x, y, width, height}} = each.getBoundingClientRect();
              return [x + width / 2, y + height / 2];
            }})()"""
        )
        return place

    def mouse(self, kind: str, place: list[float]) -> None:
        """Press or release the mouse's button somewhere."""
        x, y = place
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def follow(self, selector: str) -> None:
        """Click on what leads to another page, or sends a form, and wait for what comes."""
        self.value("window.before = true")
        self.click(selector)
        for _ in range(PATIENCE_MS // 10):
            # Whoever asks while the page changes is told so, and asks again.
            with contextlib.suppress(RuntimeError):
                if self.value("!window.before && document.readyState === 'complete'"):
                    return
            time.sleep(0.01)
        raise AssertionError(f"nothing came after {selector}")

    def press(self, *names: str) -> None:
        """Press keys, one after the other; `Shift+Tab` goes back."""
        for each in names:
            name = each.removeprefix("Shift+")
            key, code, text = KEYS[name]
            told: dict[str, Any] = {
                "key": key,
                "code": name,
                "windowsVirtualKeyCode": code,
                "modifiers": 8 if each != name else 0,
            }
            down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
            self.call("Input.dispatchKeyEvent", **told, **down)
            self.call("Input.dispatchKeyEvent", **told, type="keyUp")

    def types(self, text: str) -> None:
        """Type where the focus is."""
        self.call("Input.insertText", text=text)

    def fill(self, selector: str, text: str) -> None:
        """Put a text into a field, or choose an option by its text, as if by hand."""
        self.sees(selector)
        self.value(
            f"""(() => {{
              const each = document.querySelector({json.dumps(selector)});
              const text = {json.dumps(text)};
              each.focus();
              if (each.tagName === "SELECT") {{
                each.value = [...each.options].find(one => one.text.trim() === text).value;
                each.dispatchEvent(new Event("change", {{bubbles: true}}));
              }} else each.select();
            }})()"""
        )
        if self.value(f"document.querySelector({json.dumps(selector)}).tagName") != "SELECT":
            self.types(text)

    def hold(self, *patterns: str, stage: str = "Request") -> None:
        """Hold requests to such addresses back (or what is answered, at the stage "Response").

        Without any, hold nothing any more, and let go what was held.
        """
        if patterns:
            found = [{"urlPattern": each, "requestStage": stage} for each in patterns]
            self.call("Fetch.enable", patterns=found)
        else:
            held, self.held = self.held, []
            for request_id, _ in held:
                self.call("Fetch.continueRequest", requestId=request_id)
            self.call("Fetch.disable")

    def answer(self, status: int, body: object) -> None:
        """Answer the oldest request that is held back in the service's place."""
        while not self.held:
            self.value("new Promise(done => setTimeout(done, 5))")
        request_id, _ = self.held.pop(0)
        self.call(
            "Fetch.fulfillRequest",
            requestId=request_id,
            responseCode=status,
            responseHeaders=[{"name": "Content-Type", "value": "application/json"}],
            body=base64.b64encode(json.dumps(body).encode()).decode(),
        )

    def fail(self) -> None:
        """Lose the oldest request that is held back, as a network does."""
        while not self.held:
            self.value("new Promise(done => setTimeout(done, 5))")
        request_id, _ = self.held.pop(0)
        self.call("Fetch.failRequest", requestId=request_id, errorReason="ConnectionReset")

    def barriers(self) -> list[str]:
        """List what axe-core finds, and what is too small to be hit."""
        if not self.value("'axe' in window"):
            self.value(_axe())
        found: list[str] = self.value(AXE)
        small: list[str] = self.value(SMALL)
        return found + small

    def cut_off(self) -> list[str]:
        """List what does not fit."""
        found: list[str] = self.value(CUT_OFF)
        return found

    def picture(self, selector: str = "#sidebar") -> bytes:
        """Take a picture of something, as PNG."""
        box = self.value(
            f"""(() => {{
              const {{x, y, width, height}} =
                document.querySelector({json.dumps(selector)}).getBoundingClientRect();
              return {{x: x + scrollX, y: y + scrollY, width, height, scale: 1}};
            }})()"""
        )
        taken = self.call("Page.captureScreenshot", clip=box, captureBeyondViewport=True)
        return base64.b64decode(taken["data"])

    def to(self, action: str) -> list[str]:
        """List the methods of the page's requests for an action."""
        return [method for method, path in self.asked if path == f"/actions/{action}"]

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Fetch.requestPaused":
                self.held.append((params["requestId"], params["request"]["url"]))
            case "Network.requestWillBeSent":
                sent = params["request"]
                self.asked.append((sent["method"], _path(sent["url"])))
                if key := sent["headers"].get("Idempotency-Key"):
                    self.keys.append(key)
            case "Network.responseReceived":
                told = params["response"]
                self.answered.append((_path(told["url"]), told["status"]))
            case "Network.loadingFinished":
                self.bytes += params["encodedDataLength"]
            case "Log.entryAdded" if _is_refusal(params["entry"]):
                return
            case "Network.loadingFailed" if _is_meant(params):
                return
            case _:
                pass
        super()._note(message)


def _path(url: str) -> str:
    return urlsplit(url).path


def _is_refusal(entry: dict[str, Any]) -> bool:
    """Say whether the browser reports an answer of the service that the page knows how to show."""
    path = _path(entry.get("url", ""))
    return entry["source"] == "network" and path.startswith(("/actions", "/sidebar/view"))


def _is_meant(failed: dict[str, Any]) -> bool:
    """Say whether a request ended as it was meant to: let go by the page, or lost by a test."""
    return bool(failed.get("canceled")) or failed["errorText"] == "net::ERR_CONNECTION_RESET"


def _axe() -> str:
    """Read axe-core, which a package of Python carries; AXE names another one to try."""
    if given := os.environ.get("AXE"):
        return Path(given).read_text(encoding="utf-8")
    found = importlib.util.find_spec("axe_core_python")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")
