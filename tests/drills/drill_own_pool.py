"""The whole run of an author's own real and own synthetic videos: every stage and every figure says their
names, and says a new one after one command that uses what was learnt.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from infomotion_lib.data.own.description import Description, describe_folder
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.parameters import paths_of, read_profile, stage_parameters
from infomotion_lib.provenance import sha256
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import alt_text
from infomotion_lib.run import cli

CALLED = {"own": "Klinik B, 2023", "own-synthetic": "Generator G"}
DRAWN = {"own": "phantom", "own-synthetic": "phantom-synthetic"}
OF_NO_RUN = {
    "phase_signal.svg",
    "detector_error.svg",
    "vote_curves.svg",
    "real_heart.svg",
}
"""Figures of stage 01 that show a drawn heart, or the sample recording."""

KEPT = ("last.pt", "latte.pt", "autoencoder.pt", "grid.jsonl")
"""Written while something is trained; the small networks for relabelling and appearance keep no state."""


def figures(root: Path) -> dict[str, str]:
    """Alt text of every figure of a run, by its place in it."""
    files = sorted(file for file in root.rglob("figures/*") if file.suffix in (".svg", ".webp"))
    return {file.relative_to(root).as_posix(): alt_text(file) for file in files}


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
    root = paths_of(str(profile)).root
    drawn = figures(root)
    assert len(drawn) > 25
    for place, alt in drawn.items():
        if Path(place).name in OF_NO_RUN:
            assert "a real heart" in alt.lower() or "phantom" in alt.lower(), place
        else:
            assert any(name in alt for name in CALLED.values()), f"{place}: {alt}"
            assert "phantom" not in alt.lower() and "EchoNet-" not in alt, f"{place}: {alt}"
    results = Results("ownpool", root)
    assert {"data", "labels", "evaluation", "ablation"} <= set(results.stages)
    for stage in results.stages:
        assert results.card(stage)["notes"]["called"] == CALLED, stage
    for stage, caption in (
        ("evaluation", "Table 1 on videos of Klinik B, 2023"),
        ("ablation", "Table 2 on videos of Klinik B, 2023"),
    ):
        notebook = results.notebook(stage)
        assert notebook is not None and caption in notebook.read_text(encoding="utf-8"), stage
    kept = {file: file.stat().st_mtime_ns for name in KEPT for file in root.rglob(name)}
    weights = {file: sha256(file) for file in root.rglob("*.safetensors")}
    assert len(kept) == 5 and len(weights) >= 4
    describe_folder(tmp_path / "data" / "own", Description("Klinik C"))
    assert cli.main(["verify", "--profile", str(profile)]) == 1
    assert cli.main(["run", "all", "--profile", str(profile)]) == 0
    assert cli.main(["verify", "--profile", str(profile)]) == 0
    assert {file: file.stat().st_mtime_ns for file in kept} == kept, "none of it was trained again"
    assert {file: sha256(file) for file in weights} == weights
    again = figures(root)
    assert again.keys() == drawn.keys()
    assert again == {place: alt.replace("Klinik B, 2023", "Klinik C") for place, alt in drawn.items()}
