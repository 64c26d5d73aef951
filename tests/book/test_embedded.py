"""Frames in a figure: as many pixels as they need, packed small, on a ground that follows the page; and the
publishing guard sees them.
"""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from infomotion_book.guard import Guard
from infomotion_book.levels import Level
from infomotion_lib.reporting import style
from infomotion_lib.reporting.embedded import FINEST
from infomotion_lib.reporting.figures.frames import traced_frames
from infomotion_lib.reporting.two_grounds import DARK_GROUND, DARK_INK, INK, LIGHT_GROUND, contrast

SIDE = 112
_HREF = "{http://www.w3.org/1999/xlink}href"


def frame(side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side), dtype=np.uint8)


def drawn(pixels: np.ndarray, *, inches: float = 2.0) -> ElementTree.Element:
    """SVG of one picture on a figure of its own."""
    style.use_style()
    fig = Figure(figsize=(inches, inches), layout="none")
    axis = fig.add_axes((0, 0, 1, 1))
    axis.set_axis_off()
    axis.imshow(pixels, cmap="gray", vmin=0, vmax=255)
    return ElementTree.fromstring(style.figure_bytes(fig))


def picture_of(svg: ElementTree.Element) -> tuple[ElementTree.Element, Image.Image]:
    (element,) = svg.iter("{http://www.w3.org/2000/svg}image")
    content = base64.b64decode(element.get(_HREF, "").partition(",")[2])
    return element, Image.open(io.BytesIO(content))


def test_a_frame_keeps_its_pixels_and_its_greys() -> None:
    smooth = np.add.outer(np.arange(SIDE), np.arange(SIDE)).astype(np.uint8)
    element, picture = picture_of(drawn(smooth))
    assert (picture.size, picture.mode) == ((SIDE, SIDE), "L")
    assert np.abs(np.asarray(picture).astype(int) - smooth).mean() < 2
    assert element.get("style") is None, "enlarged a little: smooth"


def test_a_frame_has_no_more_pixels_than_its_place() -> None:
    _, picture = picture_of(drawn(frame(900), inches=1.0))
    assert picture.size == (FINEST, FINEST)
    grey = np.asarray(picture).astype(float)
    assert abs(grey.mean() - frame(900).mean()) < 1 and grey.std() < frame(900).std() / 3, (
        "averaged, not picked"
    )


def test_a_map_of_patches_stays_squares() -> None:
    coarse = frame(7)
    element, picture = picture_of(drawn(coarse))
    assert "pixelated" in element.get("style", "") and picture.format == "PNG"
    assert np.abs(np.asarray(picture).astype(int) - coarse).max() <= 1


def test_what_is_transparent_stays_so() -> None:
    colours = np.zeros((SIDE, SIDE, 4))
    colours[:50] = 1.0
    _, picture = picture_of(drawn(colours))
    assert picture.format == "PNG" and np.asarray(picture)[[0, -1], 0, 3].tolist() == [255, 0]


def test_a_figure_of_frames_has_no_ground_and_its_text_follows_the_page() -> None:
    outline = np.array([[20.0, 20], [20, 80], [80, 80], [80, 20]])
    style.use_style()
    svg = style.figure_bytes(traced_frames([frame(), frame()], [outline, outline * 0.5], frames=[3, 9]))
    root = ElementTree.fromstring(svg)
    ground = root.find('.//{*}g[@id="patch_1"]')
    assert ground is not None and "fill: none" in ElementTree.tostring(ground, "unicode")
    kept = [ElementTree.tostring(part, "unicode") for part in root.iterfind('.//{*}g[@class="im-as-drawn"]')]
    assert len(kept) == 4 and sum("fill: #ffffff" in part for part in kept) == 2, "two outlines, two areas"
    rules = re.search(r"prefers-color-scheme:dark\){(.*)}", svg.decode())
    assert rules and "fill: #ffffff" not in rules[1], "what lies on a frame keeps its colour"


def test_ink_is_read_on_both_grounds() -> None:
    assert contrast(INK, LIGHT_GROUND) > 4.5 and contrast(DARK_INK, DARK_GROUND) > 4.5
    assert b"color-scheme:light dark" in ElementTree.tostring(drawn(frame())), "opened alone"


@pytest.mark.parametrize("level", [Level.AGGREGATES, Level.LINES])
def test_the_guard_refuses_frames_in_a_figure(tmp_path: Path, level: Level) -> None:
    file = tmp_path / "frame_strip.svg"
    file.write_bytes(ElementTree.tostring(drawn(frame())))
    assert "made of pixels" in str(Guard(level).file(file))
    html = style.image_html(file.read_bytes(), alt="A frame", mime="image/svg+xml", name=file.name)
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}
    assert "made of pixels" in str(Guard(level).output(output, "cell"))
    assert not Guard(Level.EVERYTHING).file(file)
