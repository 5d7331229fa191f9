"""The windows that a write has to fit in: what it moves, and which limits measure that.

Windows roll: what was reserved within the seconds before now counts, in whichever replica, for as
long as it may have been applied. Amounts are absolute, store credit in thousandths.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final, Literal

import msgspec

from app.limits import Limits
from app.operations.operation import Effect, Operation

Scope = Literal["write", "agent", "caller", "customer", "shop"]
Measure = Literal["points", "credits", "redemptions", "writes"]

MINUTE: Final = 60.0
DAY: Final = 86_400.0
MONTH: Final = 30 * DAY
PERIODS: Final = {0.0: "at once", MINUTE: "a minute", DAY: "a day", MONTH: "in 30 days"}
ROLLING: Final[tuple[tuple[Scope, str, float], ...]] = (
    ("agent", "agent_day", DAY),
    ("caller", "caller_day", DAY),
    ("customer", "customer_month", MONTH),
    ("shop", "shop_day", DAY),
    ("caller", "minute", MINUTE),  # the last: what passes soon is told only if nothing else is
)
COLUMN: Final[Mapping[Measure, str]] = {
    "points": "o.points",
    "credits": "o.credits_milli",
    "redemptions": "1",
    "writes": "1",
}
UNIT: Final[Mapping[Measure, str]] = {
    "points": "point",
    "credits": "in store credit",
    "redemptions": "reward",
    "writes": "change",
}
VERB: Final[Mapping[Effect, str]] = {
    "grant": "give",
    "deduction": "take away",
    "redemption": "redeem",
    "other": "make",
}
OF_A_CUSTOMER: Final[Mapping[Effect, str]] = {
    **VERB,
    "grant": "be given",
    "deduction": "lose",
}


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as it applies to one write.

    `name` is the field of Limits. Of the rows of `scope` reserved in the last `seconds` those with
    `effect` count ("other": all); with this one's `amount` they may come to `cap`.
    """

    name: str
    scope: Scope
    measure: Measure
    effect: Effect
    seconds: float
    cap: int
    amount: int

    def sentence(self, used: int) -> str:
        """Say what the limit is, and how much of it is used."""
        verbs = OF_A_CUSTOMER if self.scope == "customer" else VERB
        says = (
            f"This {self.scope} may {verbs[self.effect]} {self._shown(self.cap)} {self._unit}"
            f" {PERIODS[self.seconds]}"
        )
        if self.scope == "write":
            return f"{says}."
        verb = "is" if self.measure == "credits" or used == 1 else "are"
        return f"{says}; {self._shown(used)} {verb} used."

    @property
    def _unit(self) -> str:
        plain = self.measure == "credits" or self.cap == 1
        return UNIT[self.measure] + ("" if plain else "s")

    def _shown(self, amount: int) -> str:
        return f"{Decimal(amount) / 1000:f}" if self.measure == "credits" else str(amount)


class Over(msgspec.Struct, frozen=True):
    """It would go beyond a limit of which so much is used; `retry_after` in seconds, if ever."""

    window: Window
    used: int = 0
    retry_after: float | None = None

    @property
    def too_fast(self) -> bool:
        """Whether a later try may work, so that nothing is settled by this no."""
        return self.window.seconds == MINUTE

    @property
    def sentence(self) -> str:
        """Say what the limit is, and how much of it is used."""
        return self.window.sentence(self.used)


def effect_of(
    action: str, inputs: Mapping[str, Any], moved: tuple[int, Decimal] | None = None
) -> tuple[Effect, int, int]:
    """Say what a write moves: its effect, points and thousandths of store credit, both absolute.

    `moved` is what it will move, signed, where its inputs do not say: of a reversal the opposite of
    what the event gave, of an earning rule the rule's own amount.
    """
    points, credit = inputs.get("points_amount") or 0, inputs.get("credits_amount") or Decimal(0)
    if action in ("create_points_redemption", "redeem_customer_points"):
        return "redemption", points, _milli(credit)
    if action not in ("create_points_event", "reverse_points_event"):
        return "other", 0, 0
    if not points and not credit and moved is not None:
        points, credit = moved
    takes = min(points, credit) < 0 and max(points, credit) <= 0
    return "deduction" if takes else "grant", abs(points), _milli(credit)


def windows(limits: Limits, operation: Operation) -> tuple[Window, ...]:
    """List the rolling windows that a write has to fit in, each for something that it moves."""
    found = (_window(limits, operation, measure, of) for of in ROLLING for measure in COLUMN)
    return tuple(window for window in found if window)


def over_a_write(limits: Limits, operation: Operation) -> Over | None:
    """Name the limit on a single write that this one is beyond."""
    for measure in COLUMN:
        window = _window(limits, operation, measure, ("write", "write", 0.0))
        if window and window.amount > window.cap:
            return Over(window)
    return None


def needs_approval(limits: Limits, operation: Operation) -> bool:
    """Say whether somebody else has to approve a write who has not done so yet."""
    if operation.approved_by is not None:
        return False
    amounts = _amounts(operation)
    above: Mapping[Measure, int | Decimal | None] = {
        "points": limits.approval_above_points,
        "credits": limits.approval_above_credits,
    }
    return any(
        most is not None and amounts[measure] > _cap(most, measure)
        for measure, most in above.items()
    )


def counts_amounts(limits: Limits) -> bool:
    """Say whether any of the limits needs to know how much a write moves."""
    return any(
        getattr(limits, name) is not None
        for name in Limits.__struct_fields__
        if "points" in name or "credits" in name
    )


def _window(
    limits: Limits, operation: Operation, measure: Measure, of: tuple[Scope, str, float]
) -> Window | None:
    scope, words, seconds = of
    name = f"{measure}_per_{words}"
    cap = getattr(limits, name, None)
    if cap is None or not (amount := _amounts(operation)[measure]):
        return None
    return Window(
        name=name,
        scope=scope,
        measure=measure,
        effect="other" if measure == "writes" else operation.effect,
        seconds=seconds,
        cap=_cap(cap, measure),
        amount=amount,
    )


def _amounts(operation: Operation) -> Mapping[Measure, int]:
    """Say how much of each measure a write takes; what is redeemed is counted, not summed up."""
    moves = operation.effect in ("grant", "deduction")
    return {
        "points": operation.points if moves else 0,
        "credits": operation.credits_milli if moves else 0,
        "redemptions": int(operation.effect == "redemption"),
        "writes": 1,
    }


def _cap(limit: int | Decimal, measure: Measure) -> int:
    thousandths = limit * 1000 if measure == "credits" else limit
    return int(Decimal(thousandths).to_integral_value(ROUND_FLOOR))


def _milli(credit: Decimal) -> int:
    """Write an amount in thousandths, exactly; what is finer counts as one more."""
    return int((abs(credit) * 1000).to_integral_value(ROUND_CEILING))
