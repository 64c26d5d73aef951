"""Open clips: download, mirror, hash check, conversion, split."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infomotion_lib.classes import ef_class
from infomotion_lib.data import echodiffusion
from infomotion_lib.data.echodiffusion import fetch, read_gif, read_registry, stratified_split
from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.video import read_clip
from infomotion_lib.errors import FetchError, ParameterError, VideoError

CLIPS = 10
RNG = np.random.default_rng(0)


class Requests(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and remembers what was asked for."""

    asked: list[str] = []  # noqa: RUF012  # one list for all requests is what is wanted

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


def write_gif(path: Path, clip: np.ndarray) -> None:
    with av.open(str(path), "w", format="gif") as container:
        stream = container.add_stream("gif", rate=8)
        stream.height, stream.width, stream.pix_fmt = *clip.shape[1:], "gray"
        for frame in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror of ten small clips, laid out as the real one."""
    folder = tmp_path_factory.mktemp("mirror")
    (folder / "echodiffusion" / "counterfactual").mkdir(parents=True)
    (folder / "echodiffusion" / "csv").mkdir()
    (folder / "echodiffusion" / "LICENSE").write_text("MIT\n")
    rows = []
    for number in range(CLIPS):
        clip = np.uint8(RNG.integers(0, 16, (16, 1, 1)) * 10 + RNG.integers(0, 8, (1, 32, 32)) * 10)
        write_gif(folder / "echodiffusion" / "counterfactual" / f"0X{number:03X}.gif", clip)
        rows += [
            (f"0X{number:03X}", 10.0 + 8 * number, 35 + 3 * number + noise) for noise in (-1.0, 0.0, 4.0)
        ]
    rows.append(("0XOTHER", 50.0, 50.0))
    pd.DataFrame(rows, columns=["FileName", "GT EF", "Gen EF"]).to_csv(
        folder / "echodiffusion/csv/counterfactual.csv", index=False
    )
    return folder


@pytest.fixture
def server(mirror: Path) -> Iterator[str]:
    """Address of a local server of the mirror."""
    Requests.asked = []
    handler = functools.partial(Requests, directory=str(mirror / "echodiffusion"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as instance:
        threading.Thread(target=instance.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{instance.server_port}"
        instance.shutdown()


@pytest.fixture
def registry(mirror: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Registry of the small mirror, in force instead of the published one; no mirror is set."""
    folder = mirror / "echodiffusion"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in files]
    lines = [
        f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()} {server}/{name}"
        for name, path in zip(names, files, strict=True)
    ]
    path = tmp_path / "registry.txt"
    path.write_text("# comment\n\n" + "\n".join(lines) + "\n")
    monkeypatch.setattr(echodiffusion, "REGISTRY", path)
    monkeypatch.delenv("INFOMOTION_MIRROR", raising=False)
    return path


def test_download_and_mirror_give_the_same_folder(registry: Path, mirror: Path, tmp_path: Path) -> None:
    downloaded = fetch(tmp_path / "downloaded", progress=False)
    assert len(Requests.asked) == CLIPS + 2
    mirrored = fetch(tmp_path / "mirrored", mirror=mirror, progress=False)
    assert len(Requests.asked) == CLIPS + 2
    for path in mirrored.rglob("*"):
        if path.is_file():
            assert (downloaded / path.relative_to(mirrored)).read_bytes() == path.read_bytes()


def test_what_arrived_is_not_downloaded_again_and_a_damaged_file_is(registry: Path, tmp_path: Path) -> None:
    fetch(tmp_path / "open", progress=False)
    (tmp_path / "open/download/counterfactual/0X003.gif").write_bytes(b"half")
    (tmp_path / "open/download/counterfactual/0X004.gif").unlink()
    Requests.asked.clear()
    fetch(tmp_path / "open", progress=False)
    assert sorted(Requests.asked) == ["/counterfactual/0X003.gif", "/counterfactual/0X004.gif"]


def test_interrupted_download_names_the_file_and_goes_on_later(
    registry: Path, mirror: Path, tmp_path: Path
) -> None:
    lines = registry.read_text()
    registry.write_text(lines.replace("/counterfactual/0X005.gif", "/gone.gif"))
    with pytest.raises(FetchError, match=r"counterfactual/0X005\.gif could not be fetched.*404") as error:
        fetch(tmp_path / "open", progress=False)
    assert "are kept" in error.value.remedy and not (tmp_path / "open" / "FileList.csv").exists()
    registry.write_text(lines)
    assert len(read_dataset(fetch(tmp_path / "open", progress=False)).usable) == CLIPS


def test_wrong_hash_is_refused_from_the_network_and_from_the_mirror(
    registry: Path, mirror: Path, tmp_path: Path
) -> None:
    lines = registry.read_text().splitlines()
    broken = [line.replace(line.split()[1], "0" * 64) if "0X002" in line else line for line in lines]
    registry.write_text("\n".join(broken))
    with pytest.raises(FetchError, match=r"0X002\.gif"):
        fetch(tmp_path / "a", progress=False)
    with pytest.raises(FetchError, match=r"0X002\.gif is not the published file"):
        fetch(tmp_path / "b", mirror=mirror, progress=False)
    assert not list((tmp_path / "b").iterdir())


def test_wrong_mirror_and_unwritable_folder_are_named(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFOMOTION_MIRROR", str(tmp_path))
    with pytest.raises(FetchError, match="INFOMOTION_MIRROR"):
        fetch(tmp_path / "open", progress=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(FetchError, match="Nothing can be written"):
        fetch(tmp_path / "file" / "open", progress=False)


def test_converted_folder_reads_as_a_data_set(registry: Path, mirror: Path, tmp_path: Path) -> None:
    dataset = read_dataset(fetch(tmp_path / "open", mirror=mirror, progress=False), name="echodiffusion")
    videos = dataset.usable
    assert videos["file_name"].tolist() == [f"echodiffusion_{number:03d}" for number in range(CLIPS)]
    assert dataset.tracings is None and dataset.layout == "echonet-dynamic"
    assert (videos[["n_frames", "height", "width", "fps"]] == [16, 32, 32, 8.0]).all(axis=None)
    assert videos["ef"].tolist() == [35.0 + 3 * number for number in range(CLIPS)]  # the median, not the mean
    assert videos["requested_ef"].tolist() == [10.0 + 8 * number for number in range(CLIPS)]
    original = read_gif(mirror / "echodiffusion/counterfactual/0X007.gif")
    assert np.abs(read_clip(videos["path"][7]).astype(int) - original).mean() < 3


def test_requested_label_changes_the_list_and_not_the_labels(
    registry: Path, mirror: Path, tmp_path: Path
) -> None:
    relabelled = fetch(tmp_path / "a", mirror=mirror, progress=False)
    requested = fetch(tmp_path / "b", mirror=mirror, ef_label="requested", progress=False)
    assert (relabelled / "open_labels.csv").read_bytes() == (requested / "open_labels.csv").read_bytes()
    assert read_dataset(requested).videos["ef"].tolist() == [10.0 + 8 * number for number in range(CLIPS)]
    with pytest.raises(ParameterError, match="ef_label"):
        fetch(tmp_path / "c", mirror=mirror, ef_label="measured", progress=False)  # type: ignore[arg-type]


def test_upstream_names_do_not_reach_the_folder(registry: Path, mirror: Path, tmp_path: Path) -> None:
    folder = fetch(tmp_path / "open", mirror=mirror, progress=False)
    for path in folder.rglob("*"):
        assert "0X" not in path.name
        if path.suffix in (".csv", ".json"):
            assert "0X" not in path.read_text()


@given(ef=st.lists(st.floats(5, 90), min_size=1, max_size=120), seed=st.integers(0, 5))
def test_split_is_stratified_and_depends_on_the_class_alone(ef: list[float], seed: int) -> None:
    labels = np.array(ef)
    splits = stratified_split(labels, seed=seed)
    index = ef_class(labels)
    for number in np.unique(index):
        members = index == number
        for split, share in (("TRAIN", 0.6), ("VAL", 0.1), ("TEST", 0.3)):
            assert abs(np.sum(splits[members] == split) - share * members.sum()) < 1
    alone = index == index[0]
    assert np.array_equal(stratified_split(labels[alone], seed=seed), splits[alone])


def test_split_changes_with_the_seed_and_not_by_itself() -> None:
    labels = np.linspace(20, 80, 60)
    first = stratified_split(labels, seed=0)
    assert np.array_equal(first, stratified_split(labels, seed=0))
    assert not np.array_equal(first, stratified_split(labels, seed=1))


def test_mutated_gifs_end_in_frames_or_in_a_video_error(mirror: Path, tmp_path: Path) -> None:
    content, rng = (mirror / "echodiffusion/counterfactual/0X001.gif").read_bytes(), np.random.default_rng(0)
    target, outcomes = tmp_path / "mutated.gif", {"frames": 0, "error": 0}
    for round_ in range(50):
        mutated = bytearray(content)
        for at in rng.integers(0, 40 if round_ % 2 else len(content), 6):
            mutated[at] = rng.integers(256)
        target.write_bytes(mutated[: int(rng.integers(1, len(content)))] if round_ % 5 == 0 else mutated)
        try:
            assert read_gif(target).ndim == 3
            outcomes["frames"] += 1
        except VideoError:
            outcomes["error"] += 1
    assert min(outcomes.values()) > 3


def test_malformed_registry_is_refused(tmp_path: Path) -> None:
    for line in ("name only", f"../up.gif {'0' * 64} http://x/y", "a.gif 123 http://x/y"):
        (tmp_path / "registry.txt").write_text(line)
        with pytest.raises(FetchError, match="line 1"):
            read_registry(tmp_path / "registry.txt")


def test_published_registry_lists_one_hundred_clips_at_full_commits() -> None:
    hashes, addresses = read_registry()
    assert sum(name.startswith("counterfactual/") for name in hashes) == 100
    assert set(hashes) - {name for name in hashes if name.endswith(".gif")} == {
        "LICENSE",
        "csv/counterfactual.csv",
    }
    for address in addresses.values():
        assert (
            address.startswith("https://raw.githubusercontent.com/HReynaud/EchoDiffusion/")
            and len(address.split("/")[5]) == 40
        )


def test_published_clips_become_the_known_data_set(real_mirror: Path, tmp_path: Path) -> None:
    relabelled = read_dataset(fetch(tmp_path / "a", mirror=real_mirror, progress=False)).usable
    assert (relabelled[["n_frames", "height", "width", "fps"]] == [16, 112, 112, 8.0]).all(axis=None)
    assert np.bincount(ef_class(relabelled["ef"].to_numpy()), minlength=5).tolist() == [0, 20, 37, 43, 0]
    assert np.bincount(ef_class(relabelled["requested_ef"].to_numpy()), minlength=5).tolist() == [
        27,
        8,
        17,
        30,
        18,
    ]
    assert relabelled["split"].value_counts().to_dict() == {"TRAIN": 60, "TEST": 30, "VAL": 10}
