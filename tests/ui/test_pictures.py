"""The pictures of the documents are small, and of screens that are taken anew by the command."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tests.ui.pictures import DOCUMENTED, MAX_BYTES, documented, reduced
from tests.ui.routes import ROUTES


def test_a_tall_picture_of_many_colours_is_cut_and_reduced(tmp_path):
    y, x = np.mgrid[0:1600, 0:1280]
    pixels = np.stack([x // 5, y // 8, (x + y) // 12], axis=2).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "tall.png")
    assert reduced(tmp_path / "tall.png", tmp_path / "small.png") <= MAX_BYTES
    with Image.open(tmp_path / "small.png") as small:
        assert small.size == (1280, 900)
        assert small.mode == "P"


def test_the_documented_screens_are_in_the_table():
    assert set(DOCUMENTED) <= {route.name for route in ROUTES}


def test_every_documented_picture_is_one_that_the_command_takes_and_is_small():
    pictures = list(documented("any").parent.glob("*.png"))
    assert {picture.stem for picture in pictures} == set(DOCUMENTED)
    assert all(picture.stat().st_size <= MAX_BYTES for picture in pictures)
