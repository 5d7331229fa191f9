"""What the pages say of an action, read off the action itself."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup, escape

from app.problems import STATUS
from integrations.actions import CONTEXT, Action, Input
from integrations.errors import ActionError, NotConfiguredError, UnavailableError

CODE: Final = re.compile(r"`([^`]+)`")
TOKEN: Final = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null|-?\d[\d.eE+-]*)\b')


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One input in a table, in words."""

    name: str
    takes: str
    description: str
    required: bool
    default: str | None
    example: str | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One action: its words, its inputs, a request to try and what it answers."""

    name: str
    writes: bool
    summary: str
    paragraphs: list[Markup]
    inputs: list[Row]
    request: Mapping[str, Any]
    answer: Markup | None
    status: int
    refusals: list[tuple[str, str]]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One way to be refused."""

    status: int
    code: str
    words: str


BEFORE_AN_ACTION: Final = tuple(
    Refusal(status=status, code=code, words=words)
    for status, code, words in (
        (400, "unparsable", "The query or the body cannot be read."),
        (401, "unauthorized", "The key is missing or wrong."),
        (404, "closed", "The door is closed: the service was given no secret for it."),
        (404, "no_such_action", "There is no action of that name; the nearest one is named."),
        (405, "method_not_allowed", "A write wants POST; the header Allow says so."),
        (413, "too_large", "The body is larger than 64 KB."),
        (415, "unsupported_media_type", "The body is neither JSON nor a form."),
    )
)


class Curl(msgspec.Struct, frozen=True, kw_only=True):
    """Writes `curl` lines for one address and one key (a literal, or a variable of the shell)."""

    url: str
    key: str

    def __call__(self, name: str, given: Mapping[str, Any], *, writes: bool) -> str:
        """Write the line that calls an action: a read as GET, a write as POST with JSON."""
        quote = '"' if self.key.startswith("$") else "'"
        start = f"curl -s -H {quote}Authorization: Bearer {self.key}{quote}"
        url = f"{self.url}/actions/{name}"
        if not writes:
            query = f"?{urlencode(given, safe='@:,')}" if given else ""
            return f"{start} \\\n  {shlex.quote(url + query)}"
        body = shlex.quote(json.dumps(given, ensure_ascii=False))
        lines = (start, "-H 'Content-Type: application/json'", f"-d {body}", shlex.quote(url))
        return " \\\n  ".join(lines)


def entry_of(action: Action, example: tuple[Mapping[str, Any], object] | None) -> Entry:
    """Describe an action; `example` is a request's inputs and their answer."""
    given, answer = example or (_likely(action), None)
    return Entry(
        name=action.name,
        writes=action.writes,
        summary=action.summary,
        paragraphs=[_prose(each) for each in action.description.split("\n\n") if each],
        inputs=[_row(each) for each in action.inputs],
        request=given,
        answer=None if answer is None else pretty(answer),
        status=201 if action.creates else 200,
        refusals=[],
    )


def context_rows() -> list[Row]:
    """Describe the inputs that every action accepts."""
    return [_row(each) for each in CONTEXT]


def refusals() -> list[Refusal]:
    """Describe every way to be refused, by status."""
    ends = [_refusal(STATUS[kind], kind) for kind in STATUS]
    ends.append(_refusal(STATUS[UnavailableError], NotConfiguredError))
    return sorted([*BEFORE_AN_ACTION, *ends], key=lambda each: each.status)


def pretty(value: object) -> Markup:
    """Show JSON with its names and values told apart."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    shown, end = Markup(), 0
    for found in TOKEN.finditer(text):
        kind = "k" if found[2] else "v"
        token = found[1] or found[3]
        shown += escape(text[end : found.start()])
        shown += Markup('<span class="{}">{}</span>{}').format(kind, token, found[2] or "")
        end = found.end()
    return shown + escape(text[end:])


def _refusal(status: int, kind: type[ActionError]) -> Refusal:
    return Refusal(status=status, code=kind.code, words=(kind.__doc__ or "").partition("\n")[0])


def _row(given: Input) -> Row:
    return Row(
        name=given.name,
        takes=given.kind.expected,
        description=given.description,
        required=given.required,
        default=None if given.default is None else str(given.default),
        example=str(given.examples[0]) if given.examples else None,
    )


def _likely(action: Action) -> dict[str, Any]:
    return {each.name: each.examples[0] for each in action.inputs if each.required}


def _prose(paragraph: str) -> Markup:
    """Show a paragraph of a docstring: what stands in backticks is code."""
    parts = CODE.split(" ".join(paragraph.split()))
    return Markup().join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(parts)
    )
