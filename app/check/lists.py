"""What lists have in common: the envelope, how they go on and end, filters, the order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from app.check.asking import Heard, Params
from app.check.finding import Finding, Result, rows_of, shape

NEWEST: Final[Params] = {"sort[order_type]": "applied_at", "sort[order_direction]": "desc"}


def page(rows: int) -> Params:
    """Ask for the first page."""
    return {"pagination[page]": 1, "pagination[per_page]": rows}


def envelope(heard: Heard, question: str, *, essential: bool = True) -> Finding:
    """Say whether this is a list of resources."""
    if failure := heard.failure(question, "1.2", essential=essential):
        return failure
    if (rows := heard.rows) is None:
        seen = f"200 with {shape(heard.body)}"
        return heard.finding(question, "differs", seen, "1.2", essential=essential)
    return heard.finding(question, "works", rows_of(rows), "1.2", essential=essential)


def offset_links(heard: Heard) -> Finding:
    """Say how the first page by offset goes on."""
    question = "Pages by number say where they go on"
    addresses = [heard.links.get(name) for name in ("self", "last")]
    if not all(isinstance(each, str) and urlsplit(each).scheme for each in addresses):
        return heard.finding(question, "differs", f"links is {shape(heard.links)}", "2")
    return heard.finding(question, "works", f"links is {shape(heard.links)}", "2")


def cursor(heard: Heard) -> Finding:
    """Say whether a cursor is understood: rows by id, and links that carry it on."""
    question = "Pages by cursor (since_id, limit)"
    if failure := heard.failure(question, "2"):
        return failure
    ids = [row["id"] for row in heard.rows or []]
    if len(ids) > 3:
        return heard.finding(question, "differs", f"limit 3 answers {rows_of(ids)}", "2")
    if not all(isinstance(each, int) for each in ids):
        return heard.finding(question, "differs", "ids are no numbers", "2")
    if any(a >= b for a, b in pairwise(ids)):
        return heard.finding(question, "differs", "rows do not come by id", "2")
    if "next_since_id" not in heard.links:
        return heard.finding(question, "differs", f"links is {shape(heard.links)}", "2")
    return heard.finding(question, "works", f"{rows_of(ids)}, links is {shape(heard.links)}", "2")


def end(heard: Heard, question: str, name: str) -> Finding:
    """Say how a list says that it has ended."""
    if failure := heard.failure(question, "U8"):
        return failure
    if name not in heard.links:
        seen = f"{name} is not there, links is {shape(heard.links)}"
        return heard.finding(question, "differs", seen, "U8")
    if heard.links[name] is not None:
        return heard.finding(question, "could not tell", "there is more than was asked for", "U8")
    return heard.finding(question, "works", f"{name} is null", "U8")


def filtered(
    heard: Heard,
    question: str,
    matches: Callable[[dict[str, Any]], bool],
    *,
    among: list[dict[str, Any]],
    contract: str,
) -> Finding:
    """Say whether a filter was honoured; `among` are rows without it, of which some match."""
    if failure := heard.failure(question, contract):
        if heard.status in (400, 422):
            seen = f"the filter is refused ({heard.status})"
            return heard.finding(question, "differs", seen, contract)
        return failure
    if (rows := heard.rows) is None:
        return heard.finding(question, "differs", f"200 with {shape(heard.body)}", contract)
    others = any(not matches(row) for row in among)
    result: Result = "works"
    if not all(matches(row) for row in rows):
        result, seen = "differs", "the filter is ignored"
    elif not rows:
        result, seen = "differs", "no rows, although there are some"
    elif not others:
        result, seen = "could not tell", "every row seen would match"
    else:
        seen = f"honoured on {rows_of(rows)}"
    return heard.finding(question, result, seen, contract)


def newest_first(heard: Heard, question: str, contract: str) -> Finding:
    """Say whether the order by time, descending, was honoured."""
    if failure := heard.failure(question, contract):
        return failure
    times = [str(row.get("applied_at") or "") for row in heard.rows or []]
    if len(set(times)) < 2:
        return heard.finding(question, "could not tell", "too few rows", contract)
    if all(a >= b for a, b in pairwise(times)):
        return heard.finding(question, "works", f"{rows_of(times)}, newest first", contract)
    return heard.finding(question, "differs", "the order is ignored", contract)
