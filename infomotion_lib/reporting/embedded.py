"""Frames and maps inside an SVG: no more pixels than their place has, packed small, smooth where enlarged a
little.
"""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from PIL.Image import Image

FINEST = 150
"""Pixels per inch of a picture at most."""

COARSE = 3.0
"""Points that a pixel covers at least where it is shown as a square, as those of a map of patches are."""

QUALITY = 80
"""Of a JPEG. JPEG and PNG are what every program that reads an SVG shows."""

_IMAGE = "{http://www.w3.org/2000/svg}image"
_HREF = "{http://www.w3.org/1999/xlink}href"
_SCALE = re.compile(r"matrix\((-?[\d.e-]+)")


def keep_pixels(fig: Figure) -> None:
    """Let each picture of a laid out figure go into an SVG with the pixels it has, at most :data:`FINEST`
    per inch.
    """
    for axis in fig.axes:
        for image in axis.images:
            _shrink(image, FINEST / fig.dpi)
            image.set_interpolation("none")


def pack_pictures(root: ElementTree.Element) -> None:
    """Pack the PNGs of a matplotlib SVG anew, in place: as grey where they are grey, as JPEG where that is
    smaller.
    """
    from PIL import Image

    for element in root.iter(_IMAGE):
        content = base64.b64decode(element.get(_HREF, "").partition(",")[2])
        with Image.open(io.BytesIO(content)) as picture:
            mime, packed = _packed(picture)
        element.set(_HREF, f"data:image/{mime};base64,{base64.b64encode(packed).decode('ascii')}")
        scale = _SCALE.match(element.get("transform", ""))
        if scale and abs(float(scale[1])) < COARSE:
            element.attrib.pop("style", None)  # else browsers would leave out rows of what they make smaller


def _shrink(image: AxesImage, finest: float) -> None:
    import cv2

    pixels = np.asarray(image.get_array())
    place = image.get_window_extent()
    height, width = (max(round(side * finest), 1) for side in (place.height, place.width))
    if height < pixels.shape[0] and width < pixels.shape[1]:
        known = pixels if pixels.dtype == np.uint8 else pixels.astype(np.float64)
        image.set_data(cv2.resize(known, (width, height), interpolation=cv2.INTER_AREA))


def _packed(picture: Image) -> tuple[str, bytes]:
    """Kind and bytes of the smaller of PNG and JPEG; what is transparent in places stays a PNG."""
    shown = np.asarray(picture.convert("RGBA"))
    opaque = bool((shown[..., 3] == 255).all())
    grey = bool((shown[..., :3] == shown[..., :1]).all())
    plain = picture.convert("L" if grey and opaque else "RGB" if opaque else "RGBA")
    stream = io.BytesIO()
    plain.save(stream, "png", optimize=True)
    png = stream.getvalue()
    jpeg = as_jpeg(plain) if opaque else png
    return ("jpeg", jpeg) if len(jpeg) < len(png) else ("png", png)


def as_jpeg(picture: Image, *, quality: int = QUALITY) -> bytes:
    """Content of a JPEG file; edges of colours as sharp as those of light."""
    stream = io.BytesIO()
    picture.save(stream, "jpeg", quality=quality, subsampling=0, optimize=True)
    return stream.getvalue()
