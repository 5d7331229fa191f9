"""What the check says about a shop, and that it only ever looks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.check.attributes import CUSTOMER, POINTS_EVENT
from app.check.report import Report
from integrations.rivo_sandbox import Fault, Received, Shop, Switches, alternatives, demo_shop
from tests.check.asked import Checked, Edit

pytestmark = pytest.mark.anyio

NOTES = "Internal notes come back whole"
SEEN_BY_READING = {"U6", "U7", "U8", "U9", "U10", "U21", "U27", "U28"}


def unusual(report: Report) -> dict[str, tuple[str, str]]:
    """What does not simply work; the demo shop's notes are too short to prove anything."""
    return {
        each.question: (each.result, each.seen)
        for each in report.findings
        if each.result != "works" and each.question != NOTES
    }


async def test_a_store_that_keeps_the_contract_works_throughout() -> None:
    report = await Checked().report()

    assert {} == unusual(report)
    assert report.ok
    assert 45 <= len(report.findings)


async def test_it_only_looks_and_asks_little_and_slowly() -> None:
    checked = Checked()
    report = await checked.report()

    assert {"GET"} == {each.method for each in checked.sandbox.requests}
    assert report.requests == len(checked.sandbox.requests) <= 26
    # Eight naps and nine requests never fit into one second.
    assert [0.12] * (report.requests - 1) == checked.naps


@pytest.mark.parametrize(
    ("name", "switches"), [pytest.param(*each, id=each[0]) for each in alternatives()]
)
async def test_each_alternative_shows_in_its_own_rows_only(name: str, switches: Switches) -> None:
    row = name.partition("-")[0]
    report = await Checked(switches=switches).report()

    strange = {each.contract for each in report.findings if each.question in unusual(report)}
    assert ({row} if row in SEEN_BY_READING else set()) == strange
    assert report.ok, "the service copes with every alternative"


@pytest.mark.parametrize(
    ("switches", "question", "expected"),
    [
        pytest.param(
            Switches(inferred_filters="unread"),
            "Points events of one source",
            ("differs", "the filter is ignored"),
            id="filter-ignored",
        ),
        pytest.param(
            Switches(inferred_filters="400"),
            "Points events after a time",
            ("differs", "the filter is refused (400)"),
            id="filter-refused",
        ),
        pytest.param(
            Switches(unknown="200_null"),
            "An unknown customer",
            ("differs", "200 with {data}"),
            id="unknown-200",
        ),
        pytest.param(
            Switches(unknown_customer_list="404"),
            "A list of an unknown customer",
            ("differs", "404 with {error}"),
            id="unknown-list-404",
        ),
        pytest.param(
            Switches(last_links="absent"),
            "The end of pages by number",
            ("differs", "next is not there, links is {self, last}"),
            id="end-without-next",
        ),
        pytest.param(
            Switches(last_links="self_only"),
            "The end of pages by cursor",
            ("differs", "next_since_id is not there, links is {self}"),
            id="end-with-self-only",
        ),
        pytest.param(
            Switches(email_match="case_sensitive"),
            "Capitals in an e-mail address do not matter",
            ("differs", "the customer is not found"),
            id="capitals",
        ),
        pytest.param(
            Switches(membership_row="bare"),
            "One member is found",
            ("differs", "bare attributes, no envelope"),
            id="bare-member",
        ),
        pytest.param(
            Switches(content_type="json_charset"),
            "The type of JSON answers",
            ("differs", "application/json; charset=utf-8"),
            id="charset",
        ),
        pytest.param(
            Switches(tokens="any_text"),
            "Purchase types of rewards",
            ("differs", "Both, One time, Subscription"),
            id="tokens",
        ),
    ],
)
async def test_the_table_says_how_a_store_differs(
    switches: Switches, question: str, expected: tuple[str, str]
) -> None:
    found = await Checked(switches=switches).found(question)

    assert expected == (found.result, found.seen)


@pytest.mark.parametrize("unauthorized", ["error", "html", "empty"])
async def test_a_refused_key_is_one_finding_and_one_request(unauthorized: str) -> None:
    switches = msgspec.convert({"unauthorized": unauthorized}, Switches)
    checked = Checked(switches=switches, key="another-key")
    report = await checked.report()

    assert not report.ok
    assert ["Rivo refuses the key: look it up in Settings, Developer Toolkit. (401)"] == [
        each.seen for each in report.findings
    ]
    assert 1 == len(checked.sandbox.requests)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Fault(kind="lost"), "Rivo did not answer: The call failed."),
        (Fault(kind="server_error"), "Rivo did not answer: Rivo is busy or broken (502)"),
        (Fault(kind="status", status=404), "Rivo did not answer: 404 with {error}: not"),
    ],
    ids=["lost", "502", "404"],
)
async def test_a_rivo_that_is_not_there_is_one_finding(fault: Fault, seen: str) -> None:
    report = await Checked(faults=lambda _: fault).report()

    assert not report.ok
    assert 1 == len(report.findings)
    assert report.findings[0].seen.startswith(seen)


async def test_notes_are_whole_once_a_long_one_was_seen() -> None:
    assert "could not tell" == (await Checked().found(NOTES)).result

    found = await Checked(_with_notes("x" * 80)).found(NOTES)

    assert "works" == found.result
    assert "the longest 80 characters" in found.seen


async def test_a_note_that_is_not_shown_is_missing() -> None:
    found = await Checked(edit=_without("points_events", "internal_note")).found(NOTES)

    assert ("missing", "internal_note is not there") == (found.result, found.seen)


async def test_types_that_differ_are_named_without_their_values() -> None:
    def edit(path: str, body: Any) -> Any:
        if path == "customers":
            for row in body["data"]:
                row["id"] = str(row["id"])
                row["attributes"]["credits_tally"] = 12.5
                row["attributes"]["points_expire_at"] = "2027-06-19"
                del row["attributes"]["dob"]
        return body

    checked = Checked(edit=edit)
    report = await checked.report()

    said = unusual(report)
    result, seen = said["Attributes of customers"]
    assert "missing" == result
    assert "not there: dob" in seen
    assert "id is text, not id" in seen
    assert "credits_tally is a number, not decimal text" in seen
    assert "points_expire_at is other text, not prose date" in seen
    assert ("differs", "points_expire_at is other text, not prose date") == said[
        "Points say when they expire"
    ]
    assert "ids are no numbers" == said["Pages by cursor (since_id, limit)"][1]


async def test_what_a_store_lacks_is_missing_and_nothing_essential() -> None:
    def faults(received: Received) -> Fault | None:
        lacking = ("referrals", "vip_tier_memberships", "memberships/customers")
        gone = Fault(kind="status", status=404, body=b"<html>", headers=())
        return gone if received.path.endswith(lacking) else None

    report = await Checked(faults=faults).report()

    assert report.ok
    assert ("missing", "404 with no JSON: not on this store") == unusual(report)[
        "Referrals are listed"
    ]


@pytest.mark.parametrize("kind", ["html", "server_error", "broken_json"])
async def test_a_list_that_cannot_be_read_is_essential(kind: Any) -> None:
    def faults(received: Received) -> Fault | None:
        return Fault(kind=kind) if received.path.endswith("/rewards") else None

    report = await Checked(faults=faults).report()

    assert not report.ok
    assert ["Rewards are listed"] == [each.question for each in report.findings if each.failed]


async def test_an_empty_shop_leaves_open_what_cannot_be_told() -> None:
    report = await Checked(Shop()).report()

    assert report.ok
    assert "could not tell" == unusual(report)["Attributes of rewards"][0]
    assert ("could not tell", "no customers") == unusual(report)["One customer is found"]


async def test_too_many_requests_are_waited_for_once() -> None:
    asked: list[str] = []

    def faults(received: Received) -> Fault | None:
        asked.append(received.path)
        return Fault(kind="too_many") if len(asked) == 5 else None

    checked = Checked(faults=faults)
    report = await checked.report()

    assert asked[4] == asked[5]
    assert 2.0 in checked.naps
    assert {"Headers that tell of a limit": ("differs", "429 for 1 of 27")} == unusual(report)


async def test_headers_that_tell_of_a_limit_are_shown_where_they_are_numbers() -> None:
    headers = {"X-RateLimit-Limit": "15", "RateLimit-Policy": "someone@example.com"}
    found = await Checked(headers=headers).found("Headers that tell of a limit")

    assert ("differs", "ratelimit-policy, x-ratelimit-limit 15") == (found.result, found.seen)


async def test_it_stops_asking_when_its_time_is_over() -> None:
    checked = Checked(nap_is=100.0)
    report = await checked.report()

    assert report.requests < 12
    assert not report.ok
    assert ("could not tell", "no time was left to ask") == unusual(report)["Rewards are listed"]


async def test_one_may_say_whom_to_ask_about() -> None:
    checked = Checked()
    found = await checked.found("One customer is found", customer="maya.chen@example.com")

    assert ("works", "customer …0193 by e-mail address") == (found.result, found.seen)
    asked = [each for each in checked.sandbox.requests if "customer_identifier" in each.query]
    assert any("7301448820193" in each.query for each in asked)


async def test_a_customer_whom_rivo_does_not_know_is_said_so() -> None:
    report = await Checked().report(customer="stranger@example.com")

    assert report.ok
    expected = "Rivo does not know the customer that was given (404)"
    assert ("could not tell", expected) == unusual(report)["One customer is found"]
    assert "could not tell" == unusual(report)["Points events of one customer"][0]


async def test_a_cursor_that_is_ignored_is_noticed() -> None:
    def edit(path: str, body: Any) -> Any:
        if path == "customers":
            body["data"] *= 2
        return body

    found = await Checked(edit=edit).found("Pages by cursor (since_id, limit)")

    assert ("differs", "limit 3 answers 6 rows") == (found.result, found.seen)


async def test_an_order_that_is_ignored_is_noticed() -> None:
    def edit(path: str, body: Any) -> Any:
        if path == "points_events":
            body["data"].sort(key=lambda row: row["attributes"]["applied_at"])
        return body

    found = await Checked(edit=edit).found("Points events come newest first")

    assert ("differs", "the order is ignored") == (found.result, found.seen)


async def test_a_filter_by_customer_that_is_ignored_is_noticed() -> None:
    def edit(path: str, body: Any) -> Any:
        if path == "points_redemptions":
            body["data"][-1]["attributes"]["customer"]["id"] = 1
        return body

    found = await Checked(edit=edit).found("Redemptions of one customer")

    assert ("differs", "the filter is ignored") == (found.result, found.seen)


async def test_a_next_tier_that_is_told_is_news() -> None:
    def edit(path: str, body: Any) -> Any:
        if path == "customers" and body["data"]:
            body["data"][0]["attributes"]["next_vip_tier"] = {"id": 1}
        return body

    found = await Checked(edit=edit).found("The next tier is not told")

    assert ("differs", "next_vip_tier is filled") == (found.result, found.seen)


WEIRD = {"id": "x", "attributes": dict.fromkeys([*CUSTOMER, *POINTS_EVENT], "NaN. Or not?")}


@pytest.mark.parametrize("only", ["", "customers", "points_", "memberships", "vip_tiers"])
@pytest.mark.parametrize(
    "body",
    [
        None,
        7,
        [],
        {},
        {"data": "x"},
        {"data": {}},
        {"data": []},
        {"data": [1, "x"]},
        {"data": [WEIRD, {"id": [3, 4]}], "links": "x"},
        {"data": [WEIRD] * 5, "links": {"self": 3, "next": "x", "next_since_id": 4}},
        {"error": "no"},
    ],
    ids=str,
)
async def test_no_answer_however_strange_stops_it(body: Any, only: str) -> None:
    asked: list[str] = []

    def edit(path: str, real: Any) -> Any:
        asked.append(path)
        return body if path.startswith(only) and len(asked) > 1 else real

    report = await Checked(edit=edit).report()

    assert "works" == report.findings[0].result
    assert unusual(report)


@pytest.mark.parametrize("status", [302, 400, 403, 405, 418, 429, 500])
async def test_no_status_however_strange_stops_it(status: int) -> None:
    asked: list[str] = []

    def faults(received: Received) -> Fault | None:
        asked.append(received.path)
        return Fault(kind="status", status=status) if len(asked) > 1 else None

    report = await Checked(faults=faults).report()

    assert not report.ok
    assert all(
        str(status) in seen for result, seen in unusual(report).values() if seen[0].isdigit()
    )


def _with_notes(note: str) -> Shop:
    shop = demo_shop()
    events = (msgspec.structs.replace(e, internal_note=note) for e in shop.points_events)
    return msgspec.structs.replace(shop, points_events=tuple(events))


def _without(path: str, name: str) -> Edit:
    def edit(asked: str, body: Any) -> Any:
        for row in body["data"] if asked == path else ():
            del row["attributes"][name]
        return body

    return edit
