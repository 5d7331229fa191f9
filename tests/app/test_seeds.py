"""The four documented samples: our answers equal them in keys, order and values."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from integrations.rivo_sandbox import (
    Customer,
    Ids,
    Reward,
    Shop,
    SubscriptionContract,
    Switches,
    TierEnrollment,
    demo_shop,
)
from tests.app.serving import DONE, NOW, Service, operation, ordered

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests/rivo/samples"
NAMES = ("get_customer", "get_membership", "create_points_redemption", "cancel_membership")
SEEDS: dict[str, Any] = {
    name: msgspec.json.decode((SAMPLES / f"seed_{name}.doc.json").read_bytes()) for name in NAMES
}
REDEEMED: dict[str, Any] = SEEDS["create_points_redemption"]["data"]["attributes"]
CANCELLED: dict[str, Any] = SEEDS["cancel_membership"]["data"]["attributes"]


def without(answer: httpx.Response, *names: str) -> dict[str, Any]:
    """Leave out what stands beside the documented object."""
    told: dict[str, Any] = answer.json()
    assert set(names) <= set(told)
    return {name: value for name, value in told.items() if name not in names}


@pytest.mark.parametrize("at", [NOW, datetime(2027, 3, 1, 9, tzinfo=UTC)], ids=str)
@pytest.mark.parametrize("name", ["get_customer", "get_membership"])
async def test_the_demo_shop_answers_as_documented(name: str, at: datetime) -> None:
    seed = SEEDS[name]
    service = Service(at=at)
    for who in (seed["customer"]["email"], seed["customer"]["customer_id"]):
        answer = await service.act(name, customer_email=who)

        assert 200 == answer.status_code
        assert ordered(seed) == ordered(without(answer, "as_of", "stale"))
        assert [*seed, "as_of", "stale"] == list(answer.json())


def shop_of_the_redemption(balance: str) -> Shop:
    """Seed a shop with the sample's customer, who has `balance`, and its reward."""
    customer, reward = REDEEMED["customer"], REDEEMED["reward"]
    return Shop(
        customers=(
            Customer(
                id=customer["id"],
                email=customer["email"],
                first_name=customer["first_name"],
                last_name=customer["last_name"],
                loyalty_status=customer["loyalty_status"],
                opening_points=customer["points_tally"],
                opening_credits=Decimal(balance),
                orders_count=customer["orders_count"],
                total_spent=customer["total_spent"],
            ),
        ),
        rewards=(
            Reward(
                id=reward["id"],
                name=reward["name"],
                created_at=NOW,
                source=reward["source"],
                enabled=reward["enabled"],
                reward_type=reward["reward_type"],
                reward_value=reward["reward_value"],
                points_amount=reward["points_amount"],
                points_type="multiplier",
                code_prefix="REDEEM",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("shows", "balance"), [("before", "25.50"), ("after", "51.00")], ids=["before", "after"]
)
@pytest.mark.parametrize("action", ["create_points_redemption", "redeem_customer_points"])
async def test_a_redemption_is_answered_as_documented(
    action: str, shows: Any, balance: str
) -> None:
    """Whether the sample's balance is that before or after is open (U5): either way it fits."""
    code = int(REDEEMED["code"].partition("-")[2], 16)
    service = Service(
        shop=shop_of_the_redemption(balance),
        ids=Ids({"points_redemption": [REDEEMED["id"]], "code": [code]}),
        at=datetime.fromisoformat(REDEEMED["applied_at"]),
        switches=Switches(redemption_customer=shows),
    )
    answer = await service.act(
        action,
        customer_email=REDEEMED["customer"]["email"],
        reward_id=REDEEMED["reward"]["id"],
        credits_amount=REDEEMED["credits_amount"],
        shape="full",
    )

    assert 201 == answer.status_code
    assert ordered(SEEDS["create_points_redemption"]) == ordered(without(answer, "operation"))
    assert (["data", "operation"], DONE) == (list(answer.json()), operation(answer))


@pytest.mark.parametrize("policy", [None, "end_of_period"])
async def test_a_cancellation_is_answered_as_documented(policy: str | None) -> None:
    who: int = CANCELLED["customer_id"]
    service = Service(
        shop=Shop(
            customers=(Customer(id=who, email="somebody@example.com"),),
            tier_enrollments=(
                TierEnrollment(
                    id=1,
                    customer_id=who,
                    membership_tier_id=1,
                    started_at=NOW,
                    subscription_contract_id=2,
                ),
            ),
            subscription_contracts=(SubscriptionContract(id=2, customer_id=who, created_at=NOW),),
        ),
        ids=Ids({"cancellation_request": [CANCELLED["cancellation_request_id"]]}),
    )
    answer = await service.act(
        "cancel_membership", customer_email=who, cancellation_policy=policy, shape="full"
    )

    assert 200 == answer.status_code
    assert ordered(SEEDS["cancel_membership"]) == ordered(without(answer, "operation"))
    assert (["data", "operation"], DONE) == (list(answer.json()), operation(answer))


async def test_a_cancellation_that_rivo_only_confirms_has_the_documented_keys() -> None:
    service = Service(switches=Switches(cancellation="empty_204"))
    answer = await service.act(
        "cancel_membership", customer_email="maya.chen@example.com", shape="full"
    )
    told, sample = answer.json()["data"], SEEDS["cancel_membership"]["data"]

    assert (list(sample), list(sample["attributes"])) == (list(told), list(told["attributes"]))
    assert told["attributes"]["status"] is not None


# Nobody knows them.


def leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    else:
        yield value


def telling() -> set[str]:
    """Pick the samples' values that nothing else would hold: long numbers, names, codes, times."""
    values = {str(value) for value in leaves(SEEDS) if isinstance(value, str | int | float)}
    words = {"member", "points_redemption", "fixed_amount", "credits", "end_of_period"}
    words |= {"membership_cancellation", "pending", "active", "paid", "year", "USD"}
    return {value for value in values - words if len(value) > 3 and value not in ("True", "False")}


def constants(tree: ast.AST) -> Iterator[str]:
    """Walk through a module's values, without docstrings and the examples in the documents."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.keyword) and node.arg == "examples":
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
            yield str(node.value)
        yield from constants(node)


def test_nothing_in_the_service_knows_the_samples() -> None:
    files = [
        path
        for folder in ("app", "integrations")
        for path in (ROOT / folder).rglob("*.py")
        if "rivo_sandbox" not in path.parts
    ]
    known = telling()
    found = {
        (str(path.relative_to(ROOT)), value)
        for path in files
        for constant in constants(ast.parse(path.read_text(encoding="utf-8")))
        for value in known
        if value in constant
    }
    shown = {
        # The line that `make run` prints asks the demo shop for its first customer,
        ("app/cli.py", "sarah.martinez@example.com"),
        # an example in the documents is about her as well,
        ("app/openapi/lookups.py", "sarah.martinez@example.com"),
        # and what is wrong with an amount is told with one that is right.
        ("app/permissions.py", "25.0"),
    }

    assert 60 < len(files)
    assert 30 == len(known)
    assert shown >= found


def test_the_demo_shop_alone_holds_them() -> None:
    told = msgspec.json.encode(demo_shop(NOW)).decode()

    assert SEEDS["get_customer"]["customer"]["referral_code"] in told
