"""Holds an answer against the document: its status, headers, media type and body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import jsonschema_rs

from app.openapi import document
from app.openapi.responses import NAMES
from tests.openapi.served import DOORS

OPERATION: Final = re.compile(r"^/operations/[^/]+(?=$|/settle$|/approve$)")
HOOK: Final = re.compile(r"^/zendesk/[^/]+/webhook$")
ANNOUNCED: Final = re.compile(r"^/rivo/webhooks/[^/]+$")
NOWHERE: Final = {
    "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}},
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
"""How 401 and 404 answer where no path is; a door asks for the key before it looks further."""


class Document:
    """The document, ready to look things up in."""

    def __init__(self) -> None:
        self.content = document()
        self.registry = jsonschema_rs.Registry([("urn:document", self.content)])
        self._validators: dict[str, Any] = {}

    def resolved(self, part: Any) -> Any:
        """Follow references."""
        while isinstance(part, dict) and "$ref" in part:
            pointed: Any = self.content
            for name in part["$ref"].removeprefix("#/").split("/"):
                pointed = pointed[name]
            part = pointed
        return part

    def mistakes(self, schema: Any, value: Any) -> list[str]:
        """List what is wrong with a value; the schema may refer to components."""
        pointing = json.dumps(schema).replace('"#/', '"urn:document#/')
        if pointing not in self._validators:
            self._validators[pointing] = jsonschema_rs.Draft202012Validator(
                json.loads(pointing), validate_formats=True, registry=self.registry
            )
        errors = self._validators[pointing].iter_errors(value)
        return [f"{error.instance_path}: {error.message}" for error in errors]

    def response(self, method: str, path: str, status: int) -> Any:
        """Find what is documented of an answer; a 405 belongs to any method, None to nothing."""
        methods = self.content["paths"].get(normal(path))
        if methods is None:
            return NOWHERE if status in (401, 404) else None
        described = methods.get(method.lower())
        if described is None:
            # HEAD is GET without its body, where the framework routes it; the doors refuse it.
            headed = method == "HEAD" and status not in (401, 405)
            described = (methods.get("get") if headed else None) or {
                "responses": {
                    "401": {"$ref": "#/components/responses/Unauthorized"},
                    "405": {"$ref": "#/components/responses/MethodNotAllowed"},
                }
            }
        return self.resolved(described["responses"].get(str(status)))

    def refused(self, status: int) -> Any:
        """Find what is documented of a request that is refused before it is looked at."""
        return self.content["components"]["responses"].get(NAMES.get(status))


def normal(path: str) -> str:
    """Write a path as the doors read it, which do not mind slashes around an action's name."""
    path = HOOK.sub("/zendesk/{shop}/webhook", path)
    path = ANNOUNCED.sub("/rivo/webhooks/{shop}", path)
    for door in DOORS:
        if path.startswith(f"/{door}/"):
            name = path.removeprefix(f"/{door}").strip("/")
            return f"/{door}/{name}" if name else f"/{door}"
    return OPERATION.sub("/operations/{id}", path)


def departures(
    known: Document,
    asked: tuple[str, str],
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    refused: bool = False,
) -> list[str]:
    """List in what an answer departs from the document; `asked` is a method and a path.

    `refused` says that the server answered, which never looked where the request went.
    """
    method, path = asked
    described = known.refused(status) if refused else known.response(method, path, status)
    if described is None:
        return [f"{status} is not documented"]
    missing = [
        f"{name} is missing"
        for name, each in described["headers"].items()
        if known.resolved(each).get("required") and name.lower() not in headers
    ]
    media_type = headers.get("content-type", "").partition(";")[0]
    media = described["content"].get(media_type)
    if media is None:
        return [*missing, f"{media_type} is not documented for {status}"]
    # To HEAD, the server leaves out whatever body there is.
    if method == "HEAD" or not media_type.endswith("json"):
        return missing
    return [*missing, *known.mistakes(media["schema"], json.loads(body))]
