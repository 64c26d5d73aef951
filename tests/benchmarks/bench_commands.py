"""What a user waits for between two commands: processor seconds of small commands and of the book, each as a
ratio to a baseline in the same run.

Run it with ``python tests/benchmarks/bench_commands.py [RUN]``. Help is compared with a bare start of Python,
the check of a data set of EchoNet-Dynamic's size with its two tables read by pandas, the book with what
jupyter-book alone spends within it; and, where RUN is the folder of a finished run such as ``runs/smoke``, a
second call that finds nothing to do with a bare start of the workflow engine. Least of three but the book.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_folders import make_full_size, textured_clip

from infomotion_book.render import build
from infomotion_lib.data.video import write_clip
from infomotion_lib.paths import PROJECT

REPEATS = 3
COMMAND = (sys.executable, "-m", "infomotion_lib.run.cli")
TABLES = "import pandas, sys; [pandas.read_csv(f'{sys.argv[1]}/{name}.csv') for name in ('FileList', 'VolumeTracings')]"


def cpu(who: int) -> float:
    """Processor seconds so far of this process (``RUSAGE_SELF``) or of those it has waited for."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def seconds(command: Sequence[str], *, repeats: int = REPEATS) -> float:
    """Least processor seconds of a command."""
    took = []
    for _ in range(repeats):
        begun = cpu(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, cwd=PROJECT, check=True)
        took.append(cpu(resource.RUSAGE_CHILDREN) - begun)
    return min(took)


def line(what: str, took: float, baseline: str, base: float) -> None:
    """One line of the report."""
    print(f"{what}: {took:.2f} s; {baseline}: {base:.2f} s; ratio {took / base:.1f}", flush=True)


def check() -> tuple[float, float]:
    """Seconds of the check of a data set of full size, and of reading its tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = [write_clip(folder / f"{seed}.avi", textured_clip(seed), fps=50) for seed in range(3)]
        odd = write_clip(folder / "odd.avi", textured_clip(9, height=96), fps=50)
        root = str(make_full_size(folder / "EchoNet-Dynamic", clips, odd))
        return seconds([*COMMAND, "data", "check", root]), seconds([sys.executable, "-c", TABLES, root])


def book() -> tuple[float, float]:
    """Seconds of the book from the frozen results, and those of jupyter-book within."""
    own, others = cpu(resource.RUSAGE_SELF), cpu(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        build(out=folder)
    rendering = cpu(resource.RUSAGE_CHILDREN) - others
    return cpu(resource.RUSAGE_SELF) - own + rendering, rendering


def main() -> None:
    """Print a line per command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", nargs="?", type=Path, help="folder of a finished run, such as runs/smoke")
    run = parser.parse_args().run
    line("help", seconds([*COMMAND, "--help"]), "bare Python", seconds([sys.executable, "-c", ""]))
    checked, read = check()
    line("check of 10,030 videos", checked, "its tables read", read)
    if run:
        again = [*COMMAND, "run", "all", "--profile", run.name, "-p", f"runs_dir={run.resolve().parent}"]
        engine = [sys.executable, "-m", "snakemake", "--version"]
        line("second run", seconds(again), "bare engine", seconds(engine))
    whole, rendering = book()
    line("book", whole, "jupyter-book in it", rendering)


if __name__ == "__main__":
    main()
