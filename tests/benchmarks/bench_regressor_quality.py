"""Does a shorter training of the EF regressor err more? Each way to train on the same videos of new pools, in turn.

Run it with ``python tests/benchmarks/bench_regressor_quality.py OUT.csv``; a call that was cut goes on. Pools are
drawn from seeds that no run and no study uses, so TEST of the phantom is never looked at; the ways were chosen
on four pools, seeds 991001 to 991004, that have no row here. A row: the network's errors on 200 or more clean
videos, and its processor seconds. Intervals are over pools, since sets of one pool resemble each other.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy import stats

from infomotion_lib.evaluation.metrics import score
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.provenance import write_csv
from infomotion_lib.regressor.setup import QUIET
from infomotion_lib.regressor.training import train_regressor
from infomotion_lib.studies.help.gate import stratified
from infomotion_lib.studies.help.worlds import draw_world
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import STRIDE

SEEDS = tuple(range(991005, 991013))
SETS = {5: 4, 10: 3, 60: 1}
"""Sets per pool, by videos per class; 60 are a whole pool."""


class Way(NamedTuple):
    """A way to train: the network, its steps on the videos picked and on a whole pool, its learning rate."""

    regressor: str
    steps_selected: int
    steps_whole: int
    learning_rate: float


WAYS = (
    Way("mini_r3d", 300, 1200, 3e-3),  # of before
    Way("mini_r3d", 200, 800, 7e-3),
    Way("tiny_r3d", 300, 1200, 7e-3),
)
WAY = list(Way._fields)
KEY = [*WAY, "pool", "vpc", "draw"]


def rows(parameters: EvidenceParameters, known: set[tuple[object, ...]]) -> Iterator[dict[str, object]]:
    """A row per network that is not known."""
    for seed in SEEDS:
        asked = [
            (*way, seed, vpc, draw) for vpc, sets in SETS.items() for draw in range(sets) for way in WAYS
        ]
        if all(key in known for key in asked):
            continue
        pool = draw_world(parameters, (), seed=seed)
        everyone = np.ones(len(pool.label), dtype=bool)
        for key in asked:
            way, (_, vpc, draw) = Way(*key[: len(WAY)]), key[len(WAY) :]
            if key in known:
                continue
            chosen = stratified(pool, everyone, vpc=vpc, stream=(seed, 7, draw))
            began = time.process_time()
            fitted = train_regressor(
                [pool.clips[row] for row in chosen],
                pool.label[chosen],
                parameters=parameters.model_copy(update=way._asdict()),
                seed=draw,
                steps=way.steps_whole if vpc == max(SETS) else way.steps_selected,
                period=max(1, parameters.clip_period // STRIDE),
                setup=QUIET,
            )
            seconds = time.process_time() - began
            metrics = score(
                pool.test_ef, fitted.predict(pool.test_clips), tolerance=parameters.soft_tolerance
            )
            kept = {
                name: round(float(metrics[name]), 4)
                for name in ("hard_accuracy", "balanced_accuracy", "mae", "r2")
            }
            yield dict(zip(KEY, key, strict=True)) | kept | {"seconds": round(seconds, 2)}


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of each way by size of the set; of all but the first the difference from it with its 95 %
    interval, set by set, then averaged by pool.
    """
    wide = table.pivot_table(index=["vpc", "pool", "draw"], columns=WAY)
    lines = []
    for vpc, part in wide.groupby(level="vpc"):
        for way in WAYS:
            line = {"vpc": vpc, **way._asdict(), "pools": len(SEEDS), "sets": len(part)}
            for metric in ("hard_accuracy", "mae", "seconds"):
                line[metric] = part[(metric, *way)].mean()
                if way == WAYS[0]:
                    continue
                gained = (part[(metric, *way)] - part[(metric, *WAYS[0])]).groupby(level="pool").mean()
                low, high = stats.t.interval(0.95, len(gained) - 1, loc=gained.mean(), scale=gained.sem())
                line |= {f"{metric}_gain": gained.mean(), f"{metric}_low": low, f"{metric}_high": high}
            lines.append(line)
    return pd.DataFrame(lines)


def main() -> None:
    """Write the rows and print what they say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    values = stage_parameters("evidence", read_profile("phantom")).model_dump()
    parameters = EvidenceParameters.model_validate(values)
    table = pd.read_csv(arguments.out) if arguments.out.is_file() else pd.DataFrame(columns=KEY)
    known = set(table[KEY].itertuples(index=False, name=None))
    for row in rows(parameters, known):
        table = pd.concat([table, pd.DataFrame([row])], ignore_index=True)
        write_csv(table, arguments.out)
        print(row, flush=True)
    said = summary(table)
    said = said.round({name: 2 for name in said.columns.difference(KEY)})
    write_csv(said, arguments.out.with_name(f"{arguments.out.stem}_summary.csv"))
    print(said.to_string(index=False))


if __name__ == "__main__":
    main()
