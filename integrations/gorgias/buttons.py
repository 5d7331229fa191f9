"""The buttons in the sidebar: each posts a form to one action, with what the agent fills in."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from integrations.gorgias.site import FORM, Body, Context, Site, headers

REASON: Final = "reason"
CUSTOMER: Final[dict[Context, str]] = {
    "ticket": "{{ticket.customer.email}}",
    "customer": "{{customer.email}}",
}
AGENT: Final = {"agent_email": "{{current_user.email}}", "agent_name": "{{current_user.name}}"}


class Field(msgspec.Struct, frozen=True):
    """One thing that the agent fills in."""

    key: str
    label: str
    mandatory: bool = True


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """One button; `risky` ones ask for a reason, so that no click alone does it."""

    key: str
    label: str
    action: str
    direction: Literal["give", "take"] | None = None
    fields: tuple[Field, ...] = ()
    risky: bool = False


NOTE: Final = Field("external_note", "Note that the customer sees", mandatory=False)
BUTTONS: Final = (
    Button(
        key="add-points",
        label="Add points",
        action="create_points_event",
        direction="give",
        fields=(Field("points_amount", "Points to add"), NOTE),
    ),
    Button(
        key="take-points",
        label="Take points",
        action="create_points_event",
        direction="take",
        fields=(Field("points_amount", "Points to take away"), NOTE),
    ),
    Button(
        key="add-credit",
        label="Add store credit",
        action="create_points_event",
        direction="give",
        fields=(Field("credits_amount", "Store credit to add, like 5.00"), NOTE),
    ),
    Button(
        key="redeem",
        label="Redeem",
        action="create_points_redemption",
        fields=(Field("reward_id", "Number of the reward, after its #"),),
    ),
    Button(
        key="refund-code",
        label="Refund code",
        action="refund_points_redemption",
        fields=(Field("redemption_id", "Number of the code, after its #"),),
    ),
    Button(
        key="set-birthday",
        label="Set birthday",
        action="update_customer_dob",
        fields=(Field("dob", "Birthday, like 1990-07-13 or 07-13"),),
    ),
    Button(
        key="cancel-membership",
        label="Cancel membership",
        action="cancel_membership",
        risky=True,
    ),
)
"""In the order in which they stand; where space is short, the last ones fold into a menu."""


def buttons(site: Site, context: Context) -> list[Body]:
    """Say what the buttons are to be: those that the buttons' secret may use."""
    return [_button(site, each, context) for each in BUTTONS if each.action in site.actions]


def _button(site: Site, button: Button, context: Context) -> Body:
    hidden = {"customer_email": CUSTOMER[context]}
    if context == "ticket":
        hidden["ticket_id"] = "{{ticket.id}}"
    reason = Field(REASON, reason_label(site), site.reason_required or button.risky)
    told = headers(site, button.key, button.direction)
    return {
        "label": button.label,
        "action": {
            "method": "POST",
            "url": site.address(button.action),
            "headers": [_param(name, value) for name, value in told.items()],
            "params": [],
            "body": {
                "contentType": FORM,
                "application/json": {},
                FORM: [
                    *(_param(name, value) for name, value in {**hidden, **AGENT}.items()),
                    *(
                        _param(each.key, "", label=each.label, mandatory=each.mandatory)
                        for each in (*button.fields, reason)
                    ),
                ],
            },
        },
    }


def reason_label(site: Site) -> str:
    """Name the field of the reason; where only some may be given, all of them."""
    return f"Reason: {', '.join(site.reasons)}" if site.reasons else "Reason"


def _param(key: str, value: str, *, label: str = "", mandatory: bool = False) -> dict[str, Any]:
    """Make one parameter; one with a label is the agent's to fill in."""
    return {
        "key": key,
        "value": value,
        "type": "text",
        "label": label,
        "editable": bool(label),
        "mandatory": mandatory or key == "customer_email",
    }
