"""`rivo-helpdesk operations`: on the database itself, in tables and in JSON."""

from __future__ import annotations

import getpass
import re
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from app.commands import tables
from app.operations.operation import Operation
from app.operations.records import get
from tests.app.serving import ENVIRON
from tests.commands.stage import Desk
from tests.operations.made import PERSON, made
from tests.operations.test_showing import KEYS

LEAD = f"cli:{getpass.getuser()}"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in (*ENVIRON, "CONFIG", "SECRET_KEY_FILE", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def ours(number: int, **changes: object) -> Operation:
    return made(number, shop="shop", **changes)


def test_operations_are_listed_as_the_door_lists_them(desk: Desk) -> None:
    desk.make(
        ours(1, state="unknown", applied=None),
        ours(2, points_diff=-20, credits_diff="5.5", state="succeeded", applied=True),
        ours(3, caller="gorgias_button_secret", ticket_id="4711"),
    )
    everything = desk.json("operations", "list")

    assert [3, 2, 1] == [int(each["id"][3:], 16) for each in everything["operations"]]
    assert KEYS == list(everything["operations"][0])
    assert (3, None) == (everything["count"], everything["next"])


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--state", "unknown"), [1]),
        (("--customer-email", "7294851236742"), [2]),
        (("--agent-email", "jo@support.example.com"), [3]),
        (("--caller", "button"), [4]),
        (("--action", "create_referral"), [5]),
        (("--ticket-id", "7"), [6]),
        (("--late",), [7]),
        (("--limit", "2"), [7, 6]),
        (("--shop", "shop", "--limit", "1"), [7]),
    ],
)
def test_the_filters_are_those_of_the_door(
    desk: Desk, words: tuple[str, ...], found: list[int]
) -> None:
    desk.make(
        ours(1, state="unknown", applied=None),
        ours(2, customer="7294851236742"),
        ours(3, agent="jo@support.example.com"),
        ours(4, caller="button"),
        ours(5, action="create_referral"),
        ours(6, ticket_id="7"),
        ours(7, late_at=17.0),
    )
    listed = desk.json("operations", "list", *words)["operations"]

    assert found == [int(each["id"][3:], 16) for each in listed]


def test_a_page_says_how_to_go_on(desk: Desk) -> None:
    desk.make(*(ours(n) for n in range(1, 4)))
    done = desk.run("operations", "list", "--limit", "2")
    told = re.search(r"--before (\S+)", done.stderr)

    assert told is not None
    (last,) = desk.json("operations", "list", "--before", told[1])["operations"]
    assert ours(1).id == last["id"]


def test_a_table_shows_what_matters_of_each(desk: Desk) -> None:
    desk.make(
        ours(1, state="rejected", late_at=17.0, agent="jo@support.example.com", ticket_id="7"),
        ours(2, state="succeeded", points_diff=-20, credits_diff="5.5", customer="[red]x[/red]@y"),
        ours(3, credits_diff="0.0", customer="7294851236742"),
    )
    done = desk.run("operations", "list")
    rows = [re.split(r"\s{2,}", line.strip()) for line in done.stdout.splitlines() if "op_" in line]

    assert [
        [
            ours(3).id,
            "2026-11-03 12:00:03",
            "accepted",
            "create_points_event",
            "7294851236742",
            "(reader)",
        ],
        [
            ours(2).id,
            "2026-11-03 12:00:02",
            "succeeded",
            "create_points_event",
            "[red]x[/red]@y",
            "(reader)",
            "-20 points, 5.5 credits",
        ],
        [
            ours(1).id,
            "2026-11-03 12:00:01",
            "rejected (late)",
            "create_points_event",
            PERSON,
            "jo@support.example.com",
            "7",
        ],
    ] == rows


def test_one_is_shown_with_everything(desk: Desk) -> None:
    desk.make(ours(1, state="needs_review", applied=None, evidence=("one", "two")))
    told = desk.json("operations", "show", ours(1).id)
    done = desk.run("operations", "show", ours(1).id)

    assert [*KEYS, "history"] == list(told)
    assert [{"at": "2026-11-03T12:00:01.250Z", "event": "accepted", "by": "reader"}] == (
        told["history"]
    )
    for words in ("points_amount = 100", "one ", "two ", "a person has to settle it.", "reader"):
        assert words in done.stdout
    assert re.search(r"applied +-\s", done.stdout)
    assert re.search(r"safe_to_retry +no\s", done.stdout)


def test_settling_says_for_good_what_became_of_it(desk: Desk) -> None:
    desk.make(ours(1, state="needs_review", applied=None, evidence=("seen nothing",)))
    words = ("--outcome", "applied", "--evidence", " Seen in Rivo. ", "--rivo-id", "79096412")
    told = desk.json("operations", "settle", ours(1).id, *words)

    assert ("succeeded", True, 79096412, LEAD) == (
        told["state"],
        told["applied"],
        told["rivo_id"],
        told["settled_by"],
    )
    assert ["seen nothing", "Seen in Rivo."] == told["evidence"]
    assert [("accepted", "reader"), ("settled", LEAD)] == [
        (each["event"], each["by"]) for each in told["history"]
    ]
    assert told == desk.json("operations", "show", ours(1).id)
    assert 0 == desk.run("audit", "verify").exit_code


def test_what_was_not_applied_is_rejected(desk: Desk) -> None:
    desk.make(ours(1, state="unknown", applied=None))
    done = desk.run(
        "operations", "settle", ours(1).id, "--outcome", "not_applied", "--evidence", "looked"
    )

    assert 0 == done.exit_code
    assert "It was not applied." in done.stdout


def test_approving_marks_it_for_the_running_service(desk: Desk) -> None:
    desk.make(ours(1, state="awaiting_approval"))
    done = desk.run("operations", "approve", ours(1).id)
    told = desk.json("operations", "show", ours(1).id)
    with desk.open() as tx:
        kept = get(tx, ours(1).id)

    assert "Approved: the running service sends it within seconds.\n" == done.stderr
    assert "It was approved and is sent within seconds." in done.stdout
    assert ("accepted", LEAD) == (told["state"], told["approved_by"])
    assert kept is not None
    assert (None, 0.0) == (kept.owner, kept.lease_until)
    assert kept.due_at is not None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("settle", "--outcome", "applied", "--evidence", "seen"),
            "This operation cannot be settled: its state is succeeded.",
        ),
        (("approve",), "This operation cannot be approved: its state is succeeded."),
    ],
)
def test_what_may_not_be_judged_says_why_and_changes_nothing(
    desk: Desk, words: tuple[str, ...], told: str
) -> None:
    desk.make(ours(1, state="succeeded", applied=True))
    before = desk.json("operations", "show", ours(1).id)

    assert told == desk.refused("operations", *words, ours(1).id)
    assert before == desk.json("operations", "show", ours(1).id)


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("approve",),
        ("settle", "--outcome", "applied", "--evidence", "seen"),
    ],
)
def test_an_id_that_is_not_there_is_said(desk: Desk, words: tuple[str, ...]) -> None:
    desk.make(ours(1))

    assert "There is no operation with this id." == (desk.refused("operations", *words, ours(9).id))


def test_evidence_is_owed(desk: Desk) -> None:
    desk.make(ours(1, state="unknown", applied=None))
    for evidence in ("", " ", "x" * 256):
        done = desk.run(
            "operations", "settle", ours(1).id, "--outcome", "applied", "--evidence", evidence
        )
        assert 2 == done.exit_code


def test_a_wrong_filter_is_one_sentence(desk: Desk) -> None:
    desk.make()

    assert desk.refused("operations", "list", "--state", "done").startswith(
        "state must be one of accepted, "
    )


EVERY = [
    ("operations", "list"),
    ("operations", "show", "op_1"),
    ("operations", "approve", "op_1"),
    ("operations", "export", "--format", "csv"),
    ("audit", "verify"),
]


@pytest.mark.parametrize("words", EVERY)
def test_a_database_that_is_missing_is_said(desk: Desk, words: tuple[str, ...]) -> None:
    assert (
        f"There is no database at {desk.path}: the service makes it when it starts, "
        "and DATABASE_URL says where."
    ) == desk.refused(*words)
    assert [] == list(desk.path.parent.iterdir())


@pytest.mark.parametrize("words", EVERY)
def test_a_database_in_memory_is_the_services_own(desk: Desk, words: tuple[str, ...]) -> None:
    assert "The operations are kept in memory: only the service sees them." == (
        desk.refused(*words, DATABASE_URL="sqlite://")
    )


@pytest.mark.parametrize("words", EVERY)
def test_a_file_that_is_no_database_is_said(desk: Desk, words: tuple[str, ...]) -> None:
    desk.path.write_bytes(b"something else altogether" * 50)

    assert f"The database {desk.path} cannot be used (SQLITE_NOTADB)." == desk.refused(*words)


@pytest.mark.parametrize(("by", "whose"), [(-1, "an older"), (1, "a newer")])
def test_a_database_of_another_version_is_said(desk: Desk, by: int, whose: str) -> None:
    desk.make()
    with desk.open() as tx:
        (version,) = tx.execute("PRAGMA user_version").fetchone()
        tx.execute(f"PRAGMA user_version = {version + by}")

    assert f"The database is that of {whose} version of the service" in (
        desk.refused("operations", "list")
    )


def test_to_look_takes_no_secret_key_and_leaves_none_behind(desk: Desk) -> None:
    desk.make(ours(1))
    del desk.environ["SECRET_KEY"]
    for words in (("list",), ("show", ours(1).id), ("export", "--format", "json")):
        assert 0 == desk.run("operations", *words).exit_code
    files = {path.name for path in desk.path.parent.iterdir()}

    assert "secret_key" not in files


def test_to_judge_takes_the_services_own_secret_key(desk: Desk) -> None:
    """With another one, the rest of the audit would be worth nothing."""
    desk.make(ours(1, state="awaiting_approval"))
    own = desk.environ.pop("SECRET_KEY")
    kept = desk.path.with_name("secret_key")

    assert f"SECRET_KEY is not set and {kept} is not there: give it the service's own." == (
        desk.refused("operations", "approve", ours(1).id)
    )
    assert not kept.exists()
    kept.write_text("another-key-of-hashes-1")
    assert desk.refused("operations", "approve", ours(1).id).startswith(
        "The end of the audit was not written with this SECRET_KEY"
    )
    kept.write_text(own)
    assert 0 == desk.run("operations", "approve", ours(1).id).exit_code


def test_where_there_are_several_shops_one_is_named(desk: Desk) -> None:
    config = desk.path.with_name("shops.toml")
    config.write_text('[shops.acme]\nrivo_api_key = "k1"\n[shops.other]\nrivo_api_key = "k2"\n')
    for name in ("RIVO_API_KEY", "API_KEY", "LEAD_KEY", "GORGIAS_SECRET", "GORGIAS_BUTTON_SECRET"):
        del desk.environ[name]
    desk.environ["CONFIG"] = str(config)
    desk.make(made(1), made(2, shop="other"))

    several = "There are several shops: name one with --shop (acme, other)."
    assert several == desk.refused("operations", "list")
    assert several == desk.refused("operations", "export", "--format", "csv")
    (other,) = desk.json("operations", "list", "--shop", "other")["operations"]
    assert made(2).id == other["id"]
    assert made(1).id == desk.json("operations", "show", made(1).id)["id"]


def test_a_terminal_gets_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "Console", lambda **how: Console(force_terminal=True, **how))

    assert tables.console().is_terminal


def test_json_is_what_the_door_answers(desk: Desk) -> None:
    desk.make(ours(1))
    done = desk.run("operations", "show", ours(1).id, "--json")

    assert done.stdout.startswith('{\n  "id": "op_')
    assert msgspec.json.decode(done.stdout)["history"]
