"""The README's demo, as somebody does it: points given in Rivo, seen beside the ticket, told on."""

from __future__ import annotations

import contextlib
import io
import json
import queue
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import pytest

from app.environment import load
from app.main import create_app
from app.observe import make_log
from app.sandboxed.merchant import PATH
from tests.pages.agent import Agent
from tests.pages.browser import CHROMIUM, running_browser
from tests.pages.stage import serving
from tests.pages.test_sidebar_acts import HASTE

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

README = Path(__file__).parents[2] / "README.md"
DEMO = README.read_text(encoding="utf-8").partition("## Watch it follow")[2].partition("\n## ")[0]
BLOCK = re.findall(r"^```sh\n(.+?)^```$", DEMO, re.MULTILINE | re.DOTALL)[0]
LISTEN, RUN = (shlex.split(line, comments=True) for line in BLOCK.splitlines())
PATIENCE_SECONDS: Final = 30
AGAIN: Final = "main > p:last-child a"
POINTS: Final = "document.querySelector('#points').textContent"


class Receiver:
    """The printed receiver of the README, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._lines: queue.Queue[str] = queue.Queue()
        reading = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        reading.start()
        said = self.line()
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found is not None, said
        self.url = found[0]

    def line(self) -> str:
        """Wait for the next line."""
        return self._lines.get(timeout=PATIENCE_SECONDS)

    def arrived(self) -> dict[str, Any]:
        """Wait for what arrives next, and read it as it was printed."""
        assert "rightly signed" in self.line()
        text = self.line()
        while text.count("{") > text.count("}"):
            text += self.line()
        told: dict[str, Any] = json.loads(text)
        return told

    def _read(self, out: IO[str]) -> None:
        for line in out:
            self._lines.put(line)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    words = [*LISTEN[1:]]
    words[words.index("--port") + 1] = "0"
    command = [sys.executable, "-m", "app.cli", *words]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Receiver(process)
        finally:
            process.terminate()


@pytest.fixture
def url(receiver: Receiver) -> Iterator[str]:
    """The service as the README starts it, but for its ports and its database."""
    given = dict(word.split("=", 1) for word in RUN if "=" in word)
    assert ["make", "run"] == RUN[len(given) :]
    given["MESA_WEBHOOK_URL"] = receiver.url
    with demo(given) as address:
        yield address


@pytest.fixture(scope="module")
def untold() -> Iterator[str]:
    """A service whose triggers go nowhere."""
    with demo({}) as address:
        yield address


@contextlib.contextmanager
def demo(given: Mapping[str, str]) -> Iterator[str]:
    settings = msgspec.structs.replace(load(given, sandbox=True), database=":memory:")
    log = make_log(io.BytesIO(), level="error", form="json")
    with serving(create_app(settings, log=log)) as address:
        yield address


@pytest.fixture(scope="module")
def one_merchant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_browser(tmp_path_factory.mktemp("merchant"), Agent) as running:
        assert isinstance(running, Agent)
        yield running


@pytest.fixture
def merchant(one_merchant: Agent) -> Agent:
    """Somebody at another browser, who has Rivo's pages open."""
    one_merchant.visit("about:blank")
    return one_merchant


def shown(points: int) -> str:
    return f"{points:,}"


def test_points_given_in_rivo_show_beside_the_ticket_and_arrive_at_the_receiver(
    url: str, receiver: Receiver, agent: Agent, merchant: Agent
) -> None:
    agent.call("Page.addScriptToEvaluateOnNewDocument", source=HASTE)
    merchant.visit(url + PATH, width=1280)
    before = int(merchant.value(POINTS))
    agent.visit(f"{url}/sidebar")
    agent.sees("#sidebar", shown(before))
    agent.value("window.opened = 'once'")

    merchant.fill("#amount", "40")
    merchant.fill("#note", "Sorry for the wait")
    merchant.follow("[aria-labelledby=adjust] button")

    assert before + 40 == int(merchant.value(POINTS))
    merchant.sees("[role=status]", "Rivo announces it.")
    told = receiver.arrived()
    agent.sees("#sidebar", shown(before + 40))
    agent.sees("#sidebar", "Sorry for the wait")
    assert "once" == agent.value("window.opened")
    assert {
        "trigger": "loyalty_points_earned",
        "shop": "sandbox",
        "source": "rivo webhook",
        "points_diff": 40,
        "points_tally": before + 40,
    }.items() <= told.items()
    merchant.follow(AGAIN)
    assert 2 == merchant.text("[aria-labelledby=announced]").count("taken (200)")
    for _ in range(100):  # it is put down a moment after it arrived
        if "delivered (204)" in merchant.text("[aria-labelledby=triggers]"):
            break
        merchant.follow(AGAIN)
    merchant.sees("[aria-labelledby=triggers]", "delivered (204)")
    assert [] == agent.complaints + merchant.complaints


@pytest.mark.parametrize(
    ("form", "trigger"),
    [
        ({"#tier": "Platinum"}, "customer_vip_tier_updated"),
        ({"#reward": "$5 off coupon (100 points)"}, "points_redemption_created"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_changes_arrive_as_their_own_triggers(
    url: str, receiver: Receiver, merchant: Agent, form: dict[str, str], trigger: str
) -> None:
    merchant.visit(url + PATH)
    for selector, text in form.items():
        merchant.fill(selector, text)
        merchant.follow(f"form:has({selector}) button")

    assert trigger == receiver.arrived()["trigger"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_of_the_merchant_fits_and_has_no_barriers(
    untold: str, merchant: Agent, scheme: str, width: int
) -> None:
    merchant.visit(untold + PATH, width=width, scheme=scheme)
    merchant.fill("#amount", "half")
    merchant.follow("[aria-labelledby=adjust] button")

    assert "half" == merchant.value("document.querySelector('#amount').value")
    merchant.sees("[role=alert]", "amount")
    for _ in range(2):
        merchant.dress(scheme, width=width)
        assert [] == merchant.barriers()
        assert width >= merchant.value("document.documentElement.scrollWidth")
        merchant.fill("#amount", "12")
        merchant.follow("[aria-labelledby=adjust] button")
        merchant.sees("[role=status]")
        merchant.sees("[aria-labelledby=announced]", "points_event/created")
