"""The engine that runs the stages: it ends when it is told to, whatever it is doing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infomotion_lib.errors import StageError
from infomotion_lib.run.prepare import prepare
from infomotion_lib.run.workflow import FAILED, MARK, MEANWHILE, _follow, _snakemake, _stop

DEAF_TO = """
import signal, time
for name in ("SIGTERM", "SIGINT"):  # whatever the shell of the tests has set: background jobs do not hear SIGINT
    signal.signal(getattr(signal, name), signal.SIG_IGN if name in {names} else signal.SIG_DFL)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("names", "ends_by"),
    [([], signal.SIGTERM), (["SIGTERM"], signal.SIGINT), (["SIGTERM", "SIGINT"], signal.SIGKILL)],
    ids=str,
)
def test_an_engine_that_does_not_listen_is_stopped(names: list[str], ends_by: signal.Signals) -> None:
    code = DEAF_TO.format(names=names)
    engine = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert engine.stdout is not None and engine.stdout.readline() == "ready\n"
    _stop(engine, patience=1.0)
    assert engine.returncode == -ends_by


def test_a_stage_that_fails_is_told_in_its_own_words_with_the_whole_log(tmp_path: Path) -> None:
    log = tmp_path / "workflow.log"
    lines = f"{MARK}data: started", "noise", f"{FAILED}Error: no such hearts"
    words = f"print(*{lines}, sep=chr(10)); raise SystemExit(1)"
    said: list[str] = []
    with pytest.raises(StageError, match=r"^no such hearts") as error:
        _follow([sys.executable, "-c", words], log=log, say=said.append)
    assert said == ["data: started"] and error.value.where == f"The whole log: {log}"
    assert "noise" in log.read_text(encoding="utf-8")


def test_a_stage_that_fails_beside_another_is_told_at_once(tmp_path: Path) -> None:
    """The engine waits for the other stage: here until the sentence has been passed on, or for half a minute."""
    told, said = tmp_path / "told", list[str]()
    lines = "rule data:", "rule labels:", f"{FAILED}Error: no such hearts", f"{FAILED}Look there."
    code = f"""
import pathlib, time
print(*{lines}, "Error in rule data:", sep=chr(10), flush=True)
end = time.monotonic() + 30
while not pathlib.Path({str(told)!r}).exists() and time.monotonic() < end:
    time.sleep(0.01)
print({MARK!r} + ("in time" if time.monotonic() < end else "late"))
raise SystemExit(1)
"""

    def say(line: str) -> None:
        said.append(line)
        told.touch()

    with pytest.raises(StageError, match=r"^no such hearts\nLook there\."):
        _follow([sys.executable, "-c", code], log=tmp_path / "workflow.log", say=say)
    assert said == [f"{MEANWHILE}no such hearts", "in time"]


@pytest.mark.parametrize(("at_once", "cores"), [(1, "2"), (2, "4")])
def test_stages_that_may_run_side_by_side_get_cores_by_name(tmp_path: Path, at_once: int, cores: str) -> None:
    overrides = {"workers": 2, "stages_at_once": at_once, "runs_dir": str(tmp_path)}
    _, stages, paths = prepare("smoke", overrides=overrides)
    command = _snakemake(paths, stages=stages, cluster="", target="all")
    assert command[command.index("--cores") + 1] == cores
