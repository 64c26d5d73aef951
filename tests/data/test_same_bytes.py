"""Drawn, listed and converted files are the same bytes whatever instructions the libraries may use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conversion_inputs import make_inputs
from dispatch import LIBRARIES, LIMITS, run_limited
from same_bytes import published, spread

from infomotion_lib.phantom.plan import EDITION

SAME_BYTES = "import runpy; runpy.run_module('same_bytes', run_name='__main__')"

PIECES = """
import hashlib, json, math
from fractions import Fraction
import av, cv2, numpy as np

single = np.random.default_rng(0).random((64, 64), np.float32)
byte = (255 * single).astype(np.uint8)
encoder = av.CodecContext.create("mjpeg", "w")
encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 64, "yuvj420p", Fraction(1, 25)
encoder.options = {"qmin": "2", "qmax": "2", "flags": "+bitexact"}
picture = av.VideoFrame.from_ndarray(byte, format="gray").reformat(format="yuvj420p")
pieces = {
    "NumPy": np.exp(single).tobytes(),
    "OpenCV": cv2.GaussianBlur(single, (3, 3), 0.55).tobytes(),
    "IPP": cv2.resize(byte, (112, 112), interpolation=cv2.INTER_CUBIC).tobytes(),
    "libm": np.array([math.exp(x) for x in single.ravel().tolist()]).tobytes(),
    "FFmpeg": b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)]),
    "AVX2 at most": np.exp(single.astype(np.float64)).tobytes(),
}
print(json.dumps({name: hashlib.sha256(piece).hexdigest() for name, piece in pieces.items()}))
"""
"""A piece of each library whose last digit depends on the instructions in use."""


def made(inputs: Path, limit: str | None = None) -> dict[str, str]:
    found: dict[str, str] = json.loads(run_limited(SAME_BYTES, "made", inputs, limit=limit))
    return found


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def default(inputs: Path) -> dict[str, str]:
    return made(inputs)


def instructions() -> set[str]:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())


def test_each_limit_reaches_its_library() -> None:
    """Otherwise the tests below would compare a process with itself."""
    available = instructions()
    if "avx2" not in available:
        pytest.skip("this processor has no AVX2 to do without")
    default = json.loads(run_limited(PIECES))
    reachable = [limit for limit in LIMITS if limit != "AVX2 at most" or "avx512f" in available]
    for limit in reachable:
        found = json.loads(run_limited(PIECES, limit=limit))
        reached = {name for name in found if found[name] != default[name]}
        assert reached >= (set(LIBRARIES) if limit == "all" else {limit})


def test_there_is_something_of_everything(default: dict[str, str]) -> None:
    names = " ".join(default)
    for word in (
        "hazy",
        "mirrored",
        "zoomed",
        "real",
        "synthetic",
        "FileList.csv",
        "VolumeTracings.csv",
        "phantom_truth.csv",
        ".gif",
        ".mkv",
    ):
        assert word in names
    assert len(set(default.values())) > 0.6 * len(default), "the pieces differ from each other"


@pytest.mark.parametrize("limit", LIMITS)
def test_files_are_the_same_bytes(limit: str, inputs: Path, default: dict[str, str]) -> None:
    limited = made(inputs, limit)
    assert limited.keys() == default.keys()
    assert [name for name in default if limited[name] != default[name]] == []


@pytest.mark.parametrize("limit", [None, "all"])
def test_published_picks_drawn_again_have_their_hashes(limit: str | None) -> None:
    table = published("phantom")
    editions = table["phantom_edition"].unique().tolist()
    if editions != [EDITION]:
        pytest.skip(f"the published picks are of edition {editions} of the phantom, not {EDITION}")
    chosen = spread(table, 24)
    assert (chosen.groupby("source").size() >= 24).all() and set(chosen["source"]) == {"real", "synthetic"}
    drawn = json.loads(run_limited(SAME_BYTES, "picks", "phantom:24", limit=limit))
    hashes = dict(zip(chosen["source"] + ", " + chosen["file_name"], chosen["sha256"], strict=True))
    assert drawn == hashes
