"""The soak runner: pieces follow each other without a gap, and a failure is not lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from tests.soak import __main__ as soak
from tests.soak.figures import FIGURES, bound, count, load
from tests.soak.piece import ROOT, Line, Piece, next_seed, run

STAND_INS = {
    "holds": "tests.soak.stand_ins:HOLDS",
    "fails": "tests.soak.stand_ins:FAILS",
}


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in STAND_INS.items():
        monkeypatch.setitem(FIGURES, name, place)
    names = click_names()
    monkeypatch.setattr(names, "choices", tuple(FIGURES))


def click_names() -> object:
    return soak.main.params[0].type


def soak_it(tmp_path: Path, name: str, *arguments: str) -> Result:
    return CliRunner().invoke(soak.main, [name, "--results", str(tmp_path), *arguments])


def lines(tmp_path: Path, name: str) -> list[Line]:
    written = (tmp_path / f"{name}.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Line, strict=True) for line in written]


def test_a_piece_leaves_a_line(tmp_path: Path) -> None:
    done = soak_it(tmp_path, "holds", "--most", "25")
    (line,) = lines(tmp_path, "holds")

    assert 0 == done.exit_code, done.output
    assert ("holds", (1, 25), 75, 0, []) == (
        line.figure,
        line.seeds,
        line.n,
        line.failed,
        line.failures,
    )
    assert "0 in 75 means at most 0.04 at 95 %" == line.bound
    assert "nothing" == line.simulated
    assert sys.version.startswith(line.python)
    assert 10 == len(line.at)
    assert line.commit


def test_the_next_piece_goes_on_behind_the_last(tmp_path: Path) -> None:
    soak_it(tmp_path, "holds", "--most", "25")
    soak_it(tmp_path, "holds", "--most", "5")
    soak_it(tmp_path, "holds", "--most", "2", "--seed", "1")
    soak_it(tmp_path, "holds", "--most", "1")

    assert [(1, 25), (26, 30), (1, 2), (31, 31)] == [one.seeds for one in lines(tmp_path, "holds")]
    assert 32 == next_seed("holds", results=tmp_path)
    assert 1 == next_seed("fails", results=tmp_path)


def test_a_figure_that_fails_makes_the_command_fail(tmp_path: Path) -> None:
    done = soak_it(tmp_path, "fails", "--most", "10")
    (line,) = lines(tmp_path, "fails")

    assert 1 == done.exit_code
    assert 2 == line.failed
    assert [(7, "seven is too many"), (8, "ValueError: eight")] == line.failures
    assert "2 in 10" == line.bound
    assert "seed 7: seven is too many" in done.output


def test_no_time_is_no_result(tmp_path: Path) -> None:
    done = soak_it(tmp_path, "holds", "--minutes", "0")

    assert (2, []) == (done.exit_code, list(tmp_path.iterdir()))


def test_half_an_hour_is_the_longest_piece(tmp_path: Path) -> None:
    assert 2 == soak_it(tmp_path, "holds", "--minutes", "31").exit_code


def test_several_processes_leave_no_gap() -> None:
    """What is done when the time is over is a range from the first seed on."""
    looks = iter([True] * 9 + [False])
    piece = Piece(name="holds", first=11)

    *_, done = run(piece, may_go_on=lambda: next(looks), most=None, workers=2)

    assert (11, 90, []) == (done.first, done.tried, done.failures)


def test_the_hash_of_a_text_is_the_same_in_every_run(tmp_path: Path) -> None:
    code = (
        "import runpy, sys\n"
        "from tests.soak.figures import FIGURES\n"
        "FIGURES['hashes'] = 'tests.soak.stand_ins:HASHES'\n"
        "sys.argv[1:] = ['hashes', '--most', '1', '--results', sys.argv[1]]\n"
        "runpy.run_module('tests.soak', run_name='__main__', alter_sys=True)\n"
    )
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, env=environ, check=False
        )

    first, second = lines(tmp_path, "hashes")
    assert [sentence for _, sentence in first.failures] == [
        sentence for _, sentence in second.failures
    ]
    assert first.failures[0][1].startswith("0 ")


def test_it_starts_itself_again_with_fixed_hashes(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    command = [sys.executable, "-m", "tests.soak", "--help"]

    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)
    told = "".join(done.stdout.split())  # it is wrapped where the terminal ends
    assert all(name in told for name in FIGURES if name not in STAND_INS)


@pytest.mark.parametrize(("environ", "tries"), [({}, 5), ({"COMMIT_FIGURES": "1"}, 300)])
def test_a_commit_is_tried_more_often(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], tries: int
) -> None:
    monkeypatch.delenv("COMMIT_FIGURES", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    assert tries == count("holds", suite=5, commit=300)


def test_a_bound_is_claimed_for_none_alone() -> None:
    assert "0 in 3000 means at most 0.001 at 95 %" == bound(3000, 0)
    assert "1 in 3000" == bound(3000, 1)
    assert "0 in 0" == bound(0, 0)


def test_every_figure_is_where_it_is_said_to_be() -> None:
    for name in FIGURES:
        figure = load(name)
        assert figure.simulated, name
        assert figure.each >= 1, name
