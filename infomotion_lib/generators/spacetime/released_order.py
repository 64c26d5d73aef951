"""Whose EF each window gets in the released sampler, and what it stores; torch-free.

Whether the public synthetic data were drawn in this way is not known: batches of one video, or of one window
each, are not touched by the first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def released_conditions(videos: int, windows: int) -> NDArray[np.int64]:
    """Whose condition each window gets, (videos, windows): the released sampler lists windows by position
    first and video second, but their conditions by video first.

    >>> released_conditions(2, 3).tolist()
    [[0, 0, 1], [0, 1, 1]]
    """
    given = np.repeat(np.arange(videos), windows)  # conditions, in the order of the batch
    return given.reshape(windows, videos).T  # the batch holds window 0 of all videos, then window 1, ...


def own_conditions(videos: int, windows: int) -> NDArray[np.bool_]:
    """Whether each window gets the condition of its own video in the released order, (videos, windows).

    >>> int(own_conditions(8, 5).sum())  # 8 videos of 192 frames
    8
    """
    return released_conditions(videos, windows) == np.arange(videos)[:, None]


def stored_ef(percent: int) -> int:
    """EF that the released sampler writes for the one it was asked for, points: a share of it times
    100, both float32, cut off and not rounded. Of 10 to 90 points, only 53 and 59 change.

    >>> [stored_ef(ef) for ef in (30, 53, 59, 75)]
    [30, 52, 58, 75]
    """
    return int(np.float32(100) * np.float32(percent / 100))
