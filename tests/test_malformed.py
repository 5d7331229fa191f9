"""Requests that nobody would write, on purpose: each answer is one that the document tells."""

from __future__ import annotations

import asyncio
import io
import json
import random
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from app.openapi import read_examples
from app.operations.looking import FILTERS
from app.operations.routes import SETTLEMENT
from integrations.actions import CONTEXT
from integrations.rivo import ACTIONS
from tests.often import often
from tests.openapi.conformance import Document, departures
from tests.openapi.served import KEY, service
from tests.soak.figures import Figure

pytestmark = pytest.mark.anyio

RUNS: Final = 5
REQUESTS: Final = often(suite=300, commit=1000)
EACH: Final = 1_000
KNOWN: Final = Document()
INPUTS: Final = sorted(
    {i.name for a in ACTIONS.values() for i in (*a.inputs, *CONTEXT)} | {*FILTERS, *SETTLEMENT}
)
OPERATION: Final[str] = read_examples()["create_points_event"].answer["operation"]["id"]
"""The first write of a service has this id."""
OWN: Final[dict[str, Collection[str]]] = {
    "/operations$": FILTERS,
    "/operations/op_[0-9a-f]+/settle$": SETTLEMENT,
    "/operations/op_": ("",),
}
"""What is likely to be sent where, and not some action's inputs."""
FORM: Final = b"application/x-www-form-urlencoded"
METHODS: Final = (
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "QUERY",
    "get",
    "",
    "É",
)
TEXTS: Final = (
    "",
    "None",
    "{{ticket.id}}",
    "sarah.martinez@example.com",
    "s***@example.com",
    "../rewards?x=1@b",
    "a b@c",
    "7294851236742",
    "9" * 400,
    "-1",
    "1e309",
    "0x10",
    "NaN",
    "\u0661\u0662",
    "\0",
    "\ud800",
    "\u202e\ufeff",
    "x" * 300,
    "2026-02-30",
    "2026-11-21T15:20:00Z",
    "31/04/1990",
    "manual",
    "fe80::1%eth0",
    "full",
    "applied",
    "unknown",
    OPERATION,
    f"1793707200250000-{OPERATION}",
)
NUMBERS: Final = (
    *("0", "-0", "1", "709485", "24101330", "25", "5.5", "-0.0", "1e400", "1E+2", "0.1234", "01"),
    *("9" * 30, "9" * 5000, "NaN", "-Infinity", "1e999999999", "2e-999999999", "0.3" + "0" * 20),
)
NESTED: Final = ("[]", "{}", '[["a"]]', '{"a": {"b": [1]}}', "true", "false", "null")


@pytest.mark.parametrize("seed", range(RUNS))
async def test_every_answer_to_a_malformed_request_is_documented(seed: int) -> None:
    """No exception, no 500, nothing that hangs; for a commit five seeds of a thousand."""
    statuses: Counter[int] = Counter()
    assert [] == await departing(seed, REQUESTS, statuses)
    assert REQUESTS == statuses.total()
    assert {200, 400, 401, 404, 405, 413, 415, 422} <= set(statuses), statuses


async def departing(seed: int, requests: int, statuses: Counter[int]) -> list[str]:
    """Ask so often, and say of each answer that departs from the document how."""
    dice = random.Random(f"malformed {seed}")
    log = io.BytesIO()
    app = service(log)
    await wrote(app)
    found: list[str] = []
    for _ in range(requests):
        scope, messages = request(dice)
        about = f"{scope['method']} {scope['path']!r} {scope['query_string']!r} {messages!r:.500}"
        try:
            async with asyncio.timeout(10):
                status, headers, body = await answered(app, scope, messages)
        except TimeoutError:
            found.append(f"{about}: no answer")
            continue
        statuses[status] += 1
        wrong = departures(KNOWN, (scope["method"], scope["path"]), status, headers, body)
        found += [f"{about}: {status} {each} {body[:300]!r}" for each in wrong]
        if status == 503 and scope["path"] != "/readyz":
            found.append(f"{about}: 503")
    if b"request.failed" in log.getvalue():
        found.append("a request failed")
    return found


MALFORMED: Final = Figure(
    one=lambda seed: asyncio.run(departing(seed, EACH, Counter())),
    each=EACH,
    simulated="requests are handed to the application in process, as a server hands them over; "
    "those on sockets are tried by tests/serving",
)


async def test_a_page_is_shown_whatever_the_query_holds() -> None:
    scope, _ = request(random.Random(0))
    scope |= {"method": "GET", "path": "/", "query_string": b"\xa4\xff", "headers": []}
    status, _, body = await answered(service(), scope, [{"type": "http.request", "body": b""}])

    assert 200 == status
    assert b"rivo-helpdesk" in body


async def wrote(app: Starlette) -> None:
    """Make one write as it should be, so that there is an operation."""
    await app.state.store.open()
    scope, _ = request(random.Random(0))
    scope |= {"method": "POST", "path": "/actions/create_points_event", "query_string": b""}
    scope |= {"headers": [(b"x-api-key", KEY.encode())]}
    body = json.dumps(read_examples()["create_points_event"].given).encode()
    status, _, _ = await answered(app, scope, [{"type": "http.request", "body": body}])
    assert 201 == status


def request(dice: random.Random) -> tuple[dict[str, Any], list[Message]]:
    """Make up a request as ASGI has it: where to, and what comes in."""
    path = where(dice)
    likely = next((known for start, known in OWN.items() if re.match(start, path)), ())
    content_type, body = dice.choice(list(content_types())), content(dice, likely)
    if dice.random() < 0.5:  # at least the body is what it is said to be
        content_type = FORM if b"=" in body and not body.startswith((b"{", b"[")) else b""
    headers = [
        (b"authorization", dice.choice([b"Bearer " + KEY.encode()] * 9 + [b"Bearer \xff", b"B"])),
        *([(b"content-type", content_type)] if content_type else []),
        *dice.choices(list(odd_headers()), k=dice.choice([0, 0, 0, 1, 3])),
    ]
    dice.shuffle(headers)
    methods: tuple[str, ...] = ("GET", *["POST"] * 3)
    if path.startswith("/operations") and not path.endswith(("/settle", "/approve")):
        methods = ("GET", "GET", "GET", "POST")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": dice.choice(["1.0", "1.1", "2"]),
        "method": dice.choice(methods * 8 + METHODS),
        "scheme": dice.choice(["http", "https"]),
        "path": path,
        "raw_path": quote(path, errors="surrogatepass").encode(),
        "query_string": query(dice, likely),
        "root_path": "",
        "headers": headers,
        "client": dice.choice([("127.0.0.1", 1), ("203.0.113.7", 1), None]),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    return scope, list(chunks(dice, body))


def where(dice: random.Random) -> str:
    door, name = dice.choice(["actions", "gorgias"]), dice.choice(list(ACTIONS))
    one = f"/operations/{OPERATION}"
    return dice.choice(
        [f"/{door}/{name}"] * 60
        + ["/operations", one, f"{one}/settle", f"{one}/approve"] * 3
        + ["/operations/", f"{one}/", f"/operations/{dice.choice(TEXTS)}", "/operations/op_/settle"]
        + [f"/{door}", f"/{door}/", f"/{door}/{name}/", f"//{door}/{name}", f"/{door}//{name}"]
        + [f"/{door}/{name}/{name}", f"/{door}/{name[:-1]}", f"/{door}/../{name}", f"/{door}/%2e"]
        + [f"/{door}/{name.upper()}", f"/{door}/\0", f"/{door}/\udcff", f"/{door}/{'x' * 5000}"]
        + [
            "",
            "/",
            "*",
            "/docs",
            "/healthz",
            "/readyz",
            "/openapi.json",
            "/nowhere",
            "/é",
            f"/{door}s",
            f"/zendesk/{name}",
            f"/zendesk//{name}/",
            f"/zendesk/shop/{name}",
            "/zendesk/webhook",
            "/zendesk/shop/webhook",
            "/rivo/webhooks",
            "/rivo/webhooks/shop",
        ]
    )


def query(dice: random.Random, likely: Collection[str]) -> bytes:
    pairs = [f"{name}={quote(text(dice), errors='ignore')}" for name in names(dice, likely)]
    odd = ["a=1&a=2", "&&&", "=", "%", "%ff=1", "page=%zz", "a;b", "page[]=1", "x=" * 200, "?" * 99]
    twice = [f"{name}=1&{name}=2" for name in INPUTS]
    told = dice.choice(["", "", "", "&".join(pairs), dice.choice(odd), dice.choice(twice)])
    return told.encode() if dice.random() < 0.97 else dice.randbytes(20)


def content(dice: random.Random, likely: Collection[str]) -> bytes:
    inputs = [(name, value(dice)) for name in names(dice, likely)]
    told = ("{" + ", ".join(f"{json.dumps(n)}: {v}" for n, v in inputs) + "}").encode()
    form = "&".join(f"{n}={quote(text(dice), errors='ignore')}" for n, _ in inputs).encode()
    spoiled = bytearray(told)
    spoiled[dice.randrange(len(told))] = dice.randrange(256)
    odd = [
        b"",
        b"null",
        b"[1, 2]",
        b'"text"',
        b"\xef\xbb\xbf" + told,
        told.decode().encode("utf-16"),
        told[: dice.randrange(len(told))],
        told + told,
        b"[" * 40_000,
        b'{"a":' * 9_000,
        b'{"page": 1, "page": 2}',
        b'{"a": "\\ud800"}',
        b"{" + b'"a": 1, ' * 2_000 + b'"b": 1}',
        b"%ff=%ff&\xff\xfe",
        b"a=1&" * 150,
        b" " * 66_000,
        dice.randbytes(dice.randrange(60)),
        bytes(spoiled),
    ]
    return dice.choice([*[told] * 9, *[form] * 9, *odd])


def names(dice: random.Random, likely: Collection[str]) -> list[str]:
    chosen = ["customer_email", *dice.sample(INPUTS, dice.randrange(4))]
    if likely:
        chosen = dice.sample(sorted(likely), dice.randrange(len(likely)))
    return chosen + dice.choice(
        [[], [], [], [], [""], ["nonsense"], ["\0"], ["x" * 500], ["\u202e"]]
    )


def text(dice: random.Random) -> str:
    return dice.choice([*TEXTS, *NUMBERS])


def value(dice: random.Random) -> str:
    """Write a JSON value, or what is none."""
    return dice.choice([json.dumps(dice.choice(TEXTS))] * 3 + [dice.choice(NUMBERS + NESTED)])


def chunks(dice: random.Random, body: bytes) -> Iterator[Message]:
    """Cut a body into pieces; some senders go away before the last one."""
    cuts = sorted(dice.choices(range(len(body) + 1), k=dice.choice([0, 0, 0, 1, 4])))
    ends = [*cuts, len(body)]
    for start, end in zip([0, *cuts], ends, strict=True):
        more = (start, end) != (([0, *cuts])[-1], len(body))
        yield {"type": "http.request", "body": body[start:end], "more_body": more}
        if more and dice.random() < 0.1:
            return


def content_types() -> Iterator[bytes]:
    yield from (b"application/json", FORM, b"application/problem+json", b"Application/JSON;v=1")
    yield from (b"", b"text/plain", b"multipart/form-data", b"application/xml", b";", b"\xff", b"/")
    yield from (b"application/json; charset=utf-16", b"application/json\0", FORM + b"; charset=x")


def odd_headers() -> Iterator[tuple[bytes, bytes]]:
    for length in (b"0", b"-1", b"9" * 30, b"x", b"", b"65537", b"\xb2"):
        yield b"content-length", length
    for name in (
        b"x-request-id",
        b"x-api-key",
        b"authorization",
        b"content-type",
        b"idempotency-key",
        b"if-none-match",
    ):
        for each in (b"", b"\xff\xfe", b"x" * 9000, b"a\tb", b"Bearer", b"{{x}}", b"ok-1"):
            yield name, each
    yield from ((b"", b""), (b"expect", b"100-continue"), (b"transfer-encoding", b"chunked"))
    yield from ((b"x-forwarded-for", b"::1"), (b"host", b"\xff"), (b"host", b"a/../b"))


async def answered(
    app: ASGIApp, scope: dict[str, Any], messages: list[Message]
) -> tuple[int, dict[str, str], bytes]:
    """Send a request as a server would hand it over; a sender that is gone has disconnected."""
    coming, sent = iter(messages), []

    async def receive() -> Message:
        return next(coming, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *parts = sent
    headers = {name.decode().lower(): told.decode("latin-1") for name, told in start["headers"]}
    return start["status"], headers, b"".join(part.get("body", b"") for part in parts)
