"""Schemathesis with all its checks against the document: in process, and over HTTP.

It runs the engine that its command line runs, phase by phase. Stateful testing has nothing to do:
the document has no links, and none are made up.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.schemas import BaseSchema

from app.openapi import document
from tests.often import often
from tests.openapi import checks
from tests.openapi.served import PROOF, service
from tests.openapi.serving import served

# What is reached here, other tests reach, too; under the tracer it would take twice as long.
pytestmark = pytest.mark.no_cover

EXAMPLES: Final = int(os.environ.get("SCHEMATHESIS_EXAMPLES", often(suite=2, commit=4)))
THOROUGH: Final = EXAMPLES >= 10
"""Whether every operation is covered everywhere; it takes minutes."""

# By the names of operations, as in "GET /actions/get_customer".
# What is signed anew for each request cannot be made up: see tests/zendesk and tests/delivery.
EVERYTHING: Final = " /(?!zendesk|rivo)"
GORGIAS: Final = " /gorgias"
ELSEWHERE: Final = " /(?!gorgias|zendesk|rivo)"
# The coverage phase tries every value of every input. Both doors, and both methods of a read, read
# inputs by the same code and from the same schema: by default each action is covered once, in
# process, and elsewhere what is answered most differently.
# In every run that is a third of it: an action of each kind, and over HTTP what is no action, and
# the examples only in process.
EACH_ACTION_ONCE: Final = (
    "^GET |^POST /actions/(create|reverse|redeem|refund|update|cancel)_",
    "^GET (?!/actions/(list|get)_)|^GET /actions/list_points_events$|"
    "^POST /actions/(create_points_event|reverse|update_customer$|cancel)",
)[often(suite=1, commit=0)]
TELLING: Final = ("/(get_sidebar|redeem_customer_points)$", "^GET /gorgias/get_sidebar$")[
    often(suite=1, commit=0)
]
TELLING_OVER_HTTP: Final = (
    "^GET /gorgias/get_sidebar$|^POST /actions/redeem_|^GET /[^/]*$",
    "^GET /[^/]*$",
)[often(suite=1, commit=0)]
REFUSED: Final = ["200", "400", "401", "403", "404", "405", "413", "415", "422"]


def configured(*, only: str, covered: str, examples: bool = True) -> SchemathesisConfig:
    """Configure a run over the operations `only`, with the coverage phase for those `covered`."""
    return SchemathesisConfig.from_dict(
        {
            "headers": PROOF,
            "workers": 1,
            "seed": 20261121,
            "generation": {"deterministic": True, "database": "none", "max-examples": EXAMPLES},
            "phases": {"stateful": {"enabled": False}, "examples": {"enabled": examples}},
            "checks": {
                # Rivo may refuse what is well formed (422 says so), and so may a rule
                # between inputs: `checks.RULES`. A check of our own lets 400 and 422 pass for
                # nothing else. 409: a write that is open, or an operation that is not (any more).
                # 5xx is left out here: this sandbox never fails, so neither may we.
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "422"]
                },
            },
            "operations": [
                {
                    # A read on /gorgias answers 200 to a wrong input, too, and
                    # says in words what is wrong. A check of our own judges these words.
                    "include-path-regex": "^/gorgias/(get|list)_",
                    "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
                },
                {"exclude-name-regex": only, "enabled": False},
                {
                    "exclude-name-regex": EVERYTHING if THOROUGH else covered,
                    "phases": {"coverage": {"enabled": False}},
                },
            ],
        }
    )


@pytest.fixture(scope="module", autouse=True)
def _checks() -> Iterator[None]:
    """Check with what is our own, too; end what ran in process."""
    checks.register()
    yield
    shutdown_lifespans()


def test_actions_and_pages_keep_to_the_document_in_process() -> None:
    config = configured(only=ELSEWHERE, covered=EACH_ACTION_ONCE)
    ran = run(schemathesis.openapi.from_asgi("/openapi.json", service(), config=config))

    assert operations(ELSEWHERE) == ran


def test_the_gorgias_door_keeps_to_the_document_in_process() -> None:
    config = configured(only=GORGIAS, covered=TELLING)
    ran = run(schemathesis.openapi.from_asgi("/openapi.json", service(), config=config))

    assert operations(GORGIAS) == ran


def test_everything_keeps_to_the_document_over_http() -> None:
    examples = bool(often(suite=0, commit=1))
    config = configured(only=EVERYTHING, covered=TELLING_OVER_HTTP, examples=examples)
    with served(service()) as url:
        ran = run(schemathesis.openapi.from_url(f"{url}/openapi.json", config=config))

    assert operations(EVERYTHING) == ran


def operations(named: str) -> set[str]:
    """Name the documented operations; the document itself was asked for before anything else."""
    found = {
        f"{method.upper()} {path}"
        for path, methods in document()["paths"].items()
        for method in methods
    }
    return {name for name in found - {"GET /openapi.json"} if re.search(named, name)}


def run(schema: BaseSchema) -> set[str]:
    """Run every phase; names the operations that were tested, and fails with what was found."""
    found: list[str] = []
    tested: set[str] = set()
    counted: Counter[str] = Counter()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.append(str(vars(event)))
        if not isinstance(event, events.ScenarioFinished):
            continue
        recorder = event.recorder
        if recorder.cases:
            tested.add(recorder.label)
        counted[f"{event.phase.value} cases"] += len(recorder.cases)
        for case_id, results in recorder.checks.items():
            counted["checks"] += len(results)
            found += [
                f"{result.name}: {recorder.label}: {result.failure_info.failure}\n"
                f"{recorder.cases[case_id].value.as_curl_command()}"
                for result in results
                if result.failure_info is not None
            ]
    sys.stdout.write(f"{len(tested)} operations, {dict(counted)}\n")
    assert not found, f"{len(found)} failures, the first of them:\n" + "\n\n".join(found[:10])
    return tested
