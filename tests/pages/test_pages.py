"""What people see first: whole, linked, escaped, and true."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from urllib.parse import urldefrag, urljoin

import pytest

from app.pages.entries import pretty
from app.pages.routes import HERE
from integrations.rivo import ACTIONS
from tests.pages.site import HOST, Page, client, request_of, writing

pytestmark = pytest.mark.anyio

PAGES = ("/", "/docs")
SHOP = {"RIVO_API_KEY": "a-key", "SECRET_KEY": "key-of-the-hashes"}


async def page(path: str, environ: dict[str, str] | None = None, *, sandbox: bool = True) -> Page:
    """Read a page of a new service."""
    answer = await client(environ, sandbox=sandbox).get(path)
    assert 200 == answer.status_code
    return Page(answer.text)


@pytest.fixture(scope="module")
async def pages() -> dict[str, Page]:
    """The pages of the sandbox, read once."""
    return {path: await page(path) for path in PAGES}


@pytest.mark.parametrize("path", PAGES)
async def test_pages_are_well_formed(path: str, pages: dict[str, Page]) -> None:
    seen = pages[path]
    ids = seen.all("id")

    assert [] == seen.faults
    assert len(ids) == len(set(ids))
    assert set(" ".join(seen.all("aria-labelledby")).split()) <= set(ids)
    assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in seen.elements}
    assert 1 == sum(tag == "h1" for tag, _ in seen.elements)


@pytest.mark.parametrize("path", PAGES)
async def test_headings_leave_no_level_out(path: str, pages: dict[str, Page]) -> None:
    levels = [int(tag[1]) for tag, _ in pages[path].elements if re.fullmatch("h[1-6]", tag)]

    # The table of contents stands before the first heading, and has headings of its own.
    levels = levels[levels.index(1) :]
    assert all(b <= a + 1 for a, b in pairwise(levels))


@pytest.mark.parametrize("path", PAGES)
async def test_every_link_leads_somewhere_within_the_service(
    path: str, pages: dict[str, Page]
) -> None:
    here, seen = client(), pages[path]
    links = {urljoin(HOST + path, each) for each in (*seen.all("href"), *seen.all("src"))}

    assert 6 < len(links)
    for link in links:
        address, fragment = urldefrag(link)
        assert address.startswith(HOST), link
        answer = await here.head(address)
        # Nothing has started the service here, so it is not ready.
        assert (503 if address.endswith("/readyz") else 200) == answer.status_code, link
        if fragment:
            assert fragment in pages[address.removeprefix(HOST)].all("id"), link


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_comes_from_outside_and_nothing_is_inline(path: str) -> None:
    answer = await client().get(path)
    seen = Page(answer.text)
    addresses = [*seen.all("href"), *seen.all("src"), *seen.all("action"), *seen.all("srcset")]

    assert [] == [each for each in addresses if re.match(r"[a-z]+:|//", each)]
    assert {"script", "style", "iframe", "form"}.isdisjoint(tag for tag, _ in seen.elements)
    assert [] == [
        name
        for _, attributes in seen.elements
        for name in attributes
        if name == "style" or name.startswith("on")
    ]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_style_sheet_stands_alone() -> None:
    answer = await client().get("/static/pages.css")

    assert "text/css; charset=utf-8" == answer.headers["content-type"]
    assert not re.search(r"url\(|@import|//", answer.text)


async def test_the_icon_is_an_image() -> None:
    answer = await client().get("/static/icon.svg")

    assert "image/svg+xml" == answer.headers["content-type"]
    assert "href" not in answer.text


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_says_whether_it_is_the_sandbox(path: str, pages: dict[str, Page]) -> None:
    words = "a demo shop, no real customers"

    assert words in pages[path].text
    assert words not in (await page(path, SHOP, sandbox=False)).text


async def test_the_start_page_lists_every_action(pages: dict[str, Page]) -> None:
    seen = pages["/"]
    links = seen.all("href")

    assert 26 == len(ACTIONS)
    for action in ACTIONS.values():
        assert f"docs#{action.name}" in links
        assert action.summary in seen.text


async def test_the_documentation_describes_every_action_and_input(
    pages: dict[str, Page],
) -> None:
    seen = pages["/docs"]

    for action in ACTIONS.values():
        assert action.name in seen.all("id")
        assert f"Request to {action.name}" in seen.blocks
        assert json.loads(seen.blocks[f"Answer of {action.name}"])
        assert json.loads(seen.blocks[f"The same at /gorgias: {action.name}"])
        for each in action.inputs:
            assert each.description in seen.text
            assert each.kind.expected in seen.text


@pytest.mark.parametrize("name", ACTIONS)
async def test_the_curl_line_of_every_action_works(name: str, pages: dict[str, Page]) -> None:
    seen = pages["/docs"]
    asked = request_of(seen.blocks[f"Request to {name}"])
    async with writing() as http:
        if name == "reverse_points_event":
            first = request_of(seen.blocks["Request to create_points_event"])
            given = (await http.request(**first)).json()["operation"]["id"]
            asked["content"] = json.dumps({"operation_id": given})
        answer = await http.request(**asked)

    assert asked["url"].startswith(f"{HOST}/actions/{name}")
    assert (201 if ACTIONS[name].creates and answer.status_code != 200 else 200) == (
        answer.status_code
    ), answer.text
    assert list(answer.json()) == list(json.loads(seen.blocks[f"Answer of {name}"]))


async def test_the_curl_line_to_try_works_and_answers_what_it_says(
    pages: dict[str, Page],
) -> None:
    answer = await client().request(**request_of(pages["/"].blocks["Command to try"]))

    told = json.loads(pages["/"].blocks["What it answers"])
    assert told["customer"] == answer.json()["customer"]


async def test_a_curl_line_survives_the_shell() -> None:
    seen = await page("/docs", {"PUBLIC_URL": "https://loyalty.example.com/"})

    asked = request_of(seen.blocks["A write"])
    assert "https://loyalty.example.com/actions/create_points_event" == asked["url"]
    assert "Sorry for the delay" == json.loads(asked["content"])["external_note"]


async def test_the_demo_key_is_shown_only_where_it_opens_a_door(pages: dict[str, Page]) -> None:
    assert "Bearer demo" in pages["/"].text

    given = await page("/", {"API_KEY": "a-key-of-my-own"})
    assert 'Authorization: Bearer $API_KEY"' in given.text
    assert "Bearer demo" not in given.text
    assert "a-key-of-my-own" not in given.text

    real = await page("/docs", SHOP, sandbox=False)
    assert "Bearer demo" not in real.text


async def test_the_sidebar_is_named_where_there_is_one(pages: dict[str, Page]) -> None:
    async with client(
        {"RIVO_API_KEY": "rivo", "SECRET_KEY": "key-of-the-hashes"}, sandbox=False
    ) as http:
        without = Page((await http.get("/")).text)

    for page in pages.values():
        assert "sidebar" in page.all("href")
    assert "sidebar" not in without.all("href")


async def test_doors_are_said_to_be_open_or_closed(pages: dict[str, Page]) -> None:
    assert 3 == pages["/"].text.count("open\n")

    closed = await page("/", SHOP, sandbox=False)
    assert "Set API_KEY to open it." in closed.text
    assert "Set GORGIAS_SECRET to open it." in closed.text
    assert "so this answers 404 for now" in closed.text

    one = await page("/", {**SHOP, "API_KEY": "a-key-of-a-caller"}, sandbox=False)
    assert "Set API_KEY" not in one.text
    assert "Set GORGIAS_SECRET to open it." in one.text


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("helpdesk.example.com:8443", "http://helpdesk.example.com:8443/actions"),
        ("[::1]:8000", "http://[::1]:8000/actions"),
        ("x'; rm -rf ~ #", "http://127.0.0.1:8000/actions"),
        ("<script>alert(1)</script>", "http://127.0.0.1:8000/actions"),
    ],
)
async def test_only_a_real_host_is_repeated(host: str, shown: str) -> None:
    answer = await client().get("/", headers={"host": host})

    assert shown in Page(answer.text).text
    assert "alert(1)" not in answer.text
    assert "rm -rf" not in answer.text


async def test_what_is_not_ours_is_escaped() -> None:
    answer = await client({"PUBLIC_URL": "https://a.example/<script>\"'"}).get("/docs")

    assert [] == Page(answer.text).faults
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_json_is_shown_as_it_is_and_escaped() -> None:
    value = {"a<b": 'x & "y" </pre>', "n": -1.5, "t": [True, None], "d": "12 false"}
    shown = str(pretty(value))

    assert value == json.loads(Page(f'<pre aria-label="x">{shown}</pre>').blocks["x"])
    assert "</pre>" not in shown
    assert '<span class="v">-1.5</span>' in shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_told_from_what_it_stands_on(scheme: str) -> None:
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part))
        for part in (HERE / "static" / "pages.css")
        .read_text()
        .partition("(prefers-color-scheme: dark)")[::2]
    )
    colours = light if scheme == "light" else light | dark
    for name in ("ink", "quiet", "accent", "write"):
        assert 4.5 <= contrast(colours[name], colours["paper"]), name
    for name in ("ink", "quiet", "accent", "key", "value"):
        assert 4.5 <= contrast(colours[name], colours["code"]), name
    assert 4.5 <= contrast(colours["notice-ink"], colours["notice"])


def contrast(one: str, other: str) -> float:
    """Measure the contrast of two colours, as WCAG 2.2 does."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    """Measure how bright a colour is, from 0 to 1."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
