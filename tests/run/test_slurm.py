"""Stages as jobs of a real SLURM, where one can be started; and what a reader is told of jobs that fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from finished_run import infomotion, infomotion_fails, tables
from one_node_slurm import one_node, why_not

from infomotion_lib.paths import PROJECT
from infomotion_lib.run import cluster
from infomotion_lib.run.cluster import ClusterJobs
from infomotion_lib.run.workflow import FAILED

SETTINGS: dict[str, Any] = yaml.safe_load((PROJECT / "cluster/slurm/config.yaml").read_text(encoding="utf-8"))
FEW = ["phantom_train_per_class=1", "phantom_val_per_class=1", "phantom_test_counts=[1,1,1,1,1]"]


@pytest.fixture(scope="module")
def slurm() -> Iterator[None]:
    if reason := why_not():
        pytest.skip(reason)
    with one_node():
        yield


def data_stage(runs: Path, *words: str) -> list[str]:
    values = [word for value in (*FEW, f"runs_dir={runs}") for word in ("-p", value)]
    return ["run", "all", "--until", "data", "--profile", "smoke", *values, *words]


def settings(folder: Path, **resources: object) -> Path:
    """Folder of the shipped settings, asked more often, with other resources for the first stage."""
    folder.mkdir()
    changed = {**SETTINGS, "slurm-init-seconds-before-status-checks": 1}
    changed["set-resources"] = {**SETTINGS["set-resources"], "data": resources}
    (folder / "config.yaml").write_text(yaml.safe_dump(changed), encoding="utf-8")
    return folder


def test_a_job_ends_in_the_result_of_a_plain_run(slurm: None, tmp_path: Path) -> None:
    infomotion(*data_stage(tmp_path / "plain"))
    said = infomotion(*data_stage(tmp_path / "jobs", "--cluster", str(settings(tmp_path / "settings"))))
    assert "data: job " in said
    assert tables(tmp_path / "jobs" / "smoke") == tables(tmp_path / "plain" / "smoke") != {}


def test_a_job_over_its_memory_is_named_with_its_log_and_the_line_to_raise(
    slurm: None, tmp_path: Path
) -> None:
    tight = settings(tmp_path / "tight", mem_mb=40)
    said = infomotion_fails(*data_stage(tmp_path / "jobs", "--cluster", str(tight)))
    assert "of the cluster failed: data" in said and "over its memory" in said
    log = Path(said.partition("Its log: ")[2].splitlines()[0])
    assert "memory limit" in log.read_text(encoding="utf-8")
    assert f"Raise mem_mb of data under set-resources in {tight / 'config.yaml'}" in said


TALE = """[Sun Nov 29 20:48:22 2026]
rule vector_part:
    output: 02_ifa_training/.parts/3-of-7
    jobid: 5
    wildcards: folder=02_ifa_training, share=3-of-7
Job 5 has been submitted with SLURM jobid 91 (log: {log}).
"""
ERROR = """Error in rule vector_part:
    message: SLURM-job '91' failed, SLURM status is: '{status}'. Detailed failure reason unavailable.
    jobid: 5
    wildcards: folder=02_ifa_training, share=3-of-7
    log: {log} (check log file(s) for error details)
    external_jobid: 91
"""


@pytest.mark.parametrize(
    ("status", "said", "why", "remedy"),
    [
        ("FAILED", "slurmstepd: error: StepId=91.0 exceeded memory limit (6 > 2)", "over its memory", "Raise mem_mb of"),
        ("OUT_OF_MEMORY", f"{FAILED}Error: the kernel died", "over its memory", "Raise mem_mb of"),
        ("TIMEOUT", "", "over its time", "Raise runtime of vector_part"),
        ("FAILED", "*** JOB 91 CANCELLED AT 2026-11-29 DUE TO TIME LIMIT ***", "over its time", "Raise runtime"),
        ("CANCELLED", f"{FAILED}", "from outside (CANCELLED)", "the same command again"),
        ("NODE_FAIL", "", "from outside (NODE_FAIL)", "the same command again"),
        ("FAILED", f"noise\n{FAILED}Error: no such hearts", "no such hearts", "Mend this"),
        ("FAILED", "line\nTraceback: all is lost", "all is lost", "See its log"),
    ],
)  # fmt: skip
def test_a_failed_job_is_told_in_one_message(
    status: str, said: str, why: str, remedy: str, tmp_path: Path
) -> None:
    log = tmp_path / "91.log"
    log.write_text(said, encoding="utf-8")
    jobs = ClusterJobs(tmp_path / "config.yaml")
    told = [jobs.hear(line) for line in (TALE + ERROR).format(log=log, status=status).splitlines()]
    name = "vector_part (folder=02_ifa_training, share=3-of-7)"
    assert [line for line in told if line] == [
        f"{name}: job 91, log {log}",
        f"{name}: job 91 failed, log {log}",
    ]
    what, where, what_next = jobs.what_failed(reason=FAILED)
    assert what.startswith(f"Job 91 of the cluster failed: {name}\n") and why in what
    assert where == f"Its log: {log}" and remedy in what_next


@pytest.mark.parametrize("accounts", [True, False])
def test_jobs_out_of_sight_are_named_where_no_accounts_are_kept(
    accounts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "keeps_accounts", lambda: accounts)
    jobs, log = ClusterJobs(tmp_path / "config.yaml"), tmp_path / "91.log"
    away = "Falling back to 'sacct' for status queries (MinJobAge=None; threshold=120s)."
    for line in [*TALE.format(log=log).splitlines(), away]:
        jobs.hear(line)
    what, where, remedy = jobs.what_failed()
    assert bool(jobs.lost) == (not accounts) == ("vector_part" in what) == (str(log) in where)
    assert ("squeue" in remedy) != accounts


def test_a_job_that_the_cluster_refuses_is_told_with_its_words(tmp_path: Path) -> None:
    refused = "SLURM sbatch failed. The error message was 'sbatch: error: invalid partition specified: cpu'."
    jobs = ClusterJobs(tmp_path / "config.yaml")
    for (
        line
    ) in f"rule data:\n    jobid: 1\nError in rule data:\n    message: {refused}\n    jobid: 1".splitlines():
        jobs.hear(line)
    what, where, remedy = jobs.what_failed()
    assert what == f"data was not accepted as a job\n{refused}" and not where
    assert str(tmp_path / "config.yaml") in remedy
