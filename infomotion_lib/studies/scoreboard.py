"""Beat Random on twelve pools: a selector of yours against random choice, in seconds or in earnest.

The pools are those of the study of selectors (``phantom-large``), whose rows are frozen in the book. Their
hearts are drawn from seeds, so nothing of them ships but EF and motion vectors. None is a heart that the
network behind the vectors was trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.linear_model import RidgeCV

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.data.starter import POOLS, checked
from infomotion_lib.errors import ParameterError

Choose = Callable[[NDArray[np.float64], NDArray[np.float64], int, np.random.Generator], NDArray[np.int64]]
"""A selector: vectors (n, 96) and EF (n,) of one class, a budget and a random generator to rows of the
class.
"""

PENALTIES = np.logspace(-3, 3, 13)


@dataclass(frozen=True)
class Scoreboard:
    """Scores by pool, and what they allow to be said.

    Attributes
    ----------
    table : DataFrame
        A row per pool: ``yours``, ``random`` and ``difference``, mean errors on TEST in EF points; below 0
        your selector is better.
    score : str
        What was scored.
    """

    table: pd.DataFrame
    score: str

    @property
    def better(self) -> int:
        """Pools in which your selector has the smaller error."""
        return int((self.table["difference"] < 0).sum())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % t-interval of the mean difference over pools, EF points."""
        difference = self.table["difference"].to_numpy()
        margin = stats.t.ppf(0.975, len(difference) - 1) * stats.sem(difference)
        return float(difference.mean() - margin), float(difference.mean() + margin)

    def __repr__(self) -> str:
        low, high = self.interval
        verdict = "better than" if high < 0 else "worse than" if low > 0 else "not told apart from"
        return (
            f"{self.score}: better in {self.better} of {len(self.table)} pools,"
            f" {self.table['difference'].mean():+.2f} EF points ({low:+.2f} to {high:+.2f}); {verdict} Random"
        )


def scoreboard(choose: Choose, *, budget: int = 5, draws: int = 20, seed: int = 0) -> Scoreboard:
    """Error of a linear probe taught by your picks, against probes taught by random picks: a **proxy**, in
    seconds.

    The probe is a ridge regression from motion vectors to EF, taught by the picks of all five classes and
    asked about the TEST hearts. No network is trained, so it is no result: over the selectors of the frozen
    study its error has a rank correlation below a half with that of the networks trained on the same sets
    (a test holds this). :func:`~infomotion_lib.studies.trained_scoreboard.trained_scoreboard` trains
    networks.

    Parameters
    ----------
    choose : callable
        See :data:`Choose`; it is asked class by class.
    budget : int
        Videos per class.
    draws : int
        Random sets per pool.

    Raises
    ------
    ParameterError
        If the picks are not ``budget`` different rows of the class.
    """
    rows = []
    for number, features, ef, train in pools():
        teach, asked = features[train], (features[~train], ef[~train])
        picked = picks_of(choose, teach, ef[train], budget=budget, seed=(number, seed))
        drawn = [
            picks_of(_random, teach, ef[train], budget=budget, seed=(number, draw, 1))
            for draw in range(draws)
        ]
        yours, *others = (
            probe_error(teach[chosen], ef[train][chosen], *asked) for chosen in (picked, *drawn)
        )
        rows.append({"pool": number, "yours": yours, "random": float(np.mean(others))})
    return board_of(rows, "linear probe (a proxy)")


def pools() -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]]:
    """Number, vectors (N, 96), EF (N,) and whether a heart is a TRAIN heart (N,), of each of the pools."""
    with np.load(checked(POOLS)) as arrays:
        for number in range(sum(name.startswith("ef_") for name in arrays.files)):
            kept = (arrays[f"{name}_{number}"] for name in ("features", "ef", "train"))
            features, ef, train = kept
            yield number, features.astype(np.float64), ef.astype(np.float64), train


def picks_of(
    choose: Choose,
    features: NDArray[np.float64],
    ef: NDArray[np.float64],
    *,
    budget: int,
    seed: Sequence[int],
) -> NDArray[np.int64]:
    """Rows (5 budget,) that a selector picks from TRAIN hearts, class by class."""
    classes, picked = class_name(ef), []
    for place, name in enumerate(CLASS_NAMES):
        members = np.flatnonzero(classes == name)
        own = np.asarray(
            choose(features[members], ef[members], budget, np.random.default_rng([*seed, place]))
        )
        if len(set(own.tolist())) != budget or not set(own.tolist()) <= set(range(len(members))):
            raise ParameterError(
                f"Of the {len(members)} hearts of class {name} the selector picked {own.tolist()}.",
                remedy=f"Return {budget} different row numbers from 0 to {len(members) - 1}.",
            )
        picked.append(members[own])
    return np.concatenate(picked)


def probe_error(
    taught: NDArray[np.float64],
    taught_ef: NDArray[np.float64],
    asked: NDArray[np.float64],
    asked_ef: NDArray[np.float64],
) -> float:
    """Mean error of a ridge regression on other hearts, EF points; its penalty is chosen on the taught
    ones.
    """
    model = RidgeCV(PENALTIES).fit(taught, taught_ef)
    return float(np.abs(model.predict(asked) - asked_ef).mean())


def _random(
    features: NDArray[np.float64], ef: NDArray[np.float64], budget: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    return rng.choice(len(ef), budget, replace=False)


def board_of(rows: list[dict[str, float]], score: str) -> Scoreboard:
    """Scoreboard of rows ``pool``, ``yours`` and ``random``."""
    table = pd.DataFrame(rows).set_index("pool")
    return Scoreboard(table.assign(difference=table["yours"] - table["random"]), score)
