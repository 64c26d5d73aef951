"""Beat Random on twelve pools in earnest: networks trained on your picks, against the frozen ones of random
picks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.progress import track
from infomotion_lib.studies.scoreboard import Choose, Scoreboard, board_of, picks_of, pools
from infomotion_lib.studies.selectors.parameters import EvidenceParameters


def trained_scoreboard(choose: Choose, *, budget: int = 5, seed: int = 0, first: int = 12) -> Scoreboard:
    """Error of a network trained on your picks of each pool, against the frozen networks trained on random
    picks.

    The picked and the TEST hearts are drawn again and a network is trained per pool, on the study's schedule:
    under a minute of one core per pool, about ten minutes for all. On another processor than the study's the
    last digits differ, by less than pools do.

    Parameters
    ----------
    budget : int
        Videos per class: 5 or 10, the budgets of the study.
    first : int
        How many of the pools.

    Raises
    ------
    ParameterError
        If the picks are not ``budget`` different rows of the class.
    """
    from infomotion_lib.parameters import read_profile, stage_parameters
    from infomotion_lib.studies.selectors.arms import MAIN
    from infomotion_lib.studies.selectors.rows import read_published

    frozen = read_published()
    assert frozen is not None, "the study's rows ship with the book"
    chosen = stage_parameters("evidence", read_profile("phantom-large"))
    parameters = EvidenceParameters.model_validate(chosen.model_dump())
    sets, networks = (table[table["arm"] == MAIN] for table in (frozen.sets, frozen.networks))
    of_random = sets.loc[(sets["method"] == "random") & (sets["vpc"] == budget), ["pool", "set"]]
    errors = networks.merge(of_random, on=["pool", "set"]).groupby("pool")["mae"].mean()
    rows = []
    for number, features, ef, train in track(list(pools())[:first], label="pools", unit="pool"):
        picked = picks_of(choose, features[train], ef[train], budget=budget, seed=(number, seed))
        error = trained_error(number, picked, parameters=parameters, seed=seed)
        rows.append({"pool": number, "yours": error, "random": float(errors[number])})
    return board_of(rows, "trained networks")


def trained_error(
    number: int, picked: NDArray[np.int64], *, parameters: EvidenceParameters, seed: int
) -> float:
    """Mean error on TEST, EF points, of a network trained on these TRAIN hearts of one pool."""
    from infomotion_lib.regressor.setup import QUIET
    from infomotion_lib.regressor.training import train_regressor
    from infomotion_lib.studies.selectors.arms import ARMS, MAIN
    from infomotion_lib.studies.selectors.pools import STRIDE, draw_clip, key_frames, plan_pool

    planned = plan_pool(parameters, seed=parameters.study_seed + number, arm=ARMS[MAIN])
    train = [video.heart for video in planned if video.split == "TRAIN" and key_frames(video, parameters)]
    taught, test = (
        [train[row] for row in np.sort(picked)],
        [video.heart for video in planned if video.split == "TEST"],
    )
    fitted = train_regressor(
        [draw_clip(heart, parameters) for heart in taught],
        np.array([heart.ef for heart in taught]),
        parameters=parameters,
        seed=seed,
        steps=parameters.steps_selected,
        period=max(1, parameters.clip_period // STRIDE),
        setup=QUIET,
    )
    answers = fitted.predict([draw_clip(heart, parameters) for heart in test])
    return float(np.abs(answers - np.array([heart.ef for heart in test])).mean())
