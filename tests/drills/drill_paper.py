"""Every stage of the paper profile at full network size, the ablation's too, on phantoms that pose as the gated
data sets.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from paper_run import check_sizes, run_paper

from infomotion_lib.parameters import read_profile, stage_parameters, stages_of_run
from infomotion_lib.stage_table import TABLE

METHODS = ["random", "infomotion"]


def test_every_stage_runs_at_the_papers_sizes(tmp_path: Path) -> None:
    values = read_profile("paper")
    stages = stages_of_run(values)
    run = run_paper(tmp_path, stages, methods=METHODS)
    for stage in stages:
        check_sizes(run, stage, methods=METHODS)
        for file in TABLE[stage].files(run, stage_parameters(stage, values).model_dump()):
            assert file.is_file(), file
    table = pd.read_csv(run.stage("evaluation") / "table1.csv", keep_default_na=False)
    assert {"whole", *METHODS} <= set(table["method"]) and set(table["source"]) == {"real", "synthetic"}
    with np.load(run.stage("ifa_training") / "motion_features.npz") as vectors:
        assert vectors["features"].shape[1] == 3072 and np.isfinite(vectors["features"]).all()
