"""What stages 04 and 06 will do with the videos of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from infomotion_lib.errors import DataError, InfoMotionError, ParameterError
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.generators.cutting import WITHOUT_POOLS, Cut, too_short
from infomotion_lib.outlook import Outlook, by_class, class_counts, sources, usable
from infomotion_lib.parameters import StageParameters
from infomotion_lib.representations.registry import REPRESENTATIONS
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.stage_table import pool_stage

FEWEST_FOR_DISTANCE = 4
"""Real clips that a Fréchet distance needs: two in each half."""

_NEEDED_BY_06 = ("motion", "appearance")


def outlook(
    videos: pd.DataFrame, parameters: EvaluationParameters, stages: Mapping[str, StageParameters]
) -> Outlook:
    """How many videos the EF regressors are trained and tested on; refused where a split lacks any."""
    first, *others = sources(videos)
    refusals: list[InfoMotionError] = [
        no_labelled(source, split)
        for source in (first, *others)
        for split in wanted_splits(parameters, first=source == first)
        if usable(videos, source=source, split=split).empty
    ]
    test = usable(videos, source=first, split="TEST")
    train = {source: len(usable(videos, source=source, split="TRAIN")) for source in (first, *others)}
    work = "trained on " + " and ".join(f"{count} {source} TRAIN" for source, count in train.items())
    work += f" videos and selections of them, tested on {len(test)} TEST: {by_class(test)}"
    remarks = []
    if empty := [name for name, count in class_counts(test).items() if not count and len(test)]:
        remarks.append(f"no TEST video of class {', '.join(empty)}: its recall stays empty")
    if len(test) == 1:
        remarks.append("a single TEST video: R2 stays empty, accuracies are 0 or 100 %")
    return Outlook(work, tuple(refusals), tuple(remarks))


def wanted_splits(parameters: EvaluationParameters, *, first: bool) -> tuple[str, ...]:
    """Splits of a source that networks are trained, chosen and tested on; only the first is held out."""
    if not first:
        return ("TRAIN",)
    return ("TRAIN", "TEST", "VAL") if parameters.checkpoint == "val" else ("TRAIN", "TEST")


def no_labelled(source: str, split: str) -> DataError:
    """That a split has no video with an EF."""
    use = {"TRAIN": "train", "VAL": "choose weights by", "TEST": "test"}[split]
    return DataError(
        f"Source {source} has no labelled, usable {split} video to {use} the EF regressors"
        f"{' on' if split != 'VAL' else ''}.",
        remedy=(
            f"Give some videos the split {split} and an EF in the list of videos, or stop before:"
            " `infomotion run all --until 03`."
        ),
    )


def _unread(methods: Sequence[str], representations: Sequence[str]) -> list[InfoMotionError]:
    """Selectors of the comparison on vectors that no pool has."""
    found: list[InfoMotionError] = []
    for method in methods:
        lacking = [
            name
            for name in SELECTORS[method].on
            if name not in representations or not REPRESENTATIONS[name].portable
        ]
        if lacking:
            found.append(
                ParameterError(
                    f"pool_methods: {method} looks at {lacking[0]} vectors, which pools do not have.",
                    remedy=f"Take {method} out, or put {lacking[0]} into representations.",
                )
            )
    return found


def ablation_outlook(videos: pd.DataFrame, parameters: Any, stages: Mapping[str, StageParameters]) -> Outlook:
    """Which pools are compared; refused where the real clips are too few for a distance to them."""
    refusals: list[InfoMotionError] = []
    representations = stages["ifa_training"].model_dump()["representations"]
    if lacking := [name for name in _NEEDED_BY_06 if name not in representations]:
        refusals.append(
            ParameterError(
                f"representations = {list(representations)} lacks {lacking[0]}.",
                where="Stage 06 measures pools by the networks of motion and appearance.",
                remedy=f"Put {lacking[0]} into representations, or stop before: {WITHOUT_POOLS}.",
            )
        )
    refusals += _unread(parameters.pool_methods, representations)
    pool = stages[pool_stage(parameters.generators[0])].model_dump()
    cut = Cut(pool["latte_frames"], pool["latte_fps"], 0)
    train = usable(videos, source=sources(videos)[0], split="TRAIN")
    whole = train[~too_short(train, cut)]
    if len(whole) < FEWEST_FOR_DISTANCE:
        refusals.append(
            DataError(
                f"{len(whole)} of {len(train)} TRAIN videos last for {cut.frames} frames at {cut.fps:g} per"
                f" second; a distance to them needs {FEWEST_FOR_DISTANCE}.",
                remedy=f"Lower latte_frames, raise latte_fps, or stop before: {WITHOUT_POOLS}.",
            )
        )
    return Outlook(
        f"pools {', '.join(parameters.generators)} against {len(whole)} real TRAIN clips", tuple(refusals)
    )
