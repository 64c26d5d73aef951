"""The whole run of an author's own real and own synthetic videos: every stage says their names."""

from __future__ import annotations

from pathlib import Path

import yaml

from infomotion_lib.data.own.description import Description, describe_folder
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.parameters import paths_of, read_profile, stage_parameters
from infomotion_lib.reporting.results import Results
from infomotion_lib.run import cli

CALLED = {"own": "Klinik B, 2023", "own-synthetic": "Generator G"}
DRAWN = {"own": "phantom", "own-synthetic": "phantom-synthetic"}


def test_every_stage_says_the_names(tmp_path: Path) -> None:
    smoke = read_profile("smoke")
    for name, called in CALLED.items():
        folder, source = tmp_path / "data" / name, SOURCES[DRAWN[name]]
        source.load().provide(folder, plays=source.plays, parameters=stage_parameters("data", smoke))
        for record in ("phantom.json", "phantom_truth.csv", "SHA256SUMS"):
            (folder / record).unlink(missing_ok=True)
        describe_folder(folder, Description(called))
    values = {key: value for key, value in smoke.items() if not key.startswith("phantom_")}
    values |= {"profile": "ownpool", "real_data": "own", "synthetic_data": "own-synthetic"}
    values |= {"data_root": str(tmp_path / "data"), "runs_dir": str(tmp_path / "runs")}
    profile = tmp_path / "ownpool.yml"
    profile.write_text(yaml.safe_dump(values), encoding="utf-8")
    assert cli.main(["run", "all", "--profile", str(profile)]) == 0
    results = Results("ownpool", paths_of(str(profile)).root)
    assert {"data", "labels", "evaluation", "ablation"} <= set(results.stages)
    for stage in results.stages:
        assert results.card(stage)["notes"]["called"] == CALLED, stage
    for stage, caption in (
        ("evaluation", "Table 1 on videos of Klinik B, 2023"),
        ("ablation", "Table 2 on videos of Klinik B, 2023"),
    ):
        notebook = results.notebook(stage)
        assert notebook is not None and caption in notebook.read_text(encoding="utf-8"), stage
