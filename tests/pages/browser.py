"""A headless Chromium, driven over its pipe: no driver, no port, nothing downloaded."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
)
SILENCE_SECONDS: Final = 60.0

# Chromium hears on descriptor 3 and answers on 4, whatever they are here.
LAUNCH: Final = """\
import os, sys
os.dup2(int(sys.argv[1]), 100), os.dup2(int(sys.argv[2]), 101)
os.dup2(100, 3), os.dup2(101, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page of one browser; what its console says is kept in `complaints`."""

    def __init__(self, asks: int, hears: int) -> None:
        self.complaints: list[str] = []
        self._asks = asks
        self._hears = hears
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def open(self, url: str, *, width: int, scheme: str) -> None:
        """Load a page at a width, in the light or dark scheme; returns once it is loaded."""
        self.complaints.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.call("Page.navigate", url=url)
        while self._message().get("method") != "Page.loadEventFired":
            pass

    def value(self, expression: str) -> Any:
        """Evaluate an expression of JavaScript in the page, and answer what comes of it."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        return found["result"].get("value")

    def call(self, method: str, **params: Any) -> Any:
        """Send one command, and wait for its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._asks, json.dumps(message).encode() + b"\0")
        while (answer := self._message()).get("id") != self._number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            spoke, _, _ = select.select([self._hears], [], [], SILENCE_SECONDS)
            chunk = os.read(self._hears, 65_536) if spoke else b""
            if not chunk:
                raise RuntimeError("the browser has gone")
            self._buffer += chunk
        raw, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled":
                self.complaints.append(f"console.{params['type']}")
            case "Runtime.exceptionThrown":
                self.complaints.append(params["exceptionDetails"]["text"])
            case "Network.loadingFailed":
                self.complaints.append(params["errorText"])


@contextlib.contextmanager
def running_browser(
    profile: Path, kind: Callable[[int, int], Browser] | None = None
) -> Iterator[Browser]:
    """Start the browser with an empty profile, and stop it afterwards; `kind` sees more of it."""
    assert CHROMIUM
    child_hears, asks = os.pipe()
    hears, child_says = os.pipe()
    process = subprocess.Popen(
        [
            *(sys.executable, "-I", "-S", "-c", LAUNCH, str(child_hears), str(child_says)),
            *(CHROMIUM, *FLAGS, f"--user-data-dir={profile}"),
        ],
        pass_fds=(child_hears, child_says),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(child_hears)
    os.close(child_says)
    try:
        browser = (kind or Browser)(asks, hears)
        yield browser
        with contextlib.suppress(OSError, RuntimeError):
            browser.call("Browser.close")
    finally:
        # A browser that has nobody to hear leaves by itself.
        os.close(asks)
        os.close(hears)
        process.wait(timeout=30)
