"""Questions about customers, and about being a stranger."""

from __future__ import annotations

from typing import Any, Final

from app.check.asking import Asker, Heard
from app.check.attributes import CUSTOMER, compare
from app.check.finding import Finding, nothing, shape, short
from app.check.lists import cursor, end, envelope, offset_links, page

NOBODY: Final = "nobody@rivo-helpdesk.invalid"
BEYOND: Final = 99_999_999_999_999
"""Greater than any Shopify customer id."""


async def first_page(asker: Asker) -> Heard:
    """Ask the question that shows whether the key is accepted."""
    return await asker.ask("customers", params=page(25))


async def lists(asker: Asker, first: Heard) -> list[Finding]:
    """Ask how customers are listed."""
    rows = first.rows or []
    some = await asker.ask("customers", params={"pagination[since_id]": 0, "pagination[limit]": 3})
    none = await asker.ask(
        "customers", params={"pagination[since_id]": BEYOND, "pagination[limit]": 3}
    )
    return [
        envelope(first, "Customers are listed"),
        offset_links(first),
        cursor(some),
        end(none, "The end of pages by cursor", "next_since_id"),
        compare(first, "Attributes of customers", CUSTOMER, rows, contract="4.1"),
        _expiry(first, rows),
        _next_tier(first, rows),
    ]


async def single(
    asker: Asker, identifier: str | None, *, known: bool
) -> tuple[list[Finding], dict[str, Any] | None]:
    """Ask for one customer, and return them; `known` says that Rivo itself has shown this one."""
    question = "One customer is found"
    if identifier is None:
        return [nothing(question, "no customers", "3.1")], None
    heard = await asker.ask("customers", identifier)
    if not known and heard.row is None and heard.status in (200, 404, 422):
        seen = f"Rivo does not know the customer that was given ({heard.status})"
        return [heard.finding(question, "could not tell", seen, "3.1")], None
    if failure := heard.failure(question, "3.1", essential=True):
        return [failure], None
    if (row := heard.row) is None:
        seen = f"200 with {shape(heard.body)}"
        return [heard.finding(question, "differs", seen, "3.1", essential=True)], None
    by = "e-mail address" if "@" in identifier else "id"
    seen = f"customer {short(row['id'])} by {by}"
    found = [
        heard.finding(question, "works", seen, "3.1", essential=True),
        compare(heard, "Attributes of one customer", CUSTOMER, [row], contract="4.1"),
    ]
    if isinstance(row.get("email"), str) and "@" in row["email"]:
        found.append(await _other_case(asker, row))
    return found, row


async def stranger(asker: Asker) -> list[Finding]:
    """Ask for a customer whom nobody knows."""
    one = await asker.ask("customers", NOBODY)
    events = await asker.ask("points_events", params={"filters[customer_identifier]": NOBODY})
    return [_unknown(one), _list_of_unknown(events)]


def _expiry(heard: Heard, rows: list[dict[str, Any]]) -> Finding:
    question = "Points say when they expire"
    told = [row["points_expire_at"] for row in rows if row.get("points_expire_at") is not None]
    if not told:
        return heard.finding(question, "could not tell", "null on every row seen", "4.1")
    prose = compare(
        heard,
        question,
        {"points_expire_at": "prose date"},
        [{"points_expire_at": each} for each in told],
        contract="4.1",
    )
    if prose.result == "works":
        return heard.finding(question, "works", "as prose, like October 04, 2024", "4.1")
    return prose


def _next_tier(heard: Heard, rows: list[dict[str, Any]]) -> Finding:
    question = "The next tier is not told"
    if not rows:
        return heard.finding(question, "could not tell", "no rows", "trap 7")
    if any(row.get("next_vip_tier") is not None for row in rows):
        return heard.finding(question, "differs", "next_vip_tier is filled", "trap 7")
    return heard.finding(question, "works", "next_vip_tier is null on every row seen", "trap 7")


async def _other_case(asker: Asker, row: dict[str, Any]) -> Finding:
    question = "Capitals in an e-mail address do not matter"
    heard = await asker.ask("customers", row["email"].swapcase())
    if heard.row is not None and heard.row["id"] == row["id"]:
        return heard.finding(question, "works", "the same customer is found", "U21")
    if heard.status in (200, 404, 422):
        return heard.finding(question, "differs", "the customer is not found", "U21")
    failure = heard.failure(question, "U21")
    return failure or heard.finding(question, "differs", shape(heard.body), "U21")


def _unknown(heard: Heard) -> Finding:
    question = "An unknown customer"
    if heard.status == 404 and isinstance(heard.body, dict):
        return heard.finding(question, "works", f"404 with {shape(heard.body)}", "U6")
    if heard.status in (200, 404, 422):
        seen = f"{heard.status} with {shape(heard.body)}"
        return heard.finding(question, "differs", seen, "U6")
    return heard.failure(question, "U6") or heard.finding(question, "differs", "", "U6")


def _list_of_unknown(heard: Heard) -> Finding:
    question = "A list of an unknown customer"
    if heard.status == 404 and isinstance(heard.body, dict):
        return heard.finding(question, "differs", f"404 with {shape(heard.body)}", "U7")
    if failure := heard.failure(question, "U7"):
        return failure
    if heard.rows:
        return heard.finding(question, "differs", "rows of other customers", "U7")
    return heard.finding(question, "works", f"200 with {shape(heard.body)}, no rows", "U7")
