"""The page of the merchant: what it changes, what it shows, and from whom it takes anything."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import msgspec
import pytest

from app.environment import load
from app.main import create_app
from app.observe import make_log
from app.openapi import document, openapi_routes
from app.pages.entries import make_book
from app.sandboxed.merchant import PATH
from integrations.rivo import ACTIONS
from tests.pages.site import Page, client
from tests.store.stage import Inline

pytestmark = pytest.mark.anyio

HOST = "http://127.0.0.1:8000"
MAYA, SARAH, GUEST = 7301448820193, 7294851236742, 7322901847365
PLATINUM, SILVER_REWARD = 552289, 709485
FROM_HERE = {"sec-fetch-site": "same-origin"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
GIVE = {"do": "adjust", "customer": SARAH, "way": "give", "amount": "40", "unit": "points"}


@pytest.fixture(scope="module", autouse=True)
def _one_document() -> Iterator[None]:
    """Build the OpenAPI document, and what the pages show of it, once for all of these tests."""
    book = functools.cache(lambda: make_book(ACTIONS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.pages.routes.make_book", lambda _: book())
        patch.setattr("app.main.openapi_routes", functools.cache(openapi_routes))
        yield


@asynccontextmanager
async def sandbox(
    monkeypatch: pytest.MonkeyPatch, **environ: str
) -> AsyncIterator[httpx.AsyncClient]:
    """A service that runs with --sandbox, and a browser's client of it."""
    monkeypatch.setattr("app.main.ThreadPoolExecutor", lambda *_, **__: Inline())
    settings = msgspec.structs.replace(load(environ, sandbox=True), database=":memory:")
    app = create_app(settings, log=make_log(io.BytesIO(), level="info", form="json"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=HOST, headers=FROM_HERE
        ) as browser,
    ):
        yield browser


@pytest.fixture
async def http(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """What most tests need of it."""
    async with sandbox(monkeypatch) as browser:
        yield browser


async def send(http: httpx.AsyncClient, form: dict[str, Any], **headers: str) -> httpx.Response:
    return await http.post(PATH, data=form, headers=headers)


async def points(http: httpx.AsyncClient, customer: int = SARAH) -> int:
    page = (await http.get(PATH, params={"customer": customer})).text
    found = re.search(r'<dd id="points">(-?\d+)</dd>', page)
    assert found is not None
    return int(found[1])


async def test_the_page_is_well_formed_and_leads_somewhere(http: httpx.AsyncClient) -> None:
    answer = await http.get(PATH)
    page = Page(answer.text)
    ids = page.all("id")

    assert 200 == answer.status_code
    assert [] == page.faults
    assert len(ids) == len(set(ids))
    assert set(" ".join(page.all("aria-labelledby")).split()) <= set(ids)
    assert set(page.all("for")) <= set(ids)
    assert {"script", "style"}.isdisjoint(tag for tag, _ in page.elements)
    for link in (*page.all("href"), *page.all("src")):
        address, _ = urldefrag(urljoin(HOST + PATH, link))
        assert 200 == (await http.head(address)).status_code, link


async def test_the_page_begins_with_whom_the_sidebar_begins_with(http: httpx.AsyncClient) -> None:
    page = Page((await http.get(PATH)).text)

    assert "Maya Chen" in page.text
    assert {"adjust", "move", "redeem"} <= set(page.all("value"))
    assert "../sidebar?customer=maya.chen%40example.com" in page.all("href")


async def test_its_forms_may_be_sent_to_here_alone(http: httpx.AsyncClient) -> None:
    answers = [
        await http.get(PATH),
        await send(http, GIVE),
        await send(http, {**GIVE, "amount": 0}),
    ]

    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "form-action 'self'" in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "same-origin" == answer.headers["referrer-policy"]


async def test_points_are_given_and_taken_and_the_page_says_so(http: httpx.AsyncClient) -> None:
    before = await points(http)
    given = await send(http, {**GIVE, "note": "Sorry for the wait"})
    shown = await http.get(urljoin(HOST + PATH, given.headers["location"]))
    await send(http, {**GIVE, "way": "take", "amount": "15"})

    assert 303 == given.status_code
    assert PATH == urlsplit(urljoin(HOST + PATH, given.headers["location"])).path
    assert "Rivo announces it." in shown.text
    assert "points_event/created" in shown.text
    assert before + 25 == await points(http)


async def test_a_change_in_bulk_is_announced_to_nobody(http: httpx.AsyncClient) -> None:
    before = await points(http)
    given = await send(http, {**GIVE, "bulk": "true"})
    shown = await http.get(urljoin(HOST + PATH, given.headers["location"]))

    assert "announced to nobody" in shown.text
    assert "points_event/created" not in shown.text
    assert before + 40 == await points(http)


async def test_store_credit_is_given(http: httpx.AsyncClient) -> None:
    await send(http, {**GIVE, "unit": "credits", "amount": "2.50"})

    assert "27.50" in (await http.get(PATH, params={"customer": SARAH})).text


async def test_a_customer_is_moved_to_another_tier(http: httpx.AsyncClient) -> None:
    moved = await send(http, {"do": "move", "customer": SARAH, "vip_tier_id": PLATINUM})
    shown = Page((await http.get(urljoin(HOST + PATH, moved.headers["location"]))).text)

    assert 303 == moved.status_code
    assert "customer_vip_tier/upgraded" in shown.text


async def test_a_reward_is_redeemed_in_the_storefront(http: httpx.AsyncClient) -> None:
    before = await points(http, MAYA)
    form = {"do": "redeem", "customer": MAYA, "reward_id": SILVER_REWARD}
    redeemed = await send(http, form)
    shown = await http.get(urljoin(HOST + PATH, redeemed.headers["location"]))

    assert 303 == redeemed.status_code
    assert "points_redemption/created" in shown.text
    assert before > await points(http, MAYA)


@pytest.mark.parametrize(("reward", "amount"), [(594155, "2"), (709490, "200")])
async def test_a_reward_without_a_price_takes_an_amount(
    http: httpx.AsyncClient, reward: int, amount: str
) -> None:
    form = {"do": "redeem", "customer": MAYA, "reward_id": reward}

    assert 422 == (await send(http, form)).status_code
    assert 303 == (await send(http, {**form, "amount": amount})).status_code


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({**GIVE, "amount": ""}, "amount"),
        ({**GIVE, "amount": "0"}, "got 0"),
        ({**GIVE, "amount": "-5"}, "got -5"),
        ({**GIVE, "amount": "1000001"}, "amount"),
        ({**GIVE, "amount": "many"}, "amount"),
        ({**GIVE, "amount": "0.5"}, "a whole number of points"),
        ({**GIVE, "way": "lend"}, "way"),
        ({"do": "move", "customer": SARAH}, "vip_tier_id"),
        ({"do": "redeem", "customer": SARAH}, "reward_id"),
        ({"customer": SARAH}, "do"),
        ({**GIVE, "customer": "sarah"}, "customer"),
        ({**GIVE, "customer": 1}, "Rivo refuses this"),
        ({"do": "move", "customer": SARAH, "vip_tier_id": 1}, "there is no such tier"),
        ({"do": "redeem", "customer": GUEST, "reward_id": 709485}, "no member"),
    ],
    ids=str,
)
async def test_what_cannot_be_done_is_said_on_the_page(
    http: httpx.AsyncClient, form: dict[str, Any], said: str
) -> None:
    before = await points(http)

    answer = await send(http, form)

    page = Page(answer.text)
    assert (422, []) == (answer.status_code, page.faults)
    assert "alert" in page.all("role")
    assert said in page.text
    assert before == await points(http)


async def test_what_was_filled_in_stays_where_it_was_refused(http: httpx.AsyncClient) -> None:
    answer = await send(http, {**GIVE, "amount": "4,5", "note": "<b>Sorry</b>", "bulk": "true"})

    values = Page(answer.text).all("value")
    assert "4,5" in values
    assert "<b>Sorry</b>" in values
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": HOST}, 403),
        ({"origin": HOST}, 303),
        ({"origin": "http://127.0.0.1:8001"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
        # A name that was led to this machine after its page was loaded.
        ({"sec-fetch-site": "same-origin", "host": "evil.example"}, 403),
        ({"origin": "http://evil.example:8000", "host": "evil.example:8000"}, 403),
        ({"sec-fetch-site": "same-origin", "host": "localhost:8000"}, 303),
        ({"sec-fetch-site": "same-origin", "host": "[::1]:8000"}, 303),
    ],
    ids=str,
)
async def test_another_site_can_change_nothing(
    http: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    before = await points(http)
    del http.headers["sec-fetch-site"]

    answer = await send(http, GIVE, **headers)

    assert status == answer.status_code
    assert before + (40 if status == 303 else 0) == await points(http)
    if status == 403:
        assert "forbidden" == answer.json()["code"]


async def test_who_is_no_browser_sends_json(http: httpx.AsyncClient) -> None:
    del http.headers["sec-fetch-site"]
    before = await points(http)

    answer = await http.post(PATH, json={"do": "adjust", "customer": SARAH, "amount": 7})

    assert 303 == answer.status_code
    assert before + 7 == await points(http)


async def test_a_shop_that_is_not_served_has_no_page(http: httpx.AsyncClient) -> None:
    assert 404 == (await http.get(PATH, params={"shop": "other"})).status_code
    assert 404 == (await send(http, {**GIVE, "shop": "other"})).status_code
    assert 200 == (await http.get(PATH, params={"shop": "sandbox"})).status_code


async def test_it_is_named_where_there_is_one(http: httpx.AsyncClient) -> None:
    async with client() as without:
        assert "Rivo admin" not in (await without.get("/")).text
        assert 404 == (await without.get(PATH)).status_code

    assert "sandbox/admin" in Page((await http.get("/")).text).all("href")
    assert "sandbox/admin" in Page((await http.get("/sidebar")).text).all("href")
    assert PATH in document(sandbox=True)["paths"]
    assert PATH not in document()["paths"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": "{", "headers": {"content-type": "application/json"}}, 400),
        ({"content": "<a/>", "headers": {"content-type": "text/xml"}}, 415),
        ({"content": "x" * 70_000, "headers": FORM}, 413),
    ],
    ids=["no JSON", "type", "size"],
)
async def test_what_nobody_can_read_is_refused_in_one_sentence(
    http: httpx.AsyncClient, sent: dict[str, Any], status: int
) -> None:
    answer = await http.post(PATH, **sent)

    assert (status, "application/problem+json") == (
        answer.status_code,
        answer.headers["content-type"],
    )


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"content": "do=adjust&amount=5&amount=6", "headers": FORM}, "amount must be given once"),
        ({"json": []}, "body must be a JSON object"),
    ],
    ids=["twice", "no object"],
)
async def test_what_cannot_be_meant_is_said_on_the_page(
    http: httpx.AsyncClient, sent: dict[str, Any], said: str
) -> None:
    answer = await http.post(PATH, **sent)

    assert 422 == answer.status_code
    assert said in Page(answer.text).text


async def test_our_own_name_is_one_that_we_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sandbox(monkeypatch, PUBLIC_URL="https://demo.example.com") as http:
        answer = await send(http, GIVE, host="demo.example.com")

    assert 303 == answer.status_code
