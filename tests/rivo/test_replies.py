"""What a complete answer means: every row of the error tables."""

from __future__ import annotations

import json

import pytest

from integrations.errors import (
    ActionError,
    NotAvailableError,
    NotConfiguredError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo.replies import (
    LOST,
    WrongVerbError,
    body_of,
    read_error,
    reason,
    resource_in,
    rows_in,
    write_error,
)
from integrations.upstream import Reply

HTML = b"<html><h1>502 Bad Gateway</h1></html>"
ERROR = {"error": "Could not find a customer."}
SINGLE = {"data": {"id": 1, "type": "customer", "attributes": {"id": 1}}}


def reply(status: int, body: object = b"", retry_after: float | None = None) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, "application/json", raw, retry_after)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "No."}, "No."),
        ({"message": "No."}, "No."),
        ({"errors": ["One", "two"]}, "One, two"),
        ({"errors": "No."}, "No."),
        ({"error": {"message": "No."}}, "No."),
        ({"error": {"msg": "No."}}, "No."),
        ({"error": {"code": 5}, "message": "No."}, "No."),
        ({"error": " \n ", "message": "No."}, "No."),
        ({"error": "First", "message": "second"}, "First"),
        ({"error": "two\n lines\x00\x1b[31m"}, "two lines[31m"),
        ({"error": "x" * 500}, "x" * 200),
        ({"error": 5}, None),
        ({"error": []}, None),
        ({}, None),
        (["error"], None),
        ("error", None),
        (None, None),
    ],
    ids=str,
)
def test_rivos_reason_is_found_wherever_it_stands(body: object, said: str | None) -> None:
    assert said == reason(body)


@pytest.mark.parametrize(
    "raw", [b"", HTML, b"{", b"\xff", b"[" * 100_000], ids=lambda raw: repr(raw[:9])
)
def test_a_body_that_is_no_json_is_none(raw: bytes) -> None:
    assert body_of(reply(200, raw)) is None


READ_TABLE: list[tuple[str, Reply, type[ActionError] | None]] = [
    ("one resource", reply(200, SINGLE), None),
    ("bare attributes", reply(200, {"id": 1, "email": "a@b"}), None),
    ("an error in a 200", reply(200, ERROR), NotFoundError),
    ("null data", reply(200, {"data": None}), NotFoundError),
    ("null data and an error", reply(200, ERROR | {"data": None}), NotFoundError),
    ("a list for one", reply(200, {"data": [1]}), UnavailableError),
    ("nothing in it", reply(200, {"data": {}}), UnavailableError),
    ("something else", reply(200, {"foo": 1}), UnavailableError),
    ("a word", reply(200, "x"), UnavailableError),
    ("html in a 200", reply(200, HTML), UnavailableError),
    ("empty 200", reply(200), UnavailableError),
    ("204", reply(204), UnavailableError),
    ("301", reply(301), UnavailableError),
    ("400", reply(400, {"error": "id is invalid"}), NotFoundError),
    ("400 without a word", reply(400, HTML), NotFoundError),
    ("401", reply(401, {"error": "Unauthorized"}), NotConfiguredError),
    ("401 html", reply(401, HTML), NotConfiguredError),
    ("403", reply(403), NotConfiguredError),
    ("404", reply(404, ERROR), NotFoundError),
    ("404 html", reply(404, HTML), UnavailableError),
    ("405", reply(405), UnavailableError),
    ("422", reply(422, ERROR), NotFoundError),
    ("429", reply(429, b"Too many Mer"), UnavailableError),
    ("500", reply(500), UnavailableError),
    ("502", reply(502, HTML), UnavailableError),
    ("503", reply(503, {"error": "down"}), UnavailableError),
]


@pytest.mark.parametrize(
    ("answer", "error"), [r[1:] for r in READ_TABLE], ids=[r[0] for r in READ_TABLE]
)
def test_what_the_answer_to_one_read_means(answer: Reply, error: type[ActionError] | None) -> None:
    assert (error or type(None)) is type(read_error(answer, single=True))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(200, {"data": []}), None),
        (reply(200, [{"id": 1}]), None),
        (reply(200, {"data": None}), NotFoundError),
        (reply(200, ERROR), NotFoundError),
        (reply(200, SINGLE), UnavailableError),
        (reply(200, {"id": 1}), UnavailableError),
        (reply(400, {"error": "page is invalid"}), RefusedError),
        (reply(422, HTML), RefusedError),
        (reply(404, ERROR), NotFoundError),
        (reply(404, HTML), UnavailableError),
    ],
    ids=range(10),
)
def test_what_the_answer_to_a_list_means(answer: Reply, error: type[ActionError] | None) -> None:
    assert (error or type(None)) is type(read_error(answer))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(404, HTML), NotAvailableError),
        (reply(405, {"error": "405 Not Allowed"}), NotAvailableError),
        (reply(404, ERROR), NotFoundError),
        (reply(500), UnavailableError),
    ],
    ids=["no route", "no verb", "no such thing", "down"],
)
def test_what_the_answer_to_an_optional_read_means(answer: Reply, error: type[ActionError]) -> None:
    assert error is type(read_error(answer, optional=True, single=True))


NO_CUSTOMER = "Rivo knows no such customer or resource."


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (reply(200, {"data": None}), NO_CUSTOMER),
        (reply(200, ERROR), "Could not find a customer."),
        (reply(200, ERROR | {"data": None}), "Could not find a customer."),
        (reply(200, {"foo": 1}), "Rivo's answer was not understood (one resource)."),
        (reply(299, b""), "Rivo's answer was not understood (one resource)."),
        (reply(300, b""), "Rivo is not available right now."),
        (
            reply(401, HTML),
            "Rivo refuses the service's API key; an administrator has to set it right.",
        ),
        (reply(404, ERROR), "Could not find a customer."),
        (reply(404, HTML), "Rivo does not offer this on this store."),
        (reply(400, {"error": "id is invalid"}), "id is invalid"),
        (reply(422, HTML), "Rivo knows no such thing."),
        (reply(429), "Rivo is too busy right now."),
        (reply(500, ERROR), "Rivo is not available right now."),
    ],
    ids=range(13),
)
def test_every_error_of_a_read_says_what_is_wrong(answer: Reply, message: str) -> None:
    error = read_error(answer, optional=True, single=True)

    assert error is not None
    assert message == error.message


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (reply(200, SINGLE), "Rivo's answer was not understood (a list)."),
        (reply(400, {"error": "page is invalid"}), "Rivo refused this: page is invalid"),
    ],
    ids=["one resource", "refused"],
)
def test_every_error_of_a_list_says_what_is_wrong(answer: Reply, message: str) -> None:
    error = read_error(answer)

    assert error is not None
    assert message == error.message


@pytest.mark.parametrize(("sent", "told"), [(None, 1), (7.5, 7.5)], ids=["silent", "told"])
def test_a_busy_rivo_says_when_to_come_again(sent: float | None, told: float) -> None:
    busy = read_error(reply(429, b"", sent)), write_error(reply(429, b"", sent), empty=False)

    assert [told, told] == [error.retry_after for error in busy if error]
    down = read_error(reply(503))
    assert down is not None
    assert 1 == down.retry_after


WRITE_TABLE: list[tuple[str, Reply, type[ActionError] | None]] = [
    ("201", reply(201, SINGLE), None),
    ("200", reply(200, SINGLE), None),
    ("202", reply(202, SINGLE), None),
    ("bare attributes", reply(201, {"id": 1, "points_diff": 5}), None),
    (
        "cancellation",
        reply(200, {"data": {"type": "x", "attributes": {"status": "pending"}}}),
        None,
    ),
    ("bare cancellation", reply(200, {"status": "pending", "customer_id": 1}), None),
    ("an error in a 200", reply(200, {"error": "Insufficient balance"}), RefusedError),
    ("an error in a 201", reply(201, {"error": "No", "data": None}), RefusedError),
    ("only a message", reply(200, {"message": "Accepted"}), OutcomeUnknownError),
    ("a list", reply(200, {"data": [1]}), OutcomeUnknownError),
    ("an empty resource", reply(201, {"data": {}}), OutcomeUnknownError),
    ("an empty envelope", reply(201, {"data": {"id": 1, "attributes": {}}}), OutcomeUnknownError),
    ("something else", reply(200, {"ok": True}), OutcomeUnknownError),
    ("empty 200", reply(200), OutcomeUnknownError),
    ("empty 201", reply(201), OutcomeUnknownError),
    ("html in a 200", reply(200, HTML), OutcomeUnknownError),
    ("301", reply(301), OutcomeUnknownError),
    ("400", reply(400, ERROR), RefusedError),
    ("400 html", reply(400, HTML), RefusedError),
    ("401", reply(401, ERROR), NotConfiguredError),
    ("403 with a reason", reply(403, {"error": "excluded"}), RefusedError),
    ("403 without one", reply(403, HTML), NotConfiguredError),
    ("404", reply(404, ERROR), NotFoundError),
    ("404 html", reply(404, HTML), NotAvailableError),
    ("405", reply(405, {"error": "405 Not Allowed"}), WrongVerbError),
    ("408", reply(408, ERROR), OutcomeUnknownError),
    ("409", reply(409, ERROR), OutcomeUnknownError),
    ("422", reply(422, ERROR), RefusedError),
    ("429", reply(429, ERROR), UnavailableError),
    ("500", reply(500, ERROR), OutcomeUnknownError),
    ("502", reply(502, HTML), OutcomeUnknownError),
    ("503", reply(503), OutcomeUnknownError),
]


@pytest.mark.parametrize("empty", [True, False], ids=["204 listed", "204 not listed"])
@pytest.mark.parametrize(
    ("answer", "error"), [r[1:] for r in WRITE_TABLE], ids=[r[0] for r in WRITE_TABLE]
)
def test_what_the_answer_to_a_write_means(
    answer: Reply, error: type[ActionError] | None, empty: bool
) -> None:
    assert (error or type(None)) is type(write_error(answer, empty=empty))


def test_a_204_means_applied_only_where_the_contract_lists_it() -> None:
    assert write_error(reply(204), empty=True) is None
    assert isinstance(write_error(reply(204), empty=False), OutcomeUnknownError)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (422, {"error": "Insufficient balance"}, "Rivo refused this: Insufficient balance"),
        (422, HTML, "Rivo refused this without a reason."),
        (404, ERROR, "Could not find a customer."),
        (404, HTML, "Rivo does not offer this on this store; nothing was changed."),
        (405, ERROR, "Rivo does not offer this on this store; nothing was changed."),
        (429, b"Too many Mer", "Rivo is too busy right now; nothing was changed."),
        (
            401,
            HTML,
            "Rivo refuses the service's API key; an administrator has to set it right.",
        ),
        (200, {"error": "Insufficient balance"}, "Rivo refused this: Insufficient balance"),
        *((code, b"", LOST) for code in (200, 204, 300)),
        (
            500,
            HTML,
            "Rivo did not confirm the change: it may have been applied. "
            "Do not repeat it before you have looked at the customer.",
        ),
    ],
    ids=range(12),
)
def test_every_error_of_a_write_says_what_became_of_it(
    status: int, body: object, message: str
) -> None:
    error = write_error(reply(status, body), empty=False)

    assert error is not None
    assert message == error.message


def test_a_resource_is_found_under_data_or_bare() -> None:
    found = resource_in(SINGLE), resource_in({"customer": {"id": 5}}), resource_in({"id": 7})

    assert [1, None, 7] == [each.id for each in found if each]
    others: list[object] = [None, [], {"data": []}, {"data": None, "id": 1}, {"a": 1}]
    for other in others:
        assert resource_in(other) is None


def test_what_a_resource_lacks_is_told_by_whether_it_answers_a_write() -> None:
    """What was read may be read again; what was written may have been applied."""
    troubles: list[type[ActionError]] = [UnavailableError, OutcomeUnknownError]
    for wrote, trouble in zip((False, True), troubles, strict=True):
        resource = resource_in(
            {"data": {"id": 1, "attributes": {"id": 1, "points_diff": []}}}, wrote=wrote
        )
        assert resource is not None
        with pytest.raises(trouble, match="points_diff"):
            resource.whole("points_diff")
    read = resource_in({"id": 1, "points_diff": []})
    assert read is not None
    with pytest.raises(UnavailableError):
        read.whole("points_diff")


def test_rows_are_found_under_data_or_bare() -> None:
    assert [1] == rows_in({"data": [1]})
    assert [2] == rows_in([2])
    others: list[object] = [None, {}, {"data": {}}, "rows"]
    for other in others:
        assert rows_in(other) is None
