"""The machine as run cards describe it: what tells two processors apart, and what limits the instructions
they use.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CPUINFO, MAPS = Path("/proc/cpuinfo"), Path("/proc/self/maps")
UNKNOWN = "unknown"

VARIABLES = (
    "ATEN_CPU_CAPABILITY",
    "GLIBC_TUNABLES",
    "MKL_CBWR",
    "MKL_DYNAMIC",
    "MKL_ENABLE_INSTRUCTIONS",
    "MKL_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "OMP_DYNAMIC",
    "OMP_NUM_THREADS",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "OPENBLAS_NUM_THREADS",
    "OPENCV_CPU_DISABLE",
    "OPENCV_IPP",
)
"""Environment variables that choose which instructions, or how many threads, the numerical libraries use."""

_IDENTITY = {
    "processor": ("model name",),
    "vendor": ("vendor_id", "CPU implementer"),
    "family": ("cpu family", "CPU architecture"),
    "model": ("model", "CPU part"),
    "stepping": ("stepping", "CPU revision"),
}
"""Lines of ``/proc/cpuinfo`` by name on x86-64, then on aarch64."""

IDENTITY = frozenset({*_IDENTITY, "instructions"})
"""Keys of :func:`describe` that say which processor it is."""

PLATFORM = frozenset({"architecture", "system", "cxx_library"})
"""Keys of :func:`describe` that say which random draws the C++ library makes."""

_INSTRUCTIONS = re.compile(r"avx|fma|f16c|amx|asimd|sve|sme(?!p)|bf16|i8mm")
"""Beginnings of the flags that numerical libraries ask for; ``asimd`` is NEON. ``smep`` is no arithmetic."""

_STANDARD_LIBRARY = re.compile(r"/(lib(?:std)?c\+\+[^/\s]*)$")


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe(graphics: str = "") -> dict[str, Any]:
    """What a run card says of the process that calls: its processor, the instructions and threads in use, its
    libraries.

    Keys: processor, vendor, family, model, stepping, instructions (sorted), architecture, system, c_library,
    cxx_library, cores (that this process may use), variables (those of :data:`VARIABLES` that are set),
    torch_capability and torch_threads (None unless torch is loaded already), gpu. What a system does not tell
    is ``"unknown"``, never an error.

    Parameters
    ----------
    graphics : str
        Name of the GPU that computes; empty without one.
    """
    identity, instructions = _processor()
    torch = sys.modules.get("torch")
    return {
        **identity,
        "instructions": instructions,
        "architecture": platform.machine() or UNKNOWN,
        "system": _system(),
        "c_library": " ".join(filter(None, platform.libc_ver())) or UNKNOWN,
        "cxx_library": _cxx_library(),
        "cores": cores(),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "torch_capability": torch.backends.cpu.get_cpu_capability() if torch else None,
        "torch_threads": torch.get_num_threads() if torch else None,
        "gpu": graphics,
    }


def processor() -> str:
    """Name of this machine's processor; makers give one name to several kinds, so :func:`describe`
    says more.
    """
    return _processor()[0]["processor"]


def of_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """Machine of a run card; of an older card no more than the names of its processor and GPU, of a card
    without any, nothing.
    """
    old = {name: card[name] for name in ("processor", "gpu") if name in card}
    return dict(card.get("machine", old))


def in_words(machine: Mapping[str, Any]) -> str:
    """Processor in a few words: its name, and its family, model and widest instructions where the card has
    them.
    """
    words = [
        f"{name} {machine[name]}" for name in ("family", "model") if machine.get(name, UNKNOWN) != UNKNOWN
    ]
    words += [", ".join(widest(machine["instructions"]))] if machine.get("instructions") else []
    name = str(machine.get("processor", "")) or "a processor without a name"
    return f"{name} ({', '.join(words)})" if words else name


def widest(instructions: list[str]) -> list[str]:
    """The instruction sets that readers know, of those that a processor has: the widest vectors, and bf16.

    >>> widest(["avx", "avx2", "avx512_bf16", "avx512f", "fma"])
    ['AVX-512', 'bf16']
    """
    sets = {
        "amx_tile": "AMX",
        "avx512f": "AVX-512",
        "avx2": "AVX2",
        "avx": "AVX",
        "sve": "SVE",
        "asimd": "NEON",
    }
    known = [name for flag, name in sets.items() if flag in instructions]
    vectors = [name for name in known if name == "AMX"] + [name for name in known if name != "AMX"][:1]
    return vectors + (["bf16"] if any(flag.endswith("bf16") for flag in instructions) else [])


def cpuinfo() -> dict[str, str]:
    """Lines about the first processor in ``/proc/cpuinfo``, by their name; empty where there is no
    such file.
    """
    try:
        lines = CPUINFO.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    except OSError:
        lines = []
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def flags() -> frozenset[str]:
    """Instruction sets of this processor as Linux names them; empty where they cannot be read."""
    info = cpuinfo()
    return frozenset(info.get("flags", info.get("Features", "")).split())


def _processor() -> tuple[dict[str, str], list[str]]:
    """Identity of the first processor, and its instruction sets; without ``/proc/cpuinfo`` the name that
    Python knows.
    """
    info = cpuinfo()
    identity = {
        key: next((info[name] for name in names if info.get(name)), UNKNOWN)
        for key, names in _IDENTITY.items()
    }
    if identity["processor"] == UNKNOWN:
        identity["processor"] = platform.processor() or platform.machine() or UNKNOWN
    return identity, sorted(flag for flag in flags() if _INSTRUCTIONS.match(flag))


def _system() -> str:
    """Operating system with its version, of Linux the distribution: the kernel computes nothing."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return f"{platform.system()} {platform.mac_ver()[0] or platform.release()}".strip() or UNKNOWN


def _cxx_library() -> str:
    """C++ libraries that this process has loaded, by the names of their files, which hold the version;
    several packages bring their own.
    """
    try:
        lines = MAPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return UNKNOWN
    files = {str(Path(f"/{path}").resolve()) for line in lines if (path := line.partition("/")[2])}
    versions = {match[1] for file in files if (match := _STANDARD_LIBRARY.search(file))}
    return ", ".join(sorted(versions)) or UNKNOWN
