"""Does a voter contradict itself? The same clip backwards, thinned out, cut short or cut in, and its frames
shuffled.

None of these changes which picture shows how large a ventricle, so the curve over the pictures should stay.
Shuffling keeps the pictures too: what survives it was read off single frames, and says nothing of a rhythm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.video import Clip
from infomotion_lib.frames.detect import MIN_FRAMES, Phases
from infomotion_lib.frames.phasenet import build_phasenet
from infomotion_lib.frames.signals import single_threaded
from infomotion_lib.frames.votes import both_votes, correlation

if TYPE_CHECKING:
    from torch import nn

Voter = Literal["detector", "network"]
BORDER = 0.06
"""Share of the side that is cut off all around in the variant ``cut_in``."""


class Variant(NamedTuple):
    """A changed clip: its frames, which frame of the original each one is, and its frame rate over the
    original's.
    """

    clip: Clip
    frames: NDArray[np.int64]
    rate: float


def _reversed(clip: Clip, rng: np.random.Generator) -> Variant:
    return Variant(clip[::-1], np.arange(len(clip))[::-1], 1.0)


def _every_second(clip: Clip, rng: np.random.Generator) -> Variant:
    return Variant(clip[::2], np.arange(len(clip))[::2], 0.5)


def _three_quarters(clip: Clip, rng: np.random.Generator) -> Variant:
    length = 3 * len(clip) // 4
    return Variant(clip[:length], np.arange(length), 1.0)


def _cut_in(clip: Clip, rng: np.random.Generator) -> Variant:
    rows, columns = (max(1, round(BORDER * side)) for side in clip.shape[1:])
    return Variant(clip[:, rows:-rows, columns:-columns], np.arange(len(clip)), 1.0)


def _shuffled(clip: Clip, rng: np.random.Generator) -> Variant:
    order = rng.permutation(len(clip))
    return Variant(clip[order], order, 1.0)


VARIANTS: dict[str, Callable[[Clip, np.random.Generator], Variant]] = {
    "reversed": _reversed,
    "every_second": _every_second,
    "three_quarters": _three_quarters,
    "cut_in": _cut_in,
    "shuffled": _shuffled,
}
"""Ways to change a clip, by name; the last is the control."""


def self_consistency(
    clips: Iterable[tuple[Clip, float]], *, network: nn.Module | None = None, seed: int = 0
) -> pd.DataFrame:
    """How much of each voter's reading stays when the clip is changed.

    Parameters
    ----------
    clips : iterable of (clip, fps)
        Clips (T, H, W) and their frame rates.
    network : Module, optional
        The second voter; the library's own by default.
    seed : int
        Of the shuffling and of the random weights.

    Returns
    -------
    DataFrame
        Rows of ``clip`` (number), ``voter``, ``variant`` (``as_is`` or one of :data:`VARIANTS`): ``r``
        (correlation with the voter's own curve on the clip as it is, frame by frame), ``es_kept`` (share of
        the ES found in the clip as it is that lie within a frame of one found in the variant) and
        ``agreement`` (correlation of the two voters). ``random_weights`` has the agreement of an untrained
        network with the detector, without regard to sign.
    """
    rng = np.random.default_rng(seed)
    untrained = _untrained(seed)
    rows: list[tuple[int, str, str, float, float, float]] = []
    for number, (clip, fps) in enumerate(clips):
        with single_threaded():
            seen = dict(zip(("detector", "network"), both_votes(clip, fps, network), strict=True))
            chance = both_votes(clip, fps, untrained)[1]
            agreement = correlation(seen["detector"].signal, seen["network"].signal)
            rows += [(number, voter, "as_is", 1.0, 1.0, agreement) for voter, phases in seen.items()]
            by_chance = abs(correlation(seen["detector"].signal, chance.signal))
            rows.append((number, "random_weights", "as_is", np.nan, np.nan, by_chance))
            for name, change in VARIANTS.items():
                other = change(clip, rng)
                if len(other.clip) < MIN_FRAMES:
                    continue
                again = dict(
                    zip(
                        ("detector", "network"),
                        both_votes(np.ascontiguousarray(other.clip), other.rate * fps, network),
                        strict=True,
                    )
                )
                agreement = correlation(again["detector"].signal, again["network"].signal)
                rows += [
                    (number, voter, name, *_kept(seen[voter], again[voter], other), agreement)
                    for voter in seen
                ]
    return pd.DataFrame(rows, columns=["clip", "voter", "variant", "r", "es_kept", "agreement"])


def _kept(before: Phases, after: Phases, variant: Variant) -> tuple[float, float]:
    r = correlation(before.signal[variant.frames], after.signal)
    step = max(1, round(1 / variant.rate))
    due = [frame for frame in before.es if variant.frames.min() <= frame <= variant.frames.max()]
    frames = variant.frames[after.es]
    kept = [bool(len(frames)) and bool(np.abs(frames - frame).min() <= step) for frame in due]
    return r, float(np.mean(kept)) if kept else float("nan")


def _untrained(seed: int) -> nn.Module:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_phasenet().eval()
