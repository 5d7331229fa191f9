"""`rivo-helpdesk operations export`: everything, in order, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from app.commands import export
from app.commands.export import cell
from app.operations.operation import Operation
from tests.app.serving import ENVIRON
from tests.commands.stage import Desk
from tests.operations.made import AT, made
from tests.operations.test_showing import KEYS


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in (*ENVIRON, "CONFIG", "SECRET_KEY_FILE", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return Desk(tmp_path)


def ours(number: int, **changes: object) -> Operation:
    return made(number, shop="shop", **changes)


def numbers(rows: list[Any]) -> list[int]:
    return [int(row["id"][3:], 16) for row in rows]


def of_csv(text: str) -> list[Any]:
    return list(csv.DictReader(io.StringIO(text)))


READERS: dict[str, Callable[[str], list[Any]]] = {"csv": of_csv, "json": msgspec.json.decode}


@pytest.mark.parametrize("form", READERS)
def test_everything_is_exported_the_newest_last(desk: Desk, form: str) -> None:
    """Also where more were asked for at one moment than are read at once."""
    many = 2 * export.AT_ONCE + 7
    desk.make(*(ours(n, created_at=AT + n // 700) for n in range(1, many)), made(many))
    done = desk.run("operations", "export", "--format", form)
    rows = READERS[form](done.stdout)

    assert (0, "") == (done.exit_code, done.stderr)
    assert list(range(1, many)) == numbers(rows)
    assert KEYS == list(rows[0])


@pytest.mark.parametrize("form", READERS)
def test_nothing_is_an_export_too(desk: Desk, form: str) -> None:
    desk.make()

    assert [] == READERS[form](desk.run("operations", "export", "--format", form).stdout)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--since", "2026-11-03T12:00:02Z"), [2, 3]),
        (("--until", "2026-11-03T12:00:03"), [1, 2]),
        (("--since", "2026-11-03", "--until", "2026-11-04"), [1, 2, 3]),
        (("--since", "2026-11-04"), []),
    ],
)
def test_a_span_of_time_is_exported(desk: Desk, words: tuple[str, ...], found: list[int]) -> None:
    desk.make(*(ours(n) for n in (1, 2, 3)))
    done = desk.run("operations", "export", "--format", "json", *words)

    assert found == numbers(msgspec.json.decode(done.stdout))


def test_a_date_that_is_none_is_refused(desk: Desk) -> None:
    done = desk.run("operations", "export", "--format", "csv", "--since", "yesterday")

    assert 2 == done.exit_code
    assert "it must be like 2026-11-21 or 2026-11-21T15:20:00Z." in done.stderr


def test_no_cell_is_a_formula(desk: Desk) -> None:
    desk.make(
        ours(
            1,
            agent_name='=HYPERLINK("http://example.com")',
            reason="+1",
            ticket_id="@SUM(A1)",
            caller="\tx",
            customer="-1+1@example.com",
            evidence=("=1", "two"),
            points_diff=-100,
            credits_diff="-5.5",
            applied=None,
        )
    )
    (row,) = of_csv(desk.run("operations", "export", "--format", "csv").stdout)

    assert {
        "agent_name": '\'=HYPERLINK("http://example.com")',
        "reason": "'+1",
        "ticket_id": "'@SUM(A1)",
        "caller": "'\tx",
        "customer_email": "'-1+1@example.com",
        "evidence": "'=1\ntwo",
        "points": "-100",
        "credits": "-5.5",
        "applied": "",
        "safe_to_retry": "true",
        "inputs": '{"customer_email":"sarah.martinez@example.com","points_amount":100}',
    } == {
        name: row[name]
        for name in (
            "agent_name",
            "reason",
            "ticket_id",
            "caller",
            "customer_email",
            "evidence",
            "points",
            "credits",
            "applied",
            "safe_to_retry",
            "inputs",
        )
    }


@pytest.mark.parametrize("start", list("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))
def test_whatever_begins_a_formula_is_kept_from_it(start: str) -> None:
    assert f"'{start}1a" == cell(f"{start}1a")
    assert f"a{start}1" == cell(f"a{start}1")


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (-7, "-7"),
        ("-7.25", "-7.25"),
        ("-7.", "'-7."),
        ("--7", "'--7"),
        ("+7", "'+7"),
        ([], ""),
        ({}, "{}"),
        ("", ""),
    ],
)
def test_a_cell_holds_its_value(value: Any, spelled: str) -> None:
    assert spelled == cell(value)


@pytest.mark.parametrize("form", READERS)
def test_a_file_is_whole_and_for_its_owner_alone(desk: Desk, tmp_path: Path, form: str) -> None:
    desk.make(ours(1), ours(2))
    out = tmp_path / "all"
    out.write_text("what was there before")
    done = desk.run("operations", "export", "--format", form, "--out", str(out))

    assert (0, "", "") == (done.exit_code, done.stdout, done.stderr)
    assert [1, 2] == numbers(READERS[form](out.read_text(encoding="utf-8")))
    assert 0o600 == out.stat().st_mode & 0o777
    assert not out.with_name("all.part").exists()


def test_a_file_that_cannot_be_written_is_said(desk: Desk, tmp_path: Path) -> None:
    desk.make(ours(1))
    out = tmp_path / "nowhere" / "all"

    assert f"{out} cannot be written (FileNotFoundError)." == (
        desk.refused("operations", "export", "--format", "csv", "--out", str(out))
    )


def test_what_was_there_stays_where_the_export_fails(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError("disk full")

    desk.make(ours(1))
    out = tmp_path / "all"
    out.write_text("what was there before")
    monkeypatch.setattr(export, "write_csv", fails)
    told = desk.refused("operations", "export", "--format", "csv", "--out", str(out))

    assert f"{out} cannot be written (OSError)." == told
    assert "what was there before" == out.read_text()
    assert not out.with_name("all.part").exists()


def test_progress_is_shown_on_a_terminal_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    desk.make(ours(1), ours(2))
    monkeypatch.setattr(
        export, "Console", lambda **_: Console(file=shown, force_terminal=True, width=80)
    )
    done = desk.run("operations", "export", "--format", "json")

    assert [1, 2] == numbers(msgspec.json.decode(done.stdout))
    assert "Exporting" in shown.getvalue()
    assert "100%" in shown.getvalue()
