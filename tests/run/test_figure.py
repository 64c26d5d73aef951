"""One figure drawn again: the run stays as it is, what it keeps is used, pictures lie in a scratch folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from finished_run import tables
from toy_notebook import toy_notebook

from infomotion_lib.errors import ParameterError
from infomotion_lib.paths import run_paths
from infomotion_lib.run.cli import main
from infomotion_lib.run.figure import draw_figure, figures
from infomotion_lib.run.runner import run_stage
from infomotion_lib.run.scratch import scratch_of

DRAWS = """(folder / "figures").mkdir(exist_ok=True)
(folder / "figures" / "strip.webp").write_bytes(b"RIFF")
(folder / "figures" / "beat.svg").write_text(p.phase_rule, encoding="utf-8")
kept = folder / "kept.txt"
kept.write_text(kept.read_text() + "+" if kept.is_file() else "one", encoding="utf-8")"""


def test_a_figure_is_drawn_beside_the_run_with_what_the_run_keeps(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toy_notebook(toy.parent, work=DRAWS)
    run_stage("01", "smoke", overrides={"runs_dir": str(toy)})
    paths = run_paths("smoke", toy)
    before = tables(paths.root, kinds=("*",))
    given = ["--profile", "smoke", "-p", f"runs_dir={toy}"]
    assert main(["figure", "strip", *given]) == 0
    folder = scratch_of(paths).stage("frame_index")
    shown = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert shown == [str(folder / "figures" / name) for name in ("strip.webp", "beat.svg")]
    assert (folder / "kept.txt").read_text(encoding="utf-8") == "one+", "finished work is used"
    drawn = draw_figure("01", "smoke", overrides={"runs_dir": str(toy), "phase_rule": "temporal"})
    assert [file.read_text(encoding="utf-8") for file in drawn.pictures[:1]] == ["temporal"]
    assert (folder / "kept.txt").read_text(encoding="utf-8") == "one", "work of other parameters is not"
    assert tables(paths.root, kinds=("*",)) == before


def test_figures_are_listed_by_notebook_and_a_misspelt_one_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["figure"]) == main(["figure", "help"]) == 0
    listed = capsys.readouterr().out
    for names in figures().values():
        assert names and all(Path(name).stem in listed for name in names)
    with pytest.raises(ParameterError, match="Did you mean recipes"):
        draw_figure("recips", "smoke")
    with pytest.raises(ParameterError, match="draws nothing"):
        draw_figure("labels", "smoke", overrides={"runs_dir": "nowhere"})
