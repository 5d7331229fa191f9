"""The document: complete, true to the code it was read off, and its examples true to the shop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from starlette.routing import Mount, Route

from app.openapi import document, read_examples
from app.openapi.examples import FILE
from app.openapi.flat import SIDEBAR_KEYS, WRITE_KEYS
from app.problems import STATUS, TITLES
from integrations import gorgias
from integrations.actions import CONTEXT
from integrations.gorgias.sidebar import EMPTY
from integrations.rivo import ACTIONS
from tests.openapi.conformance import Document
from tests.openapi.examples import all_answered, seed, shown
from tests.openapi.served import DOORS, client, service

pytestmark = pytest.mark.anyio

KNOWN = Document()
DOCUMENT, resolved, mistakes = KNOWN.content, KNOWN.resolved, KNOWN.mistakes
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
OPERATIONS = [
    (path, method)
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if method in METHODS
]


def operation(path: str, method: str) -> Any:
    return DOCUMENT["paths"][path][method]


def content(part: Any) -> Iterator[tuple[str, Any]]:
    """Every media type of a body or response with its object."""
    yield from resolved(part).get("content", {}).items()


def every(part: Any, key: str) -> Iterator[Any]:
    """Find a key's values anywhere in the document."""
    if isinstance(part, dict):
        if key in part:
            yield part[key]
        for each in part.values():
            yield from every(each, key)
    elif isinstance(part, list):
        for each in part:
            yield from every(each, key)


async def test_the_document_is_served_as_it_is_made() -> None:
    async with client(service()) as http:
        answer = await http.get("/openapi.json", headers={"Authorization": ""})

    assert (200, "application/json") == (answer.status_code, answer.headers["content-type"])
    assert answer.content == msgspec.json.encode(DOCUMENT)
    assert DOCUMENT == document()


def test_the_document_says_where_it_is() -> None:
    assert [{"url": "/"}] == DOCUMENT["servers"]
    assert [{"url": "https://loyalty.example.com"}] == document(
        public_url="https://loyalty.example.com/"
    )["servers"]


def test_every_route_is_documented_and_every_documented_path_is_a_route() -> None:
    routes = {r.path for r in service().routes if isinstance(r, Route)}
    mounted = {r.path for r in service().routes if isinstance(r, Mount)}
    actions = {f"/{door}/{name}" for door in DOORS for name in ACTIONS}

    assert routes | actions == set(DOCUMENT["paths"])
    assert {f"/{door}" for door in DOORS} == mounted


@pytest.mark.parametrize("door", DOORS)
async def test_every_documented_path_is_served_by_its_methods_and_no_other(door: str) -> None:
    """405 names the documented methods; HEAD comes with GET where Starlette routes it."""
    async with client(service()) as http:
        for path, methods in DOCUMENT["paths"].items():
            if path.startswith(tuple(f"/{each}" for each in DOORS if each != door)):
                continue
            refused = await http.request("PATCH", path)
            allowed = set(refused.headers["allow"].lower().split(", "))

            assert 405 == refused.status_code, path
            assert set(methods) == allowed - {"head"}, path


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_is_described(path: str, method: str) -> None:
    described = operation(path, method)

    assert described["summary"].endswith(".")
    assert described["operationId"]
    assert "security" in described
    assert "405" in described["responses"]
    for status, response in described["responses"].items():
        assert resolved(response)["description"]
        assert "X-Request-Id" in resolved(response)["headers"]
        assert ("304" == status) != bool(dict(content(resolved(response))))


def test_operation_ids_are_unique() -> None:
    ids = [operation(*each)["operationId"] for each in OPERATIONS]

    assert len(set(ids)) == len(ids)


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    references = set(every(DOCUMENT, "$ref"))
    components = {
        f"#/components/{kind}/{name}"
        for kind, each in DOCUMENT["components"].items()
        for name in each
        if kind != "securitySchemes"
    }

    assert references == components


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_has_its_methods_inputs_and_examples(name: str, door: str) -> None:
    action = ACTIONS[name]
    methods = DOCUMENT["paths"][f"/{door}/{name}"]

    assert (["post"] if action.writes else ["get", "post"]) == list(methods)
    for method, described in methods.items():
        assert described["description"]
        proofs = ["zendeskToken"] if door == "zendesk" else ["bearer", "apiKey"]
        assert [{name: []} for name in proofs] == described["security"]
        inputs = _inputs(described, method)
        assert [i.name for i in (*action.inputs, *CONTEXT)] == list(inputs)
        assert {i.name for i in action.inputs if i.required} == {
            each for each, (_, required) in inputs.items() if required
        }
        for each in inputs.values():
            assert each[0]["description"]


def _inputs(described: Any, method: str) -> dict[str, tuple[Any, bool]]:
    """Find the schema of each input, described, and whether it is required."""
    if method == "get":
        found = map(resolved, described["parameters"])
        return {
            each["name"]: (
                {**each["schema"], "description": each["description"]},
                each.get("required", False),
            )
            for each in found
            if each["in"] == "query"
        }
    schemas = [resolved(media["schema"]) for _, media in content(described["requestBody"])]
    assert 2 == len(schemas)
    assert schemas[0] == schemas[1]
    required = schemas[0].get("required", [])
    assert bool(required) == described["requestBody"]["required"]
    return {
        name: (resolved(schema), name in required)
        for name, schema in schemas[0]["properties"].items()
    }


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_example_is_valid_by_its_own_schema(path: str, method: str) -> None:
    described = operation(path, method)
    bodies = [described.get("requestBody", {}), *described["responses"].values()]
    count = 0
    for _, media in (each for body in bodies for each in content(body)):
        values = [each["value"] for each in media.get("examples", {}).values()]
        for value in [*values, *([media["example"]] if "example" in media else [])]:
            count += 1
            assert [] == mistakes(media["schema"], value)
    for parameter in map(resolved, described.get("parameters", [])):
        if "example" in parameter:
            assert [] == mistakes(parameter["schema"], parameter["example"])
    if path.count("/") > 1 and not path.startswith(("/static", "/sidebar")):
        assert count >= 2


def test_an_example_that_is_wrong_would_be_found() -> None:
    assert [] != mistakes({"$ref": "#/components/schemas/Problem"}, {"type": "about:blank"})


@pytest.mark.parametrize("schema", DOCUMENT["components"]["schemas"])
def test_examples_within_a_schema_are_valid_by_it(schema: str) -> None:
    described = DOCUMENT["components"]["schemas"][schema]
    for name, each in described.get("properties", {}).items():
        for value in resolved(each).get("examples", []):
            assert [] == mistakes(each, value), name


async def test_the_examples_are_what_the_demo_shop_answers() -> None:
    assert shown(await all_answered()) == FILE.read_text(encoding="utf-8"), (
        "write them anew: python -m tests.openapi.examples"
    )


def test_the_examples_are_those_of_the_documentation() -> None:
    examples = read_examples()
    full = {name: each.full for name, each in examples.items() if each.full}

    assert list(ACTIONS) == list(examples)
    assert {"create_points_redemption", "cancel_membership"} == set(full)
    for name, each in full.items():
        assert each is not None
        assert [*seed(name), "operation"] == list(each.answer)
        assert seed(name).items() <= each.answer.items()


def test_a_flat_answer_has_exactly_the_documented_keys_in_their_order() -> None:
    for name, example in read_examples().items():
        schema = resolved(
            resolved(operation(f"/gorgias/{name}", "post")["responses"][_success(name)])["content"][
                "application/json"
            ]["schema"]
        )
        assert list(schema["properties"]) == list(example.flat), name


def _success(name: str) -> str:
    return "201" if ACTIONS[name].creates else "200"


def test_a_canonical_answer_has_exactly_the_documented_keys_in_their_order() -> None:
    for name, example in read_examples().items():
        schema = DOCUMENT["components"]["schemas"][ACTIONS[name].answer.__name__]

        assert list(schema["properties"]) == list(example.answer), name


def test_the_keys_of_gorgias_are_those_that_it_gets() -> None:
    assert list(EMPTY) == list(SIDEBAR_KEYS)
    assert list(gorgias.not_done("No.", applied=False, safe_to_retry=False)) == list(WRITE_KEYS)


def test_every_error_has_a_documented_code() -> None:
    documented = {
        code
        for response in DOCUMENT["components"]["responses"].values()
        for _, media in content(response)
        for codes in every(media["schema"], "enum")
        for code in codes
    }

    assert {kind.code for kind in STATUS} <= documented
    assert set(STATUS.values()) <= set(TITLES)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ACTIONS)
def test_the_statuses_are_those_of_the_door(name: str, door: str) -> None:
    action = ACTIONS[name]
    expected = {"400", "401", "403", "404", "405", "408", "413", "415", "431"}
    if door != "gorgias" or action.writes:
        expected |= {"422", "503"}
    if door != "gorgias" and name == "get_sidebar":
        expected |= {"304"}
    expected |= {"202", "409", "429"} if action.writes else set()
    expected |= {"201"} if action.creates else {"200"}
    expected |= {"200"} if action.only_looks else set()

    for described in DOCUMENT["paths"][f"/{door}/{name}"].values():
        assert expected == set(described["responses"])


def test_a_gorgias_read_minds_no_unknown_input_and_others_do() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if name.endswith("inputs"):
            assert name.endswith("lenient_inputs") == schema["additionalProperties"]
