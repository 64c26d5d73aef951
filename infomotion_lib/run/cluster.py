"""What the workflow engine says of its jobs on a cluster, as lines and one message for a reader."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from infomotion_lib.stage_table import TABLE

AGAIN = "then give the same command again; finished work is kept."

_RULE = re.compile(r"^(?:Error in )?(?:local)?rule (\w+):$")
_FIELD = re.compile(r"^    (jobid|wildcards|message|log|external_jobid): (.*)$")
_SUBMITTED = re.compile(r"^Job (\d+) has been submitted with SLURM jobid (\S+) \(log: (.*)\)\.$")
_FINISHED = re.compile(r"^Finished jobid: (\d+) \(Rule: \w+\)$")
_AWAY = re.compile(r"^Falling back to 'sacct' for status queries \(MinJobAge=None;")
"""What SLURM's plugin says when the controller does not answer; it then asks the accounting, and where none
is kept it forgets its jobs and waits for ever.
"""

_STATUS = re.compile(r"SLURM status is: '(\w+)'")

_LIMITS = {
    "mem_mb": re.compile(r"OUT_OF_MEMORY|exceeded (?:job )?memory limit|oom.kill", re.IGNORECASE),
    "runtime": re.compile(r"\bTIMEOUT\b|DUE TO TIME LIMIT"),
}
"""Resource that a job has too little of, by what the status or the log of a job says that went over it."""

_CALLED = {"mem_mb": "memory", "runtime": "time"}
_ENDED_FROM_OUTSIDE = re.compile(r"\b(?:CANCELLED|PREEMPTED|NODE_FAIL|BOOT_FAIL|DEADLINE)\b")


@dataclass
class Job:
    """A job as the engine tells of it.

    Attributes
    ----------
    rule : str
        Rule of the workflow: a stage, or a part of one.
    number : str
        Its number on the cluster; empty until it has one.
    wildcards : str
        Which part it is, such as ``part=3``; empty for a whole stage.
    log : str
        File that holds its output.
    message : str
        What the engine says of its failure.
    done : bool
        Whether it has ended well.
    """

    rule: str
    number: str = ""
    wildcards: str = ""
    log: str = ""
    message: str = ""
    done: bool = False

    @property
    def name(self) -> str:
        """Its name for readers."""
        label = TABLE[self.rule].label if self.rule in TABLE else self.rule
        return f"{label} ({self.wildcards})" if self.wildcards else label

    @property
    def said(self) -> str:
        """Its output so far."""
        file = Path(self.log)
        return file.read_text(encoding="utf-8", errors="replace") if self.log and file.is_file() else ""


@dataclass
class ClusterJobs:
    """Jobs of a run on a cluster, filled line by line from the engine's output.

    Attributes
    ----------
    settings : Path
        The file that says which resources each kind of job asks for.
    known : dict of str to Job
        Every job, by the engine's own number for it.
    failed : list of Job
        Those that the engine gave up.
    lost : list of Job
        Those that run while the engine cannot see them any more.
    """

    settings: Path
    known: dict[str, Job] = field(default_factory=dict)
    failed: list[Job] = field(default_factory=list)
    lost: list[Job] = field(default_factory=list)
    _open: Job | None = None
    _error: bool = False

    def hear(self, line: str) -> str:
        """Line for the reader that follows from a line of the engine; empty for most."""
        line = line.rstrip("\n")
        if match := _RULE.match(line):
            self._open, self._error = Job(match[1]), line.startswith("Error in")
            if self._error:
                self.failed.append(self._open)
        elif match := _SUBMITTED.match(line):
            job = self.known.setdefault(match[1], Job("job"))
            job.number, job.log = match[2], match[3]
            return f"{job.name}: job {job.number}, log {job.log}"
        elif (match := _FINISHED.match(line)) and match[1] in self.known:
            job = self.known[match[1]]
            job.done = True
            return f"{job.name}: job {job.number} done" if job.number else ""
        elif _AWAY.match(line) and not keeps_accounts():
            self.lost = [job for job in self.known.values() if job.number and not job.done]
        elif (match := _FIELD.match(line)) and self._open:
            return self._note(match[1], match[2])
        return ""

    def _note(self, name: str, value: str) -> str:
        """Line for the reader that follows from a field of a job: that it has failed, and its log."""
        assert self._open is not None
        if name == "jobid" and not self._error:
            self.known[value] = self._open
        elif name == "jobid" and value in self.known:
            before = self.known[value]
            self._open.number, self._open.log = before.number, before.log
            self._open.wildcards = self._open.wildcards or before.wildcards
            return f"{before.name}: job {before.number} failed, log {before.log}" if before.number else ""
        elif name in ("wildcards", "message"):
            setattr(self._open, name, value)
        elif name == "external_jobid":
            self._open.number = self._open.number or value
        elif name == "log" and self._error:
            self._open.log = self._open.log or value.partition(" (")[0]
        return ""

    def what_failed(self, *, reason: str = "") -> tuple[str, str, str]:
        """What failed, where to look and what to do, for jobs that are lost or else the first that failed;
        empty strings where there are none.

        Parameters
        ----------
        reason : str
            Mark of a line in a job's log by which a stage says itself why it cannot go on.
        """
        if self.lost:
            names = ", ".join(f"{job.name}, job {job.number}" for job in self.lost)
            logs = "\n".join(f"Its log: {job.log}" for job in self.lost)
            return (
                f"The cluster's controller did not answer, and it keeps no accounts to ask: {names}",
                logs,
                f"What runs there goes on. When squeue no longer lists it, {AGAIN.removeprefix('then ')}",
            )
        if not self.failed:
            return "", "", ""
        job = self.failed[0]
        said = job.said
        own = [line[len(reason) :] for line in said.splitlines() if reason and line.startswith(reason)]
        what = (
            f"Job {job.number} of the cluster failed: {job.name}"
            if job.number
            else f"{job.name} was not accepted as a job"
        )
        why, remedy = self._cause(job, said, [line for line in own if line])
        others = f" ({len(self.failed) - 1} more failed)" if len(self.failed) > 1 else ""
        return f"{what}{others}\n{why}", f"Its log: {job.log}" if job.log else "", remedy

    def _cause(self, job: Job, said: str, own: list[str]) -> tuple[str, str]:
        """Why a job failed, and what to do."""
        status = match[1] if (match := _STATUS.search(job.message)) else ""
        for resource, signs in _LIMITS.items():
            if signs.search(f"{status}\n{said}"):
                raised = f"Raise {resource} of {job.rule} under set-resources in {self.settings}, {AGAIN}"
                return f"It went over its {_CALLED[resource]}.", raised
        if own:
            return "\n".join(own).removeprefix("Error: "), f"Mend this, {AGAIN}"
        if not job.number:
            return job.message, f"See partitions and resources in {self.settings}, {AGAIN}"
        if _ENDED_FROM_OUTSIDE.search(f"{status}\n{said}"):
            return (
                f"It was ended from outside ({status or 'CANCELLED'}).",
                "Nothing needs mending: give the same command again; finished work is kept.",
            )
        end = "\n".join(said.rstrip().splitlines()[-5:])
        return f"{job.message}\n{end}".strip(), f"See its log, mend the cause, {AGAIN}"


def keeps_accounts() -> bool:
    """Whether SLURM's accounting answers, which goes on while the controller is away."""
    try:
        return subprocess.run(["sacct", "--noheader"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
