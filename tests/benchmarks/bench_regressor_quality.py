"""Does a faster EF regressor err more? Each network on the same videos of new pools, in turn.

Run it with ``python tests/benchmarks/bench_regressor_quality.py OUT.csv [--regressors mini_r3d tiny_r3d]``; a call
that was cut goes on. Pools are drawn from seeds that no run and no study uses, so TEST of the phantom is
never looked at. A row: the network's errors on 200 or more clean videos, and its processor seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from infomotion_lib.evaluation.metrics import score
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.provenance import write_csv
from infomotion_lib.regressor.setup import QUIET
from infomotion_lib.regressor.training import train_regressor
from infomotion_lib.studies.help.gate import stratified
from infomotion_lib.studies.help.worlds import draw_world
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import STRIDE

SEEDS = (991001, 991002, 991003, 991004)
SETS = {5: 4, 10: 2, 60: 1}
"""Sets per pool, by videos per class; 60 are a whole pool."""
KEY = ["regressor", "pool", "vpc", "draw"]


def rows(
    regressors: list[str], parameters: EvidenceParameters, known: set[tuple[object, ...]]
) -> Iterator[dict[str, object]]:
    """A row per network that is not known."""
    for seed in SEEDS:
        asked = [
            (name, seed, vpc, draw)
            for vpc, sets in SETS.items()
            for draw in range(sets)
            for name in regressors
        ]
        if all(key in known for key in asked):
            continue
        pool = draw_world(parameters, (), seed=seed)
        everyone = np.ones(len(pool.label), dtype=bool)
        for key in asked:
            name, _, vpc, draw = key
            if key in known:
                continue
            chosen = stratified(pool, everyone, vpc=vpc, stream=(seed, 7, draw))
            began = time.process_time()
            fitted = train_regressor(
                [pool.clips[row] for row in chosen],
                pool.label[chosen],
                parameters=parameters.model_copy(update={"regressor": name}),
                seed=draw,
                steps=parameters.steps_whole if vpc == max(SETS) else parameters.steps_selected,
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


def summary(table: pd.DataFrame, regressors: list[str]) -> pd.DataFrame:
    """Mean of each network by size of the set, and its difference from the first, pair by pair."""
    first, *others = regressors
    wide = table.pivot_table(index=KEY[1:], columns="regressor")
    lines = []
    for vpc, part in wide.groupby(level="vpc"):
        for name in [first, *others]:
            means = {f"{metric}": part[metric][name].mean() for metric in ("hard_accuracy", "mae", "seconds")}
            gained = {f"minus_{first}_{m}": part[m][name] - part[m][first] for m in ("hard_accuracy", "mae")}
            shown = {about: f"{d.mean():+.2f} ± {d.sem():.2f}" for about, d in gained.items()}
            lines.append({"vpc": vpc, "regressor": name, "sets": len(part), **means, **shown})
    return pd.DataFrame(lines)


def main() -> None:
    """Write the rows and print what they say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--regressors", nargs="+", default=["mini_r3d", "tiny_r3d"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    values = stage_parameters("evidence", read_profile("phantom")).model_dump()
    parameters = EvidenceParameters.model_validate(values)
    table = pd.read_csv(arguments.out) if arguments.out.is_file() else pd.DataFrame(columns=KEY)
    known = set(table[KEY].itertuples(index=False, name=None))
    for row in rows(arguments.regressors, parameters, known):
        table = pd.concat([table, pd.DataFrame([row])], ignore_index=True)
        write_csv(table, arguments.out)
        print(row, flush=True)
    said = summary(table, arguments.regressors).round(2)
    write_csv(said, arguments.out.with_name(f"{arguments.out.stem}_summary.csv"))
    print(said.to_string(index=False))


if __name__ == "__main__":
    main()
