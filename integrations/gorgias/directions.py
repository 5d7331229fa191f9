"""Which way a button moves points or credit: what an agent types into it has no sign to forget.

A form of Gorgias has no arithmetic, so a button says the way in a header of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from integrations.errors import InputError
from integrations.inputs import shortened

HEADER: Final = "X-Rivo-Direction"
AMOUNTS: Final = ("points_amount", "credits_amount")


def directed(inputs: Mapping[str, Any], direction: str) -> dict[str, Any]:
    """Turn the amounts among parsed inputs the way a button says: `direction` is give or take.

    Taking takes away what was typed, with a minus or without; giving refuses a minus (InputError).
    """
    if direction not in ("give", "take"):
        raise InputError(HEADER, expected="give or take", given=shortened(direction))
    turned = dict(inputs)
    for name in AMOUNTS:
        amount = turned.get(name)
        if amount is not None and direction == "take":
            turned[name] = -abs(amount)
        elif amount is not None and amount < 0:
            raise InputError(name, expected="above 0, since this gives", given=shortened(amount))
    return turned
