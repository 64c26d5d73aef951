"""One look for every figure: colours, names, sizes, and files that carry their own alt text.

Colours are those of Okabe and Ito (methods, which say theirs in their registry) and viridis (EF classes, in
order), which stay apart for colour-blind readers and in grey print. Markers differ too, so that no figure
speaks by colour alone.
"""

from __future__ import annotations

import base64
import html
import io
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infomotion_lib.classes import ALL_VIDEOS, CLASS_NAMES, ef_class
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import ParameterError, did_you_mean
from infomotion_lib.provenance import atomic
from infomotion_lib.registry import Registry
from infomotion_lib.reporting.embedded import FINEST, keep_pixels
from infomotion_lib.reporting.titles import name_data, named, wrap_title
from infomotion_lib.reporting.two_grounds import FAINT, INK, for_both_grounds
from infomotion_lib.selection.registry import SELECTORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Registered(Mapping[str, str]):
    """One attribute of every entry of a registry by the entry's name, and what is added to them."""

    def __init__(self, registry: Registry[Any], attribute: str, more: Mapping[str, str]) -> None:
        self._registry, self._attribute, self._more = registry, attribute, more

    def __getitem__(self, name: str) -> str:
        if name in self._registry:
            return str(getattr(self._registry[name], self._attribute))
        return self._more[name]

    def __contains__(self, name: object) -> bool:
        return name in self._registry or name in self._more

    def __iter__(self) -> Iterator[str]:
        return iter((*self._registry, *self._more))

    def __len__(self) -> int:
        return len(self._registry) + len(self._more)


METHOD_NAMES = Registered(SELECTORS, "label", {"whole": "Whole set"})
"""Name of each selector as tables and figures print it."""

METHOD_COLOURS = Registered(SELECTORS, "colour", {"whole": INK})
"""One colour per method, the same in every figure."""

METHOD_MARKERS = Registered(SELECTORS, "marker", {"whole": "*"})
"""One marker per method, so that colour is never the only sign."""


def method_order(method: str) -> int:
    """Place of a selector among all: as registered, then those on other vectors, the whole set last."""
    names = list(METHOD_NAMES)
    return len(names) if method == "whole" else names.index(method) if method in names else len(names) - 1


CLASS_COLOURS = dict(
    zip(CLASS_NAMES, ("#440154", "#3B528B", "#21918C", "#3FA34D", "#B58900"), strict=True)
) | {ALL_VIDEOS: "#3B528B"}
"""One colour per EF class, from dark (severe) to light (hyperdynamic); one where all videos are one class."""

PHASE_COLOURS = {"es": "#D55E00", "ed": "#0072B2", "next_es": "#B8860B", "middle": "#7F7F7F"}
"""One colour per cardiac event: end-systole, end-diastole, the next end-systole, the middle frames."""

MUTED = "#6B7785"
"""Grey of marks that mean something, such as controls and constants; 4.5 to 1 on white."""

WEBP_ALT = 0x010E
"""EXIF tag (ImageDescription) that holds the alt text of a WebP: frames in motion, without a word in them."""

SOURCE_NAMES = {"real": "Reference pool", "synthetic": "Generated pool", "open": "Open clips"}
"""Name of each source as tables and figures print it, true of drawn and of recorded hearts alike."""

PHONE_WIDTH = 5.6
"""Inches of the widest figure: its smallest text, 9 points, is 8 pixels high on a page of 390."""

_MIME = {".svg": "image/svg+xml", ".webp": "image/webp", ".png": "image/png", ".gif": "image/gif"}


def graph_name(graph: str) -> str:
    """A graph recipe in a word or two, as it follows a selector's name.

    >>> graph_name("knn"), graph_name("softmax_inverse")
    ('kNN', 'softmax inverse')
    """
    return "kNN" if graph == "knn" else graph.replace("_", " ")


def data_name(real_data: str, called: str = "") -> str:
    """What the videos of a run are called over every number: a phantom is called a phantom, and nothing else
    is; an author's own are ``called`` as their author says.

    Raises
    ------
    ParameterError
        If no such data set is known: a number under another data set's name would be a false one.
    """
    known = [name for name, source in SOURCES.items() if source.plays != "synthetic"]
    if real_data not in known:
        raise ParameterError(
            f"Unknown real data set: {real_data or 'none is named'}.",
            where="Looked in: SOURCES of infomotion_lib.data.sources",
            remedy=(
                f"{did_you_mean(real_data, known)} A new data set needs a line there before its numbers are"
                " shown."
            ),
        )
    return called if called and SOURCES[real_data].owned else SOURCES[real_data].label


def source_names(data: str) -> dict[str, str]:
    """Name of each source of a run as tables and figures print it: only recorded hearts are called real.

    Parameters
    ----------
    data : str
        What the videos of the reference pool are called, see :func:`data_name`; capitals do not matter.
        Where that is not known, nothing is called real.

    >>> source_names("Phantom")["real"], source_names("EchoNet-Dynamic")["real"]
    ('Reference pool', 'Real')
    """
    drawn = {source.label.lower() for source in SOURCES.values() if source.drawn_here}
    recorded = {"real": "Real", "synthetic": "Synthetic"} if data and data.lower() not in drawn else {}
    return SOURCE_NAMES | recorded


def videos_called(data: str) -> str:
    """Videos of a data set within a sentence, from what they are called.

    >>> videos_called("phantom"), videos_called("open clips"), videos_called("Clinic A, 2024")
    ('phantom videos', 'open clips', 'videos of Clinic A, 2024')
    """
    if data.lower().endswith(("videos", "clips")):
        return data
    return f"videos of {data}" if " " in data else f"{data} videos".lstrip()


MOST_DIGITS = 4
"""Digits of an EF at most."""


def ef_words(ef: float, digits: int = 0) -> str:
    """An EF under or above a picture, with as many more digits as it takes to show its class; empty where it
    is not known.

    >>> ef_words(54.6), ef_words(39.96, 1), ef_words(float("nan"))
    ('EF 55 %', 'EF 39.96 %', '')
    """
    if not math.isfinite(ef):
        return ""
    while digits < MOST_DIGITS and ef_class(round(ef, digits)) != ef_class(ef):
        digits += 1
    return f"EF {ef:.{digits}f} %"


def use_style() -> None:
    """Set matplotlib's defaults for this project; call it once at the top of a notebook.

    Text is drawn as outlines; the same figure has the same bytes.
    """
    import matplotlib
    from cycler import cycler

    matplotlib.rcParams.update(
        {
            "figure.figsize": (PHONE_WIDTH, 3.4),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "savefig.dpi": FINEST,
            "font.size": 10,
            "text.color": INK,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.grid": True,
            "axes.prop_cycle": cycler(
                color=[
                    METHOD_COLOURS[m]
                    for m in ("kmeans", "infomotion", "infodist", "facility_location", "ef_stratified")
                ]
            ),
            "grid.color": FAINT,
            "grid.linewidth": 0.6,
            "grid.alpha": 0.7,
            "xtick.color": INK,
            "ytick.color": INK,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "image.cmap": "gray",
            "svg.fonttype": "path",
            "svg.hashsalt": "infomotion",
        }
    )


@dataclass(frozen=True)
class SavedFigure:
    """A figure on disk that shows itself in a notebook with its alt text.

    Attributes
    ----------
    path : Path
        The file, an SVG.
    alt : str
        What the figure shows, for those who cannot see it.
    """

    path: Path
    alt: str

    def __repr__(self) -> str:
        return f"{self.path.name}: {self.alt}"  # what a notebook keeps as text; no folder of this machine

    def _repr_html_(self) -> str:
        return image_html(
            self.path.read_bytes(), alt=self.alt, mime=_MIME[self.path.suffix], name=self.path.name
        )


def image_html(data: bytes, *, alt: str, mime: str = "image/png", name: str = "", width: str = "100%") -> str:
    """One ``<img>`` that carries the picture in itself, loads lazily and has alt text.

    Raises
    ------
    ValueError
        If the alt text is empty.
    """
    if not alt.strip():
        raise ValueError(f"The figure {name or mime} needs alt text: one sentence that says what it shows.")
    source = f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"
    label = f' data-figure="{html.escape(name)}"' if name else ""
    look = f'style="max-width:min(100%,{width});height:auto;background:Canvas"'  # an SVG follows the page
    return f'<img class="im-figure"{label} alt="{html.escape(alt)}" loading="lazy" {look} src="{source}">'


def save_figure(fig: Figure, path: str | Path, *, alt: str, data: str = "") -> SavedFigure:
    """Display object of the figure, written whole to ``path`` with the alt text inside the file.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Closed afterwards, so that a notebook does not show it twice.
    path : path
        Ends in ``.svg``; folders are made.
    alt : str
        One or two sentences: what is drawn and what it says.
    data : str, optional
        What the videos are called: it opens the title and the alt text where they do not name it.

    Raises
    ------
    ValueError
        If the alt text is empty or the suffix is another one.
    """
    target = Path(path)
    if target.suffix != ".svg":
        raise ValueError(f"A figure is saved as .svg, frames in it too, not as {target.name}")
    if not alt.strip():
        raise ValueError(f"The figure {target.name} needs alt text: one sentence that says what it shows.")
    if data:
        alt = named(alt, data)
    content = figure_bytes(fig, data=data, about={"Description": alt, "Title": target.stem})
    with atomic(target) as temporary:
        temporary.write_bytes(content)
    return SavedFigure(target, alt)


def figure_bytes(fig: Figure, *, data: str = "", about: Mapping[str, str] | None = None) -> bytes:
    """The figure as an SVG for light and dark pages, its title naming ``data`` as that of :func:`save_figure`
    does, what is said ``about`` it inside; the figure is closed.
    """
    if data:
        name_data(fig, data)
    wrap_title(fig)
    fig.draw_without_rendering()  # panels of a fixed shape find their place in the second layout only
    keep_pixels(fig)
    stream = io.BytesIO()
    fig.savefig(stream, format="svg", transparent=True, metadata={**(about or {}), "Date": None})
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(fig)
    return for_both_grounds(stream.getvalue())


def alt_text(path: str | Path) -> str:
    """Alt text inside a figure, or inside frames in motion; empty if there is none."""
    file = Path(path)
    if file.suffix == ".svg":
        import xml.etree.ElementTree as ElementTree

        namespace = "{http://purl.org/dc/elements/1.1/}description"
        described = ElementTree.parse(file).getroot().find(f".//{namespace}")
        return (described.text or "") if described is not None else ""
    if file.suffix == ".webp":
        from PIL import Image

        with Image.open(file) as picture:
            return str(picture.getexif().get(WEBP_ALT, "")).encode("latin-1").decode()
    return ""
