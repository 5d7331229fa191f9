"""Checks of our own beside Schemathesis': what a status alone does not tell.

They are registered once, by `register`: Schemathesis keeps one list of checks a process.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any, Final

import msgspec
import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case

from app.gorgias import DOWN, NO_EMAIL, UNKNOWN
from integrations.rivo import ACTIONS

RULES: Final = (
    "left out where since_id or limit is given",
    "other than 0, or credits_amount be given, for manual",
    "the name of the action for custom_action",
    "the name of the action for visit_url",
    "given together with reward_id",
    "given only together with reward_id",
    "given, or another value to change",
    "a new one for other inputs",
    "Idempotency-Key and idempotency_key differ",
    "above 0, since this gives",
)
"""What a schema of single inputs cannot say; the actions' descriptions tell it."""

REFUSALS: Final = ("Rivo refused this", "Rivo does not offer this")
READS: Final = frozenset(name for name, action in ACTIONS.items() if not action.writes)


def register() -> None:
    """Add these checks to Schemathesis'."""
    for check in (a_valid_request_is_refused_by_a_rule_only, a_gorgias_read_says_it_in_words):
        schemathesis.check(check)


def a_valid_request_is_refused_by_a_rule_only(
    ctx: CheckContext, response: Response, case: Case[Any]
) -> None:
    """What the schema allows may be refused by Rivo, or by a rule between inputs; not otherwise."""
    if response.status_code in (400, 422) and _is_valid(case):
        said = msgspec.json.decode(response.content)["error"]
        assert _is_a_rule(said, case), f"{said} -- {case.as_curl_command()}"


def a_gorgias_read_says_it_in_words(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """A read on /gorgias answers 200 whatever is asked: its words are judged as a status would be.

    `negative_data_rejection` lets a plain 200 pass there; here it sees what the words mean.
    """
    door, _, name = case.path.strip("/").partition("/")
    if door != "gorgias" or name not in READS or response.status_code != 200:
        return
    told: dict[str, Any] = msgspec.json.decode(response.content)
    meant = copy.copy(response)
    meant.status_code = _status_of(told)
    assert meant.status_code != 503, f"{told['message']} -- {case.as_curl_command()}"
    if meant.status_code == 422 and _is_valid(case):
        assert _is_a_rule(told["message"], case), f"{told['message']} -- {case.as_curl_command()}"
    schemathesis.checks.negative_data_rejection(ctx, meant, case)


def _is_valid(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _is_a_rule(said: str, case: Case[Any]) -> bool:
    if said.startswith(REFUSALS) or any(rule in said for rule in RULES):
        return True
    # `multipleOf` fails on binary fractions, so that the schema cannot count decimals.
    amount = case.body.get("credits_amount") if isinstance(case.body, dict) else None
    return (
        said.startswith("credits_amount must be")
        and isinstance(amount, float)
        and round(Decimal(repr(amount)), 3) != Decimal(repr(amount))
    )


def _status_of(told: dict[str, Any]) -> int:
    """Say which status /actions would answer; 299 is a success that no check expects."""
    if told["status"] == DOWN:
        return 422 if " must be " in told["message"] else 503
    return {NO_EMAIL: 422, UNKNOWN: 404}.get(told["status"], 299)
