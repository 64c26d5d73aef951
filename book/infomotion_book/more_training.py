"""What a longer training of a larger Latte buys, profile by profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from infomotion_book.editions import older
from infomotion_book.html import folded, number, seconds, under
from infomotion_book.notebooks import card_link
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.run_sentences import card_seconds, device
from infomotion_book.table2 import STAGE
from infomotion_lib.reporting.results import Results, phantom_edition, records

POOL = "latte_pool"
"""Stage that trains the Latte and draws its pool."""

_HEAD = ["Latte", "Time", "Frame distance", "Clip distance", "Class kept", "All clips teach"]
_NOTE = (
    "Time: of training and drawing, runs added up where one went on from earlier work; of all of the"
    " old stage 05 in results that were carried over from it. Distances: of the Latte’s clips to"
    " real ones, by the frame network and by the EF regressor of the same run; below each the floor, real"
    " clips against real clips. They compare within a row. Class kept: clips whose relabelled EF class is the"
    " one asked for (chance: 20 %), and the rank correlation of relabelled with requested EF (rank). All"
    " clips teach: hard accuracy on TEST of networks trained on the whole pool, and below it the same for the"
    " pool in EchoSyn’s place (other)."
)


def more_training(shown: list[Results]) -> str:
    """MyST block, folded: one row for each profile whose ablation has run, by kind of data; empty where no
    two of a kind differ in training.
    """
    found = comparable(shown)
    if not found:
        return ""
    notes = (_NOTE,)
    table = of_rows(_HEAD, map(_row, found), caption="One pipeline, Lattes of several sizes", notes=notes)
    return folded("What more training of the Latte buys", f"{page_table(table)}{_in_words(found)}")


@dataclass(frozen=True)
class TrainedLatte:
    """What the Latte of one profile was, and what came of it.

    Attributes
    ----------
    results : Results
        The profile.
    size : str
        Of the network.
    steps : int
        Of its training.
    distances : dict
        Fréchet distance by metric and pair of sets.
    same_class_percent, spearman : float
        Clips relabelled with the class asked for, and rank correlation with the EF asked for.
    taught, other_taught : float
        Hard accuracy, percent, of networks trained on all of its pool, and of those trained on the pool in
        EchoSyn's place.
    """

    results: Results
    size: str
    steps: int
    distances: dict[tuple[str, str], float]
    same_class_percent: float
    spearman: float
    taught: float
    other_taught: float

    def times_floor(self, metric: str) -> float:
        """Distance of the Latte's clips to real ones over that of real ones to each other."""
        return self.distances[metric, "real_vs_latte"] / self.distances[metric, "real_vs_real"]

    @property
    def has_floor(self) -> bool:
        """Whether real clips are at a distance from each other."""
        return all(value > 0 for (_, pair), value in self.distances.items() if pair == "real_vs_real")


def comparable(shown: list[Results]) -> list[TrainedLatte]:
    """Lattes of the profiles whose ablation has run, those of a kind of data together; none where no two of a
    kind differ in training.
    """
    run = [
        results
        for results in shown
        if "latte_size" in results.card(POOL).get("parameters", {}) and results.card(STAGE)
    ]
    kinds = list(dict.fromkeys(results.kind for results in run))
    found = [trained_latte(results) for kind in kinds for results in run if results.kind == kind]
    trainings = {(latte.results.kind, latte.size, latte.steps) for latte in found}
    return found if len(trainings) > len(kinds) else []


def trained_latte(results: Results) -> TrainedLatte:
    """The Latte of a profile whose ablation has run."""
    used = results.card(POOL)["parameters"]
    fidelity = records(results.table(STAGE, "fidelity"))
    heard = next(row for row in records(results.table(STAGE, "conditioning")) if row["source"] == "latte")
    scores = [row for row in records(results.table(STAGE, "summary")) if row["metric"] == "hard_accuracy"]
    taught: dict[str, float] = {row["source"]: row["mean"] for row in scores if row["method"] == "whole"}
    return TrainedLatte(
        results=results,
        size=used["latte_size"],
        steps=used["latte_steps"],
        distances={(row["metric"], row["pair"]): float(row["value"]) for row in fidelity},
        same_class_percent=heard["same_class_percent"],
        spearman=heard["spearman"],
        taught=taught["latte"],
        other_taught=next(mean for pool, mean in taught.items() if pool != "latte"),
    )


class Nearest(NamedTuple):
    """The Latte whose frames come nearest to real ones, as times the floor: its frames and its clips."""

    profile: str
    frames: float
    clips: float

    @property
    def pictures_before_motion(self) -> bool:
        """Whether its clips stay far behind its frames."""
        return self.clips > 3 * self.frames


def nearest(lattes: list[TrainedLatte]) -> Nearest | None:
    """Which Latte's frames come nearest; None where real clips are at no distance from each other."""
    measured = [
        Nearest(latte.results.profile, latte.times_floor("fed_frame"), latte.times_floor("fed_video"))
        for latte in lattes
        if latte.has_floor
    ]
    return min(measured, key=lambda latte: latte.frames, default=None)


def _in_words(lattes: list[TrainedLatte]) -> str:
    """Which Latte's frames come nearest to real ones, and whether its motion does too."""
    best = nearest(lattes)
    if best is None:
        return ""
    verdict = (
        "single pictures look right before their motion does"
        if best.pictures_before_motion
        else "pictures and motion come near together"
    )
    return (
        f"The frames of `{best.profile}` come nearest: their distance is {number(best.frames)} times its"
        f" floor. The distance of its clips, in which motion counts, is {number(best.clips, 0)} times theirs:"
        f" {verdict}.\n"
    )


def _row(latte: TrainedLatte) -> list[str]:
    results, distance = latte.results, latte.distances
    card = results.card(POOL)
    used, weights = card["parameters"], card["notes"].get("weights")
    edition = phantom_edition(results)
    on = f", on edition {edition} of the phantom" if older(edition) else ""
    million = f"{weights / 1e6:.1f} million weights, " if weights else ""
    return [
        under(
            card_link(results, POOL, results.profile) + on,
            f"{latte.size}: {million}{used['latte_side']} px; {latte.steps:,} steps of"
            f" {used['latte_batch_size']} clips",
        ),
        _time(card),
        *(
            under(
                number(distance[name, "real_vs_latte"]), f"floor {number(distance[name, 'real_vs_real'], 2)}"
            )
            for name in ("fed_frame", "fed_video")
        ),
        under(f"{number(latte.same_class_percent, 0)} %", f"rank {number(latte.spearman, 2)}"),
        under(f"{number(latte.taught)} %", f"other {number(latte.other_taught)} %"),
    ]


def _time(card: dict[str, Any]) -> str:
    """Time of the stage, or of the drawing where that was done on another machine."""
    if elsewhere := card["notes"].get("drawn_elsewhere"):
        spent = elsewhere.get("seconds", {})
        return under(seconds(sum(spent.values())) if spent else "–", elsewhere.get("gpu", "another machine"))
    several = ", several runs" if card.get("continued") else ""
    return under(seconds(card_seconds(card)), f"{device(card)}{several}")
