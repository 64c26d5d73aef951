"""What stage 1 compares: how each arm chooses from the same part of a pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.selection.selectors import select
from infomotion_lib.selection.stage import recipe_from
from infomotion_lib.studies.help.gate import judged_draw, stratified, wanted_by_oracle
from infomotion_lib.studies.help.registration import Registration
from infomotion_lib.studies.help.worlds import World

SUB_POOL, RANDOM, ORACLE = 10, 11, 12
"""Streams of random numbers."""


@dataclass(frozen=True)
class Part:
    """What an arm chooses from.

    Attributes
    ----------
    pool : World
    rows : ndarray of int64, shape (n,)
        Rows of the pool that may be chosen, ascending.
    vectors : mapping
        Of all videos of the pool, (N, D), by representation.
    seed, draw : int
        Of the pool, and number of the set.
    """

    pool: World = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    vectors: Mapping[str, NDArray[np.floating]] = field(repr=False)
    seed: int
    draw: int


@dataclass(frozen=True)
class Choice:
    """A set, and what it took to find it: ``labels``, the EF values looked at beyond the classes, and the
    training ``steps`` of judges.
    """

    rows: list[int]
    labels: int = 0
    steps: int = 0


def sub_pool(pool: World, *, share: float, seed: int, number: int) -> NDArray[np.int64]:
    """Rows of a random part of the pool with this share of each class, ascending; ``number`` names it."""
    rng = np.random.default_rng([seed, SUB_POOL, number])
    rows: list[int] = []
    for name in np.unique(pool.classes):
        members = rng.permutation(np.flatnonzero(pool.classes == name))
        rows += members[: int(np.ceil(share * len(members)))].tolist()
    return np.array(sorted(rows), dtype=np.int64)


def choose(arm: str, part: Part, registered: Registration) -> Choice:
    """The set of one arm.

    The oracle of a world without faults is the best of several draws by the error of a judge's network on
    clean videos; it is asked once per pool, of the first part.
    """
    parameters = registered.parameters
    vpc = min(parameters.vpc)
    allowed = np.zeros(len(part.pool.label), dtype=bool)
    allowed[part.rows] = True
    if arm == "random":
        return Choice(stratified(part.pool, allowed, vpc=vpc, stream=(part.seed, RANDOM, part.draw)))
    if arm == "oracle":
        draws = registered.content["stage_0"]["oracle_draws"]
        if len(part.pool.judge_clips):
            rows = judged_draw(part.pool, allowed, parameters=parameters, seed=part.seed, draws=draws)
            return Choice(rows, len(part.pool.judge_ef), draws * parameters.steps_selected)
        allowed &= wanted_by_oracle(part.pool)
        rows = stratified(part.pool, allowed, vpc=vpc, stream=(part.seed, ORACLE, part.draw))
        return Choice(rows, len(part.rows))
    selector = SELECTORS[arm]
    names = np.array([f"{row:05d}" for row in part.rows])
    recipe = replace(recipe_from(parameters, registered.content["stage_1"]["graph"]), null_draws=0)
    chosen = select(
        part.vectors[selector.feature][part.rows],
        part.pool.classes[part.rows],
        file_names=names,
        method=arm,
        vpc=vpc,
        seed=part.draw,
        graph=recipe,
        ef=part.pool.label[part.rows],
    )
    return Choice(sorted(map(int, chosen.file_names)), len(part.rows) if selector.ef else 0)
