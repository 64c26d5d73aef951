"""The command line: one message and exit code 2 for every foreseen error, and no traceback."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infomotion_lib.errors import ParameterError
from infomotion_lib.paths import PROJECT
from infomotion_lib.run import cli
from infomotion_lib.run.commands.options import parse_overrides
from infomotion_lib.run.workflow import FAILED


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infomotion_lib.run.cli", *words], capture_output=True, text=True, cwd=PROJECT
    )


def test_help_names_the_commands_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from infomotion_book.cli import main; status = main(['--help']); print([name for name in"
        " ('torch', 'pandas', 'matplotlib', 'pydantic', 'snakemake') if name in sys.modules]);"
        " sys.exit(status)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True
    )
    for command in ("run", "phantom", "data", "freeze", "book", "report"):
        assert f"\n  {command}" in answer.stdout
    assert answer.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["run", "99"], ["Unknown stage: 99", "graph_selection"]),
        (["run", "graf_selection"], ["Did you mean graph_selection"]),
        (["run", "03", "--profile", "phantm"], ["Unknown profile: phantm", "Did you mean phantom"]),
        (["run", "03", "-p", "vcp=5"], ["Unknown parameter: vcp", "Did you mean vpc?"]),
        (["run", "03", "-p", "vpc=5"], ["Parameter vpc = 5 is not valid", "a list"]),
        (["run", "03", "-p", "markov_time=-1"], ["markov_time = -1", "greater than 0"]),
        (["run", "03", "-p", "ifa_steps=5"], ["Unknown parameter: ifa_steps", "belongs to ifa_training"]),
        (["run", "04", "-p", "vpc=[5]"], ["Unknown parameter: vpc", "belongs to graph_selection"]),
        (["run", "03", "-p", "vpc"], ["Not a parameter: vpc", "name=value"]),
        (["run", "03", "-p", "vpc=[5"], ["cannot be read: [5"]),
        (["run", "03", "-p", "limit=1", "-p", "limit=2"], ["given twice"]),
        (["run", "all", "--profile", "smoke", "-p", "vcp=5"], ["Did you mean vpc?"]),
        (["run", "all", "--profile", "smoke", "-p", "markov_time=0"], ["markov_time = 0"]),
        (
            ["run", "all", "--cluster", "slrm", "-p", "runs_dir={tmp}"],
            ["Unknown cluster: slrm", "Did you mean slurm"],
        ),
        (
            ["run", "03", "--profile", "smoke", "-p", "runs_dir={tmp}"],
            ["No finished stage", "01_frame_index"],
        ),
        (["report", "--runs-dir", "{tmp}"], ["No finished stage", "04_evaluation"]),
        (["data", "check", "{tmp}/absent"], ["{tmp}/absent"]),
        (["data", "check", "{tmp}"], ["{tmp}"]),
        (["data", "fetch", "echonet-dynamic", "--out", "{tmp}/x"], ["Cannot fetch echonet-dynamic"]),
        (
            ["data", "fetch", "echodiffusion", "--out", "{tmp}/x", "--ef-label", "guessed"],
            ["ef_label", "guessed"],
        ),
        (["data", "describe", "echonet"], ["echonet"]),
        (["phantom", "--out", "{tmp}/x", "--test-counts", "1,2"], ["Not five counts: 1,2"]),
        (["phantom", "--out", "{tmp}/x", "--role", "unreal"], ["Unknown role: unreal"]),
        (["run", "03", "--dry-run"], ["--dry-run goes with all"]),
        (["rum"], ["No such command", "run"]),
        (["run", "03", "--limit", "-1"], ["--limit"]),
        (["run", "03", "--limti", "1"], ["No such option", "--limit"]),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)
def test_foreseen_errors(
    words: list[str], parts: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = cli.main([word.format(tmp=tmp_path) for word in words])
    shown = capsys.readouterr()
    assert status == 2
    assert shown.out == ""
    assert "Traceback" not in shown.err
    for part in parts:
        assert part.format(tmp=tmp_path) in shown.err
    assert not (tmp_path / "x").exists()


def test_the_exit_code_reaches_the_shell_and_the_message_stderr() -> None:
    answer = run("run", "99")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("Error: Unknown stage: 99\n")


def test_values_are_yaml() -> None:
    words = [
        "vpc=[5, 10]",
        "ifa_refine=true",
        "markov_time=0.8",
        "real_data=echodiffusion",
        "data_root=",
        "limit=0",
    ]
    assert parse_overrides(words) == {
        "vpc": [5, 10],
        "ifa_refine": True,
        "markov_time": 0.8,
        "real_data": "echodiffusion",
        "data_root": "",
        "limit": 0,
    }
    with pytest.raises(ParameterError, match="name=value"):
        parse_overrides(["=5"])


def test_operating_system_errors_are_messages_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import infomotion_lib.run.runner

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "runs/x.csv")

    monkeypatch.setattr(infomotion_lib.run.runner, "run_stage", full)
    assert cli.main(["run", "03"]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("Error: No space left on device: runs/x.csv")


def test_inside_a_workflow_operating_system_errors_are_marked_for_the_reader(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import infomotion_lib.run.runner

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "runs/x.csv")

    monkeypatch.setattr(cli, "die_with_parent", lambda: None)
    monkeypatch.setattr(infomotion_lib.run.runner, "run_stage", full)
    assert cli.main(["run", "03", "--within-workflow"]) == 2
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0] == f"{FAILED}Error: No space left on device: runs/x.csv"
    assert shown.err == ""


def test_a_command_that_is_interrupted_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import infomotion_lib.run.runner

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(infomotion_lib.run.runner, "run_stage", interrupted)
    assert cli.main(["run", "03"]) == cli.STOPPED
    assert capsys.readouterr().err.strip() == "Stopped. Give the same command again to go on from here."


def test_defects_of_our_own_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    import infomotion_lib.run.runner

    def broken(*_: object, **__: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(infomotion_lib.run.runner, "run_stage", broken)
    with pytest.raises(KeyError, match="a defect"):
        cli.main(["run", "03"])


def test_draw_a_phantom_and_check_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [
        "--train-per-class",
        "1",
        "--val-per-class",
        "1",
        "--test-counts",
        "1,1,1,1,1",
        "--frames",
        "24",
        "--workers",
        "1",
    ]
    assert cli.main(["phantom", "--out", str(tmp_path / "p"), *words]) == 0
    assert cli.main(["data", "check", str(tmp_path / "p")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("15 videos listed, 15 usable") == 2
    _, use = re.search(r"^(To use it: infomotion) (.*)$", shown, flags=re.MULTILINE).groups()
    begun: list[str] = []
    monkeypatch.setattr(
        "infomotion_lib.run.distill.run_all", lambda profile, **_: begun.append(profile) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):  # its stages are those of every other run
        cli.main(shlex.split(use))
    assert begun == [str(tmp_path / "p-distilled-work" / "profile.yml")]
    assert cli.main(["phantom", "--out", str(tmp_path / "p"), *words]) == 2
    assert "holds a data set already" in capsys.readouterr().err


def test_check_says_what_is_wrong_with_a_damaged_folder(
    tiny_phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(tiny_phantom, folder)
    lines = (folder / "FileList.csv").read_text(encoding="utf-8").splitlines()
    (folder / "FileList.csv").write_text("\n".join([lines[0], *lines[1:], lines[1]]) + "\n", encoding="utf-8")
    assert cli.main(["data", "check", str(folder)]) == 2
    message = capsys.readouterr().err
    assert message.startswith("Error: ")
    assert "FileList.csv" in message
    assert lines[1].split(",")[0] in message


def test_no_claim_is_answered_without_a_run_of_the_paper(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["claims", "--runs-dir", str(tmp_path)]) == 0
    *_, counts, rule = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d+ not run", counts)
    assert rule.startswith("reproduced: ")


@pytest.mark.parametrize(
    "name", ["phantom", "echodiffusion", "camus", "echonet-dynamic", "echonet-synthetic", "latte"]
)
def test_every_data_set_is_described(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["data", "describe", name]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 3
