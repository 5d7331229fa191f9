"""Takes the pictures of the guides, from the preview: `python -m tests.pages.pictures [NAME ...]`.

They are 320 px wide, and small where `pngquant` is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.pages.agent import Agent
from tests.pages.browser import running_browser
from tests.pages.scenes import SCENES
from tests.pages.stage import Stage

FOLDER: Final = Path(__file__).parents[2] / "integrations" / "zendesk" / "screenshots"
DARK: Final = frozenset(
    {"member", "credit_to_fill_in", "credit_given", "not_a_member", "unknown", "stale"}
)
"""What is shown in the dark scheme as well; the tests look at everything in both."""


def take(agent: Agent, name: str) -> None:
    """Take the pictures of one scene."""
    with Stage().open() as stage:
        agent.hold()
        SCENES[name](stage, agent)
        for scheme in ("light", "dark"):
            if scheme == "light" or name in DARK:
                agent.dress(scheme)
                file = FOLDER / f"{name}{'' if scheme == 'light' else '.dark'}.png"
                file.write_bytes(small(agent.picture()))
        agent.hold()


def small(picture: bytes) -> bytes:
    """Reduce a picture to a palette of 40 colours, where that can be done."""
    if tool := shutil.which("pngquant"):
        command = [tool, "--speed", "1", "--nofs", "--strip", "40", "-"]
        return subprocess.run(command, input=picture, capture_output=True, check=True).stdout
    return picture


def main(names: list[str]) -> None:
    """Take the pictures of these scenes, or of all."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, running_browser(Path(profile), Agent) as agent:
        assert isinstance(agent, Agent)
        for name in names or SCENES:
            take(agent, name)
    if not names:
        known = {f"{name}{more}.png" for name in SCENES for more in ("", ".dark")}
        for each in FOLDER.glob("*.png"):
            if each.name not in known:
                each.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
