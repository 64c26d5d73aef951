"""All controls of a run: prepared as files once, shown as widgets in any page.

:func:`prepare` works out what they show and leaves it as small files beside the stages; :func:`controls`
turns the files into kernel-less widgets. The first needs the run's videos and vectors, the second only those
files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infomotion_book.explore import cycle, graphs, heart, hero, tolerance, walk, wall
from infomotion_book.live.data import FILE, SHEETS, write_live
from infomotion_lib.frozen import EXPLORE
from infomotion_lib.provenance import write_csv, write_json
from infomotion_lib.reporting.results import Results
from infomotion_lib.stage_table import RUN_CARD

if TYPE_CHECKING:
    import ipywidgets


@dataclass(frozen=True)
class Control:
    """One control with its story.

    Attributes
    ----------
    title : str
        Heading.
    before, after : str
        What it shows and how to use it; what to see.
    widget : ipywidgets.Widget
        The control.
    stage : str
        Stage whose results it shows; empty for the hearts that no run draws.
    drawn_by : str
        Function that draws it, where no stage does.
    """

    title: str
    before: str
    after: str
    widget: ipywidgets.Widget
    stage: str = ""
    drawn_by: str = ""


def prepare(results: Results) -> list[Path]:
    """Paths of the files that :func:`controls` needs, written from a finished run; what is newer than the run
    is kept.
    """
    folder = results.root / EXPLORE
    cells, places = folder / "tolerance.csv", folder / "graphs.json"
    walls = sorted((folder / "wall").glob("*.webp"))
    if _older(cells, results, "evaluation") and (table := tolerance.table(results)) is not None:
        write_csv(table, cells)
    if _older(places, results, "graph_selection") and (content := graphs.layout(results)) is not None:
        write_json(content, places, compact=True)
    if not walls or _older(walls[0], results, "graph_selection"):
        for file in walls:
            file.unlink()
        walls = wall.write_wall(results, folder / "wall")
    live = [folder / FILE, *sorted((folder / SHEETS).glob("*.webp"))]
    if _older(live[0], results, "graph_selection"):
        live = write_live(results, folder)
    scenes = [
        folder / name / f"{name}.json"
        for name, write in (("hero", hero.write_hero), ("walk", walk.write_walk))
        if _prepared(folder / name / f"{name}.json", results, write)
    ]
    return [file for file in [cells, places, *walls, *live, *scenes] if file.is_file()]


def _prepared(file: Path, results: Results, write: Callable[[Results, Path], dict[str, Any] | None]) -> bool:
    """Whether the file of a scene is there, written from the run where it is older."""
    if _older(file, results, "graph_selection") and (content := write(results, file.parent)) is not None:
        write_json(content, file, compact=True)
    return file.is_file()


def _older(file: Path, results: Results, stage: str) -> bool:
    card = results.folder(stage) / RUN_CARD
    return not file.is_file() or (card.is_file() and file.stat().st_mtime < card.stat().st_mtime)


def controls(results: Results | None, base: str = "results") -> list[Control]:
    """Controls of a run; the heart cycle alone where there is no run.

    Parameters
    ----------
    results : Results, optional
        A run whose files have been prepared.
    base : str
        Folder of all published results as the page sees it.
    """
    found = [
        Control(
            "One heart beat",
            "Move through the frames of a phantom heart. The curve is the volume of its left ventricle, 1 at"
            " its fullest. Then change the share of the cycle that diastole is taken to fill, and see where"
            " the paper's rule puts the next ES.",
            "In this phantom systole takes exactly a third, so the rule is right at two thirds. In patients"
            " the share depends on the heart rate, and the rule misses by some frames.",
            cycle.control(),
            drawn_by="infomotion_book.explore.cycle.control",
        )
    ]
    if heart.at_hand():
        found.append(
            Control(
                "Four beats of a real heart",
                "Move through four seconds of a real heart, seen from its tip, and watch the dark chamber in"
                " the middle fill and empty. Two votes follow it: the detector needs no training, and the"
                " network has seen drawn hearts only. ES′ is where the rule of a third puts each next ES.",
                "Both curves rise and fall with the chamber, and the line above them says how near the rule"
                " comes. This is one recording, at rest, with no label: it shows that the parts work on a"
                " heart that nobody drew, not how well. It is `color3d_jpeg_baseline.dcm`, one of pydicom's"
                " sample files (MIT).",
                heart.control(),
                drawn_by="infomotion_book.explore.heart.control",
            )
        )
    if results is None:
        return found
    folder = results.root / EXPLORE
    if (folder / "tolerance.csv").is_file():
        found.append(
            Control(
                "How much does the tolerance give away?",
                "Soft accuracy forgives predictions that miss their class by no more than the tolerance. Move"
                " it, and watch the bars beside the dashed line: the best answer that looks at no video.",
                "Every bar grows, and so does the line. What counts is the distance between them.",
                tolerance.control(folder / "tolerance.csv", results.graph_flags),
                "evaluation",
            )
        )
    if (folder / "graphs.json").is_file():
        found.append(
            Control(
                "From a class to communities",
                "Each dot is a video of the class; dots of one colour are one community; ringed dots are"
                " picked. Choose a class and how its graph is made.",
                "With few neighbours there are many small communities, with many neighbours few large ones."
                " The literal graph has one.",
                graphs.control(graphs.read(folder / "graphs.json")),
                "graph_selection",
            )
        )
    if any((folder / "wall").glob("*.webp")):
        found.append(
            Control(
                "The chosen clips",
                "What each selector keeps from a class, side by side. Let them move or hold them still.",
                "All are phantoms. Look for variety: of motion, of scanner style, of shape.",
                wall.control(folder / "wall", f"{base}/{results.profile}/{EXPLORE}/wall"),
                "graph_selection",
            )
        )
    return found
