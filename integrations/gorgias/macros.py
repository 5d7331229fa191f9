"""The macros: three that give something when the reply is sent, and one that tells the balance."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from integrations.gorgias.buttons import AGENT, CUSTOMER, REASON
from integrations.gorgias.site import FORM, Body, Found, Site, brand, headers, marked

EVENT: Final = "create_points_event"
GOODWILL: Final = "Goodwill"


class Gift(msgspec.Struct, frozen=True, kw_only=True):
    """A macro that gives: points or credit, which of the two `amount_key` says."""

    key: str
    name: str
    amount_key: str
    amount: Decimal
    words: str


GIFTS: Final = (
    Gift(
        key="goodwill-points",
        name="goodwill points",
        amount_key="points_amount",
        amount=Decimal(100),
        words="we are sorry for the trouble. We have added {amount} points to your account.",
    ),
    Gift(
        key="late-delivery-points",
        name="points for a late delivery",
        amount_key="points_amount",
        amount=Decimal(50),
        words="thank you for waiting. For the delay we have added {amount} points to your account.",
    ),
    Gift(
        key="goodwill-credit",
        name="goodwill store credit",
        amount_key="credits_amount",
        amount=Decimal("5.00"),
        words="we are sorry for the trouble. We have added {amount} of store credit to your "
        "account.",
    ),
)
BALANCE: Final = "balance"
BALANCE_WORDS: Final = (
    "here is where you stand: {points} points and {store_credit} of store credit; your VIP tier is "
    "{vip_tier}.",
    "Your referral link: {referral_link}",
)


def macros(site: Site, integration_id: int | str) -> dict[str, Body]:
    """Say what the macros are to be, each by its key.

    A gift is no larger than what the buttons' secret may give at once, without somebody's approval.
    """
    found = {}
    for gift in GIFTS if EVENT in site.actions else ():
        points = gift.amount_key == "points_amount"
        most = site.most_points if points else site.most_credits
        amount = gift.amount if most is None else min(gift.amount, Decimal(most))
        if amount > 0:
            found[gift.key] = _gift(site, gift, amount)
    found[BALANCE] = _balance(site.shop, integration_id)
    return found


def name_of(shop: str, key: str) -> str:
    """Name a macro; agents look for it by this."""
    names = {gift.key: f"give {gift.name}" for gift in GIFTS}
    return f"{brand(shop)}: {names.get(key, 'tell balance, tier and referral link')}"


def key_of(found: Found, shop: str, integration_ids: Iterable[int]) -> str | None:
    """Say which of this shop's macros one is; None where it is none of them.

    One that gives is known by its marker, whatever its name; the other by its name, or by its text
    over one of the shop's integrations.
    """
    for mark in _marks(found):
        whose, _, key = mark.rpartition("/")
        return key if whose == shop else None
    named = {name_of(shop, key): key for key in (*(gift.key for gift in GIFTS), BALANCE)}
    if (known := named.get(str(found.get("name")))) is not None:
        return known
    texts = {_text(_balance(shop, each)) for each in integration_ids}
    return BALANCE if _text(found) in texts else None


def _gift(site: Site, gift: Gift, amount: Decimal) -> Body:
    points = gift.amount_key == "points_amount"
    typed = f"{amount:.0f}" if points else f"{amount:.2f}"
    said = typed if points or site.currency is None else f"{typed} {site.currency}"
    fields = {
        "customer_email": CUSTOMER["ticket"],
        "ticket_id": "{{ticket.id}}",
        **AGENT,
        # Gorgias may send it again long after; one of these a ticket is all that it gives.
        "idempotency_key": f"macro {gift.key} {{{{ticket.id}}}}",
    }
    editable = {gift.amount_key: typed, REASON: _reason(site)}
    arguments = {
        "method": "POST",
        "url": site.address(EVENT),
        "headers": [_pair(*each) for each in headers(site, gift.key, "give").items()],
        "params": [],
        "content_type": FORM,
        "form": [
            *(_pair(*each) for each in fields.items()),
            *(_pair(*each, editable=True) for each in editable.items()),
        ],
        "json": {},
    }
    call = {
        "name": "http",
        "title": f"Give {said} {'points' if points else 'store credit'}",
        "type": "user",
        "arguments": arguments,
    }
    return _macro(name_of(site.shop, gift.key), call, _reply(gift.words.format(amount=said)))


def _balance(shop: str, integration_id: int | str) -> Body:
    data = f"ticket.customer.integrations[{integration_id}]"
    keys = ("points", "store_credit", "vip_tier", "referral_link")
    values = {key: f"{{{{{data}.{key}}}}}" for key in keys}
    lines = [words.format(**values) for words in BALANCE_WORDS]
    return _macro(name_of(shop, BALANCE), _reply(*lines))


def _macro(name: str, *actions: Body) -> Body:
    return {"name": name, "language": "en", "actions": list(actions)}


def _reply(*lines: str) -> Body:
    first, *rest = lines
    told = [f"Hi {{{{ticket.customer.firstname}}}}, {first}", *rest]
    return {
        "name": "setResponseText",
        "title": "Set response text",
        "type": "user",
        "arguments": {
            "body_text": "\n".join(told),
            "body_html": "".join(f"<div>{html.escape(line, quote=False)}</div>" for line in told),
        },
    }


def _reason(site: Site) -> str:
    """Choose a reason that may be given: goodwill where it is one."""
    alike = [each for each in site.reasons if each.casefold() == GOODWILL.casefold()]
    return [*alike, *site.reasons, GOODWILL][0]


def _pair(key: str, value: str, *, editable: bool = False) -> dict[str, Any]:
    return {"key": key, "value": value, "editable": editable}


def _marks(found: Found) -> Iterator[str]:
    for arguments in _arguments(found):
        if (mark := marked(arguments.get("headers"))) is not None:
            yield mark


def _text(found: Found) -> str:
    return " ".join(
        " ".join(str(each["body_text"]).split())
        for each in _arguments(found)
        if each.get("body_text")
    )


def _arguments(found: Found) -> Iterator[Mapping[str, Any]]:
    actions = found.get("actions")
    for action in actions if isinstance(actions, list) else ():
        arguments = action.get("arguments") if isinstance(action, Mapping) else None
        if isinstance(arguments, Mapping):
            yield arguments
