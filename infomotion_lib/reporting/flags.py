"""Marks behind a selector wherever its result is shown: that its graphs collapsed or shattered, or what its
pool is to be known for.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from infomotion_lib.selection.noise import LEVEL, NOISE_FLAG

LIKE_NOISE = "like noise"
"""Short for :data:`~infomotion_lib.selection.noise.NOISE_FLAG`, behind a name."""

MOST, SOME = "†", "‡"
"""Behind a selector that has many graphs: most of them are unhealthy, or some and not most."""

MEANINGS = {
    MOST: "more than half of its class graphs are collapsed or shattered",
    SOME: "some of its class graphs, at most half, are collapsed or shattered",
    "collapsed": "one community holds nearly all of a class",
    "shattered": "more than a third of a class lies in communities of one or two videos",
    LIKE_NOISE: "the graphs have " + NOISE_FLAG,
    "circular": "selected by the very vectors that the generator of the pool was told",
    "not de-identified": "hearts of real videos, or drawn ones that no privacy filter has passed",
}
"""What each mark and each flag says; the flags are those of
:attr:`infomotion_lib.selection.communities.Communities.flag`.
"""


def flag_words(flags: Iterable[object]) -> str:
    """Flags of several rows in words; empty where every graph is healthy or there is none.

    >>> flag_words(["collapsed", "", "collapsed+shattered"]), flag_words([float("nan"), "healthy"])
    ('collapsed or shattered', '')
    """
    names = {name for flag in flags if isinstance(flag, str) for name in flag.split("+")}
    return " or ".join(
        sorted({LIKE_NOISE if name == NOISE_FLAG else name for name in names - {"", "healthy"}})
    )


def health_of(report: pd.DataFrame) -> pd.Series:
    """Flag of each class graph of ``graph_report.csv``, by its rows; a partition that noise of the same
    covariance gives as well is not called healthy, in tables from before that was a flag either.
    """
    flag = report["flag"].astype(str)
    if "structure_p" not in report:
        return flag
    like_noise = (flag == "healthy") & (report["structure_p"] > LEVEL)
    return flag.mask(like_noise, NOISE_FLAG)


def in_brackets(flags: Iterable[object]) -> str:
    """The same behind a name, such as ``" [collapsed]"``; empty for a healthy one."""
    words = flag_words(flags)
    return f" [{words}]" if words else ""


def mark_of(unhealthy: float) -> str:
    """Mark behind a selector of whose graphs this share, in percent, is collapsed or shattered, after a
    space; empty for none.

    >>> mark_of(100), mark_of(10), mark_of(0)
    (' †', ' ‡', '')
    """
    return f" {MOST if unhealthy > 50 else SOME}" if unhealthy > 0 else ""


def explained(*texts: str) -> str:
    """Sentence that explains the marks and flags in some texts, for the note beneath them; empty where they
    have none.

    >>> explained("InfoMotion [collapsed]")
    'Collapsed: one community holds nearly all of a class.'
    """
    names = {name for name in MEANINGS for text in texts if name in text}
    names |= {"collapsed", "shattered"} if names & {MOST, SOME} else set()
    sentence = "; ".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items() if name in names)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""
