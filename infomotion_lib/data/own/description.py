"""What an author says of his or her own videos: their name, who may see frames, may they be passed on.

It stands as a Croissant manifest beside the videos (:data:`~infomotion_lib.files.MANIFEST`), made of the
project's manifest ``own``, whose answers are the most careful ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from infomotion_lib.data.manifests import (
    DISTRIBUTE,
    PRESENT,
    may_present,
    may_redistribute,
    read_manifest,
)
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.files import MANIFEST
from infomotion_lib.provenance import write_json

OWN = "own"
"""Data set whose manifest holds where an author says nothing."""

Viewers = Literal["me", "anyone"]

_PERMITTED = {
    DISTRIBUTE: "Copies may be passed on, under the licence.",
    PRESENT: "Frames may be shown to anyone, in a published page too.",
}


@dataclass(frozen=True)
class Description:
    """An author's answers.

    Attributes
    ----------
    name : str
        What the videos are called in figures, tables, pages and cards.
    frames : {"me", "anyone"}
        Who may see frames: ``"me"``, who run this, in a build of my own; or whoever opens a published page.
    copies : bool
        Whether the videos may be passed on.
    licence, citation : str
        Under which terms, and how to cite them; empty for none.
    """

    name: str
    frames: Viewers = "me"
    copies: bool = False
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ParameterError("The videos need a name.", remedy='Such as --name "Clinic A, 2024".')
        if self.frames not in get_args(Viewers):
            raise ParameterError(
                f"Who may see frames: {self.frames}?", remedy=f"It is {' or '.join(get_args(Viewers))}."
            )
        if self.copies and not self.licence.strip():
            raise ParameterError(
                "Videos that may be passed on need a licence.",
                remedy='Such as --licence "CC BY 4.0". Without one nobody may use what is passed on.',
            )

    def manifest(self) -> dict[str, Any]:
        """The Croissant manifest that says so."""
        made = read_manifest(OWN)
        policy = made["odrl:hasPolicy"]
        allowed = {DISTRIBUTE: self.copies, PRESENT: self.frames == "anyone"}
        made["name"] = self.name.strip()
        made["description"] = (
            f"{self.name.strip()}: an author's own echocardiography videos, as described here."
        )
        made["license"] = self.licence.strip() or made["license"]
        made["citeAs"] = self.citation.strip() or made["citeAs"]
        policy["odrl:permission"] += [
            {"odrl:action": action, "description": text}
            for action, text in _PERMITTED.items()
            if allowed[action]
        ]
        policy["odrl:prohibition"] = [
            rule for rule in policy["odrl:prohibition"] if not allowed[rule["odrl:action"]]
        ]
        return made


def describe_folder(folder: str | Path, description: Description) -> Path:
    """The manifest, written beside the videos.

    Raises
    ------
    DataError
        If there is no such folder.
    """
    if not Path(folder).is_dir():
        raise DataError(f"There is no folder {folder}.")
    return write_json(description.manifest(), Path(folder) / MANIFEST)


def description_of(folder: str | Path) -> Description | None:
    """What is said of the videos in a folder; None where nothing is.

    Raises
    ------
    DataError
        If the manifest cannot be read.
    """
    if not (Path(folder) / MANIFEST).is_file():
        return None
    manifest, unsaid = read_manifest(OWN, folder), read_manifest(OWN)
    licence, citation = (
        "" if manifest[key] == unsaid[key] else str(manifest[key]) for key in ("license", "citeAs")
    )
    return Description(
        name=str(manifest["name"]),
        frames="anyone" if may_present(OWN, folder) else "me",
        copies=may_redistribute(OWN, folder),
        licence=licence,
        citation=citation,
    )
