"""What stands on every answer: headers that keep browsers in, and the request's id."""

from __future__ import annotations

import pytest

from tests.app.serving import (
    API_KEY,
    BUTTON_SECRET,
    GORGIAS_SECRET,
    SARAH,
    Service,
    problem,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return Service()


ON_EVERY_ANSWER = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("GET", "/", None, 200),
        ("GET", "/docs", None, 200),
        ("GET", "/openapi.json", None, 200),
        ("GET", "/static/pages.css", None, 200),
        ("HEAD", "/docs", None, 200),
        ("GET", "/healthz", None, 200),
        ("GET", "/readyz", None, 503),
        ("GET", "/metrics", None, 200),
        ("GET", "/nowhere", None, 404),
        ("POST", "/healthz", None, 405),
        ("GET", "/actions", API_KEY, 200),
        ("GET", f"/actions/get_customer?customer_email={SARAH}", API_KEY, 200),
        ("GET", "/actions/get_customer?customer_email=nobody@example.com", API_KEY, 404),
        ("GET", "/actions/get_customer", None, 401),
        ("GET", "/actions/get_customer", API_KEY, 422),
        ("GET", "/actions/no_such_action", API_KEY, 404),
        ("GET", "/actions/create_points_event", API_KEY, 405),
        ("OPTIONS", "/actions/get_customer", API_KEY, 405),
        ("GET", "/gorgias/list_rewards", GORGIAS_SECRET, 403),
        ("GET", "/gorgias/get_sidebar", GORGIAS_SECRET, 200),
        ("POST", "/gorgias/create_points_event", BUTTON_SECRET, 422),
    ],
)
async def test_headers_that_keep_browsers_in_stand_on_every_answer(
    service: Service, method: str, path: str, key: str | None, status: int
) -> None:
    answer = await service.ask(method, path, key=key)

    assert status == answer.status_code
    for name, value in ON_EVERY_ANSWER.items():
        assert [value] == answer.headers.get_list(name)
    assert "strict-transport-security" not in answer.headers
    assert 1 == len(answer.headers.get_list("x-request-id"))


async def test_behind_tls_browsers_are_told_to_stay_there(service: Service) -> None:
    for path in ("/healthz", "/nowhere", "/actions"):
        answer = await service.ask("GET", f"https://service.test{path}")

        assert "max-age=31536000" == answer.headers["strict-transport-security"]


async def test_a_mistake_of_ours_is_a_problem_with_all_headers_and_no_detail(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise AssertionError("a secret that nobody may see")

    monkeypatch.setattr("app.doors.Manner.answer", fails)
    answer = await service.ask("GET", "/actions/list_vip_tiers")

    told = problem(answer, 500, "internal")
    assert "Something went wrong here; it has been logged." == told["error"]
    assert b"secret" not in service.out.getvalue()
    for name, value in ON_EVERY_ANSWER.items():
        assert [value] == answer.headers.get_list(name)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("abc-123", "abc-123"),
        ("A.b_c-1" * 9, "A.b_c-1" * 9),
        ("", "request-1"),
        ("x" * 65, "request-1"),
        ("two words", "request-1"),
        ("inj{}ect", "request-1"),
        ("é", "request-1"),
    ],
)
async def test_a_request_id_is_kept_where_it_is_one(
    service: Service, given: str, told: str
) -> None:
    headers = [(b"x-api-key", API_KEY.encode()), (b"x-request-id", given.encode())]
    for path in ("/actions/list_vip_tiers", "/actions/get_customer"):
        answer = await service.http.get(path, headers=headers)
        expected = told if told == given else answer.headers["x-request-id"]

        assert expected == answer.headers["x-request-id"]
        assert given == told or answer.headers["x-request-id"].startswith("request-")
        assert answer.headers["x-request-id"] == service.lines()[-1]["request_id"]
        if answer.status_code != 200:
            assert answer.headers["x-request-id"] == answer.json()["request_id"]
