"""A figure on a page is the drawing of the frozen file, in fewer bytes."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

from infomotion_book.thin_svg import thin_svg
from infomotion_lib.frozen import FROZEN

FIGURES = FROZEN / "phantom" / "01_frame_index" / "figures"


def test_every_glyph_and_frame_is_still_there() -> None:
    text = (FIGURES / "frame_strip.svg").read_text(encoding="utf-8")
    thin = thin_svg(text)
    assert len(thin) < 0.8 * len(text)
    count = {tag: len(re.findall(f"<{tag}[ />]", text)) for tag in ("use", "image", "path", "g")}
    assert count == {tag: len(re.findall(f"<{tag}[ />]", thin)) for tag in count} and count["image"] == 25
    root = ElementTree.fromstring(thin)
    names = [element.get("id") for element in root.iter() if element.get("id")]
    asked = {(element.get("href") or "")[1:] for element in root.iter() if element.tag.endswith("}use")}
    assert len(names) == len(set(names)) and asked <= set(names)


def test_it_looks_the_same(chromium: Any) -> None:
    import numpy as np
    from PIL import Image

    text = (FIGURES / "detector_error.svg").read_text(encoding="utf-8")
    shots = []
    for drawn in (text, thin_svg(text)):
        page = chromium.new_page(viewport={"width": 600, "height": 500})
        page.set_content(re.sub(r"^.*?(?=<svg)", "", drawn, flags=re.DOTALL))
        shot = page.screenshot()
        page.close()
        shots.append(np.asarray(Image.open(io.BytesIO(shot)).convert("L"), dtype=float))
    assert shots[0].std() > 5 and np.abs(shots[0] - shots[1]).mean() < 0.1, "a single wrong letter makes 0.19"
