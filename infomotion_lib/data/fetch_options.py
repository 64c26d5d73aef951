"""How a data set is downloaded, as the options of the command say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FetchOptions:
    """Each fetcher takes what concerns it.

    Attributes
    ----------
    mirror : Path or None
        Local folder to read in place of the network.
    ef_label : str
        ``"relabelled"`` or ``"requested"``.
    split_seed : int
        Seed of a split that we make.
    keep_archive : bool
        Keep the archive after it was unpacked.
    patients : int
        First so many patients of each split; 0: all.
    """

    mirror: Path | None = None
    ef_label: str = "relabelled"
    split_seed: int = 0
    keep_archive: bool = False
    patients: int = 0
