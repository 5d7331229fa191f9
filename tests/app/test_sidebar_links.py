"""The sidebar's routes: who sees which page, and what a signed link lets somebody see."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import httpx
import jwt
import msgspec
import pytest

from app.environment import load
from app.settings import digest
from app.sidebar import HERE, sidebar_files
from integrations.rivo_sandbox import Fault
from tests.app.serving import (
    API_KEY,
    ENVIRON,
    GORGIAS_SECRET,
    MAYA,
    NOW,
    RIVO_KEY,
    SARAH,
    Service,
    problem,
)
from tests.pages.site import client

pytestmark = pytest.mark.anyio

OVER = "This link is over; open it anew."
KEY = hmac.digest(ENVIRON["SECRET_KEY"].encode(), b"links to the sidebar", "sha256")
CLAIMS = {
    "aud": "rivo-helpdesk/sidebar",
    "iat": NOW,
    "exp": NOW + timedelta(minutes=15),
    "shop": "shop",
    "caller": "api_key",
    "by": hashlib.blake2b(digest(API_KEY), key=KEY, digest_size=8).hexdigest(),
    "customer": SARAH,
}


@pytest.fixture
async def service() -> Service:
    return Service()


async def make(service: Service, **given: Any) -> httpx.Response:
    return await service.ask("POST", "/sidebar/links", json={"customer_email": SARAH, **given})


async def token_of(service: Service, **given: Any) -> str:
    return str((await make(service, **given)).json()["url"]).partition("#token=")[2]


async def view(service: Service, token: str | None, **headers: str) -> httpx.Response:
    return await service.ask("GET", "/sidebar/view", key=token, headers=headers)


def signed(key: bytes = KEY, algorithm: str = "HS256", **claims: object) -> str:
    """Sign a token as the service does, with claims that differ."""
    kept = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(kept, key, algorithm)


async def test_a_link_shows_what_get_sidebar_says_of_its_customer(service: Service) -> None:
    made = await make(service)
    url, _, token = made.json()["url"].partition("#token=")
    shown = await view(service, token)
    asked = await service.act("get_sidebar", customer_email=SARAH)

    assert 200 == made.status_code
    assert ["url", "expires_at"] == list(made.json())
    assert "https://loyalty.example.com/sidebar/link" == url
    assert "2026-11-03T12:15:00Z" == made.json()["expires_at"]
    assert 200 == shown.status_code
    assert asked.content == shown.content
    assert SARAH == shown.json()["customer"]["email"]


async def test_a_link_is_read_by_the_address_that_it_was_asked_for_where_no_other_is_set() -> None:
    service = Service({name: ENVIRON[name] for name in ENVIRON if name != "PUBLIC_URL"})

    made = await make(service)

    assert made.json()["url"].startswith("http://service.test/sidebar/link#token=")


async def test_a_link_may_be_to_the_longest_address_there_is(service: Service) -> None:
    address = f"{chr(0x1F600) * 64}@{chr(0x1F600) * 190}"
    token = await token_of(service, customer_email=address)
    shown = await view(service, token)

    assert (200, False) == (shown.status_code, shown.json()["found"])


@pytest.mark.parametrize("minutes", [1, 15])
async def test_a_link_ends_by_itself(service: Service, minutes: int) -> None:
    token = await token_of(service, minutes=minutes)

    await asyncio.sleep(minutes * 60 - 1)
    before = await view(service, token)
    await asyncio.sleep(2)
    after = await view(service, token)

    assert 200 == before.status_code
    assert OVER == problem(after, 401, "unauthorized")["error"]


@pytest.mark.parametrize("minutes", [0, 16, -1, "ten", 10**9])
async def test_a_link_is_good_for_a_quarter_of_an_hour_at_most(
    service: Service, minutes: object
) -> None:
    assert "minutes" == problem(await make(service, minutes=minutes), 422, "invalid_input")["field"]


async def test_the_token_that_the_service_makes_is_the_one_of_these_tests(
    service: Service,
) -> None:
    assert signed() == await token_of(service)


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "token",
        "a.b.c",
        API_KEY,
        signed(key=b"k" * 32),
        signed(key=ENVIRON["SECRET_KEY"].encode().ljust(32)),
        signed(algorithm="HS512", key=KEY * 2),
        signed(aud="demo.zendesk.com"),
        signed(aud=None),
        signed(exp=None),
        signed(iat=None),
        signed(exp=NOW - timedelta(seconds=1)),
        signed(iat=NOW + timedelta(seconds=60)),
        signed(shop="another"),
        signed(shop=None),
        signed(caller="nobody"),
        signed(caller="gorgias_secret"),
        signed(caller=None),
        signed(by="0" * 16),
        signed(by=None),
        signed(customer=None),
        signed(more="x" * 8_192),
        f"{signed()}A",
        signed().rpartition(".")[0] + ".",
    ],
)
async def test_what_is_no_link_of_ours_shows_nothing(service: Service, token: str | None) -> None:
    answer = await view(service, token)

    assert OVER == problem(answer, 401, "unauthorized")["error"]
    assert "Bearer" in answer.headers["www-authenticate"]
    assert [] == list(service.sandbox.requests)


async def test_a_token_that_nobody_signed_shows_nothing(service: Service) -> None:
    none = jwt.encode({**CLAIMS}, None, "none")

    problem(await view(service, none), 401, "unauthorized")


async def test_a_link_lets_nobody_do_anything_else(service: Service) -> None:
    token = await token_of(service)

    for path in ("/actions/get_sidebar", "/gorgias/get_sidebar", "/operations", "/sidebar/links"):
        method = "POST" if path == "/sidebar/links" else "GET"
        answer = await service.ask(
            method, path, key=token, params={"customer_email": SARAH} if "get" in path else {}
        )
        problem(answer, 401, "unauthorized")
    problem(await service.ask("POST", "/sidebar/view", key=token), 405, "method_not_allowed")


async def test_a_link_shows_no_other_customer(service: Service) -> None:
    token = await token_of(service)

    asked = await service.ask("GET", f"/sidebar/view?customer_email={MAYA}", key=token)

    assert "customer_email" == problem(asked, 422, "invalid_input")["field"]


@pytest.mark.parametrize("key", [None, "wrong", GORGIAS_SECRET])
async def test_only_a_caller_of_the_actions_makes_a_link(service: Service, key: str | None) -> None:
    answer = await service.ask("POST", "/sidebar/links", key=key, json={"customer_email": SARAH})

    problem(answer, 401, "unauthorized")


def service_with(**changes: Any) -> Service:
    """Make a service whose shop differs, with the same SECRET_KEY."""
    settings = load(ENVIRON)
    shop = msgspec.structs.replace(settings.shops[0], **changes)
    return Service(settings=msgspec.structs.replace(settings, shops=(shop,)))


async def test_who_may_not_read_the_sidebar_makes_no_link_and_earlier_ones_end() -> None:
    callers = tuple(
        msgspec.structs.replace(each, actions=frozenset({"get_customer"}))
        for each in load(ENVIRON).shops[0].callers
    )
    service = service_with(callers=callers)

    problem(await make(service), 403, "not_allowed")
    problem(await view(service, signed()), 403, "not_allowed")


async def test_a_link_ends_with_its_caller() -> None:
    service = service_with(callers=load(ENVIRON).shops[0].callers[1:])

    assert OVER == problem(await view(service, signed()), 401, "unauthorized")["error"]


@pytest.mark.parametrize(("keys", "status"), [([API_KEY, "new"], 200), (["new"], 401)])
async def test_a_link_ends_with_the_key_that_made_it(keys: list[str], status: int) -> None:
    """Whoever takes a key away that others know takes away what they made with it."""
    token = await token_of(Service())
    one, *others = load(ENVIRON).shops[0].callers
    changed = msgspec.structs.replace(one, digests=tuple(map(digest, keys)))
    service = service_with(callers=(changed, *others))

    assert status == (await view(service, token)).status_code


async def test_a_link_shows_nothing_while_the_sidebar_is_switched_off() -> None:
    service = service_with(kill=frozenset({"get_sidebar"}))

    problem(await view(service, signed()), 403, "switched_off")


async def test_a_view_that_is_known_is_not_sent_again(service: Service) -> None:
    token = await token_of(service)
    first = await view(service, token)
    tag = first.headers["etag"]
    calls = len(service.sandbox.requests)

    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = await view(service, token, **{"if-none-match": known})

        assert (304, b"") == (again.status_code, again.content)
        assert tag == again.headers["etag"]
    other = await view(service, token, **{"if-none-match": '"other"'})
    assert (200, first.content) == (other.status_code, other.content)
    assert calls == len(service.sandbox.requests)


async def test_a_link_shows_what_was_known_last_where_rivo_cannot_say() -> None:
    down = False
    service = Service(faults=lambda _: Fault(kind="refuse") if down else None)
    token = await token_of(service)
    first = await view(service, token)

    down = True
    await asyncio.sleep(600)
    last = await view(service, token)

    assert (200, False) == (first.status_code, first.json()["stale"])
    assert (200, True) == (last.status_code, last.json()["stale"])
    assert first.json()["balance"] == last.json()["balance"]
    assert first.json()["as_of"] == last.json()["as_of"]


async def test_no_log_has_a_link_or_whose_it_is(service: Service) -> None:
    token = await token_of(service)
    await view(service, token)
    await view(service, f"{token}x")
    log = service.out.getvalue().decode()

    assert SARAH not in log
    assert token.rpartition(".")[2] not in log
    assert ["sidebar"] * 3 == [line["door"] for line in service.lines()]
    assert 1 == len({line["customer"] for line in service.lines() if "customer" in line})


async def test_what_is_sent_as_a_proof_is_not_said_back(service: Service) -> None:
    given = {"customer_email": SARAH, API_KEY: RIVO_KEY, "minutes": RIVO_KEY}
    for asked in ({API_KEY: "1"}, {"minutes": RIVO_KEY}):
        answer = await service.ask("POST", "/sidebar/links", json={**given, **asked})

        assert 422 == answer.status_code
        assert API_KEY not in answer.text
        assert RIVO_KEY not in answer.text


async def test_the_preview_is_in_the_sandbox_alone_and_only_with_its_own_key() -> None:
    async with client() as demo, client({"API_KEY": API_KEY}) as own:
        shown, hidden = await demo.get("/sidebar"), await own.get("/sidebar")
    real = await Service().ask("GET", "/sidebar", key=None)

    assert (200, "text/html; charset=utf-8") == (shown.status_code, shown.headers["content-type"])
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
    problem(hidden, 404, "not_found")
    problem(real, 404, "not_found")


@pytest.mark.parametrize(
    ("environ", "framed_by"),
    [
        ({}, "https:"),
        ({"FRAME_ANCESTORS": "https://app.frontapp.com"}, "https://app.frontapp.com"),
        (
            {
                "FRAME_ANCESTORS": "https://app.frontapp.com https://*.example.com",
                "ZENDESK_SUBDOMAIN": "acme",
                "ZENDESK_SHARED_SECRET": "secret-of-an-app-0001",
            },
            "https://app.frontapp.com https://*.example.com",
        ),
        (
            # Anybody may get this page: it does not tell whose helpdesks are served here.
            {"ZENDESK_SUBDOMAIN": "acme", "ZENDESK_SHARED_SECRET": "secret-of-an-app-0001"},
            "https:",
        ),
    ],
)
async def test_the_page_of_a_link_says_who_may_frame_it(
    environ: dict[str, str], framed_by: str
) -> None:
    service = Service({**ENVIRON, **environ})
    answer = await service.ask("GET", "/sidebar/link", key=None)
    page = await service.ask("GET", "/", key=None)
    before, _, said = answer.headers["content-security-policy"].partition("frame-ancestors ")

    assert (200, framed_by) == (answer.status_code, said)
    assert ["no-store"] == answer.headers.get_list("cache-control")
    assert f"{before}frame-ancestors 'none'" == page.headers["content-security-policy"]
    assert "unsafe" not in before
    assert "http" not in before


@pytest.mark.parametrize("name", sidebar_files())
async def test_a_file_is_asked_for_each_time_and_sent_once(service: Service, name: str) -> None:
    first = await service.ask("GET", f"/sidebar/{name}", key=None)
    kind = first.headers["content-type"].partition(";")[0]
    again = await service.ask(
        "GET", f"/sidebar/{name}", key=None, headers={"if-none-match": first.headers["etag"]}
    )

    assert (200, (HERE / name).read_bytes()) == (first.status_code, first.content)
    assert sidebar_files()[name] == kind
    assert ["no-cache"] == first.headers.get_list("cache-control")
    assert (304, b"") == (again.status_code, again.content)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "gzip"),
        ("br;q=1.0, GZIP;q=0.5", "gzip"),
        ("gzip;q=0, br", None),
        ("gzip; q=0.0", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_a_file_is_packed_for_who_can_unpack_it(
    service: Service, accepted: str, encoding: str | None
) -> None:
    told = {"accept-encoding": accepted}
    for path, name in (("sidebar.js", "sidebar.js"), ("link", "link.html")):
        answer = await service.ask("GET", f"/sidebar/{path}", key=None, headers=told)

        assert encoding == answer.headers.get("content-encoding")
        assert "accept-encoding" == answer.headers["vary"]
        assert (HERE / name).read_bytes() == answer.content


@pytest.mark.parametrize("name", ["", "x.js", "preview.html", "link.html", "../routes.py", "link/"])
async def test_nothing_else_is_served(service: Service, name: str) -> None:
    problem(await service.ask("GET", f"/sidebar/{name}", key=None), 404, "not_found")
