"""The pictures of the guides: one of every scene, small, and 320 px wide."""

from __future__ import annotations

import struct

from tests.pages.pictures import DARK, FOLDER
from tests.pages.scenes import SCENES

MOST_BYTES = 40_000


def test_every_scene_has_its_picture_and_no_picture_is_of_nothing() -> None:
    names = {f"{name}.png" for name in SCENES} | {f"{name}.dark.png" for name in DARK}

    assert names == {each.name for each in FOLDER.iterdir()}


def test_the_pictures_are_small_and_320_px_wide() -> None:
    for each in FOLDER.glob("*.png"):
        picture = each.read_bytes()

        assert b"\x89PNG" == picture[:4], each.name
        assert 320 == struct.unpack(">I", picture[16:20])[0], each.name
        assert MOST_BYTES > len(picture), each.name
