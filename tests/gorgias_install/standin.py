"""A stand-in for Gorgias' REST API, over a socket, written from the contract notes.

It checks what is sent as far as the notes say how it has to be, keeps it, and counts requests in a
leaky bucket of 40 that loses two a second. `faults` are asked before each request.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

USER = "admin@shop.example.com"
API_KEY = "gorgias-api-key-0001"
MADE = "2026-11-22T06:00:00.000000+00:00"
BUCKET, LEAK = 40.0, 2.0
KINDS = ("integrations", "widgets", "macros")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}
CONTENT = {"application/json", "application/x-www-form-urlencoded"}
TRIGGERS = {
    "ticket-created",
    "ticket-updated",
    "ticket-message-created",
    "ticket-self-unsnoozed",
    "ticket-message-failed",
    "ticket-assignment-updated",
    "ticket-status-updated",
    "ticket-handed-over",
}
LEAVES = {
    *("text", "boolean", "date", "array", "email", "age", "url", "sentiment", "rating"),
    *("points", "percent"),
}

Body = dict[str, Any]
Fault = Literal["lost", "never", "busy"] | int
"""lost: done, and the reply is lost; never: broken off before it was done; busy: 429."""


class RefusedError(Exception):
    """The request is not as it has to be."""


def need(sound: object, words: str) -> None:
    if not sound:
        raise RefusedError(words)


class Gorgias:
    """One account: what is in it, and what was asked."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, Body]] = {kind: {} for kind in KINDS}
        self.asked: list[tuple[str, str]] = []
        self.page = 100
        self.shows_headers = True
        self.fault: Callable[[str, str], Fault | None] = lambda _method, _path: None
        self.port = 0
        self._next = 100
        self._level, self._at = 0.0, time.monotonic()
        self.lock = threading.Lock()

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [each for each in self.asked if each[0] != "GET"]

    def put(self, kind: str, body: Body) -> int:
        """Put something there that somebody else has made."""
        self._next += 1
        self.rows[kind][self._next] = {"id": self._next, "created_datetime": MADE, **body}
        return self._next

    def told(self) -> list[str]:
        """Spell everything that is there without its ids; the order does not count."""
        spelt = [
            json.dumps([kind, {**row, "id": None}], sort_keys=True)
            for kind, rows in self.rows.items()
            for row in rows.values()
        ]
        for number, id_ in enumerate(self.rows["integrations"]):
            for before, after in ((r"integrations[{}].", "{}"), ('"integration_id": {},', "{}")):
                old, new = before.format(id_), after.format(f"#{number}")
                spelt = [each.replace(old, new) for each in spelt]
        return sorted(spelt)

    def answer(self, method: str, target: str, body: Body | None) -> tuple[int, Any]:
        """Do what is asked."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        _, api, kind, *rest = path.split("/")
        if api != "api" or kind not in KINDS or len(rest) > 1:
            return 404, {"error": {"msg": "Not found."}}
        rows = self.rows[kind]
        try:
            if not rest:
                return self._list(kind, query) if method == "GET" else self._create(kind, body)
            id_ = int(rest[0])
            if id_ not in rows:
                return 404, {"error": {"msg": f"{kind} {id_} does not exist."}}
            if method == "DELETE":
                bound = [w for w in self.rows["widgets"].values() if w.get("integration_id") == id_]
                need(kind != "integrations" or not bound, "The integration has widgets.")
                del rows[id_]
                return 204, None
            rows[id_] |= self._checked(kind, {**rows[id_], **(body or {})})
            return 202, self._shown(rows[id_])
        except RefusedError as error:
            return 400, {"error": {"msg": str(error)}}

    def full(self) -> float | None:
        """Let one more request into the bucket; the seconds to wait where it is full."""
        now = time.monotonic()
        self._level = max(0.0, self._level - (now - self._at) * LEAK)
        self._at = now
        if self._level + 1 > BUCKET:
            return (self._level + 1 - BUCKET) / LEAK
        self._level += 1
        return None

    def _list(self, kind: str, query: dict[str, list[str]]) -> tuple[int, Body]:
        size = min(int(query.get("limit", ["30"])[0]), self.page)
        start = int(query.get("cursor", ["0"])[0].removeprefix("after-") or 0)
        ids = sorted(self.rows[kind], reverse=True)
        left = [id_ for id_ in ids if not start or id_ < start]
        page = left[:size]
        return 200, {
            "data": [self._shown(self.rows[kind][id_]) for id_ in page],
            "object": "list",
            "uri": f"/api/{kind}",
            "meta": {
                "prev_cursor": None,
                "next_cursor": f"after-{page[-1]}" if len(left) > size else None,
            },
        }

    def _create(self, kind: str, body: Body | None) -> tuple[int, Body]:
        made = self._checked(kind, body or {})
        if kind != "macros":
            made = {"deactivated_datetime": None, **made}
        return 201, self._shown(self.rows[kind][self.put(kind, made)])

    def _checked(self, kind: str, body: Body) -> Body:
        {"integrations": _integration, "widgets": self._widget, "macros": _macro}[kind](body)
        return body

    def _widget(self, body: Body) -> None:
        need(body.get("type") == "http", "type")
        need(body.get("context", "ticket") in ("ticket", "customer", "user"), "context")
        need(body.get("integration_id") in self.rows["integrations"], "integration_id")
        template = body.get("template") or {}
        need(template.get("type") == "wrapper", "template.type")
        for card in template.get("widgets", []):
            need(card.get("type") in ("card", "list"), "template.widgets")
            _inner(card)

    def _shown(self, row: Body) -> Body:
        told: Body = json.loads(json.dumps(row))
        if not self.shows_headers and "http" in told:
            told["http"].pop("headers", None)
        return told


def _integration(body: Body) -> None:
    http = body.get("http") or {}
    need(body.get("name") and body.get("type") == "http", "name and type are needed")
    need(str(http.get("url")).startswith(("https://", "http://127.0.0.1")), "http.url")
    need(http.get("method") in METHODS, "http.method")
    need(http.get("request_content_type") in CONTENT, "http.request_content_type")
    need(http.get("response_content_type") == "application/json", "http.response_content_type")
    need(set(http.get("triggers", {})) <= TRIGGERS, "http.triggers")
    need(any(http.get("triggers", {}).values()), "one trigger at least")
    for name in ("headers", "form"):
        texts = http.get(name) or {}
        need(all(isinstance(value, str) for value in texts.values()), f"http.{name}")


def _inner(each: Body) -> None:
    if each["type"] in LEAVES:
        need(each.get("title") and isinstance(each.get("path"), str), "a leaf's title and path")
        return
    need(each["type"] in ("card", "list"), f"type {each['type']}")
    if each["type"] == "list":
        need(len(each.get("widgets", [])) == 1 and each.get("path"), "a list of one card or leaf")
    for button in each.get("meta", {}).get("custom", {}).get("buttons", []):
        _button(button)
    for inner in each.get("widgets", []):
        _inner(inner)


def _button(button: Body) -> None:
    action = button["action"]
    need(button["label"] and action["method"] in METHODS and action["url"], "button")
    body = action["body"]
    need(body["contentType"] in CONTENT, "contentType")
    form = body["application/x-www-form-urlencoded"]
    for param in (*action["headers"], *action["params"], *form):
        need(isinstance(param["key"], str) and isinstance(param["value"], str), "param")
        need(param["type"] in ("text", "dropdown"), "param.type")
        need(not param["editable"] or param["label"], "an editable parameter without a label")


def _macro(body: Body) -> None:
    need(body.get("name"), "name")
    for action in body.get("actions", []):
        need(action.get("type") == "user" and action.get("title"), "action")
        arguments = action.get("arguments", {})
        if action.get("name") == "http":
            need(arguments.get("method") in METHODS and arguments.get("url"), "arguments")
            for pair in (*arguments["headers"], *arguments["params"], *arguments["form"]):
                need({"key", "value", "editable"} == set(pair), "a pair of the arguments")
        else:
            need(action.get("name") == "setResponseText" and arguments.get("body_text"), "text")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    gorgias: Gorgias

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.gorgias.lock:
            self._serve(self.gorgias, json.loads(body) if body else None)

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 -- the server's names

    def _serve(self, gorgias: Gorgias, body: Body | None) -> None:
        proof = base64.b64encode(f"{USER}:{API_KEY}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {proof}":
            self._reply(401, {"error": {"msg": "Invalid credentials."}})
            return
        gorgias.asked.append((self.command, self.path))
        fault = gorgias.fault(self.command, self.path)
        wait = 0.01 if fault == "busy" else gorgias.full()
        if wait is not None:
            self._reply(429, {"error": {"msg": "Too many requests."}}, wait=wait)
        elif fault == "never":
            self.close_connection = True
        elif isinstance(fault, int):
            self._reply(fault, {"message": "Something is wrong."})
        else:
            status, answer = gorgias.answer(self.command, self.path, body)
            if fault == "lost":
                self.close_connection = True
            else:
                self._reply(status, answer)

    def _reply(self, status: int, answer: Any, *, wait: float | None = None) -> None:
        body = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if wait is not None:
            self.send_header("Retry-after", f"{wait:.2f}")
            self.send_header("X-Gorgias-Account-Api-Call-Limit", "40/40")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving() -> Iterator[Gorgias]:
    """Serve an empty account on a free port of this machine."""
    gorgias = Gorgias()
    handler = type("Handler", (_Handler,), {"gorgias": gorgias})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        gorgias.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield gorgias
        finally:
            server.shutdown()
            thread.join()
