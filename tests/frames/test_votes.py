"""Two votes agree or the video is flagged; self-consistency compares like with like; their figures say what
the numbers say.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from infomotion_lib.data.video import write_clip
from infomotion_lib.frames.accuracy import known_phantoms
from infomotion_lib.frames.consistency import VARIANTS, self_consistency
from infomotion_lib.frames.detect import Phases
from infomotion_lib.frames.phasenet import curve_phases
from infomotion_lib.frames.votes import (
    AGREE,
    VOTE_COLUMNS,
    both_votes,
    compare,
    phase_votes,
    traced_errors,
    verdict_counts,
)
from infomotion_lib.reporting.figures import votes as figures
from infomotion_lib.reporting.style import figure_bytes

TIME = np.arange(96)


def beating(shift: float = 0.0) -> Phases:
    return curve_phases(70 + 30 * np.cos(2 * np.pi * (TIME - shift) / 32), 50.0)


def test_two_equal_curves_agree() -> None:
    phases = beating()
    vote = compare(phases, phases, es=int(phases.es[1]), ed=int(phases.ed[1]), fps=50.0)
    assert (vote.verdict, vote.es_apart_ms, vote.ed_apart_ms) == (AGREE, 0.0, 0.0)
    assert vote.agreement == pytest.approx(1.0)
    assert (vote.detector_es, vote.network_es) == (int(phases.es[1]),) * 2


def test_curves_against_each_other_are_flagged() -> None:
    phases = beating()
    assert (
        compare(phases, beating(16), es=int(phases.es[1]), ed=int(phases.ed[1]), fps=50.0).verdict
        == "curves_differ"
    )


def test_frames_apart_are_flagged_though_the_curves_go_together() -> None:
    phases, late = beating(), beating(6)  # 120 ms
    vote = compare(phases, late, es=int(phases.es[1]), ed=int(phases.ed[1]), fps=50.0)
    assert vote.agreement > 0.3
    assert vote.es_apart_ms == pytest.approx(120, abs=20)
    near = compare(phases, beating(4), es=int(phases.es[1]), ed=int(phases.ed[1]), fps=50.0)  # 80 ms
    assert near.verdict == AGREE
    slow = compare(
        phases, beating(1), es=int(phases.es[1]), ed=int(phases.ed[1]), fps=6.0
    )  # one frame is 167 ms
    assert slow.es_apart_ms > 100
    assert slow.verdict == AGREE


def test_a_vote_without_phases_never_agrees() -> None:
    phases = beating()
    nothing = curve_phases(np.zeros(96), 50.0)
    vote = compare(phases, nothing, es=16, ed=32, fps=50.0)
    assert (vote.verdict, vote.network_es) == ("curves_differ", None)
    assert np.isnan(vote.agreement)
    silent = Phases(nothing.es, nothing.ed, phases.signal, phases.components, 1.0, 0.0)
    assert compare(phases, silent, es=16, ed=32, fps=50.0).verdict == "frames_differ"


@pytest.fixture
def folder(
    tmp_path: Path, disc: Callable[..., NDArray[np.uint8]]
) -> tuple[pd.DataFrame, dict[tuple[str, str], Path]]:
    """Index of two detected discs, a traced one, one without frames and one whose file is broken."""
    rows = [
        ("open", "a", "detected", 18, 38, 50.0),
        ("open", "b", "detected", 20, 40, 50.0),
        ("real", "c", "annotated", 18, 8, 50.0),
        ("real", "d", "none", pd.NA, pd.NA, 50.0),
        ("open", "e", "detected", 3, 9, 50.0),
    ]
    index = pd.DataFrame(rows, columns=["source", "file_name", "phase_source", "es", "ed", "fps"]).astype(
        {"es": "Int64", "ed": "Int64"}
    )
    paths = {}
    for number, (source, name, *_) in enumerate(rows):
        paths[source, name] = write_clip(tmp_path / f"{name}.avi", disc(60, first_ed=8.0 + number), fps=50.0)
    paths["open", "e"].write_bytes(b"no video")
    return index, paths


def test_every_detected_video_is_voted_on(folder: tuple[pd.DataFrame, dict[tuple[str, str], Path]]) -> None:
    index, paths = folder
    votes = phase_votes(index, paths, progress=False)
    assert tuple(votes.columns) == VOTE_COLUMNS
    assert votes["file_name"].tolist() == ["a", "b", "c", "e"]
    assert votes["flagged"].tolist() == (votes["verdict"] != AGREE).tolist()
    assert votes.loc[3, "verdict"] == "unreadable"
    assert pd.isna(votes.loc[3, "network_es"])
    assert (votes.loc[:1, "detector_es"] - votes.loc[:1, "es"]).abs().max() <= 3
    assert verdict_counts(votes)["n"].sum() == 4
    assert "file_name" not in verdict_counts(votes)
    assert phase_votes(index, paths, most_traced=0, progress=False)["file_name"].tolist() == ["a", "b", "e"]
    errors = traced_errors(
        votes, index.set_index("file_name").loc[votes["file_name"], "fps"].reset_index(drop=True)
    )
    assert errors["videos"].tolist()[:4] == [1, 1, 1, 1]
    assert errors.loc[0, "median_ms"] <= 60


def test_no_detected_video_gives_an_empty_table(
    folder: tuple[pd.DataFrame, dict[tuple[str, str], Path]],
) -> None:
    index, paths = folder
    votes = phase_votes(index[index["phase_source"] == "none"], paths, progress=False)
    assert votes.empty
    assert tuple(votes.columns) == VOTE_COLUMNS


def test_a_changed_clip_keeps_the_curve_and_a_shuffled_one_does_not() -> None:
    clips = [(known.clip, known.fps) for known in known_phantoms(3, n_frames=48, seed=11, size=56)]
    table = self_consistency(clips)
    assert set(table["variant"]) == {"as_is", *VARIANTS}
    assert set(table["voter"]) == {"detector", "network", "random_weights"}
    network = table[table["voter"] == "network"].groupby("variant")[["r", "agreement"]].median()
    assert network.loc[["reversed", "three_quarters", "cut_in"], "r"].min() > 0.8
    assert network.loc["shuffled", "r"] < network.loc["reversed", "r"]
    assert (
        network.loc["as_is", "agreement"]
        > table.loc[table["voter"] == "random_weights", "agreement"].median()
    )
    assert table["es_kept"].dropna().between(0, 1).all()
    again = self_consistency(clips)
    pd.testing.assert_frame_equal(table, again)


@pytest.mark.skipif(
    "INFOMOTION_MIRROR" not in os.environ, reason="the published clips are reached through INFOMOTION_MIRROR"
)
def test_votes_on_published_clips_agree_and_controls_do_not() -> None:
    """Taught on phantoms alone, the network follows the detector on published clips; untrained, or on
    shuffled frames, it does so less.
    """
    files = sorted(
        (Path(os.environ["INFOMOTION_MIRROR"]) / "echodiffusion" / "counterfactual").glob("*.gif")
    )[::8]
    assert files, "no clip in the mirror"
    clips = []
    for file in files:
        with av.open(str(file)) as container:
            clips.append(
                (np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]), 8.0)
            )
    table = self_consistency(clips)
    medians = table.groupby(["voter", "variant"])[["r", "agreement"]].median()
    order, shuffled = (
        medians.loc[("network", "as_is"), "agreement"],
        medians.loc[("network", "shuffled"), "agreement"],
    )
    assert order > 0.75
    assert order > shuffled + 0.05
    assert order > medians.loc[("random_weights", "as_is"), "agreement"] + 0.3
    assert medians.loc[("network", "reversed"), "r"] > 0.85
    assert medians.loc[("network", "cut_in"), "r"] > 0.85


def title(fig: object) -> str:
    assert figure_bytes(fig).startswith(b"<?xml")  # type: ignore[arg-type]
    return fig.get_suptitle()  # type: ignore[attr-defined,no-any-return]


def test_figures_say_what_the_numbers_say(folder: tuple[pd.DataFrame, dict[tuple[str, str], Path]]) -> None:
    known = next(known_phantoms(1, n_frames=48, seed=3, size=56))
    both = both_votes(known.clip, known.fps)
    assert known.volume is not None
    assert "r " in title(
        figures.vote_curves({"phantom": (*both, known.fps)}, volumes={"phantom": known.volume})
    )
    against = {"x": (beating(), beating(16), 50.0)}
    assert "correlate by -" in title(figures.vote_curves(against))
    votes = phase_votes(*folder, progress=False)
    agreed = int((votes["verdict"] == AGREE).sum())
    assert title(figures.vote_counts(votes)).startswith(f"The two votes agree on {agreed} of 4 videos")
    table = self_consistency([(known.clip, known.fps)])
    fig = figures.consistency(table)
    assert "The two votes correlate by " in title(fig)
    told = figures.consistency_words(table)
    assert " ".join(title(fig).split()) + "." in told
    kept = table[(table["voter"] == "detector") & (table["variant"] == "shuffled")]["r"].median()
    assert f"frames shuffled {kept:.2f}" in told
    assert "{" not in told
