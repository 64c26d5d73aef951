"""CAMUS, 500 patients' half beats with EF, fetched patient by patient and written in EchoNet's layout.

The server asks for no account. The licence is CC BY-NC-SA 4.0, for non-commercial research; it and the
citation are written beside the data. **Not run by us on the real data**: written from what is published of
the server and the files, and tried on drawn hearts behind a server of the same shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.data.camus_patient import REASONS, HalfBeat, NotUsable, file_names, read_half_beat
from infomotion_lib.data.echodiffusion import writable_folder
from infomotion_lib.data.fetch_options import FetchOptions
from infomotion_lib.data.girder import Entry, Girder
from infomotion_lib.data.layout import SPLITS
from infomotion_lib.data.nifti import require_reader
from infomotion_lib.data.video import write_clip
from infomotion_lib.data.volume_tracings import COLUMNS
from infomotion_lib.errors import FetchError
from infomotion_lib.files import FETCHED, FILE_LIST, SUMS, TRACINGS, VIDEOS
from infomotion_lib.progress import track
from infomotion_lib.provenance import atomic, sha256, write_csv, write_json

API = "https://humanheart-project.creatis.insa-lyon.fr/database/api/v1"
COLLECTION = "6373703d73e9f0047faa1bc8"
PATIENTS_FOLDER = "dataset"
CITATION_FILE = "MANDATORY_CITATION.md"
REPORT, LICENCE = "camus_report.csv", "LICENCE.md"
SIZE = 112
"""Side of a frame, pixels: EchoNet-Dynamic's."""

LAST = {"TRAIN": 400, "VAL": 450, "TEST": 500}
"""Number of the last patient of each split, as the field divides them."""

TERMS = """\
# CAMUS

Licence: CC BY-NC-SA 4.0 (https://creativecommons.org/licenses/by-nc-sa/4.0/). Free of charge, strictly for
non-commercial scientific research.

Whoever uses the data cites:

S. Leclerc, E. Smistad, J. Pedrosa, A. Ostvik, F. Cervenansky, F. Espinosa, T. Espeland, E. A. R. Berg,
P.-M. Jodoin, T. Grenier, C. Lartizien, J. D'hooge, L. Lovstakken, O. Bernard. Deep Learning for Segmentation
Using an Open Large-Scale Dataset in 2D Echocardiography. IEEE Transactions on Medical Imaging 38 (9),
2198-2210, 2019. https://doi.org/10.1109/TMI.2019.2900516

Fetched from {api}. The videos in Videos/ are changed: made square, smaller, and compressed as Motion-JPEG.
"""


def fetch_as_asked(folder: Path, options: FetchOptions) -> Path:
    """The folder, filled as a command's options say."""
    return fetch_camus(folder, patients=options.patients)


def fetch_camus(
    root: str | Path,
    *,
    api: str = API,
    patients: int = 0,
    size: int = SIZE,
    progress: bool = True,
) -> Path:
    """Folder ``root``, holding CAMUS's half beats of the four-chamber view in EchoNet-Dynamic's layout.

    Writes ``FileList.csv`` (EF as listed), ``VolumeTracings.csv`` (from the masks at the listed ED and ES),
    ``Videos/``, ``camus_report.csv`` (what became of each patient, the EF of this view alone beside the
    listed one), ``LICENCE.md`` and ``source.json``. What was fetched is kept in ``download/`` with
    ``SHA256SUMS``: a later call goes on with what is missing, and refuses a file that has changed.

    Parameters
    ----------
    root : str or Path
        Folder to fill, such as ``$INFOMOTION_DATA/CAMUS``.
    api : str
        Address of the server's REST interface.
    patients : int
        First so many of each split; 0: all.
    size : int
        Side of a frame, pixels.
    progress : bool
        Show progress bars.

    Raises
    ------
    FetchError
        If the server cannot be reached or lists no patient, a file does not arrive whole or has changed, or
        no patient is usable.
    DataError
        If nibabel is not installed.
    """
    require_reader()
    folder = writable_folder(root)
    with atomic(folder / LICENCE) as temporary:
        temporary.write_text(TERMS.format(api=api), encoding="utf-8")
    found = _download(folder / "download", Girder(api), patients=patients, progress=progress)
    source = {"manifest": "camus", "api": api, "collection": COLLECTION, "patients": patients, "size": size}
    source |= {"sums_sha256": sha256(folder / "download" / SUMS)}
    if _is_converted(folder, source):
        return folder
    rows: list[dict[str, object]] = []
    tracings: list[pd.DataFrame] = []
    report: list[dict[str, object]] = []
    for name in track(found, label="convert half beats", unit="patient") if progress else found:
        try:
            beat = read_half_beat(folder / "download" / name, size=size)
        except NotUsable as reason:
            report.append({"FileName": name, "Status": reason.status, "Reason": REASONS[reason.status]})
            continue
        write_clip(folder / VIDEOS / f"{name}.avi", beat.clip, fps=beat.info.fps)
        rows.append(_listed(name, beat))
        tracings.append(pd.DataFrame(beat.tracings, columns=list(COLUMNS[1:])).assign(FileName=name))
        report.append(_reported(name, beat))
    write_csv(pd.DataFrame(report), folder / REPORT)
    if not rows:
        raise FetchError(
            f"None of {len(found)} patients gives a video.", where=f"Why: {folder / REPORT}", remedy=_CHANGED
        )
    table = pd.concat(tracings)[list(COLUMNS)].astype({"Frame": "int64"})
    write_csv(table, folder / TRACINGS)
    write_csv(pd.DataFrame(rows), folder / FILE_LIST)
    write_json(source, folder / FETCHED)
    return folder


_CHANGED = "Has the server or its layout changed? Nobody has run this on the real data yet: tell us."


def split_of(patient: str) -> str:
    """Split of a patient by number: 1-400, 401-450, 451-500.

    >>> split_of("patient0401")
    'VAL'
    """
    number = int(patient.removeprefix("patient"))
    return next((split for split in SPLITS if number <= LAST[split]), SPLITS[-1])


def _is_converted(folder: Path, source: Mapping[str, object]) -> bool:
    """Whether an earlier call made the same from the same files: its videos then stay, as do runs on them."""
    try:
        return bool(json.loads((folder / FETCHED).read_text(encoding="utf-8")) == source)
    except (OSError, ValueError):
        return False


def _listed(name: str, beat: HalfBeat) -> dict[str, object]:
    length, height, width = beat.clip.shape
    return {
        "FileName": name,
        "EF": beat.info.ef,
        "ESV": np.nan,
        "EDV": np.nan,
        "FrameHeight": height,
        "FrameWidth": width,
        "FPS": beat.info.fps,
        "NumberOfFrames": length,
        "Split": split_of(name),
    }


def _reported(name: str, beat: HalfBeat) -> dict[str, object]:
    return {
        "FileName": name,
        "Status": beat.status,
        "Reason": REASONS[beat.status],
        "EF": beat.info.ef,
        "OneViewEF": round(beat.one_view_ef, 1),
        "ED": beat.info.ed,
        "ES": beat.info.es,
        "ImageQuality": beat.info.quality,
        "Upright": beat.upright,
    }


def _download(folder: Path, server: Girder, *, patients: int, progress: bool) -> list[str]:
    """Names of the patients whose files are there now, in order."""
    top = [entry for entry in server.folders(COLLECTION, kind="collection") if entry.name == PATIENTS_FOLDER]
    listed = sorted(
        (
            entry
            for parent in top
            for entry in server.folders(parent.key, kind="folder")
            if re.fullmatch(r"patient\d{4}", entry.name)
        ),
        key=lambda entry: entry.name,
    )
    if not listed:
        raise FetchError(f"{server.api} lists no patient.", remedy=_CHANGED)
    wanted = list(_first_of_each_split(listed, patients))
    folder.mkdir(parents=True, exist_ok=True)
    known = _recorded(folder / SUMS)
    with (folder / SUMS).open("a", encoding="utf-8") as record:
        for patient in track(wanted, label="download CAMUS", unit="patient") if progress else wanted:
            for item in _missing(folder / patient.name, server, patient, known):
                digest = server.fetch(item, folder / patient.name / item.name)
                record.write(f"{digest}  {patient.name}/{item.name}\n")
                record.flush()
    return [patient.name for patient in wanted]


def _missing(folder: Path, server: Girder, patient: Entry, known: dict[str, str]) -> Iterator[Entry]:
    """Files of a patient that are not there yet; those that are must be as they were recorded."""
    needed = {*file_names(patient.name).values(), CITATION_FILE}
    for name in sorted(needed):
        file, digest = folder / name, known.get(f"{patient.name}/{name}", "")
        if file.is_file() and digest:
            if sha256(file) != digest:
                raise FetchError(
                    f"{file} has changed since it was fetched.",
                    where=f"Recorded in: {folder.parent / SUMS}",
                    remedy="Delete it and fetch again.",
                )
            needed.remove(name)
    if needed:
        yield from (item for item in server.items(patient.key) if item.name in needed)


def _recorded(file: Path) -> dict[str, str]:
    """Hash of each fetched file by its name; a line that was cut off is left out."""
    if not file.is_file():
        return {}
    return {name: digest for digest, name in re.findall(r"^([0-9a-f]{64})  (\S+)$", file.read_text(), re.M)}


def _first_of_each_split(patients: list[Entry], most: int) -> Iterator[Entry]:
    counts = dict.fromkeys(SPLITS, 0)
    for patient in patients:
        split = split_of(patient.name)
        counts[split] += 1
        if not most or counts[split] <= most:
            yield patient
