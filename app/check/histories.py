"""Questions about points events and redemptions: what happened, for whom, and the notes on it."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from app.check.asking import Asker, Heard
from app.check.attributes import POINTS_EVENT, POINTS_REDEMPTION, compare
from app.check.finding import Finding, Result, listed, nothing, rows_of, shape
from app.check.lists import NEWEST, envelope, filtered, newest_first, page

Rows = list[dict[str, Any]]

OF_CUSTOMER: Final = "Points events of one customer"
ROWS: Final = 100
LONG_NOTE: Final = 64
"""A note of ours is at least as long as its reference; a shorter one proves nothing."""


async def newest_events(asker: Asker) -> Heard:
    """Ask for the newest points events of everybody."""
    return await asker.ask("points_events", params={**page(ROWS), **NEWEST})


async def events(asker: Asker, newest: Heard, customer: dict[str, Any] | None) -> list[Finding]:
    """Ask how points events are listed, filtered and annotated."""
    rows = newest.rows or []
    found = [
        envelope(newest, "Points events are listed"),
        newest_first(newest, "Points events come newest first", "2"),
        compare(newest, "Attributes of points events", POINTS_EVENT, rows, contract="4.2"),
        _notes(newest, rows),
    ]
    if customer is None:
        found.append(nothing(OF_CUSTOMER, "no customer to ask about", "3.2"))
    else:
        mine = await asker.ask(
            "points_events",
            params={"filters[customer_identifier]": str(customer["id"]), **page(25), **NEWEST},
        )
        found.append(_of_customer(mine, OF_CUSTOMER, customer["id"], rows))
    return [*found, *await _by_source(asker, rows), *await _by_time(asker, rows)]


async def redemptions(asker: Asker) -> list[Finding]:
    """Ask how redemptions are listed, filtered and found."""
    newest = await asker.ask("points_redemptions", params={**page(ROWS), **NEWEST})
    rows = newest.rows or []
    return [
        envelope(newest, "Redemptions are listed"),
        newest_first(newest, "Redemptions come newest first", "2"),
        compare(newest, "Attributes of redemptions", POINTS_REDEMPTION, rows, contract="4.3"),
        _tokens(newest, rows),
        await _used(asker, rows),
        *await _one(asker, rows),
    ]


def busiest(rows: Rows) -> dict[str, Any] | None:
    """Find the customer with most of these events, so that there is something to see."""
    counted = Counter(number for row in rows if isinstance(number := _id_of(row), int))
    most = next(iter(counted.most_common(1)), (None, 0))[0]
    return next((row["customer"] for row in rows if most and _id_of(row) == most), None)


def _id_of(row: dict[str, Any]) -> object:
    customer = row.get("customer")
    return customer.get("id") if isinstance(customer, dict) else None


def _of_customer(heard: Heard, question: str, wanted: object, rows: Rows) -> Finding:
    if failure := heard.failure(question, "3.2"):
        return failure
    if not heard.rows and not any(_id_of(row) == wanted for row in rows):
        return heard.finding(question, "could not tell", "this customer has none", "3.2")
    return filtered(heard, question, lambda row: _id_of(row) == wanted, among=rows, contract="3.2")


async def _used(asker: Asker, rows: Rows) -> Finding:
    question = "Only used redemptions"
    if not any(_is_used(row) for row in rows):
        return nothing(question, "no used one seen", "3.3")
    heard = await asker.ask("points_redemptions", params={"filters[used]": "true", **page(25)})
    return filtered(heard, question, _is_used, among=rows, contract="3.3")


def _is_used(row: dict[str, Any]) -> bool:
    return row.get("used_at") is not None


async def _one(asker: Asker, rows: Rows) -> list[Finding]:
    question, of_customer = "One redemption is found", "Redemptions of one customer"
    if not rows:
        return [nothing(each, "no redemptions", "3.3") for each in (of_customer, question)]
    owner = _id_of(rows[0])
    mine = await asker.ask(
        "points_redemptions", params={"filters[customer_identifier]": str(owner), **page(25)}
    )
    heard = await asker.ask("points_redemptions", str(rows[0]["id"]))
    result: Result = "differs" if heard.row is None else "works"
    return [
        _of_customer(mine, of_customer, owner, rows),
        heard.failure(question, "3.3")
        or heard.finding(question, result, f"200 with {shape(heard.body)}", "3.3"),
    ]


async def _by_source(asker: Asker, rows: Rows) -> list[Finding]:
    sources = [row["source"] for row in rows if isinstance(row.get("source"), str)]
    if not sources:
        return []
    rarest = min(set(sources), key=lambda each: (sources.count(each), each))
    heard = await asker.ask("points_events", params={"filters[source]": rarest, **page(25)})
    return [
        filtered(
            heard,
            "Points events of one source",
            lambda row: row.get("source") == rarest,
            among=rows,
            contract="U9",
        ),
        heard.finding("Sources of points events", "works", listed(sources), "U10"),
    ]


async def _by_time(asker: Asker, rows: Rows) -> list[Finding]:
    times = sorted(row["applied_at"] for row in rows if isinstance(row.get("applied_at"), str))
    if not times:
        return []
    middle = times[len(times) // 2]
    heard = await asker.ask(
        "points_events", params={"filters[applied_after]": middle, **page(ROWS)}
    )
    return [
        filtered(
            heard,
            "Points events after a time",
            lambda row: str(row.get("applied_at") or "") >= middle,
            among=rows,
            contract="U9",
        )
    ]


def _notes(heard: Heard, rows: Rows) -> Finding:
    question = "Internal notes come back whole"
    if failure := heard.failure(question, "trap 11"):
        return failure
    if rows and not any("internal_note" in row for row in rows):
        return heard.finding(question, "missing", "internal_note is not there", "trap 11")
    lengths = [len(note) for row in rows if isinstance(note := row.get("internal_note"), str)]
    if not lengths:
        return heard.finding(question, "could not tell", "no row seen has a note", "trap 11")
    longest = max(lengths)
    seen = f"{len(lengths)} of {rows_of(rows)} have one, the longest {longest} characters"
    if longest >= LONG_NOTE:
        return heard.finding(question, "works", seen, "trap 11")
    seen += f": too short to say whether {LONG_NOTE} fit"
    return heard.finding(question, "could not tell", seen, "trap 11")


def _tokens(heard: Heard, rows: Rows) -> Finding:
    question = "Tokens of redemptions"
    sources = [row["source"] for row in rows if isinstance(row.get("source"), str)]
    types = [row["purchase_type"] for row in rows if isinstance(row.get("purchase_type"), str)]
    if failure := heard.failure(question, "U10"):
        return failure
    if not (sources or types):
        return heard.finding(question, "could not tell", "none seen", "U10")
    known = set(sources) <= {"points", "credits", "referrer"}
    known = known and set(types) <= {"one_time", "subscription", "both"}
    seen = f"source: {listed(sources) or 'none'}; purchase_type: {listed(types) or 'none'}"
    return heard.finding(question, "works" if known else "differs", seen, "U10")
