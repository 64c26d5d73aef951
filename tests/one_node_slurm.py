"""SLURM on this machine alone, for as long as a test needs it: munge, a controller and a node, started by hand.

A job finds its configuration in one place, so that it is written there and taken away again.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from infomotion_lib.processes import die_with_parent

CONF = Path("/etc/slurm/slurm.conf")
DEVICES = CONF.with_name("gres.conf")
OURS = "# One node for a test of InfoMotion; written when it begins, removed when it ends.\n"
PACKAGES = ("munge", "slurmctld", "slurmd", "slurm-client")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
PATIENCE = 60.0

# More processors, memory and GPUs than there are: jobs with the resources of a real cluster fit, side by side.
NODE = "CPUs=16 RealMemory=512000 Gres=gpu:4"
STAND_IN_GPUS = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random")  # a GPU must be a character device

SETTINGS = """ClusterName=onenode
SlurmctldHost={host}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
KillWait=5
MinJobAge=3600
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName={host} {node} State=UNKNOWN
PartitionName=cpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=ALL MaxTime=INFINITE State=UP
"""


def why_not() -> str:
    """Why SLURM cannot be started here; empty if it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "SLURM's daemons need root on Linux"
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        return (
            f"not installed: {', '.join(missing)} (apt-get install {' '.join(PACKAGES)}, or make drill-slurm)"
        )
    if CONF.is_file() and not CONF.read_text(encoding="utf-8").startswith(OURS):
        return f"this machine belongs to a SLURM of its own: {CONF}"
    return ""


@dataclass
class OneNode:
    """SLURM of one node.

    Attributes
    ----------
    folder : Path
        Its state, its logs and its key.
    running : dict of str to Popen
        Its daemons, by name.
    """

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *words: str) -> None:
        """Start a daemon, which ends with this process."""
        with (self.folder / f"{name}.out").open("ab") as output:
            self.running[name] = subprocess.Popen(
                [name, *words], stdout=output, stderr=output, preexec_fn=die_with_parent
            )

    def stop(self, name: str) -> None:
        """End a daemon; jobs that run go on."""
        daemon = self.running.pop(name)
        daemon.terminate()
        with suppress(subprocess.TimeoutExpired):
            daemon.wait(PATIENCE)
        if daemon.poll() is None:
            daemon.kill()
            daemon.wait()

    def start_controller(self) -> None:
        """Start the controller, and wait until it answers."""
        self.start("slurmctld", "-D")
        until(lambda: "is UP" in said("scontrol", "ping"), "the controller answers")

    def jobs(self) -> dict[str, str]:
        """State of every job, by its number; empty while the controller is away."""
        lines = said("squeue", "--states=all", "--noheader", "--format=%i|%T").splitlines()
        return dict(line.split("|") for line in lines if line.count("|") == 1)


def said(*words: str) -> str:
    """What a command prints, whether or not it succeeds."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


def until(holds: object, what: str, *, patience: float = PATIENCE) -> None:
    """Wait until ``holds()`` is true."""
    assert callable(holds)
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, f"waited {patience:.0f} s in vain until {what}"
        time.sleep(0.2)


@contextmanager
def one_node() -> Iterator[OneNode]:
    """SLURM with two partitions, ``cpu`` and ``gpu``, until the end of the block."""
    with (
        FileLock("/run/one-node-slurm.lock"),  # a machine has one configuration
        tempfile.TemporaryDirectory(prefix="one-node-", dir="/run") as folder,  # short, and root's alone
    ):
        yield from _one_node(Path(folder))


def _one_node(folder: Path) -> Iterator[OneNode]:
    folder.chmod(0o755)
    for inside in ("state", "spool"):
        (folder / inside).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    host = socket.gethostname().partition(".")[0]
    node = OneNode(folder)
    try:
        CONF.write_text(OURS + SETTINGS.format(host=host, folder=folder, node=NODE), encoding="utf-8")
        DEVICES.write_text(
            OURS + "".join(f"Name=gpu File={file}\n" for file in STAND_IN_GPUS), encoding="utf-8"
        )
        files = [f"--{kind}-file={folder}/munge.{kind}" for kind in ("key", "pid", "log", "seed")]
        node.start("munged", "--foreground", f"--socket={folder}/munge.socket", *files)
        until((folder / "munge.socket").exists, "munge is there")
        node.start_controller()
        node.start("slurmd", "-D")
        until(lambda: "idle" in said("sinfo", "--noheader", "--format=%T"), "the node is idle")
        yield node
    finally:
        said("scancel", "--user=root")
        for name in reversed(list(node.running)):
            node.stop(name)
        for file in (CONF, DEVICES):
            file.unlink(missing_ok=True)
