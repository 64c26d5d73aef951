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


NAMES = ("cycle", "heart", "tolerance", "graphs", "wall")
"""Every control, in the order of the page."""


@dataclass(frozen=True)
class Control:
    """A control: its name in ``play.md.jinja``, and the stage that it shows or the function that draws it."""

    name: str
    widget: ipywidgets.Widget
    stage: str = ""
    drawn_by: str = ""


def prepare(results: Results) -> list[Path]:
    """Paths of the files that :func:`controls` needs, from a finished run; what is newer than the run is
    kept.
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
    """Controls of a run whose files have been prepared; the hearts alone where there is no run. ``base`` is
    the folder of all published results as the page sees it.
    """
    found = [Control("cycle", cycle.control(), drawn_by="infomotion_book.explore.cycle.control")]
    if heart.at_hand():
        found.append(Control("heart", heart.control(), drawn_by="infomotion_book.explore.heart.control"))
    if results is None:
        return found
    folder = results.root / EXPLORE
    if (cells := results.table(EXPLORE, "tolerance")) is not None:
        found.append(Control("tolerance", tolerance.control(results.flagged(cells)), "evaluation"))
    if places := results.values(EXPLORE, "graphs"):
        found.append(Control("graphs", graphs.control(places), "graph_selection"))
    if any((folder / "wall").glob("*.webp")):
        clips = wall.control(folder / "wall", f"{base}/{results.profile}/{EXPLORE}/wall")
        found.append(Control("wall", clips, "graph_selection"))
    return found
