"""Child processes that may use fewer instructions than this machine has: every dispatch on one machine.

What a library computes with other instructions may differ in the last digit. Each limit is a set of
environment variables, named for the library that it limits; FFmpeg, which reads none, is told by a call
before the script begins.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from numpy._core._multiarray_umath import __cpu_dispatch__

TESTS = Path(__file__).parent

# NumPy refuses names that it was not built with, so it is asked; the others pass over what they do not know.
_NUMPY = " ".join(__cpu_dispatch__)
_WIDEST = " ".join(name for name in __cpu_dispatch__ if "512" in name or name == "X86_V4")

_OPENCV = "AVX512-SKX,AVX2,FMA3,FP16,AVX,SSE4.2,SSE4.1,NEON_DOTPROD,NEON_FP16,NEON_BF16"
_LIBM = "-AVX512F,-AVX2,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable,-FMA4_Usable"  # the last three: glibc before 2.33

LIMITS: dict[str, dict[str, str]] = {
    "NumPy": {"NPY_DISABLE_CPU_FEATURES": _NUMPY, "OPENBLAS_CORETYPE": "Nehalem"},
    "OpenCV": {"OPENCV_CPU_DISABLE": _OPENCV},
    "IPP": {"OPENCV_IPP": "disabled"},
    "libm": {"GLIBC_TUNABLES": f"glibc.cpu.hwcaps={_LIBM}"},
    "FFmpeg": {"TESTS_FFMPEG_CPU_FLAGS": "0", "JSIMD_FORCENONE": "1"},
    "AVX2 at most": {
        "NPY_DISABLE_CPU_FEATURES": _WIDEST,
        "OPENBLAS_CORETYPE": "Haswell",
        "OPENCV_CPU_DISABLE": "AVX512-SKX",
        "OPENCV_IPP": "avx2",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F",
    },
}
LIBRARIES = ("NumPy", "OpenCV", "IPP", "libm", "FFmpeg")
LIMITS["all"] = {name: value for limit in LIBRARIES for name, value in LIMITS[limit].items()}

VARIABLES = {name for limit in LIMITS.values() for name in limit}

_LIMIT_FFMPEG = """
import ctypes, os
if "TESTS_FFMPEG_CPU_FLAGS" in os.environ:
    import av
    from pathlib import Path
    package = Path(av.__file__).parent
    shipped = [*package.parent.glob("av.libs/libavutil*"), *package.glob(".dylibs/libavutil*")]
    library = ctypes.CDLL(str(shipped[0]) if shipped else "libavutil.so")
    library.av_force_cpu_flags(int(os.environ["TESTS_FFMPEG_CPU_FLAGS"]))
"""


def run_limited(script: str, *arguments: str | Path, limit: str | None = None) -> str:
    """What a Python script prints in a process of its own, under one of :data:`LIMITS` or under none.

    The limits of this process are not handed on.

    Raises
    ------
    AssertionError
        If the script fails; with what it said.
    """
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment |= LIMITS[limit] if limit else {}
    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    command = [sys.executable, "-W", "ignore", "-c", _LIMIT_FFMPEG + script, *map(str, arguments)]
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, f"Under the limit {limit}:\n{process.stdout}{process.stderr}"
    return process.stdout
