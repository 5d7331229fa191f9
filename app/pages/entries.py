"""What the pages say of an action, read off the action itself."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup, escape

from app.openapi import Example, document, read_examples
from app.problems import MEDIA_TYPE, STATUS
from integrations.actions import CONTEXT, Action, Input

CODE: Final = re.compile(r"`([^`]+)`")
ERROR: Final = re.compile(r"\b[A-Z][A-Za-z]+Error\b")
CODES: Final = {kind.__name__: kind.code for kind in STATUS}
TOKEN: Final = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(true|false|null|-?\d[\d.eE+-]*)')


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One input in a table, in words."""

    name: str
    takes: str
    description: str
    required: bool
    default: str | None
    example: str | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One action: its words, its inputs, a request to try, and what it answers.

    `answers` are titles and JSON, the canonical one first; `refusals` are the other statuses.
    """

    name: str
    writes: bool
    summary: str
    paragraphs: list[Markup]
    inputs: list[Row]
    request: Mapping[str, Any]
    answers: list[tuple[str, Markup]]
    refusals: list[str]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One status of refusals: what it means, and a sentence for each of its codes."""

    status: str
    words: str
    sentences: list[tuple[str, str]]


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
            # JSON's true and false read better than Python's, which are taken as well.
            plain = {k: json.dumps(v) if isinstance(v, bool) else v for k, v in given.items()}
            query = f"?{urlencode(plain, safe='@:,')}" if given else ""
            return f"{start} \\\n  {shlex.quote(url + query)}"
        body = shlex.quote(json.dumps(given, ensure_ascii=False))
        lines = (start, "-H 'Content-Type: application/json'", f"-d {body}", shlex.quote(url))
        return " \\\n  ".join(lines)


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the pages say of the actions."""

    version: str
    entries: dict[str, Entry]
    context: list[Row]
    refusals: list[Refusal]

    @property
    def reads(self) -> list[Entry]:
        """The actions that read."""
        return [entry for entry in self.entries.values() if not entry.writes]

    @property
    def writes(self) -> list[Entry]:
        """The actions that write."""
        return [entry for entry in self.entries.values() if entry.writes]


def make_book(actions: Mapping[str, Action]) -> Book:
    """Describe the actions in the words of their functions and of the OpenAPI document."""
    described, examples = document(actions), read_examples()
    return Book(
        version=described["info"]["version"],
        entries={
            name: _entry(action, examples[name], described["paths"][f"/actions/{name}"]["post"])
            for name, action in actions.items()
        },
        context=[_row(each) for each in CONTEXT],
        refusals=_refusals(described["components"]["responses"].values()),
    )


def _entry(action: Action, example: Example, operation: Mapping[str, Any]) -> Entry:
    status = "201" if action.creates else "200"
    answers = [(f"Answer, {status}", example.answer), ("The same at /gorgias", example.flat)]
    if example.full is not None:
        answers.append(("The same with shape=full", example.full.answer))
    return Entry(
        name=action.name,
        writes=action.writes,
        summary=action.summary,
        paragraphs=[spelled(each) for each in action.description.split("\n\n") if each],
        inputs=[_row(each) for each in action.inputs],
        request=example.given,
        answers=[(title, pretty(answer)) for title, answer in answers],
        refusals=[each for each in operation["responses"] if each not in ("200", "201")],
    )


def _refusals(responses: Iterable[Mapping[str, Any]]) -> list[Refusal]:
    found = []
    for response in responses:
        problem = response["content"].get(MEDIA_TYPE.decode())
        # The flat ones of /gorgias say the same in another shape.
        if problem is None or len(response["content"]) > 1:
            continue
        told = {code: each["value"] for code, each in problem["examples"].items()}
        status = next(iter(told.values()))["status"]
        sentences = [(code, value["error"]) for code, value in told.items()]
        words = response["description"]
        found.append(Refusal(status=str(status), words=words, sentences=sentences))
    return sorted(found, key=lambda each: each.status)


def pretty(value: object) -> Markup:
    """Show JSON with its names and values told apart."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    shown: list[str] = []
    end = 0
    for found in TOKEN.finditer(text):
        kind = "k" if found[2] else "v"
        token = escape(found[1] or found[3])
        between = escape(text[end : found.start()])
        shown.append(f'{between}<span class="{kind}">{token}</span>{found[2] or ""}')
        end = found.end()
    return Markup("".join(shown)) + escape(text[end:])  # noqa: S704 -- every part is escaped


def _row(given: Input) -> Row:
    return Row(
        name=given.name,
        takes=given.kind.expected,
        description=given.description,
        required=given.required,
        default=None if given.default is None else str(given.default),
        example=str(given.examples[0]) if given.examples else None,
    )


def spelled(words: str) -> Markup:
    """Show words of ours: what stands in backticks is code, an error goes by its code."""
    named = ERROR.sub(lambda found: f"`{CODES.get(found[0], found[0])}`", words)
    parts = CODE.split(" ".join(named.split()))
    return Markup().join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(parts)
    )
