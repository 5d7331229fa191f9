"""`rivo-helpdesk gorgias`: as often as one likes, in place, and nothing that is not ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.app.serving import BUTTON_SECRET, GORGIAS_SECRET
from tests.gorgias_install.conftest import Admin
from tests.gorgias_install.standin import Body, Gorgias

CONFIG = """
[shops.acme]
rivo_api_key = "k1"
currency = "EUR"
reasons = ["late delivery", "goodwill"]
limits = { reason_required = true }
gorgias = { domain = "DOMAIN", user = "admin@shop.example.com", api_key_file = "KEY" }
[shops.acme.callers.widget]
door = "gorgias"
actions = ["get_sidebar"]
secret_file = "ACME"
[shops.acme.callers.buttons]
door = "gorgias"
actions = ["create_points_event", "update_customer_dob"]
secret_file = "ACME_BUTTONS"
limits = { points_per_write = 80, approval_above_credits = "2.50" }
[shops.bolt]
rivo_api_key = "k2"
gorgias = { domain = "DOMAIN", user = "admin@shop.example.com", api_key_file = "KEY" }
[shops.bolt.callers.widget]
door = "gorgias"
actions = ["get_sidebar"]
secret_file = "BOLT"
[shops.bolt.callers.buttons]
door = "gorgias"
actions = ["create_points_event"]
secret_file = "BOLT_BUTTONS"
[shops.bolt.callers.both]
door = "gorgias"
actions = ["*"]
secret_file = "BOTH"
"""
SECRETS = {
    name: f"secret-of-{name.lower()}-0001"
    for name in ("ACME", "ACME_BUTTONS", "BOLT", "BOLT_BUTTONS", "BOTH")
}
ALL = {"integrations": 1, "widgets": 2, "macros": 4}
STRANGERS: dict[str, Body] = {
    "integrations": {"name": "Rivo loyalty", "type": "http", "description": "ours, of old"},
    "widgets": {"type": "shopify", "context": "ticket", "template": {"type": "wrapper"}},
    "macros": {"name": "Goodwill", "actions": [{"name": "addTags", "arguments": {"tags": "x"}}]},
}


def counts(gorgias: Gorgias) -> dict[str, int]:
    return {kind: len(rows) for kind, rows in gorgias.rows.items()}


def only(gorgias: Gorgias, kind: str) -> Body:
    """The oldest of a kind, as it is kept."""
    return next(iter(gorgias.rows[kind].values()))


def buttons(widget: Body) -> dict[str, Body]:
    card = widget["template"]["widgets"][0]
    return {each["label"]: each["action"] for each in card["meta"]["custom"]["buttons"]}


def macro(gorgias: Gorgias, name: str) -> Body:
    (found,) = (each for each in gorgias.rows["macros"].values() if each["name"] == name)
    return found


# What it makes.


def test_one_command_makes_everything(admin: Admin, gorgias: Gorgias) -> None:
    done = admin.run("install")

    assert ALL == counts(gorgias)
    assert 7 == done.stdout.count("created")
    assert "created widget: Rivo loyalty, ticket sidebar" in done.stderr
    assert "an internal note is enough" in done.stderr
    assert {
        "url": "https://loyalty.example.com/gorgias/get_sidebar",
        "method": "POST",
        "headers": {"Authorization": f"Bearer {GORGIAS_SECRET}", "X-Rivo-Helpdesk": "shop"},
        "request_content_type": "application/json",
        "response_content_type": "application/json",
        "form": {"customer_email": "{{ticket.customer.email}}", "ticket_id": "{{ticket.id}}"},
        "triggers": {
            "ticket-created": True,
            "ticket-updated": True,
            "ticket-message-created": True,
            "ticket-self-unsnoozed": False,
            "ticket-message-failed": False,
        },
    } == only(gorgias, "integrations")["http"]


def test_there_is_a_widget_for_tickets_and_one_for_customers(
    admin: Admin, gorgias: Gorgias
) -> None:
    admin.run("install")
    ticket, customer = gorgias.rows["widgets"].values()
    (card,) = ticket["template"]["widgets"]

    assert ["ticket", "customer"] == [ticket["context"], customer["context"]]
    assert {only(gorgias, "integrations")["id"]} == {
        ticket["integration_id"],
        customer["integration_id"],
    }
    assert ("Rivo loyalty", "") == (card["title"], card["path"])
    assert {"text", "url", "list"} == {each["type"] for each in card["widgets"]}
    assert [
        "Add points",
        "Take points",
        "Add store credit",
        "Redeem",
        "Refund code",
        "Set birthday",
        "Cancel membership",
    ] == list(buttons(ticket))


@pytest.mark.parametrize("context", ["ticket", "customer"])
def test_a_button_holds_its_own_secret_and_what_the_agent_fills_in(
    admin: Admin, gorgias: Gorgias, context: str
) -> None:
    admin.run("install")
    (widget,) = (w for w in gorgias.rows["widgets"].values() if w["context"] == context)
    taken = buttons(widget)["Take points"]
    form = taken["body"]["application/x-www-form-urlencoded"]

    assert "application/x-www-form-urlencoded" == taken["body"]["contentType"]
    assert {
        "Authorization": f"Bearer {BUTTON_SECRET}",
        "X-Rivo-Direction": "take",
        "X-Rivo-Helpdesk": "shop/take-points",
    } == {each["key"]: each["value"] for each in taken["headers"]}
    assert {
        "customer_email": "{{ticket.customer.email}}"
        if context == "ticket"
        else "{{customer.email}}",
        **({"ticket_id": "{{ticket.id}}"} if context == "ticket" else {}),
        "agent_email": "{{current_user.email}}",
        "agent_name": "{{current_user.name}}",
    } == {each["key"]: each["value"] for each in form if not each["editable"]}
    assert [
        ("points_amount", "Points to take away", True),
        ("external_note", "Note that the customer sees", False),
        ("reason", "Reason", False),
    ] == [(e["key"], e["label"], e["mandatory"]) for e in form if e["editable"]]
    assert GORGIAS_SECRET not in json.dumps(widget)


def test_what_cannot_be_undone_asks_for_a_reason(admin: Admin, gorgias: Gorgias) -> None:
    admin.run("install")
    cancel = buttons(only(gorgias, "widgets"))["Cancel membership"]

    assert [("reason", True)] == [
        (each["key"], each["mandatory"])
        for each in cancel["body"]["application/x-www-form-urlencoded"]
        if each["editable"]
    ]


def test_a_macro_gives_once_a_ticket_and_another_tells_the_balance(
    admin: Admin, gorgias: Gorgias
) -> None:
    admin.run("install")
    call, reply = macro(gorgias, "Rivo: give goodwill points")["actions"]
    form = {each["key"]: (each["value"], each["editable"]) for each in call["arguments"]["form"]}
    (told,) = macro(gorgias, "Rivo: tell balance, tier and referral link")["actions"]
    data = f"ticket.customer.integrations[{only(gorgias, 'integrations')['id']}]"

    assert {
        "customer_email": ("{{ticket.customer.email}}", False),
        "ticket_id": ("{{ticket.id}}", False),
        "agent_email": ("{{current_user.email}}", False),
        "agent_name": ("{{current_user.name}}", False),
        "idempotency_key": ("macro goodwill-points {{ticket.id}}", False),
        "points_amount": ("100", True),
        "reason": ("Goodwill", True),
    } == form
    assert "We have added 100 points" in reply["arguments"]["body_text"]
    for key in ("points", "store_credit", "vip_tier", "referral_link"):
        assert f"{{{{{data}.{key}}}}}" in told["arguments"]["body_text"]


# As often as one likes.


@pytest.mark.parametrize("shows_headers", [True, False])
def test_a_second_installation_sends_no_write(
    admin: Admin, gorgias: Gorgias, *, shows_headers: bool
) -> None:
    gorgias.shows_headers = shows_headers
    admin.run("install")
    before = gorgias.told()

    assert [] == admin.writes("install")
    assert before == gorgias.told()
    assert 7 == admin.run("diff").stdout.count("as it should be")


def renamed_button(gorgias: Gorgias) -> None:
    card = only(gorgias, "widgets")["template"]["widgets"][0]
    card["meta"]["custom"]["buttons"][0]["label"] = "Give"


def reordered_buttons(gorgias: Gorgias) -> None:
    only(gorgias, "widgets")["template"]["widgets"][0]["meta"]["custom"]["buttons"].reverse()


def removed_button(gorgias: Gorgias) -> None:
    del only(gorgias, "widgets")["template"]["widgets"][0]["meta"]["custom"]["buttons"][2]


def renamed_card(gorgias: Gorgias) -> None:
    only(gorgias, "widgets")["template"]["widgets"][0]["title"] = "Points"


def dragged_field(gorgias: Gorgias) -> None:
    leaf = {"type": "text", "path": "name", "title": "Name"}
    only(gorgias, "widgets")["template"]["widgets"][0]["widgets"].append(leaf)


def dropped_trigger(gorgias: Gorgias) -> None:
    only(gorgias, "integrations")["http"]["triggers"]["ticket-updated"] = False


def switched_off(gorgias: Gorgias) -> None:
    only(gorgias, "integrations")["deactivated_datetime"] = "2026-11-22T06:00:00"


def renamed_integration(gorgias: Gorgias) -> None:
    only(gorgias, "integrations")["name"] = "Loyalty"


def rewritten_description(gorgias: Gorgias) -> None:
    only(gorgias, "integrations")["description"] = "our points"


def renamed_gift(gorgias: Gorgias) -> None:
    only(gorgias, "macros")["name"] = "Sorry!"


def renamed_balance(gorgias: Gorgias) -> None:
    macro(gorgias, "Rivo: tell balance, tier and referral link")["name"] = "Where you stand"


def larger_gift(gorgias: Gorgias) -> None:
    call = only(gorgias, "macros")["actions"][0]
    for each in call["arguments"]["form"]:
        if each["key"] == "points_amount":
            each["value"] = "1000"


CHANGES = (
    renamed_button,
    reordered_buttons,
    removed_button,
    renamed_card,
    dragged_field,
    dropped_trigger,
    switched_off,
    renamed_integration,
    rewritten_description,
    renamed_gift,
    renamed_balance,
    larger_gift,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_was_changed_is_put_right_in_place(
    admin: Admin, gorgias: Gorgias, change: Any
) -> None:
    admin.run("install")
    before, ids = gorgias.told(), {kind: list(rows) for kind, rows in gorgias.rows.items()}
    change(gorgias)
    assert before != gorgias.told()
    told = admin.run("diff", code=1).stdout
    written = admin.writes("install")

    assert 1 == told.count("different")
    assert 6 == told.count("as it should be")
    assert ["PUT"] == [method for method, _ in written]
    assert before == gorgias.told()
    assert ids == {kind: list(rows) for kind, rows in gorgias.rows.items()}
    assert [] == admin.writes("install")


def test_a_difference_is_named_by_what_people_call_it(admin: Admin, gorgias: Gorgias) -> None:
    admin.run("install")
    renamed_button(gorgias)
    dropped_trigger(gorgias)
    told = admin.run("diff", code=1).stdout

    assert "http.triggers.ticket-updated" in told
    assert "buttons[Add points].label" in told


@pytest.mark.parametrize("kind", ALL)
def test_what_was_deleted_is_made_again(admin: Admin, gorgias: Gorgias, kind: str) -> None:
    admin.run("install")
    before = gorgias.told()
    del gorgias.rows[kind][next(iter(gorgias.rows[kind]))]
    assert "missing" in admin.run("diff", code=1).stdout
    admin.run("install")

    assert before == gorgias.told()
    assert [] == admin.writes("install")


def test_what_somebody_deletes_meanwhile_is_made_again(admin: Admin, gorgias: Gorgias) -> None:
    admin.run("install")
    before = gorgias.told()
    larger_gift(gorgias)

    def deletes(method: str, _: str) -> None:
        if method == "PUT":
            gorgias.rows["macros"].pop(next(iter(gorgias.rows["macros"])))

    gorgias.fault = deletes
    assert ["PUT", "POST"] == [method for method, _ in admin.writes("install")]
    assert before == gorgias.told()


def test_what_somebody_deletes_meanwhile_is_gone_as_well(admin: Admin, gorgias: Gorgias) -> None:
    admin.run("install")

    def deletes(method: str, path: str) -> None:
        if method == "DELETE":
            _, _, kind, id_ = path.split("/")
            del gorgias.rows[kind][int(id_)]

    gorgias.fault = deletes
    admin.run("uninstall")

    assert {"integrations": 0, "widgets": 0, "macros": 0} == counts(gorgias)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((201, {"uri": "/api/integrations/7"}), "Gorgias did not say which integration it made."),
        ((404, {"message": "No."}), "Gorgias has no such thing (404): No."),
        ((400, {"error": {"msg": "name"}}), "Gorgias refused this (400): name."),
    ],
)
def test_nothing_goes_on_without_the_integration(
    admin: Admin, gorgias: Gorgias, answer: tuple[int, Body], told: str
) -> None:
    known = gorgias.answer
    gorgias.answer = lambda method, target, body: (  # type: ignore[method-assign]
        answer if method == "POST" else known(method, target, body)
    )

    assert told == admin.refused("install")
    assert [("POST", "/api/integrations")] == gorgias.writes


@pytest.mark.parametrize("shows_headers", [True, False])
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("GORGIAS_SECRET", ["integrations"]),
        ("GORGIAS_BUTTON_SECRET", ["widgets", "widgets", "macros", "macros", "macros"]),
    ],
)
def test_a_changed_secret_is_sent(
    admin: Admin, gorgias: Gorgias, name: str, kinds: list[str], *, shows_headers: bool
) -> None:
    gorgias.shows_headers = shows_headers
    admin.run("install")
    both = f"secret-that-is-new-0001 {admin.environ[name]}"
    written = admin.writes("install", **{name: both})
    spelt = json.dumps(gorgias.rows)

    assert [("PUT", kind) for kind in kinds] == [
        (method, path.split("/")[2]) for method, path in written
    ]
    assert "secret-that-is-new-0001" in spelt
    assert str(admin.environ[name]) not in spelt
    assert [] == admin.writes("install", **{name: "secret-that-is-new-0001"})


def test_a_moved_service_moves_in_place(admin: Admin, gorgias: Gorgias) -> None:
    admin.run("install")
    ids = {kind: list(rows) for kind, rows in gorgias.rows.items()}
    admin.run("install", PUBLIC_URL="https://new.example.com/")

    assert ids == {kind: list(rows) for kind, rows in gorgias.rows.items()}
    assert "loyalty.example.com" not in json.dumps(gorgias.rows)
    assert "https://new.example.com/gorgias/get_sidebar" in json.dumps(gorgias.rows)


@pytest.mark.parametrize("kind", ALL)
def test_what_is_there_twice_is_there_once_again(admin: Admin, gorgias: Gorgias, kind: str) -> None:
    admin.run("install")
    before = gorgias.told()
    gorgias.put(kind, {k: v for k, v in only(gorgias, kind).items() if k != "id"})
    assert "superfluous" in admin.run("diff", code=1).stdout
    written = admin.writes("install")

    assert ["DELETE"] == [method for method, _ in written]
    assert before == gorgias.told()


def test_long_lists_are_read_to_their_end(admin: Admin, gorgias: Gorgias) -> None:
    gorgias.page = 2
    admin.run("install")
    for kind, body in STRANGERS.items():
        for _ in range(7):
            gorgias.put(kind, body)

    assert [] == admin.writes("install")


# Broken off.


@pytest.mark.parametrize("fault", ["lost", "never", 500])
@pytest.mark.parametrize("at", range(7))
def test_an_installation_that_is_broken_off_ends_the_same_when_run_again(
    admin: Admin, gorgias: Gorgias, at: int, fault: Any
) -> None:
    admin.run("install")
    whole = gorgias.told()
    admin.run("uninstall")
    done = len(gorgias.writes)
    gorgias.fault = lambda method, _: fault if len(gorgias.writes) > done + at else None
    told = admin.refused("install")
    gorgias.fault = lambda _method, _path: None
    admin.run("install")

    assert told.endswith("run the same command again to go on.")
    assert whole == gorgias.told()
    assert [] == admin.writes("install")


@pytest.mark.parametrize("fault", ["lost", "never", 500])
@pytest.mark.parametrize("at", range(7))
def test_an_uninstallation_that_is_broken_off_ends_the_same_when_run_again(
    admin: Admin, gorgias: Gorgias, at: int, fault: Any
) -> None:
    admin.run("install")
    done = len(gorgias.writes)
    gorgias.fault = lambda method, _: (
        fault if method == "DELETE" and len(gorgias.writes) > done + at else None
    )
    assert admin.refused("uninstall").endswith("run the same command again to go on.")
    gorgias.fault = lambda _method, _path: None
    admin.run("uninstall")

    assert {"integrations": 0, "widgets": 0, "macros": 0} == counts(gorgias)


def test_a_busy_gorgias_is_waited_for(admin: Admin, gorgias: Gorgias) -> None:
    gorgias.fault = lambda _method, _path: "busy" if len(gorgias.asked) % 2 else None
    admin.run("install")

    assert ALL == counts(gorgias)
    assert 20 == len(gorgias.asked)


# Nothing that is not ours.


def test_uninstalling_leaves_nothing_of_ours_and_everything_else(
    admin: Admin, gorgias: Gorgias
) -> None:
    for kind, body in STRANGERS.items():
        gorgias.put(kind, body)
    before = gorgias.told()
    admin.run("install")
    admin.run("install")
    done = admin.run("uninstall", GORGIAS_SECRET=None, GORGIAS_BUTTON_SECRET=None, PUBLIC_URL=None)

    assert before == gorgias.told()
    assert "Nothing that install made is left in Gorgias." in done.stderr
    assert "" == admin.run("uninstall").stdout
    assert before == gorgias.told()


def test_a_copy_that_somebody_made_of_a_macro_is_theirs(admin: Admin, gorgias: Gorgias) -> None:
    admin.run("install")
    copied = {**macro(gorgias, "Rivo: give goodwill points"), "name": "(Copy) 200 points"}
    id_ = gorgias.put("macros", {k: v for k, v in copied.items() if k != "id"})
    told = admin.run("install").stderr
    admin.run("uninstall")

    assert f"The macro {id_} ((Copy) 200 points) is a copy of one of ours" in told
    assert [id_] == list(gorgias.rows["macros"])


def test_a_widget_that_somebody_else_made_of_our_data_is_theirs(
    admin: Admin, gorgias: Gorgias
) -> None:
    admin.run("install")
    ours = only(gorgias, "integrations")["id"]
    card = {"type": "card", "title": "Points", "path": "", "widgets": []}
    id_ = gorgias.put(
        "widgets",
        {
            "type": "http",
            "context": "ticket",
            "integration_id": ours,
            "template": {"type": "wrapper", "widgets": [card]},
        },
    )

    assert [] == admin.writes("install")
    assert f"The widget {id_} shows our data" in admin.run("diff").stderr
    assert "Gorgias refused some of it" in admin.refused("uninstall")
    assert ([id_], [ours]) == (list(gorgias.rows["widgets"]), list(gorgias.rows["integrations"]))


def test_a_set_up_by_hand_is_pointed_out(admin: Admin, gorgias: Gorgias) -> None:
    url = "https://loyalty.example.com/gorgias/get_sidebar"
    id_ = gorgias.put(
        "integrations", {"name": "Rivo", "type": "http", "description": None, "http": {"url": url}}
    )
    told = admin.run("install").stderr

    assert f"The integration {id_} (Rivo) calls the same address" in told
    assert 2 == len(gorgias.rows["integrations"])


@pytest.fixture
def shops(admin: Admin, tmp_path: Path) -> Admin:
    """Two shops in one Gorgias."""
    text = CONFIG.replace("DOMAIN", str(admin.environ["GORGIAS_DOMAIN"]))
    files = {**SECRETS, "KEY": str(admin.environ["GORGIAS_API_KEY"])}
    for name in sorted(files, key=len, reverse=True):
        (tmp_path / name).write_text(files[name])
        text = text.replace(f'"{name}"', f'"{tmp_path / name}"')
    (tmp_path / "shops.toml").write_text(text)
    kept = {name: admin.environ[name] for name in ("PUBLIC_URL", "DATABASE_URL")}
    admin.environ = {**kept, "CONFIG": str(tmp_path / "shops.toml")}
    return admin


def secrets_of(shop: str) -> dict[str, Any]:
    return {"GORGIAS_SECRET": SECRETS[shop], "GORGIAS_BUTTON_SECRET": SECRETS[f"{shop}_BUTTONS"]}


def test_two_shops_in_one_gorgias_leave_each_other_alone(shops: Admin, gorgias: Gorgias) -> None:
    shops.run("install", "--shop", "acme", **secrets_of("ACME"))
    acme = gorgias.told()
    shops.run("install", "--shop", "bolt", **secrets_of("BOLT"))
    both = gorgias.told()

    assert {"integrations": 2, "widgets": 4, "macros": 8} == counts(gorgias)
    assert [] == shops.writes("install", "--shop", "acme", **secrets_of("ACME"))
    shops.run("uninstall", "--shop", "bolt")
    assert acme == gorgias.told()
    shops.run("install", "--shop", "bolt", **secrets_of("BOLT"))
    assert both == gorgias.told()


def test_what_a_shop_allows_is_what_is_offered(shops: Admin, gorgias: Gorgias) -> None:
    shops.run("install", "--shop", "acme", **secrets_of("ACME"))
    found = buttons(only(gorgias, "widgets"))
    fields = {
        each["key"]: each
        for each in found["Set birthday"]["body"]["application/x-www-form-urlencoded"]
    }
    names = [each["name"] for each in gorgias.rows["macros"].values()]
    amounts = [
        each["value"]
        for name in names
        for action in macro(gorgias, name)["actions"]
        for each in action["arguments"].get("form", [])
        if each["key"] in ("points_amount", "credits_amount", "reason")
    ]

    assert ["Add points", "Take points", "Add store credit", "Set birthday"] == list(found)
    assert ("Reason: late delivery, goodwill", True) == (
        fields["reason"]["label"],
        fields["reason"]["mandatory"],
    )
    assert ["80", "goodwill", "50", "goodwill", "2.50", "goodwill"] == amounts
    assert all(name.startswith("Rivo acme: ") for name in names)
    assert "We have added 2.50 EUR of store credit" in json.dumps(gorgias.rows["macros"])


# Dry runs.


def test_a_dry_run_prints_what_would_be_sent_without_secrets(
    admin: Admin, gorgias: Gorgias
) -> None:
    told = json.loads(admin.run("install", "--dry-run").stdout)
    assert [] == gorgias.writes
    admin.run("install")
    sent = [json.loads(json.dumps(r)) for rows in gorgias.rows.values() for r in rows.values()]

    assert [("POST", f"/api/{kind}") for kind, count in ALL.items() for _ in range(count)] == [
        (each["method"], each["path"]) for each in told
    ]
    assert "Bearer ********" == told[0]["json"]["http"]["headers"]["Authorization"]
    assert "<id of the new integration>" == told[1]["json"]["integration_id"]
    for dry, kept in zip(told, sent, strict=True):
        assert set(dry["json"]) <= set(kept)
    assert [] == json.loads(admin.run("install", "--dry-run").stdout)


def test_a_dry_run_of_uninstall_deletes_nothing(admin: Admin, gorgias: Gorgias) -> None:
    admin.run("install")
    before = gorgias.told()
    told = json.loads(admin.run("uninstall", "--dry-run").stdout)

    assert before == gorgias.told()
    assert ["macros"] * 4 + ["widgets"] * 2 + ["integrations"] == [
        each["path"].split("/")[2] for each in told
    ]
    assert {"DELETE"} == {each["method"] for each in told}


# What goes wrong is a sentence.


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"PUBLIC_URL": None},
            "PUBLIC_URL is missing: it says where Gorgias finds us.",
        ),
        (
            {"PUBLIC_URL": "http://loyalty.example.com"},
            "PUBLIC_URL must be https: secrets are sent there.",
        ),
        (
            {"GORGIAS_DOMAIN": None, "GORGIAS_USER": None, "GORGIAS_API_KEY": None},
            "It is not said which Gorgias this is: set GORGIAS_DOMAIN, GORGIAS_USER and "
            "GORGIAS_API_KEY (in CONFIG: the table shops.shop.gorgias).",
        ),
        (
            {"GORGIAS_SECRET": None},
            "GORGIAS_SECRET is missing: Gorgias sends it, set it or GORGIAS_SECRET_FILE.",
        ),
        (
            {"GORGIAS_BUTTON_SECRET": None},
            "GORGIAS_BUTTON_SECRET is missing: Gorgias sends it, set it or "
            "GORGIAS_BUTTON_SECRET_FILE.",
        ),
        (
            {"GORGIAS_API_KEY": "another-key-0002"},
            "Gorgias refuses this user and key (401): Invalid credentials.",
        ),
        (
            {"GORGIAS_DOMAIN": "http://127.0.0.1:9"},
            "Gorgias could not be reached; nothing was sent. What was done before it stays; run "
            "the same command again to go on.",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence(
    admin: Admin, gorgias: Gorgias, environ: dict[str, str | None], told: str
) -> None:
    assert told == admin.refused("install", **environ)
    assert [] == gorgias.writes


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "There are several shops: name one with --shop (acme, bolt)."),
        (
            {"name": "acme", **secrets_of("BOLT")},
            "GORGIAS_SECRET is not a secret that the shop acme knows at /gorgias.",
        ),
        (
            {"name": "acme", **secrets_of("ACME"), "GORGIAS_SECRET": SECRETS["ACME_BUTTONS"]},
            "GORGIAS_SECRET may not use get_sidebar in the shop acme.",
        ),
        (
            {
                "name": "bolt",
                "GORGIAS_SECRET": SECRETS["BOTH"],
                "GORGIAS_BUTTON_SECRET": SECRETS["BOTH"],
            },
            "GORGIAS_SECRET and GORGIAS_BUTTON_SECRET are those of one caller: buttons need a "
            "secret of their own.",
        ),
    ],
)
def test_a_secret_of_another_shop_is_not_sent(
    shops: Admin, gorgias: Gorgias, environ: dict[str, Any], told: str
) -> None:
    name = environ.pop("name", None)
    words = ["--shop", name] if name else []

    assert told == shops.refused("install", *words, **environ)
    assert [] == gorgias.asked


def test_secrets_may_come_from_files(admin: Admin, gorgias: Gorgias, tmp_path: Path) -> None:
    for name in ("GORGIAS_SECRET", "GORGIAS_BUTTON_SECRET", "GORGIAS_API_KEY"):
        path = tmp_path / name
        path.write_text(f"{admin.environ.pop(name)}\n")
        admin.environ[f"{name}_FILE"] = str(path)
    admin.run("install")

    assert ALL == counts(gorgias)


def test_what_is_refused_does_not_keep_the_rest_from_being_made(
    admin: Admin, gorgias: Gorgias
) -> None:
    gorgias.fault = lambda method, path: 400 if (method, path) == ("POST", "/api/macros") else None
    done = admin.run("install", code=1)

    assert {"integrations": 1, "widgets": 2, "macros": 0} == counts(gorgias)
    assert 4 == done.stdout.count("Gorgias refused this (400): Something is wrong.")
    assert "Gorgias refused some of it" in done.stderr
    gorgias.fault = lambda _method, _path: None
    admin.run("install")
    assert ALL == counts(gorgias)


def test_what_gorgias_does_not_keep_is_told(admin: Admin, gorgias: Gorgias) -> None:
    """The buttons are the part of a widget that no documentation confirms."""
    shown = gorgias.answer

    def forgetful(method: str, target: str, body: Body | None) -> tuple[int, Any]:
        if body and "template" in body:
            body["template"]["widgets"][0]["meta"]["custom"].pop("buttons")
        return shown(method, target, body)

    gorgias.answer = forgetful  # type: ignore[method-assign]
    done = admin.run("install")

    assert "the guide says what to look at" in done.stderr
    assert 2 == done.stdout.count("template.widgets[Rivo loyalty].meta.custom.buttons")
    admin.run("install")
    assert ALL == counts(gorgias)


@pytest.mark.parametrize("fault", ["lost", "never"])
@pytest.mark.parametrize("at", [0, 2, 5])
def test_a_process_that_is_killed_in_the_middle_is_simply_run_again(
    admin: Admin, gorgias: Gorgias, at: int, fault: Any
) -> None:
    """SIGKILL while a request is under way: as it is done, or just before."""
    admin.run("install")
    whole, done = gorgias.told(), len(gorgias.writes)
    for rows in gorgias.rows.values():
        rows.clear()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "gorgias", "install"],
        env={name: value for name, value in admin.environ.items() if value is not None},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )

    def kills(_method: str, _path: str) -> Any:
        if len(gorgias.writes) <= done + at:
            return None
        process.kill()
        return fault

    gorgias.fault = kills
    assert -9 == process.wait(60)
    gorgias.fault = lambda _method, _path: None
    left = sum(map(len, gorgias.rows.values()))
    admin.run("install")

    assert at + (fault == "lost") == left
    assert whole == gorgias.told()
    assert [] == admin.writes("install")
