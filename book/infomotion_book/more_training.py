"""What a longer training of a larger Latte buys, profile by profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from markupsafe import Markup

from infomotion_book.addresses import card_link
from infomotion_book.editions import older
from infomotion_book.run_sentences import card_seconds, device
from infomotion_book.table2 import STAGE
from infomotion_book.templates import part
from infomotion_lib.reporting.results import Results, phantom_edition, records

POOL = "latte_pool"
"""Stage that trains the Latte and draws its pool."""


def more_training(shown: list[Results]) -> str:
    """MyST block, folded: a row per profile with an ablation; empty where no two of a kind differ in
    training.
    """
    found = comparable(shown)
    return part("more_training.md.jinja", "text", {"lattes": found, "best": nearest(found)}) if found else ""


@dataclass(frozen=True)
class TrainedLatte:
    """The Latte of one profile: its size and training (``side``: pixels of a frame's edge), and what came of
    it.

    ``distances`` are Fréchet's, by metric and pair of sets; ``same_class_percent`` and ``spearman`` compare
    its clips, relabelled, with what was asked for; ``taught`` is the hard accuracy, percent, of networks
    trained on all of its pool, ``other_taught`` on the pool in EchoSyn's place.
    """

    results: Results
    size: str
    steps: int
    batch: int
    side: int
    distances: dict[tuple[str, str], float]
    same_class_percent: float
    spearman: float
    taught: float
    other_taught: float

    def times_floor(self, metric: str) -> float:
        """Distance of the Latte's clips to real ones over that of real ones to each other."""
        return self.distances[metric, "real_vs_latte"] / self.distances[metric, "real_vs_real"]

    @property
    def weights(self) -> int | None:
        """Weights of its network, where they were counted."""
        return self.results.card(POOL)["notes"].get("weights")

    @property
    def link(self) -> Markup:
        """HTML of a link from its profile to the record of its drawing."""
        return card_link(self.results, POOL, self.results.profile)

    @property
    def older(self) -> int | None:
        """Edition of the phantom that it was trained on, where that is older than the one drawn today."""
        edition = phantom_edition(self.results)
        return edition if older(edition) else None

    @property
    def time(self) -> dict[str, Any]:
        """``seconds`` of the stage, or of the drawing where that was done on another machine; its ``device``,
        and whether it took ``several`` runs.
        """
        card = self.results.card(POOL)
        if elsewhere := card["notes"].get("drawn_elsewhere"):
            spent = sum(elsewhere.get("seconds", {}).values())
            return {"seconds": spent, "device": elsewhere.get("gpu", "another machine"), "several": False}
        several = bool(card.get("continued"))
        return {"seconds": card_seconds(card), "device": device(card), "several": several}

    @property
    def has_floor(self) -> bool:
        """Whether real clips are at a distance from each other."""
        return all(value > 0 for (_, pair), value in self.distances.items() if pair == "real_vs_real")


def comparable(shown: list[Results]) -> list[TrainedLatte]:
    """Lattes of profiles with an ablation, those of a kind of data together; none if trainings are alike."""
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
        batch=used["latte_batch_size"],
        side=used["latte_side"],
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
