"""The ultrasound cines among the files of a folder; what is none gets a reason, which holds nothing of the
file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from infomotion_lib.data.dicom_header import RATES, REGIONS, rate_of
from infomotion_lib.data.dicom_pixels import TAGS, NoDecoder, grey_frames, read_header
from infomotion_lib.data.video import Clip
from infomotion_lib.errors import VideoError

REASONS = {
    "imported": "",
    "kept": "imported before, and unchanged",
    "repeated": "the same file as one before it",
    "no_dicom": "no DICOM file",
    "no_ultrasound": "no ultrasound",
    "no_pictures": "a DICOM file without pictures",
    "single_picture": "a single picture, no cine",
    "no_frame_rate": "no frame rate that hearts are filmed at",
    "no_decoder": "its compression cannot be decoded here",
    "no_region": "no region of tissue inside the picture, which --crop needs",
    "no_motion": "nothing moves in it: no sector was found",
    "unreadable": "its header or its pictures are damaged",
}
"""What may become of a file, in words; they hold nothing of the file itself."""

_MODALITY = ("SOPClassUID", "Modality", "BurnedInAnnotation")
_PERHAPS = tuple(f"1.2.840.10008.5.1.4.1.1.{kind}" for kind in (3, 6, 7))
"""Classes of ultrasound and of secondary captures begin so: taken where no modality is stated."""

_PREAMBLE, _MAGIC = 128, b"DICM"
_BARE = ("", ".dcm", ".dicom", ".ima", ".img")  # suffixes of files that may lack the preamble


class Refused(Exception):
    """A file that gives no video: a key of :data:`REASONS`, and more words about it."""

    def __init__(self, status: str, detail: str = "") -> None:
        self.status, self.detail = status, detail
        super().__init__(status)


def dicom_candidates(root: Path, target: Path) -> list[Path]:
    """Files under a folder but not in the output, in order of their names."""
    found = []
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if (Path(place) / name).resolve() != target.resolve())
        found += [Path(place) / name for name in names if not name.startswith(".")]
    return sorted(file for file in found if file.is_file())


def cine_header(file: Path) -> Any:
    """Header of an ultrasound cine; what is none is refused."""
    with file.open("rb") as stream:
        marked = stream.read(_PREAMBLE + 4)[_PREAMBLE:] == _MAGIC
    if not marked and file.suffix.lower() not in _BARE:
        raise Refused("no_dicom")
    try:
        header = read_header(file, (*_MODALITY, *RATES, REGIONS, *TAGS), bare=not marked)
        classes = str(header.get("SOPClassUID", "") or "")
        modality = str(header.get("Modality", "") or "")
        ultrasound = modality in ("US", "IVUS") or (not modality and classes.startswith(_PERHAPS))
        length = int(header.get("NumberOfFrames", 1) or 1)
        pictures = "PixelData" in header
        header.get("BurnedInAnnotation")  # decoded now: a damaged element raises when it is asked for
    except VideoError as error:
        if "pydicom is not installed" in error.what:
            raise
        raise Refused("unreadable" if marked else "no_dicom") from None
    except Exception:  # a damaged header may raise any kind
        raise Refused("unreadable" if marked else "no_dicom") from None
    if not pictures:
        raise Refused("no_pictures" if marked else "no_dicom")
    if not ultrasound:
        raise Refused("no_ultrasound")
    if length < 2:
        raise Refused("single_picture")
    return header


def cine_pictures(header: Any, file: Path) -> tuple[Clip, float, str]:
    """Grey frames that may be written to, their rate, and what is odd about it."""
    try:
        rate = rate_of(header, name=file.name)
        return grey_frames(header, file).copy(), rate.fps, rate.remark
    except NoDecoder as error:
        words = error.what.removeprefix(f"{file}: ")
        raise Refused("no_decoder", " ".join(filter(None, [words, error.remedy]))) from None
    except VideoError as error:
        rate_missing = error.fault == "no_frame_rate"
        raise (
            Refused("no_frame_rate", error.where.rstrip(".")) if rate_missing else Refused("unreadable")
        ) from None
