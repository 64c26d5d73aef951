"""The arithmetic of a process: which instructions its numerical libraries may use, and how many threads.

Trained numbers differ in their last digits between kinds of processors, and then by whole picks, since each
library takes the widest instructions that it finds. ``portable`` holds all of them to AVX2 and to a fixed
number of threads (sums over two threads are not sums over four), so that the same program should compute the
same digits on any x86-64 processor that has them. How far that has been measured, and on which machines,
stands on a page of the book; oneDNN and MKL promise nothing. ``native`` leaves the machine its own, which is
faster for wide networks. Nothing of this reaches a GPU.

One thing no variable can mend: in MKL's common branch ``torch.sqrt`` starts from the processor's own
approximation of a reciprocal root, which each maker defines otherwise. Of our trainings only the optimiser
takes such roots, so it is AdamW's fused form everywhere, whose root is exact.

The libraries read these variables when they are loaded. So they are set for a child process, or before numpy
and torch are imported.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping
from typing import Any, Literal

from infomotion_lib.machine import cpuinfo, flags

Arithmetic = Literal["portable", "native"]

PORTABLE = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # its convolutions
    "MKL_CBWR": "COMPATIBLE",  # its matrix products: MKL's AVX2 branch exists on Intel alone
    "OPENBLAS_CORETYPE": "Haswell",  # matrix products of numpy and scipy
    # numpy's own loops; older numpy names them otherwise and leaves them on
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENCV_CPU_DISABLE": "AVX512-SKX",
    "OPENCV_IPP": "avx2",
    # torch and scikit-learn: as many as the reference machine has cores, on any machine
    "OMP_NUM_THREADS": "2",
    "MKL_NUM_THREADS": "2",
    "OMP_DYNAMIC": "FALSE",  # no fewer on a machine that has fewer
    "MKL_DYNAMIC": "FALSE",
    # it takes no more threads than there are cores, so one is all that every machine has
    "OPENBLAS_NUM_THREADS": "1",
}
"""Variables of portable arithmetic. They replace whatever the user has set: with any of them missing, results
differ.
"""

PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait sleep: spinning ones starve a busy machine."""

LIBRARIES = ("numpy", "cv2", "torch")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LARGE_ONLY = ("AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10", "ALL", "DEFAULT")
"""Beginnings of the limits of oneDNN that leave it its bfloat16 instructions."""

_late: set[str] = set()


def obstacle() -> str:
    """Why portable arithmetic is not to be had on this machine, in words; empty where it is."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return f"this processor is {platform.machine()}, and portable arithmetic is that of x86-64"
    missing = [name for name in ("avx2", "fma") if name not in flags()]
    return f"this processor lacks {' and '.join(missing)}" if missing else ""


def variables(arithmetic: Arithmetic, *, threads: int | None = None) -> dict[str, str]:
    """Environment variables of a process that computes so; where portable is not to be had, those of
    ``native``.

    Parameters
    ----------
    arithmetic : {"portable", "native"}
        The second sets nothing but the threads.
    threads : int, optional
        Threads of native arithmetic; by default each library takes what it likes.
    """
    if arithmetic == "portable" and not obstacle():
        needless = (
            {"OPENCV_CPU_DISABLE"} if "avx512f" not in flags() else set()
        )  # OpenCV complains of a limit on what is not there
        return {name: value for name, value in PORTABLE.items() if name not in needless}
    return {} if threads is None else dict.fromkeys(THREADS, str(threads))


def missing(
    arithmetic: Arithmetic, environment: Mapping[str, str] | None = None, *, threads: int | None = None
) -> dict[str, str]:
    """Variables of that arithmetic that an environment, by default this process's, lacks or sets
    otherwise; ``threads`` as of :func:`variables`.
    """
    there = os.environ if environment is None else environment
    wanted = variables(arithmetic, threads=threads)
    return {name: value for name, value in wanted.items() if there.get(name) != value}


def adopt(arithmetic: Arithmetic, *, say: Callable[[str], None] = print) -> None:
    """Set the variables in this process, before numpy and torch are loaded; if that cannot be, a sentence
    says why.

    A library that is loaded already keeps what it found then: the sentence names it, and the run card says
    that portable arithmetic is not in force.
    """
    if absent := missing(arithmetic):
        os.environ.update(absent)
        _late.update(name for name in LIBRARIES if name in sys.modules)
    if note := sentence(arithmetic):
        say(note)


def sentence(arithmetic: Arithmetic) -> str:
    """What a reader must know of the arithmetic that was asked for; empty if it is in force, or if
    none was.
    """
    reason = state(arithmetic)["why"]
    return (
        f"Portable arithmetic is not in force: {reason}. The machine's own is, and last digits may differ."
        if reason
        else ""
    )


def state(asked: Arithmetic) -> dict[str, str]:
    """What was asked for, what is in force, and why not the former: keys ``asked``, ``in_force``, ``why``."""
    reason = obstacle()
    if not reason and _late:
        reason = f"{' and '.join(sorted(_late))} had been loaded before it was asked for"
    if not reason and (absent := missing("portable")):
        reason = f"the process was started without {', '.join(absent)}"
    return {
        "asked": asked,
        "in_force": "native" if reason else "portable",
        "why": reason if asked == "portable" else "",
    }


def start_again(arithmetic: Arithmetic, *, threads: int | None = None) -> None:
    """Replace this process by the same command with the variables set; return only if they are in force, or
    cannot be. ``threads`` as of :func:`variables`.

    Only a command's own process may do this: what it has begun is lost.
    """
    if absent := missing(arithmetic, threads=threads):
        sys.stdout.flush()
        sys.stderr.flush()
        environment = {**PASSIVE, **os.environ, **absent}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def replaced(arithmetic: Arithmetic) -> str:
    """Sentence that names the variables which the user has set to other values and that arithmetic replaces;
    empty if there is none.
    """
    overruled = [
        f"{name}={os.environ[name]}"
        for name in missing(arithmetic)
        if name in os.environ and name not in THREADS
    ]
    return (
        f"Portable arithmetic replaces {', '.join(overruled)}; -p arithmetic=native keeps your own."
        if overruled
        else ""
    )


def bf16_obstacle(environment: Mapping[str, str] | None = None) -> str:
    """Why bfloat16 would be slow on this processor, in words; empty where it has the instructions and may use
    them.

    Without them each product is made of conversions: measured, 11 to 14 times slower than float32.
    """
    there = os.environ if environment is None else environment
    if not flags() & {"avx512_bf16", "amx_bf16", "bf16"}:  # the last as aarch64 names it
        return "this processor has no bfloat16 instructions"
    limit = there.get("ONEDNN_MAX_CPU_ISA", "").upper()
    if limit and not limit.startswith(LARGE_ONLY):
        return f"ONEDNN_MAX_CPU_ISA={limit} forbids its bfloat16 instructions"
    level = there.get("ATEN_CPU_CAPABILITY", "").lower()
    if level in ("default", "avx2"):
        return f"ATEN_CPU_CAPABILITY={level} forbids its bfloat16 instructions"
    return ""


def processor_kind() -> str:
    """Maker, family and model of this processor, such as ``AuthenticAMD family 25 model 1``: its trade name
    does not tell kinds apart.
    """
    info: Mapping[str, Any] = cpuinfo()
    if "vendor_id" in info:
        return f"{info['vendor_id']} family {info.get('cpu family', '?')} model {info.get('model', '?')}"
    return f"{platform.machine()} {info.get('CPU implementer', '')} {info.get('CPU part', '')}".strip()
