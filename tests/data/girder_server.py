"""A local server of the shape of CAMUS's: a collection, its folders, items and files, with what can go wrong."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np

from infomotion_lib.data.camus import COLLECTION
from infomotion_lib.phantom.geometry import true_frames, volume_curve
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart


def half_beat(seed: int, ef: float, *, side: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Frames (T, side, side) of a drawn heart from ED to ES, and masks whose ventricle follows its volume."""
    heart = sample_heart(np.random.default_rng(seed), ef, level=0.2)
    truth = true_frames(heart, 3 * heart.cycle)
    ed = int(truth.ed[truth.ed >= 0][0])
    es = int(truth.es[truth.es > ed][0])
    numbers = np.arange(ed, es + 1)
    frames = render(heart, numbers, size=side)
    rows, columns = np.mgrid[:side, :side] / side
    masks = np.zeros(frames.shape, np.uint8)
    for mask, volume in zip(masks, volume_curve(heart, numbers), strict=True):
        narrow = 0.2 * volume**0.5
        far = ((columns - 0.5) / narrow) ** 2 + ((rows - 0.4) / 0.25) ** 2
        mask[far < 1.5] = 2
        mask[far < 1] = 1
    return frames, masks


def nifti(
    frames: np.ndarray, *, spacing: tuple[float, float] = (0.3, 0.3), claims: tuple[int, ...] = ()
) -> bytes:
    """A compressed NIfTI file as CAMUS has it: columns, rows, frames; ``spacing`` is height and width, mm, and
    ``claims`` a shape that its header states in place of its own.
    """
    import nibabel

    image = nibabel.Nifti1Image(frames.transpose(2, 1, 0), np.diag([spacing[1], spacing[0], 1, 1]))
    image.header.set_zooms((spacing[1], spacing[0], 1.0))
    content = bytearray(image.to_bytes())
    if claims:
        dim = np.ones(8, "<i2")
        dim[: len(claims) + 1] = (len(claims), *claims)
        content[40:56] = dim.tobytes()
    return gzip.compress(bytes(content), mtime=0)


def info(*, ef: float, length: int, ed: int = 1, es: int = 0, rate: float = 50.0) -> bytes:
    return (
        f"ED: {ed}\nES: {es or length}\nNbFrame: {length}\nSex: F\nAge: 61\nImageQuality: Good\nEF: {ef:g}\n"
        f"FrameRate: {rate:g}\n"
    ).encode()


def patient(
    name: str, seed: int, *, ef: float, spacing: tuple[float, float] = (0.3, 0.3)
) -> dict[str, bytes]:
    """Files of one patient, two-chamber ones among them that nobody asks for."""
    frames, masks = half_beat(seed, ef)
    stem = f"{name}_4CH_half_sequence"
    return {
        f"{stem}.nii.gz": nifti(frames, spacing=spacing),
        f"{stem}_gt.nii.gz": nifti(masks, spacing=spacing),
        f"{name}_2CH_half_sequence.nii.gz": b"of no interest",
        "Info_4CH.cfg": info(ef=ef, length=len(frames)),
        "MANDATORY_CITATION.md": b"Cite Leclerc 2019.\n",
    }


class Server:
    """Serves patients; ``drop_after`` holds after how many bytes to drop the next downloads, ``hashes``
    whether the listing states them.
    """

    def __init__(self, patients: dict[str, dict[str, bytes]]) -> None:
        self.patients, self.drop_after, self.hashes = patients, list[int](), False
        self.asked: list[str] = []
        self.wrong_hash = ""
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, query = urlsplit(self.path)[2:4]
                asked = {name: values[0] for name, values in parse_qs(query).items()}
                server.asked.append(f"{path.removeprefix('/api/v1')} {self.headers.get('Range', '')}".strip())
                if path.endswith("/download"):
                    self.send_file(server.content(path.split("/")[-2]))
                    return
                kind = path.rsplit("/", 1)[-1]
                found = server.folders(asked) if kind == "folder" else server.items(asked)
                offset, limit = int(asked["offset"]), int(asked["limit"])
                self.send_content(200, json.dumps(found[offset : offset + limit]).encode())

            def send_file(self, content: bytes) -> None:
                span = self.headers.get("Range", "")
                start = int(span[6:-1]) if span else 0
                end = start + server.drop_after.pop(0) if server.drop_after else len(content)
                self.send_content(206 if start else 200, content[start:], most=end - start)

            def send_content(self, status: int, content: bytes, *, most: int | None = None) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[:most])
                self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/api/v1"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def folders(self, asked: dict[str, str]) -> list[dict[str, object]]:
        if asked["parentType"] == "collection":
            assert asked["parentId"] == COLLECTION
            return [{"_id": "aa0", "name": "other"}, {"_id": "aa1", "name": "dataset"}]
        return [{"_id": name, "name": name} for name in self.patients] if asked["parentId"] == "aa1" else []

    def items(self, asked: dict[str, str]) -> list[dict[str, object]]:
        files = self.patients[asked["folderId"]]
        listed = []
        for number, (name, content) in enumerate(files.items()):
            record: dict[str, object] = {
                "_id": f"{asked['folderId']}i{number}",
                "name": name,
                "size": len(content),
            }
            if self.hashes:
                digest = hashlib.sha512(content).hexdigest()
                record["sha512"] = "0" * 128 if name.endswith(self.wrong_hash or "\0") else digest
            listed.append(record)
        return listed

    def content(self, key: str) -> bytes:
        name, _, number = key.rpartition("i")
        return list(self.patients[name].values())[int(number)]


def small_cohort() -> dict[str, dict[str, bytes]]:
    """Six patients of all splits, one with flat pixels."""
    numbers = {1: 25.0, 2: 45.0, 3: 60.0, 4: 62.0, 401: 55.0, 451: 35.0}
    return {
        f"patient{number:04d}": patient(
            f"patient{number:04d}", number, ef=ef, spacing=(0.15, 0.3) if number == 4 else (0.3, 0.3)
        )
        for number, ef in numbers.items()
    }


def write(files: dict[str, bytes], folder: Path) -> Path:
    """The folder, holding a patient's files."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
