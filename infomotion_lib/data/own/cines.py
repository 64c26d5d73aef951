"""The ultrasound DICOM among an author's videos: imported first, then read as any other video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from infomotion_lib.data.dicom_files import REASONS as IMPORT_REASONS
from infomotion_lib.data.dicom_import import NAMES, ImportRequest, import_folder
from infomotion_lib.data.tables import read_table
from infomotion_lib.errors import DataError
from infomotion_lib.files import VIDEOS

DICOM = (".dcm", ".dicom")
SIDE = 112
"""Side of a frame where none is asked for: sectors of DICOM are of any size."""

REASONS = {
    status: reason
    for status, reason in IMPORT_REASONS.items()
    if reason and status not in ("kept", "repeated", "unreadable")
}
"""Why a DICOM file is not taken."""

_PREAMBLE, _MAGIC = 128, b"DICM"


@dataclass(frozen=True)
class Cine:
    """What an import made of a DICOM file: ``video`` is empty where it was refused, for the ``status``."""

    status: str
    video: str


def is_dicom(path: Path) -> bool:
    """Whether a file is DICOM, by its suffix or, whatever that is, by its first bytes."""
    if path.suffix.lower() in DICOM:
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(_PREAMBLE + len(_MAGIC))[_PREAMBLE:] == _MAGIC
    except OSError:
        return False


def import_cines(
    folder: Path, files: Sequence[str], target: Path, *, masks: Sequence[tuple[int, int, int, int]] = ()
) -> dict[str, Cine]:
    """What became of each DICOM file; the videos lie in ``target``, only the moving
    sector of each, without patient data.

    Parameters
    ----------
    folder, target : Path
        Of the author's files, and of the import, which goes on where an earlier one stopped.
    files : sequence of str
        Paths of the DICOM files from ``folder``, with ``/``.
    masks : sequence of boxes
        See :class:`~infomotion_lib.data.dicom_import.ImportRequest`.

    Raises
    ------
    DataError
        If the package that reads DICOM is not installed, or not one cine can be imported.
    """
    if find_spec("pydicom") is None:
        raise DataError(
            f"{len(files)} of the files are DICOM, such as {files[0]}, and pydicom is not installed.",
            remedy="pip install 'infomotion[dicom]'",
        )
    import_folder(folder, target, ImportRequest(masks=masks, sector=True, keep_names=True))
    made = read_table(target / NAMES).set_index("source")
    cines = {}
    for file in files:
        status, name = made.loc[file, ["status", "file_name"]] if file in made.index else ("unreadable", "")
        cines[file] = Cine(str(status), str(target / VIDEOS / f"{name}.avi") if name else "")
    return cines
