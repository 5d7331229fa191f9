"""The sidebar in Gorgias: one card of text that is right for every kind of customer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from integrations.gorgias.answers import Flat
from integrations.gorgias.texts import day, local, money

VERSION: Final = 1
MOST_CODES: Final = 5
MOST_REWARDS: Final = 8
MOST_CHARACTERS: Final = 120
MOST_CODE: Final = 60
LINK: Final = re.compile(r"https?://[!-~]{1,250}")
# Gorgias stores the answer with every ticket of the customer.
MOST_BYTES: Final = 4000
LINKS: Final = ("referral_link", "profile_url")
UNCUT: Final = (*LINKS, "updated", "stale")
STATUS: Final = {"member": "Member", "guest": "Guest", "excluded": "Excluded"}
EMPTY: Final[Flat] = {
    "status": None,
    "message": None,
    "name": None,
    "email": None,
    "points": None,
    "store_credit": None,
    "vip_tier": None,
    "next_tier": None,
    "to_next_tier": None,
    "points_expire": None,
    "membership": None,
    "next_billing": None,
    "birthday": None,
    "orders": None,
    "total_spent": None,
    "referral_code": None,
    "referral_link": None,
    "unused_codes": [],
    "last_activity": None,
    "rewards_available": None,
    "updated": None,
    "stale": "No",
    "profile_url": None,
    "_version": VERSION,
}


def failed_sidebar(*, status: str, message: str, profile_url: str | None) -> Flat:
    """Answer a sidebar that has nothing to show, with the same keys."""
    return _fitted(EMPTY | {"status": status, "message": message, "profile_url": profile_url})


def flat_sidebar(
    answer: Mapping[str, Any],
    resource: Mapping[str, Any],
    *,
    currency: str | None,
    zone: str,
    profile_url: str | None,
) -> Flat:
    """Flatten get_sidebar's canonical answer; `resource` is what Rivo said of the customer."""
    customer, updated = answer["customer"], local(answer["as_of"], zone)
    stale = "Yes" if answer["stale"] else "No"
    if customer is None:
        status = "Not a member" if answer["found"] is False else "Not available right now"
        failed = failed_sidebar(status=status, message=answer["message"], profile_url=profile_url)
        return failed | {"updated": updated, "stale": stale}
    names = (customer["first_name"], customer["last_name"])
    said = customer["loyalty_status"]
    subscription = answer["subscription"] or {}
    flat = EMPTY | {
        "status": STATUS.get(said or "", (said or "Member").capitalize()),
        "message": _short(_message(answer, updated) or _hint(said)),
        "name": _short(" ".join(name for name in names if name)) or None,
        "email": customer["email"],
        "points": customer["points_tally"],
        "store_credit": money(customer["credits_tally"], currency),
        "vip_tier": customer["vip_tier"],
        **_tier(answer["tier"] or {}, currency),
        "points_expire": day(customer["points_expire_at"], zone),
        "membership": _membership(answer, zone),
        "next_billing": day(subscription.get("next_billing_date_at"), zone),
        "birthday": customer["dob"],
        "orders": customer["orders_count"],
        "total_spent": money(customer["total_spent"], currency),
        "referral_code": customer["referral_code"],
        "referral_link": resource.get("referral_url"),
        "unused_codes": [
            {
                "code": code["code"],
                "reward": _short(_numbered(code["id"], code["name"])),
                "expires": day(code["expires_at"], zone) or "never",
            }
            for code in answer["codes"]
            if len(code["code"] or "") <= MOST_CODE
        ][:MOST_CODES],
        "last_activity": _activity(answer["activity"], currency, zone),
        "rewards_available": _rewards(answer["rewards"]),
        "updated": updated,
        "stale": stale,
        "profile_url": profile_url,
    }
    return _fitted(flat)


def _message(answer: Mapping[str, Any], updated: str) -> str:
    old = f"Out of date: this was known at {updated}." if answer["stale"] else ""
    return f"{old} {answer['message']}".strip()


def _hint(status: str | None) -> str | None:
    if status == "guest":
        return "Has not joined the programme yet."
    return "Excluded from the programme." if status == "excluded" else None


def _tier(tier: Mapping[str, Any], currency: str | None) -> Flat:
    """Show the next tier, and the way there only where the shop says what drives its tiers."""
    missing = tier.get("missing")
    unit = {"points": "points", "orders": "orders"}.get(tier.get("basis") or "")
    way = f"{missing} {unit}" if unit else money(missing, currency)
    return {
        "next_tier": tier.get("next_name"),
        "to_next_tier": way if missing is not None else None,
    }


def _membership(answer: Mapping[str, Any], zone: str) -> str:
    if answer["parts"]["membership"]["error"]:
        return "Not available right now"
    membership = answer["membership"]
    if not membership:
        return "None"
    moments = {
        "since": membership["started_at"],
        "cancellation queued": membership["queued_for_cancellation_at"],
        "ends": membership["ended_at"],
    }
    words = [f"{name} {when}" for name, at in moments.items() if (when := day(at, zone))]
    return ", ".join([(membership["source"] or "active").capitalize(), *words])


def _activity(rows: Sequence[Mapping[str, Any]], currency: str | None, zone: str) -> str | None:
    if not rows:
        return None
    row = rows[0]
    changes = [f"{row['points_diff']:+d} points"] if row["points_diff"] else []
    if row["credits_diff"] and Decimal(row["credits_diff"]):
        sign = "" if row["credits_diff"].startswith(("-", "+")) else "+"
        changes.append(f"{sign}{money(row['credits_diff'], currency)}")
    when = day(row["applied_at"], zone)
    return _short(
        ": ".join(filter(None, (when, ", ".join(filter(None, (row["title"], *changes))))))
    )


def _rewards(rewards: Sequence[Mapping[str, Any]]) -> str | None:
    names = [
        _numbered(reward["reward_id"], reward["name"])
        for reward in rewards
        if reward["affordable"] and reward["name"]
    ]
    more = len(names) - MOST_REWARDS
    line = ", ".join(_short(name) or "" for name in names[:MOST_REWARDS])
    return (f"{line} and {more} more" if more > 0 else line) or None


def _numbered(number: int | None, name: str | None) -> str | None:
    """Put the number first that a button asks for, where no shortening cuts it off."""
    return " ".join(filter(None, (f"#{number}" if number is not None else None, name))) or None


def _short(text: str | None, most: int = MOST_CHARACTERS) -> str | None:
    if text is None or len(text) <= most:
        return text
    return text[: most - 1] + "…"


def _fitted(flat: Flat) -> Flat:
    """Shorten texts, the longest first, until the whole fits; links and codes stay whole or go."""
    for name in LINKS:
        if not (isinstance(flat[name], str) and LINK.fullmatch(flat[name])):
            flat[name] = None
    most = 2 * MOST_CHARACTERS
    while len(msgspec.json.encode(flat)) > MOST_BYTES and most > 1:
        most //= 2
        for name, value in flat.items():
            if isinstance(value, str) and name not in UNCUT:
                flat[name] = _short(value, most)
        for code in flat["unused_codes"]:
            code["reward"] = _short(code["reward"], most)
            code["expires"] = _short(code["expires"], most)
    return flat
