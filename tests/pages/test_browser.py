"""The pages in a real browser: no complaint, nothing cut off, in both schemes, at any width."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from tests.pages.browser import CHROMIUM, Browser, running_browser
from tests.pages.site import service

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

LUMINANCE = """(() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
  return (r * 299 + g * 587 + b * 114) / 255000;
})()"""
CUT_OFF = """[...document.querySelectorAll("main *")]
  .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(each => each.outerHTML.slice(0, 80))"""

OUTSIDE = "Object.assign(new Image(), {onerror: done, src: 'http://127.0.0.1:1/outside.png'})"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The service on a port of this machine."""
    server = uvicorn.Server(
        uvicorn.Config(service(), host="127.0.0.1", port=0, log_level="error", ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        for _ in range(500):
            if server.started:
                break
            time.sleep(0.02)
        assert server.started
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all of these tests."""
    profile: Path = tmp_path_factory.mktemp("profile")
    with running_browser(profile) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/docs"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_a_page_fits_and_nothing_complains(
    url: str, browser: Browser, path: str, scheme: str, width: int
) -> None:
    browser.open(url + path, width=width, scheme=scheme)

    assert [] == browser.complaints
    assert width >= browser.value("document.documentElement.scrollWidth")
    assert [] == browser.value(CUT_OFF)
    assert ("dark" if browser.value(LUMINANCE) < 0.5 else "light") == scheme


def test_a_browser_would_notice(url: str, browser: Browser) -> None:
    browser.open(f"{url}/docs", width=320, scheme="light")
    browser.value(f"new Promise(done => {{ {OUTSIDE} }})")
    browser.value("document.querySelector('h1').style.width = '5000px'")

    assert any("Content Security Policy" in each for each in browser.complaints)
    assert 320 < browser.value("document.documentElement.scrollWidth")
    assert browser.value(CUT_OFF)
