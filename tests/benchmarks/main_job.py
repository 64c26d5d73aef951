"""The main job before and after it was made faster: seconds of its stages, and what its tables say, side by side.

Run it with ``python tests/benchmarks/main_job.py REVISION OUT`` in a checkout whose ``book/results/phantom`` was made
anew; REVISION is a commit with the results of before. Nothing is measured here: cards and tables are read. A
stage's seconds are those of its card; *whole* is from the first start to the last end, so that stages which
ran side by side count once.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
from datetime import datetime
from pathlib import Path

import pandas as pd

from infomotion_lib.keys import CELL
from infomotion_lib.paths import PROJECT
from infomotion_lib.provenance import write_csv
from infomotion_lib.stage_table import RUN_CARD, TABLE

RESULTS = "book/results/phantom"
STAGES = {
    stage.label: stage.folder
    for stage in TABLE.values()
    if (PROJECT / RESULTS / stage.folder / RUN_CARD).is_file()
}
SAID = ["hard_accuracy", "soft_accuracy", "mae"]


def text(file: str, revision: str | None) -> str:
    """A file of the results, now or at a commit."""
    path = f"{RESULTS}/{file}"
    if revision is None:
        return (PROJECT / path).read_text(encoding="utf-8")
    command = ["git", "show", f"{revision}:{path}"]
    return subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout


def seconds(revision: str | None) -> dict[str, float]:
    """Of each stage, and from the first start to the last end."""
    cards = {name: json.loads(text(f"{folder}/{RUN_CARD}", revision)) for name, folder in STAGES.items()}
    starts = {name: datetime.fromisoformat(card["started_utc"]).timestamp() for name, card in cards.items()}
    took = {name: float(card["stage_seconds"]) for name, card in cards.items()}
    ends = [starts[name] + took[name] for name in STAGES]
    return took | {"whole": max(ends) - min(starts.values())}


def cells(revision: str | None) -> pd.DataFrame:
    """Means over the networks of each cell of Table 1."""
    runs = pd.read_csv(io.StringIO(text("04_evaluation/runs.csv", revision)), keep_default_na=False)
    return runs.groupby(CELL, sort=False)[SAID].mean()


def probes(revision: str | None) -> pd.Series:
    """R2 of EF on TEST videos, by what it is read from."""
    table = pd.read_csv(io.StringIO(text("02_ifa_training/probe.csv", revision)), index_col="feature")
    return table["ridge_r2"]


def filled_in(revision: str | None) -> pd.Series:
    """PSNR on VAL of middle frames by the motion network, and of the average of both frames, dB."""
    summary = json.loads(text("02_ifa_training/summary.json", revision))
    return pd.Series({"network": summary["psnr"], "average": summary["psnr_naive"]})


def main() -> None:
    """Write ``main_job.csv``, its ``_table1``, ``_probe`` and ``_psnr`` beside it, and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    before, now = seconds(arguments.revision), seconds(None)
    times = pd.DataFrame({"seconds_before": before, "seconds_now": now}).rename_axis("stage").reset_index()
    write_csv(times.round(0), arguments.out / "main_job.csv")
    both = cells(arguments.revision).add_suffix("_before").join(cells(None).add_suffix("_now")).round(2)
    write_csv(both.reset_index(), arguments.out / "main_job_table1.csv")
    read = pd.DataFrame({"r2_before": probes(arguments.revision), "r2_now": probes(None)}).round(3)
    write_csv(read.rename_axis("feature").reset_index(), arguments.out / "main_job_probe.csv")
    drawn = pd.DataFrame({"psnr_before": filled_in(arguments.revision), "psnr_now": filled_in(None)}).round(2)
    write_csv(drawn.rename_axis("by").reset_index(), arguments.out / "main_job_psnr.csv")
    print(times.to_string(index=False), *(part.to_string() for part in (both, read, drawn)), sep="\n\n")


if __name__ == "__main__":
    main()
