"""Small measurements that the pages show as they were recorded, or the command that makes them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from infomotion_book.templates import part
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.summary import shown_method, size_name


class Measurement(NamedTuple):
    """One measurement: the pattern of its files' names among the studies, and what writes them."""

    files: str
    command: str


MEASUREMENTS: Mapping[str, Measurement] = {
    "platforms": Measurement(
        "infomap_platforms.csv", "python tests/benchmarks/bench_platforms.py --run runs/phantom"
    ),
    "speed": Measurement("speed_*.csv", "python tests/benchmarks/bench_selection.py"),
    "main_job_table1": Measurement("main_job_table1.csv", "python tests/benchmarks/main_job.py REVISION OUT"),
    "main_job_probe": Measurement("main_job_probe.csv", "python tests/benchmarks/main_job.py REVISION OUT"),
    "main_job_psnr": Measurement("main_job_psnr.csv", "python tests/benchmarks/main_job.py REVISION OUT"),
    "steps": Measurement("steps.csv", "python tests/benchmarks/bench_steps.py OUT.csv"),
    "regressors": Measurement(
        "regressors_summary.csv", "python tests/benchmarks/bench_regressor_quality.py OUT.csv"
    ),
    "extraction": Measurement(
        "extraction.csv",
        "python tests/benchmarks/bench_extraction.py --weights runs/phantom/02_ifa_training/ifa.safetensors",
    ),
    "latte_steps": Measurement("latte_steps.csv", "python tests/benchmarks/bench_latte_gpu.py"),
    "hearts_tried": Measurement(
        "latte_hearts.csv", "python tests/benchmarks/bench_latte_hearts.py runs/phantom/data out.csv"
    ),
}

HEARTS = "latte_hearts.webp"


def fragments(folder: Path = FROZEN / "studies") -> dict[str, str]:
    """MyST block of each measurement, by its name; a line with its command where it was not made."""
    return {name: _written(name, folder) for name in MEASUREMENTS}


def write_picture(target: Path, folder: Path = FROZEN / "studies") -> Path | None:
    """Path of the strip of clips of small Lattes, put into ``target``; None where it has not been made."""
    strip = folder / HEARTS
    if not strip.is_file():
        return None
    target.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(strip, target))


def measured(name: str, folder: Path = FROZEN / "studies") -> list[dict[str, Any]]:
    """Rows of a measurement; none where it has not been made."""
    files = sorted(folder.glob(MEASUREMENTS[name].files))
    return records(pd.concat([pd.read_csv(file) for file in files], ignore_index=True)) if files else []


def _written(name: str, folder: Path) -> str:
    rows, command = measured(name, folder), MEASUREMENTS[name].command
    block, template = (name, "machines.md.jinja") if rows else ("missing", "measured.md.jinja")
    words = {"what": "This", "command": command, "named": shown_method, "size": size_name}
    return part(template, block, {"rows": rows, **words})
