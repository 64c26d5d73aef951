"""Files that mean harm: pickles that would run code and archives that would write elsewhere, at every door
that opens such files.
"""

from __future__ import annotations

import io
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from infomotion_lib.data.archives import unpack_zip
from infomotion_lib.errors import FetchError, InfoMotionError
from infomotion_lib.regressor.checkpoints import read_weights
from infomotion_lib.representations import vectors
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi
from infomotion_lib.run import cli


class Harm:
    """Unpickling it leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.trace,))


def torch_file(harm: Harm) -> bytes:
    content = io.BytesIO()
    torch.save({"state_dict": {"stem.0.weight": torch.zeros(2), "harm": harm}}, content)
    return content.getvalue()


def array_file(harm: Harm) -> bytes:
    content = io.BytesIO()
    vectors = np.empty(1, dtype=object)
    vectors[0] = harm
    np.savez(
        content, source=np.array(["real"]), file_name=np.array(["a"]), features=vectors, allow_pickle=True
    )
    return content.getvalue()


PICKLES: dict[str, Callable[[Harm], bytes]] = {
    "plain": lambda harm: pickle.dumps(harm, protocol=2),
    "torch": torch_file,
    "nested": lambda harm: pickle.dumps({"state_dict": {"a": [harm]}}, protocol=2),
}


@pytest.mark.parametrize("kind", PICKLES)
@pytest.mark.parametrize("reader", [load_ema_vfi, read_weights], ids=["ifa", "regressor"])
@pytest.mark.parametrize("suffix", [".pt", ".pkl", ".pth", ".safetensors"])
def test_no_weights_file_runs_code(
    tmp_path: Path, kind: str, reader: Callable[[Path], object], suffix: str
) -> None:
    trace, file = tmp_path / "trace", tmp_path / f"harm{suffix}"
    file.write_bytes(PICKLES[kind](Harm(trace)))
    with pytest.raises(InfoMotionError, match="harm"):
        reader(file)
    assert not trace.exists()


@pytest.mark.parametrize("kind", PICKLES)
def test_the_command_that_opens_weights_refuses_them(
    tiny_synthetic: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trace, file = tmp_path / "trace", tmp_path / "harm.pt"
    file.write_bytes(PICKLES[kind](Harm(trace)))
    assert (
        cli.main(
            ["relabel", str(tiny_synthetic), "--weights", str(file), "--out", str(tmp_path / "labels.csv")]
        )
        == 2
    )
    assert str(file) in capsys.readouterr().err
    assert not trace.exists() and not (tmp_path / "labels.csv").exists()


def test_no_feature_file_runs_code(tmp_path: Path) -> None:
    trace, file = tmp_path / "trace", tmp_path / "motion_features.npz"
    file.write_bytes(array_file(Harm(trace)))
    with pytest.raises(InfoMotionError, match="motion_features"):
        vectors.read_features(file)
    assert not trace.exists()


LINK = zipfile.ZipInfo("Videos")
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("../trace", b"x"),
        ("a/../../trace", b"x"),
        ("{tmp}/trace", b"x"),
        ("..\\trace", b"x"),
        (LINK, b"/etc"),
        ("bomb.avi", b"\0" * 50_000_000),
    ],
    ids=["up", "round about", "absolute", "backslash", "link", "bomb"],
)
def test_no_archive_writes_elsewhere_or_without_bounds(
    tmp_path: Path, member: str | zipfile.ZipInfo, content: bytes
) -> None:
    file, out = tmp_path / "harm.zip", tmp_path / "deep/out"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("FileList.csv", "FileName,EF,Split\n")
        archive.writestr(member.format(tmp=tmp_path) if isinstance(member, str) else member, content)
    with pytest.raises(FetchError, match=r"harm\.zip"):
        unpack_zip(file, out, max_bytes=1_000_000, max_files=10, progress=False)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["harm.zip"], (
        "not even its harmless members were unpacked"
    )
