"""One real heart over four beats: both votes on a published cine, its beats, and small pictures of it.

One recording, no label, and nothing but the pictures is read: what it shows is that detector, network and the
rule of a third meet a heart which nobody drew.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from infomotion_lib.data.dicom import Cine, read_cine, whole_cine
from infomotion_lib.errors import DataError
from infomotion_lib.frames.beats import whole_beats
from infomotion_lib.frames.votes import both_votes
from infomotion_lib.provenance import write_csv

CURVE, BEATS, PICTURES = "cine_curve.csv", "cine_beats.csv", "cine"
SIDE = 168
"""Side of a picture, pixels."""

EVERY = 3
"""One frame of so many becomes a picture."""


def run_cine_study(out_dir: str | Path) -> pd.DataFrame:
    """Beats of the cine by the detector and by the network; written to ``out_dir``.

    ``cine_beats.csv`` has the rows of :func:`~infomotion_lib.frames.beats.whole_beats` with their ``voter``;
    ``cine_curve.csv`` has ``frame``, ``seconds`` and both curves, each of mean 0 and standard deviation 1;
    ``cine/000.webp`` and so on are every third frame of the moving sector.

    Raises
    ------
    DataError
        If the extra ``cine`` is not installed.
    """
    file = whole_cine()
    if file is None:
        raise DataError(
            "The cine of four beats is not installed.", remedy="Install it: pip install 'infomotion[cine]'."
        )
    cine, out = read_cine(file), Path(out_dir)
    votes = dict(zip(("detector", "network"), both_votes(cine.clip, cine.fps), strict=True))
    beats = pd.concat(
        [whole_beats(phases, cine.fps).assign(voter=name) for name, phases in votes.items()],
        ignore_index=True,
    )
    curves = {name: (vote.signal - vote.signal.mean()) / vote.signal.std() for name, vote in votes.items()}
    number = np.arange(len(cine.clip))
    curve = pd.DataFrame({"frame": number, "seconds": number / cine.fps, **curves}).round(4)
    write_pictures(cine, out / PICTURES)
    write_csv(curve, out / CURVE)
    write_csv(beats.round(4), out / BEATS)
    return beats


def write_pictures(cine: Cine, folder: Path) -> None:
    """Every third frame as a small WebP file named by its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(0, len(cine.clip), EVERY):
        small = cv2.resize(cine.clip[number], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        _, encoded = cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, 70])
        (folder / f"{number:03d}.webp").write_bytes(encoded.tobytes())
