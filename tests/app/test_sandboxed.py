"""The demo shops of `--sandbox`: people let writes go wrong, and see what comes of it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from app.environment import load
from app.main import create_app
from app.observe import make_log
from app.openapi import document
from tests.app.serving import SARAH, problem
from tests.openapi.conformance import Document
from tests.store.stage import Inline

pytestmark = pytest.mark.anyio

FAULTS = "/sandbox/faults"


@pytest.fixture
async def http(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A service that runs with --sandbox; its store has no thread, for which no time would pass."""
    monkeypatch.setattr("app.main.ThreadPoolExecutor", lambda *_, **__: Inline())
    settings = msgspec.structs.replace(load({}, sandbox=True), database=":memory:")
    app = create_app(settings, log=make_log(io.BytesIO(), level="info", form="json"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://127.0.0.1",
            headers={"x-api-key": "demo"},
        ) as client,
    ):
        yield client


async def give(http: httpx.AsyncClient, points: int = 1) -> httpx.Response:
    inputs = {"customer_email": SARAH, "points_amount": points}
    return await http.post("/actions/create_points_event", json=inputs)


async def points(http: httpx.AsyncClient) -> int:
    answer = await http.post("/actions/list_customer_points_events", json={"customer_email": SARAH})
    return sum(event["points_diff"] for event in answer.json()["points_events"])


def waiting(**order: Any) -> dict[str, Any]:
    return {"kind": "lost", "applied": False, "after": None, **order}


@pytest.mark.parametrize("key", ["demo", "demo-lead"])
async def test_the_next_write_goes_wrong_as_it_was_ordered(
    http: httpx.AsyncClient, key: str
) -> None:
    headers = {"x-api-key": key}
    ordered = await http.post(FAULTS, json={"kind": "lost", "applied": True}, headers=headers)
    shown = await http.get(FAULTS, headers=headers)
    first = await give(http)
    after = await http.get(FAULTS)

    assert 200 == ordered.status_code
    assert {"faults": [waiting(applied=True)], "count": 1} == ordered.json() == shown.json()
    assert (202, "outcome_unknown") == (first.status_code, first.json()["code"])
    assert {"faults": [], "count": 0} == after.json()
    assert 201 == (await give(http, 2)).status_code


async def test_what_is_refused_was_not_applied(http: httpx.AsyncClient) -> None:
    await http.post(FAULTS, data={"kind": "refuse"})

    refused = await give(http)

    assert 503 == refused.status_code
    assert (False, True) == (
        refused.json()["operation"]["applied"],
        refused.json()["operation"]["safe_to_retry"],
    )
    assert 201 == (await give(http)).status_code


async def test_reads_go_on_as_ever(http: httpx.AsyncClient) -> None:
    await http.post(FAULTS, json={"kind": "server_error", "count": 3})

    read = await http.post("/actions/get_customer", json={"customer_email": SARAH})

    assert (200, 3) == (read.status_code, (await http.get(FAULTS)).json()["count"])


async def test_faults_wait_in_their_order(http: httpx.AsyncClient) -> None:
    await http.post(FAULTS, json={"kind": "lost", "count": 2, "after": 30})
    told = await http.post(FAULTS, data={"kind": "html"})

    late = waiting(after=30)
    assert {"faults": [late, late, waiting(kind="html")], "count": 3} == told.json()


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({}, "kind"),
        ({"kind": "rain"}, "kind"),
        ({"kind": "lost", "count": 101}, "count"),
        ({"kind": "lost", "count": 0}, "count"),
        ({"kind": "lost", "applied": "perhaps"}, "applied"),
        ({"kind": "lost", "after": 3601}, "after"),
        ({"kind": "too_many", "applied": True}, "applied"),
        ({"kind": "refuse", "after": 1}, "after"),
        ({"kind": "lost", "wind": 1}, "wind"),
    ],
    ids=str,
)
async def test_a_wrong_order_is_refused_by_name(
    http: httpx.AsyncClient, order: dict[str, Any], field: str
) -> None:
    told = problem(await http.post(FAULTS, json=order), 422, "invalid_input")

    assert field == told["field"]
    assert 0 == (await http.get(FAULTS)).json()["count"]


async def test_no_more_than_a_hundred_wait(http: httpx.AsyncClient) -> None:
    await http.post(FAULTS, json={"kind": "lost", "count": 60})

    told = problem(
        await http.post(FAULTS, json={"kind": "lost", "count": 41}), 422, "invalid_input"
    )

    assert "count" == told["field"]


async def test_it_takes_a_key(http: httpx.AsyncClient) -> None:
    for method in ("GET", "POST"):
        answer = await http.request(method, FAULTS, headers={"x-api-key": "nobody"})
        problem(answer, 401, "unauthorized")
        assert "www-authenticate" in answer.headers


async def test_its_answers_are_as_documented(http: httpx.AsyncClient) -> None:
    described = document(sandbox=True)["paths"][FAULTS]
    schema = described["post"]["responses"]["200"]["content"]["application/json"]["schema"]

    answer = await http.post(FAULTS, json={"kind": "lost", "applied": True, "after": 3})

    assert [] == Document().mistakes(schema, answer.json())
    assert FAULTS not in document()["paths"]
    assert FAULTS in (await http.get("/openapi.json")).json()["paths"]
