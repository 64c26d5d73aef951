"""A real SLURM of one node runs the smoke profile, several jobs at a time; jobs are cancelled, go over their memory
and their time, and the controller goes away for a minute. Each ends in the result of a plain run, to the byte, or in
one message that names the job, its log and what to do.

``make drill-slurm`` installs SLURM first, where it can.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from finished_run import FinishedRun, infomotion, infomotion_fails, tables
from one_node_slurm import OneNode, one_node, said, until, why_not

from infomotion_lib.paths import PROJECT, RunPaths
from infomotion_lib.stage_table import TABLE

SETTINGS: dict[str, Any] = yaml.safe_load((PROJECT / "cluster/slurm/config.yaml").read_text(encoding="utf-8"))
"""The settings that the project ships; the drills change what they say they change."""

HASTE = {"slurm-init-seconds-before-status-checks": 5}
AWAY = 60.0
BUSY = 900.0
"""Seconds until something has surely begun, on a machine that does much else."""

JOB = re.compile(r"^(.*): job (\d+), log (.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def node() -> Iterator[OneNode]:
    if reason := why_not():
        pytest.skip(reason)
    with one_node() as node:
        yield node


def cluster(folder: Path, **resources: dict[str, Any]) -> Path:
    """Folder of the shipped settings, asked more often, with other resources for some rules."""
    changed = {
        rule: {**SETTINGS["set-resources"].get(rule, {}), **values} for rule, values in resources.items()
    }
    settings = {**SETTINGS, **HASTE, "set-resources": {**SETTINGS["set-resources"], **changed}}
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder


def without(run: FinishedRun, stage: str, folder: Path) -> RunPaths:
    """Copy of a finished run in which one stage has not begun."""
    copy = run.copy(folder)
    shutil.rmtree(copy.stage(stage))
    return copy


def words(copy: RunPaths, settings: Path, *more: str) -> list[str]:
    runs = f"runs_dir={copy.root.parent}"
    return ["run", "all", "--profile", "smoke", "-p", runs, "--cluster", str(settings), *more]


def until_stage(stage: str) -> tuple[str, str]:
    """Words that leave the stages after it as they are: the copy has them finished."""
    return "--until", stage


def same(run: FinishedRun, copy: RunPaths) -> bool:
    """Whether every table of a run is that of the plain run, to the byte."""
    return tables(copy.root) == tables(run.paths.root)


def running(node: OneNode) -> list[str]:
    return [number for number, state in node.jobs().items() if state == "RUNNING"]


class Watch(threading.Thread):
    """What the controller says of every job while a run goes on, and the most that ran at a time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.seen, self.over = 0, dict[str, str](), threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            line = "%i|%P|%l|%m|%C|%b|%k|%T"
            jobs = [row.split("|") for row in said("squeue", "--noheader", f"--format={line}").splitlines()]
            self.most = max(self.most, sum(job[-1] == "RUNNING" for job in jobs))
            self.seen |= {job[-2].removeprefix("rule_"): "|".join(job[1:-2]) for job in jobs if len(job) == 8}


def test_the_whole_profile_runs_as_jobs_with_the_resources_of_its_kinds(
    node: OneNode, smoke_run: FinishedRun, tmp_path: Path
) -> None:
    copy = RunPaths("smoke", tmp_path / "runs" / "smoke")
    watch, begun = Watch(), time.monotonic()
    watch.start()
    output = infomotion(*words(copy, cluster(tmp_path / "settings")), project=smoke_run.project)
    watch.over.set()
    assert same(smoke_run, copy)
    stages = [name for name in TABLE if (smoke_run.paths.stage(name) / "run_card.json").is_file()]
    assert {name for name, *_ in JOB.findall(output)} == {TABLE[name].label for name in stages}
    assert watch.most > 1, "no two jobs ran at a time"
    for stage in stages:
        asked = SETTINGS["default-resources"] | SETTINGS["set-resources"].get(stage, {})
        partition, limit, memory, processors, devices = watch.seen[stage].split("|")
        wanted = (asked["slurm_partition"], asked["runtime"], asked["mem_mb"])
        assert (partition, minutes(limit), mebibytes(memory)) == wanted, stage
        assert processors == "2" and devices == (f"gres:{asked['gres']}" if "gres" in asked else "N/A")
    print(f"\n{len(stages)} jobs, up to {watch.most} at a time, {time.monotonic() - begun:.0f} s: identical")


def begun(
    run: FinishedRun, copy: RunPaths, settings: Path, stage: str
) -> tuple[subprocess.Popen[str], re.Match[str]]:
    """The command, running up to a stage, and its line about the job of it."""
    command = run.start(copy.root, "--cluster", str(settings), *until_stage(stage))
    assert command.stdout is not None
    return command, next(match for line in command.stdout if (match := JOB.match(line)))


def mebibytes(memory: str) -> float:
    """MiB of an amount such as ``62.50G`` or ``150M``."""
    return float(memory[:-1]) * {"M": 1, "G": 1024}[memory[-1]]


def minutes(limit: str) -> int:
    """Minutes of a limit such as ``1-12:00:00``."""
    days, _, rest = limit.rpartition("-")
    parts = [int(part) for part in rest.split(":")]
    hours, minute = (parts[0], parts[1]) if len(parts) == 3 else (0, parts[0])
    return int(days or 0) * 1440 + hours * 60 + minute


def test_a_job_that_is_cancelled_is_named_and_its_stage_resumes_to_the_identical_result(
    node: OneNode, smoke_run: FinishedRun, tmp_path: Path
) -> None:
    copy = without(smoke_run, "ifa_training", tmp_path)
    settings = cluster(tmp_path / "settings")
    victim, job = begun(smoke_run, copy, settings, "ifa_training")
    until(lambda: any(copy.stage("ifa_training").glob("checkpoints/*")), "stage 02 trains", patience=BUSY)
    said("scancel", job[2])
    message, _ = victim.communicate()
    assert victim.returncode == 2
    assert not (copy.stage("ifa_training") / "run_card.json").exists()
    check_message(message, job, "ended from outside", "give the same command again")
    resumed(smoke_run, copy, settings, "ifa_training")


def test_a_job_over_its_memory_is_named_with_the_line_to_raise(
    node: OneNode, smoke_run: FinishedRun, tmp_path: Path
) -> None:
    copy = without(smoke_run, "ifa_training", tmp_path)
    tight = cluster(tmp_path / "tight", ifa_training={"mem_mb": 150})
    message = infomotion_fails(*words(copy, tight, *until_stage("ifa_training")), project=smoke_run.project)
    job = JOB.search(message)
    assert job
    check_message(message, job, "over its memory", "Raise mem_mb of ifa_training", str(tight / "config.yaml"))
    resumed(smoke_run, copy, cluster(tmp_path / "settings"), "ifa_training")


def test_a_job_over_its_time_is_named_with_the_line_to_raise(
    node: OneNode, smoke_run: FinishedRun, tmp_path: Path
) -> None:
    """A job that hangs, as on a file server that is away: stopped where it stands, it passes its limit."""
    copy = without(smoke_run, "evaluation", tmp_path)
    short = cluster(tmp_path / "short", evaluation={"runtime": 1})
    victim, job = begun(smoke_run, copy, short, "evaluation")
    until(lambda: stage_processes(copy), "the job runs", patience=BUSY)
    for process in stage_processes(copy):
        os.kill(process, signal.SIGSTOP)
    message, _ = victim.communicate()
    assert victim.returncode == 2
    check_message(message, job, "over its time", "Raise runtime of evaluation", str(short / "config.yaml"))
    assert not stage_processes(copy), "SLURM leaves nothing of the job behind"
    resumed(smoke_run, copy, cluster(tmp_path / "settings"), "evaluation")


def test_a_controller_that_goes_away_for_a_minute_ends_the_run_with_a_message_not_the_jobs(
    node: OneNode, smoke_run: FinishedRun, tmp_path: Path
) -> None:
    """This SLURM keeps no accounts, so that the plugin loses sight of its jobs; they go on by themselves, once
    they compute. In the seconds before, a job asks the controller for its step, and ends without an answer.
    """
    copy = without(smoke_run, "ifa_training", tmp_path)
    settings = cluster(tmp_path / "settings")
    victim, job = begun(smoke_run, copy, settings, "ifa_training")
    until(lambda: stage_processes(copy), "the job computes", patience=BUSY)
    node.stop("slurmctld")
    time.sleep(AWAY)
    node.start_controller()
    message, _ = victim.communicate()
    assert victim.returncode == 2
    for part in (f"{job[1]}, job {job[2]}", f"Its log: {job[3]}", "give the same command again"):
        assert part in message.rpartition("Error: ")[2], message
    print(f"\n{message}")
    ends = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"}
    until(lambda: node.jobs().get(job[2]) in ends, "the job has ended", patience=BUSY)
    assert node.jobs()[job[2]] == "COMPLETED", "an outage of the controller ends no job"
    resumed(smoke_run, copy, settings, "ifa_training")


def check_message(message: str, job: re.Match[str], *parts: str) -> None:
    """One message, at the end, that names the job, its log, which is there, and what to do."""
    _, error, last = message.rpartition("Error: ")
    assert error and message.count("Error: ") == 1, message
    label, number, log = job.groups()
    for part in (f"Job {number} of the cluster failed: {label}", f"Its log: {log}", *parts):
        assert part in last, f"{part} is not in: {last}"
    assert Path(log).is_file()
    print(f"\n{last}")


def resumed(run: FinishedRun, copy: RunPaths, settings: Path, stage: str) -> None:
    """The same command again, as the message says, ends in the result of the plain run."""
    infomotion(*words(copy, settings, *until_stage(stage)), project=run.project)
    assert same(run, copy)


def stage_processes(copy: RunPaths) -> list[int]:
    """Processes that belong to a stage of a run within its job."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"SLURM_STEP_ID=" in environment and str(copy.root).encode() in environment:
            found.append(int(folder.name))
    return found
