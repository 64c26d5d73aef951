"""Fetching EchoNet-Synthetic: resumed, checked, and unpacked without harm."""

from __future__ import annotations

import hashlib
import http.server
import io
import shutil
import stat
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from data_folders import EchoFolder

from infomotion_lib.data import echonet_synthetic, transfer
from infomotion_lib.data.archives import unpack_zip
from infomotion_lib.data.echonet_synthetic import ADDRESS, REVISION, fetch_echonet_synthetic
from infomotion_lib.data.records import read_dataset
from infomotion_lib.errors import FetchError
from infomotion_lib.run import cli


class Hub:
    """A local server that behaves like the hub: it redirects, tells size and hash, serves ranges, and drops
    connections.
    """

    def __init__(self, content: bytes) -> None:
        self.content, self.digest = content, hashlib.sha256(content).hexdigest()
        self.drop_after: list[int] = []
        self.ranges: list[str] = []
        self.serves_ranges = True
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(302)
                self.send_header("Location", "/bytes")
                self.send_header("X-Linked-Size", str(len(hub.content)))
                self.send_header("X-Linked-ETag", f'"{hub.digest}"')
                self.end_headers()

            def do_GET(self) -> None:
                if self.path != "/bytes":
                    self.do_HEAD()
                    return
                asked = self.headers.get("Range", "")
                hub.ranges.append(asked)
                start = int(asked[6:-1]) if asked and hub.serves_ranges else 0
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(hub.content) - start))
                self.end_headers()
                end = start + hub.drop_after.pop(0) if hub.drop_after else len(hub.content)
                self.wfile.write(hub.content[start:end])
                self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def options(self) -> dict[str, object]:
        address = f"http://127.0.0.1:{self.server.server_port}/dynamic.zip"
        return {"address": address, "nominal_bytes": len(self.content), "progress": False}


@pytest.fixture
def hub(echo_folder: EchoFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Server of a small EchoNet-Synthetic archive."""
    monkeypatch.setattr(transfer, "PAUSE", 0.0)
    echo_folder.file_list = echo_folder.file_list.assign(ESV=0, EDV=0, FrameHeight=192)
    echo_folder.write()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(echo_folder.root / "FileList.csv", "dynamic/FileList.csv")
        for video in sorted((echo_folder.root / "Videos").iterdir()):
            archive.write(video, f"dynamic/Videos/{video.name}")
        archive.writestr("__MACOSX/dynamic/._FileList.csv", "rubbish")
    instance = Hub(buffer.getvalue())
    yield instance
    instance.server.shutdown()
    instance.server.server_close()


def test_archive_becomes_a_data_set(hub: Hub, tmp_path: Path) -> None:
    dataset = read_dataset(fetch_echonet_synthetic(tmp_path / "out", **hub.options))
    assert dataset.layout == "echonet-synthetic" and len(dataset.usable) == 40
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "FileList.csv",
        "Videos",
        "source.json",
    ]
    assert hub.digest in (tmp_path / "out" / "source.json").read_text()
    hub.ranges.clear()
    fetch_echonet_synthetic(tmp_path / "out", **hub.options)
    assert hub.ranges == []


def test_the_command_fetches_unpacks_and_reports(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        echonet_synthetic, "fetch_echonet_synthetic", partial(fetch_echonet_synthetic, **hub.options)
    )
    monkeypatch.setenv("INFOMOTION_DATA", str(tmp_path))
    hub.drop_after = [70_000] * 5
    assert cli.main(["data", "fetch", "echonet-synthetic"]) == 2
    shown = capsys.readouterr().err
    assert "interrupted at 327,680 of" in shown and "Run it again" in shown and "Traceback" not in shown
    assert cli.main(["data", "fetch", "echonet-synthetic", "--keep-archive"]) == 0
    assert "40 videos listed, 40 usable" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "EchoNet-Synthetic").iterdir()) == [
        "FileList.csv",
        "Videos",
        "dynamic.zip",
        "source.json",
    ]
    monkeypatch.delenv("INFOMOTION_DATA")
    assert cli.main(["data", "fetch", "echonet-synthetic"]) == 2
    assert "INFOMOTION_DATA" in capsys.readouterr().err


def test_dropped_connections_are_resumed_where_they_broke(hub: Hub, tmp_path: Path) -> None:
    hub.drop_after = [200_000, 300_000]  # blocks of 65,536 bytes: three arrive whole, then four
    fetch_echonet_synthetic(tmp_path / "out", **hub.options)
    assert hub.ranges == ["", "bytes=196608-", "bytes=458752-"]


def test_an_interrupted_fetch_goes_on_in_the_next_call(hub: Hub, tmp_path: Path) -> None:
    hub.drop_after = [70_000] * 5
    with pytest.raises(FetchError, match="interrupted at 327,680 of") as error:
        fetch_echonet_synthetic(tmp_path / "out", **hub.options)
    assert "goes on from" in error.value.remedy
    hub.ranges.clear()
    assert len(read_dataset(fetch_echonet_synthetic(tmp_path / "out", **hub.options)).usable) == 40
    assert hub.ranges == ["bytes=327680-"]


def test_a_server_without_ranges_starts_over(hub: Hub, tmp_path: Path) -> None:
    hub.drop_after, hub.serves_ranges = [200_000], False
    assert len(read_dataset(fetch_echonet_synthetic(tmp_path / "out", **hub.options)).usable) == 40


def test_wrong_hash_wrong_size_and_no_server_are_refused(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="were expected"):
        fetch_echonet_synthetic(tmp_path / "a", **{**hub.options, "nominal_bytes": 10**9})
    hub.digest = "0" * 64
    with pytest.raises(FetchError, match="sha256"):
        fetch_echonet_synthetic(tmp_path / "b", **hub.options)
    assert not list((tmp_path / "b").iterdir())
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch_echonet_synthetic(tmp_path / "c", **{**hub.options, "address": "http://127.0.0.1:9/none.zip"})


def test_a_full_disk_is_foreseen(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=len(hub.content)))
    with pytest.raises(FetchError, match="GB are needed"):
        fetch_echonet_synthetic(tmp_path / "out", **hub.options)
    assert hub.ranges == []


def test_the_address_is_pinned() -> None:
    assert len(REVISION) == 40 and f"/{REVISION}/" in ADDRESS


# --- archives that mean harm


def zip_of(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("ok.csv", b"1"), ("../out.csv", b"x")], "leads out"),
        ([("ok.csv", b"1"), ("a/../../out.csv", b"x")], "leads out"),
        ([("ok.csv", b"1"), ("/tmp/out.csv", b"x")], "leads out"),
        ([("ok.csv", b"1"), ("..\\out.csv", b"x")], "leads out"),
        ([("ok.csv", b"1"), ("C:out.csv", b"x")], "leads out"),
        ([("ok.csv", b"1"), (link("Videos"), b"/etc")], "is a link"),
        ([("ok.csv", b"1"), ("bomb.avi", b"\0" * 5_000_000)], "unpacks to more than"),
        ([(f"{n}.avi", b"x") for n in range(20)], "unpacks to more than"),
        ([("ok.csv", b"1"), ("a.csv", b"x"), ("./a.csv", b"y")], "twice"),
    ],
)
def test_harmful_archives_are_refused_before_anything_is_written(
    tmp_path: Path, members: list[tuple[str | zipfile.ZipInfo, bytes]], reason: str
) -> None:
    archive = zip_of(tmp_path / "bad.zip", *members)
    with pytest.raises(FetchError, match=reason):
        unpack_zip(archive, tmp_path / "out", max_bytes=1_000_000, max_files=10, progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.zip"]


def test_a_link_that_was_there_before_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "Videos").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FetchError, match="leads out"):
        unpack_zip(
            zip_of(tmp_path / "a.zip", ("Videos/a.avi", b"x")),
            tmp_path / "out",
            max_bytes=100,
            max_files=10,
            progress=False,
        )
    assert not list((tmp_path / "elsewhere").iterdir())


def test_damaged_archives_end_in_a_fetch_error(tmp_path: Path) -> None:
    content = bytearray(
        zip_of(
            tmp_path / "good.zip", *[(f"Videos/{n}.avi", bytes(range(256)) * 20) for n in range(4)]
        ).read_bytes()
    )
    target, refused = tmp_path / "bad.zip", 0
    for round_ in range(60):
        damaged = bytearray(content)
        damaged[(round_ * 97) % len(damaged)] ^= 0xFF
        target.write_bytes(damaged[: len(damaged) - round_ * (round_ % 7 == 0)])
        try:
            unpack_zip(target, tmp_path / f"out{round_}", max_bytes=10**6, max_files=10, progress=False)
        except FetchError:
            refused += 1
    assert refused > 20
    assert not list(tmp_path.rglob(".*"))  # nothing half-written stays
