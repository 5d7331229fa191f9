"""The guide's promises: it shows what the commands print and what the card holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.environment import GORGIAS_BUTTONS
from integrations.gorgias.buttons import BUTTONS
from integrations.gorgias.macros import BALANCE, GIFTS, name_of
from tests.app.serving import BUTTON_SECRET, GORGIAS_SECRET, Service
from tests.gorgias_install.conftest import Admin
from tests.gorgias_install.standin import Body, Gorgias

GUIDE = Path(__file__).parents[2] / "integrations/gorgias/README.md"
TEXT = GUIDE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)
AIKO = "aiko.tanaka@example.com"


def plain(printed: str) -> list[list[str]]:
    """Read a table as it is printed, however wide its columns are."""
    lines = [re.split(r" {2,}", line.strip()) for line in printed.splitlines()]
    return [cells for cells in lines if cells != [""] and "──" not in cells[0]]


def shown(card: Body, answer: Body) -> list[str]:
    """Show a card as the contract notes say: what is empty is hidden, 0 is not."""
    lines = [card["title"].replace("{{code}}", str(answer.get("code")))]
    for each in sorted(card["widgets"], key=lambda w: w["order"]):
        value = answer[each["path"]]
        if each["type"] == "list":
            for row in value:
                title, *inner = shown(each["widgets"][0], row)
                lines += [f"  {title}", *(f"  {line}" for line in inner)]
        elif value not in (None, "", False):
            lines.append(f"  {each['title']}: {value}")
        elif value == 0 and value is not False:
            lines.append(f"  {each['title']}: 0")
    return lines


def test_the_guide_shows_what_the_command_prints(admin: Admin) -> None:
    assert plain(admin.run("install").stdout) == plain(BLOCKS[0])


@pytest.mark.anyio
async def test_the_guide_shows_what_the_card_holds(card: Body) -> None:
    answer = await Service().gorgias("get_sidebar", key=GORGIAS_SECRET, customer_email=AIKO)
    labels = [each["label"] for each in card["meta"]["custom"]["buttons"]]

    assert [*shown(card, answer.json()), f"  [{'] ['.join(labels)}]"] == BLOCKS[1].splitlines()


@pytest.fixture
def card(admin: Admin, gorgias: Gorgias) -> Body:
    admin.run("install")
    found: Body = next(iter(gorgias.rows["widgets"].values()))["template"]["widgets"][0]
    return found


def test_every_button_and_macro_has_a_row() -> None:
    for button in BUTTONS:
        row = re.search(rf"^\| {button.label} \| (.+?) \| `(\w+)` \|", TEXT, re.MULTILINE)
        assert row is not None, button.label
        assert button.action == row[2]
        for field in button.fields:
            assert field.label.partition(",")[0] in row[1], field.label
    for key in (*(gift.key for gift in GIFTS), BALANCE):
        assert f"| {name_of('shop', key)} |" in TEXT
    assert GORGIAS_BUTTONS >= {button.action for button in BUTTONS}


def test_the_guide_holds_no_secret_and_names_every_variable() -> None:
    assert not any(secret in TEXT for secret in (GORGIAS_SECRET, BUTTON_SECRET))
    for name in (
        *("PUBLIC_URL", "GORGIAS_SECRET", "GORGIAS_BUTTON_SECRET"),
        *("GORGIAS_DOMAIN", "GORGIAS_USER", "GORGIAS_API_KEY"),
    ):
        assert f"\n   {name}=" in TEXT, name
