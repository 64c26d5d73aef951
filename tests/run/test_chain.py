"""From a table back to the raw data: the chain is told, and whatever is stale, edited or missing has
a name.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from finished_run import FinishedRun, infomotion, infomotion_fails

from infomotion_lib.errors import ParameterError, StageError
from infomotion_lib.frozen import FROZEN, FROZEN_FILES, frozen_hashes
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import sha256, start_stage, write_json
from infomotion_lib.reporting.results import frozen_results
from infomotion_lib.run import chain, cli
from infomotion_lib.run.code import code_of
from infomotion_lib.run.runner import _close
from infomotion_lib.run.trace import trace
from infomotion_lib.run.verify import verify
from infomotion_lib.stage_table import TABLE

VIDEO = "data/phantom/Videos/phantom_000000.avi"
FIGURE = "03_graph_selection/figures/communities.svg"


def finish(root: Path, name: str, *, salt: str = "") -> None:
    """One stage of a run in small: every promised file holds a line, its card the truth."""
    paths, stage = run_paths(root.name, root.parent), TABLE[name]
    folder = paths.stage(name)
    needed = [paths.stage(need) / file for need in stage.needs for file in TABLE[need].outputs_of()]
    used = {"profile": root.name, "real_data": "phantom"}
    step = start_stage(name, folder, parameters=used, inputs=needed)
    if name == "data":
        (root / VIDEO).parent.mkdir(parents=True, exist_ok=True)
        (root / VIDEO).write_bytes(b"moving pictures")
        (folder / "phantom/SHA256SUMS").write_text(
            f"{sha256(root / VIDEO)}  phantom_000000.avi\n", encoding="utf-8"
        )
        write_json(
            {"phantom": {"videos": 1, "SHA256SUMS": sha256(folder / "phantom/SHA256SUMS")}},
            folder / "sources.json",
        )
    promised = [*stage.outputs_of(), *stage.reports]
    for file in promised:
        if file != "sources.json":
            (folder / file).write_text(f"{name} {file} {salt}\n", encoding="utf-8")
    if name == "graph_selection":
        (root / FIGURE).parent.mkdir(exist_ok=True)
        (root / FIGURE).write_text("<svg/>", encoding="utf-8")
    if stage.number:
        (folder / f"{stage.notebook or stage.folder}.ipynb").write_text("{}", encoding="utf-8")
    step.finish(folder / file for file in promised)
    _close(stage, paths, None, code=code_of(stage, used), seconds=1.0, continued=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run whose stages have all finished; tests get copies."""
    folder = tmp_path_factory.mktemp("finished") / "runs/smoke"
    for name in TABLE:
        finish(folder, name)
    return folder


@pytest.fixture
def root(finished: Path, tmp_path: Path) -> Path:
    """Folder of a run whose stages have all finished."""
    return Path(shutil.copytree(finished, tmp_path / "runs/smoke"))


def edit(file: str) -> Callable[[Path], object]:
    return lambda root: (root / file).write_text("edited by hand\n", encoding="utf-8")


def delete(file: str) -> Callable[[Path], object]:
    return lambda root: (root / file).unlink()


def make_upstream_anew(root: Path) -> None:
    finish(root, "labels", salt="other")


def edit_then_run_what_reads_it(root: Path) -> None:
    edit("03_graph_selection/selections.csv")(root)
    finish(root, "evaluation")


def test_an_untouched_run_holds(root: Path) -> None:
    verdict = verify(root)
    assert verdict.holds and repr(verdict).endswith("Everything is as its run card says.")
    assert "1 videos verified" in verdict.lines[0]
    assert len(verdict.lines) == len(TABLE)


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (
            edit("01_frame_index/frame_index.csv"),
            ["edited    01_frame_index/frame_index.csv: its run card says"],
        ),
        (edit(FIGURE), [f"edited    {FIGURE}"]),
        (edit("04_evaluation/04_evaluation.ipynb"), ["edited    04_evaluation/04_evaluation.ipynb"]),
        (edit(VIDEO), [f"edited    {VIDEO}: SHA256SUMS says"]),
        (edit("data/phantom/SHA256SUMS"), ["edited    data/phantom/SHA256SUMS"]),
        (delete("04_evaluation/table1.csv"), ["missing   04_evaluation/table1.csv"]),
        (delete(VIDEO), [f"missing   {VIDEO}"]),
        (
            delete("02_ifa_training/run_card.json"),
            ["missing   02 ifa_training: no run card", "motion_features.npz"],
        ),
        (
            make_upstream_anew,
            [
                "stale     01 frame_index read 00_labels/labels.csv: labels has made it anew since",
                "stale     02 ifa_training: 01 frame_index, which it reads, is stale",
                "stale     04 evaluation: 03 graph_selection, which it reads, is stale",
            ],
        ),
        (
            edit_then_run_what_reads_it,
            [
                "edited    03_graph_selection/selections.csv: its run card says",
                "edited    04 evaluation read 03_graph_selection/selections.csv: read as it lies there",
            ],
        ),
    ],
    ids=[
        "csv",
        "figure",
        "notebook",
        "video",
        "sums",
        "deleted",
        "deleted-video",
        "unfinished",
        "upstream",
        "edited-then-read",
    ],
)
def test_what_does_not_hold_is_named(
    root: Path, happens: Callable[[Path], object], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    happens(root)
    assert cli.main(["verify", "--profile", "smoke", "--runs-dir", str(root.parent)]) == 1
    report = capsys.readouterr().out
    for words in expected:
        assert words in report


def test_an_edited_file_accuses_nobody_else(root: Path) -> None:
    edit("00_labels/labels.csv")(root)
    (finding,) = verify(root).findings
    assert (finding.stage, finding.kind) == ("labels", "edited")


@pytest.mark.parametrize("content", ["{", "[1]", "{}", "\x00\xff"])
@pytest.mark.parametrize(
    "file",
    ["04_evaluation/run_card.json", "data/sources.json", "01_frame_index/.fingerprint.json", "profile.yml"],
)
def test_a_record_damaged_by_hand_ends_in_one_message(
    root: Path, file: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / file).write_text(content, encoding="latin-1")
    status = cli.main(["verify", "--profile", "smoke", "--runs-dir", str(root.parent)])
    shown = capsys.readouterr()
    assert status == {"run_card.json": 2, "sources.json": 1}.get(Path(file).name, status)
    assert file in shown.out + shown.err or status == 0
    assert shown.err.count("Error: ") == (status == 2)


def test_the_readers_own_data_is_found_where_it_lies(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "disk/EchoNet-Dynamic/FileList.csv"
    own.parent.mkdir(parents=True)
    own.write_text("FileName,EF,Split\n", encoding="utf-8")
    card = json.loads((root / "data/run_card.json").read_text(encoding="utf-8"))
    card["outputs"]["EchoNet-Dynamic/FileList.csv"] = sha256(own)
    write_json(card, root / "data/run_card.json")
    monkeypatch.setenv("INFOMOTION_DATA", str(tmp_path / "disk"))
    assert verify(root).holds
    own.write_text("FileName,EF,Split,Note\n", encoding="utf-8")
    assert [finding.kind for finding in verify(root).findings] == ["edited"]
    monkeypatch.delenv("INFOMOTION_DATA")
    assert [finding.kind for finding in verify(root).findings] == ["missing"]


@pytest.mark.parametrize("kind", ["science", "figures", "notebook"])
def test_other_code_makes_a_stage_and_what_follows_stale(
    root: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        chain,
        "code_of",
        lambda stage, parameters: (
            code_of(stage, parameters) | ({kind: "other"} if stage.name == "ifa_training" else {})
        ),
    )
    assert {(finding.stage, finding.kind) for finding in verify(root).findings} == {
        (name, "stale")
        for name in list(TABLE)[list(TABLE).index("ifa_training") :]
        if not TABLE[name].generator or "ifa_training" in TABLE[name].needs  # most pools need the data alone
    }


def test_code_hashed_by_another_python_is_not_judged(root: Path) -> None:
    card = root / "01_frame_index/run_card.json"
    write_json(
        {**json.loads(card.read_text(encoding="utf-8")), "python": "3.99.1", "code": {"science": "other"}},
        card,
    )
    verdict = verify(root)
    assert verdict.holds
    assert "hashed by Python 3.99.1" in repr(verdict)


def test_a_trace_walks_from_the_table_to_the_raw_data(root: Path) -> None:
    table = root / "04_evaluation/table1.csv"
    text = trace(table)
    assert text.startswith(f"04_evaluation/table1.csv\nsha256 {sha256(table)[:12]}: as its run card says")
    walked = ("evaluation", "graph_selection", "ifa_training", "frame_index", "labels", "data")
    places = [text.index(f"\n{TABLE[name].label}: holds") for name in walked]
    assert places == sorted(places)
    assert "each pinned by hash in SHA256SUMS" in text.splitlines()[-1]
    assert str(root) not in text, "a trace of a run that holds can be pasted anywhere"


def test_a_trace_names_the_broken_link_and_leaves_later_stages_out(root: Path) -> None:
    make_upstream_anew(root)
    text = trace(root / "02_ifa_training/motion_features.npz")
    assert "02 ifa_training: stale" in text
    assert "STALE: labels has made it anew since" in text
    assert "evaluation" not in text


def test_a_trace_of_a_file_that_is_gone_says_how_it_comes_back(root: Path) -> None:
    delete("04_evaluation/table1.csv")(root)
    with pytest.raises(StageError, match="Not a file") as error:
        trace(root / "04_evaluation/table1.csv")
    assert error.value.remedy == "`infomotion verify` says how it comes back."


def test_a_trace_does_not_call_an_edited_stage_whole(root: Path) -> None:
    edit("04_evaluation/runs.csv")(root)
    text = trace(root / "04_evaluation/table1.csv")
    assert "04 evaluation: does not hold" in text and "EDITED: its run card says" in text
    assert "03 graph_selection: holds" in text


@pytest.mark.parametrize(
    ("file", "verdict"),
    [
        (FIGURE, "as its run card says"),
        (VIDEO, "as pinned"),
        ("02_ifa_training/checkpoints.txt", "no run card names it"),
    ],
)
def test_any_file_of_a_run_has_a_chain(root: Path, file: str, verdict: str) -> None:
    (root / "02_ifa_training/checkpoints.txt").touch()
    assert verdict in trace(root / file).splitlines()[1]


def test_a_file_without_a_card_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="Not a file") as error:
        trace(root / "04_evaluation")
    assert error.value.remedy.startswith("Give a file of a run")
    (tmp_path / "alone.csv").touch()
    with pytest.raises(StageError, match="No run card leads to"):
        trace(tmp_path / "alone.csv")
    delete("04_evaluation/run_card.json")(root)
    with pytest.raises(StageError, match="has not finished"):
        trace(root / "04_evaluation/table1.csv")
    with pytest.raises(StageError, match="No finished stage"):
        verify(tmp_path)


# --- frozen results


@pytest.mark.parametrize("profile", [results.profile for results in frozen_results()])
def test_what_is_frozen_in_the_book_is_as_it_was_frozen(profile: str) -> None:
    """What today's code would make of it is another question: that its code is older is said, and is no
    fault.
    """
    verdict = verify(FROZEN / profile)
    assert verdict.holds, repr(verdict)


def test_frozen_pins_do_not_ask_for_videos_that_were_not_frozen(root: Path) -> None:
    shutil.rmtree(root / "data/phantom")
    write_json(frozen_hashes(root), root / FROZEN_FILES)
    verdict = verify(root)
    assert verdict.holds, verdict
    assert "0 videos" not in verdict.lines[0] and (root / "data/sources.json").is_file()


def test_edits_of_frozen_results_are_found(tmp_path: Path) -> None:
    copy = tmp_path / "open"
    shutil.copytree(FROZEN / "open", copy)
    with (copy / "04_evaluation/table1.csv").open("a", encoding="utf-8") as stream:
        stream.write("open,infomotion,knn,5,hard_accuracy,99,0,5,99,99,\n")
    (copy / "04_evaluation/runs.csv").unlink()
    (copy / "extra.csv").touch()
    edit("04_evaluation/figures/confusion.svg")(copy)
    found = {(finding.kind, finding.what.split(":")[0]) for finding in verify(copy).findings}
    assert found == {
        ("edited", "04_evaluation/table1.csv"),
        ("missing", "04_evaluation/runs.csv"),
        ("edited", "extra.csv"),
        ("edited", "04_evaluation/figures/confusion.svg"),
    }


# --- a real run


def test_a_cell_of_table_1_leads_to_its_runs_and_videos(smoke_run: FinishedRun) -> None:
    table = smoke_run.paths.stage("evaluation") / "table1.csv"
    text = trace(table, cell="real/infomotion/2")
    assert "the mean and sd of its 2 runs" in text and "NOT" not in text
    assert text.count("run selection seed") == 2
    picks = next(line for line in text.splitlines() if line.strip().startswith("severe"))
    assert len(picks.split()) == 3, "two severe videos"
    assert "every labelled TRAIN video" in trace(table, cell="whole/0")
    with pytest.raises(ParameterError, match="Did you mean"):
        trace(table, cell="real/infomoton/2")
    with pytest.raises(ParameterError, match="stage 04"):
        trace(smoke_run.paths.selections, cell="real/infomotion/2")


def test_a_real_run_holds_until_its_code_or_its_parameters_change(
    smoke_run: FinishedRun, tmp_path: Path
) -> None:
    project = Path(shutil.copytree(smoke_run.project, tmp_path / "project"))
    with (project / "infomotion_lib/selection/graph.py").open("a", encoding="utf-8") as stream:
        stream.write("\n# a comment changes nothing\n")
    told = infomotion("verify", "--profile", "smoke", project=project)
    assert "Everything is as its run card says." in told, "a project that has moved is still the same"
    would = ("run", "all", "--profile", "smoke", "--dry-run")
    assert infomotion(*would, project=project) == "Nothing to run.\n"
    with (project / "infomotion_lib/selection/graph.py").open("a", encoding="utf-8") as stream:
        stream.write("\nTOUCHED = True\n")
    assert infomotion(*would, project=project) == "Would run: graph_selection, evaluation, ablation\n"
    resolved = project / "runs/smoke/profile.yml"
    resolved.write_text(
        resolved.read_text(encoding="utf-8").replace("bootstrap_samples: 100", "bootstrap_samples: 50"),
        encoding="utf-8",
    )
    report = infomotion_fails("verify", "--profile", "smoke", project=project, code=1)
    assert "03 graph_selection: the code that decides its results has changed" in report
    assert "04 evaluation: bootstrap_samples was 100, the last whole run asks for 50" in report
    assert "02 ifa_training:" not in report
