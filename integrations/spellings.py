r"""How values are spelled: the patterns that an input's parser and its JSON Schema share.

They mean the same in Python, ECMAScript and Rust, so none of them says \s, \d or \w, or needs a
flag. Each describes a value alone; `around` adds what may stand around it.
"""

from __future__ import annotations

from typing import Final

SPACE: Final = " \t\r\n\u00a0"
"""What may stand around a value and is no part of it."""

_SPACE = r"[ \t\r\n\u00a0]*"
_YEAR = "[1-8][0-9]{3}"
_LEAP_YEAR = "(?:[1-8][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[1357][26])00)"
_MONTH_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
# Only where the day and the month cannot be taken for each other.
_DAY_MONTH = (
    "(?:(?:1[3-9]|2[0-8])/(?:0[1-9]|1[0-2])|(?:29|30)/(?:0[13-9]|1[0-2])|31/(?:0[13578]|1[02])|"
    + "|".join(f"{each:02}/{each:02}" for each in range(1, 13))
    + ")"
)
# No address holds these: controls, and every character that some dialect takes for a space.
_NEVER = r"@\x00-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

WHOLE: Final = r"[+-]?[0-9]+(?:\.0{1,9})?"
AMOUNT: Final = r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,3})?"
MORE_THAN_NOTHING: Final = rf"\+?(?!0+(?:\.0+)?{_SPACE}$)[0-9]{{1,9}}(?:\.[0-9]{{1,3}})?"
# A tab and the ends of lines are text, other controls are not.
TEXT: Final = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{1,255}"
PRINTABLE: Final = "[ -~]{1,255}"
OPERATION: Final = "op_[0-9a-f]{32}"
DATE: Final = f"(?:{_YEAR}-{_MONTH_DAY}|{_LEAP_YEAR}-02-29)"
BIRTHDAY: Final = f"(?:{_MONTH_DAY}|02-29|{DATE}|{_DAY_MONTH}/{_YEAR}|29/02/{_LEAP_YEAR})"
MOMENT: Final = (
    f"{DATE}(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{{1,9}})?)?"
    "(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?)?"
)
# A space inside is a plus that lost its encoding. What reads like a path is no address: nothing
# between slashes, or dots alone.
EMAIL: Final = (
    rf"(?!(?:[^\r\n]*[/\\])?\.{{0,2}}(?:[/\\]|{_SPACE}$))"
    rf"[^ {_NEVER}][^{_NEVER}]{{0,63}}@(?:[^{_NEVER}]{{0,189}}[^ {_NEVER}])"
)


def around(spelling: str) -> str:
    """Write the whole text: a value in this spelling, and what may stand around it."""
    return f"^{_SPACE}(?:{spelling}){_SPACE}$"


def any_case(*words: str) -> str:
    """Spell words of ASCII letters in upper and lower case, other characters as they are."""
    return "|".join(
        "".join(f"[{c.upper()}{c.lower()}]" if c.isalpha() else c for c in word) for word in words
    )


def numbers(least: int, most: int) -> str:
    """Spell the whole numbers from `least` (0, 1 or minus `most`) to `most`."""
    sign = "[+-]?" if least < 0 else r"\+?"
    filled = rf"{sign}0*(?:{_up_to(str(most))})(?:\.0{{1,9}})?"
    return rf"{filled}|[+-]?0+(?:\.0{{1,9}})?" if least <= 0 else filled


def _up_to(most: str) -> str:
    """Spell the whole numbers from 1 to `most`, without zeros in front."""
    if set(most) == {"9"}:
        return f"[1-9][0-9]{{0,{len(most) - 1}}}"
    parts = [f"[1-9][0-9]{{0,{len(most) - 2}}}"] if len(most) > 1 else []
    for at, digit in enumerate(most):
        least = 0 if at else 1
        if int(digit) > least:
            rest = len(most) - at - 1
            parts.append(f"{most[:at]}[{least}-{int(digit) - 1}]" + f"[0-9]{{{rest}}}" * bool(rest))
    return "|".join([*parts, most])
