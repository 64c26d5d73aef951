"""Equal seeds, another C++ library: with enough trials the same communities, with one trial others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import second_platform
from finished_run import once
from second_platform import same

from infomotion_lib.selection.communities import enough_trials, find_communities
from infomotion_lib.selection.graph import Graph, build_graph

pytest.importorskip("infomotion_book.assets", reason="the book's packages are not installed")


@pytest.fixture(scope="module")
def package(request: pytest.FixtureRequest) -> Path:
    """Folder that holds the WebAssembly build, kept from one call of the tests to the next."""
    (name,) = second_platform.PACKAGE
    return once(Path(request.config.cache.mkdir("infomap")) / name.rpartition("@")[2], second_platform.bring)


def grouped(count: int, *, seed: int) -> Graph:
    """kNN graph of ``count`` points in groups of about 15 that overlap."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(count // 15, 4), 8)) * 1.2
    group = rng.integers(len(centres), size=count)
    return build_graph(centres[group] + rng.normal(size=(count, 8)) * 0.8)


def test_enough_trials_find_the_same_communities_on_both_platforms(package: Path, tmp_path: Path) -> None:
    (tmp_path / "package").symlink_to(package / "package")
    one = []
    for count, seed in ((60, 1), (60, 2), (100, 3)):
        graph = grouped(count, seed=seed)
        trials = enough_trials(graph)
        ours, theirs = (
            find_communities(graph, trials=0),
            second_platform.partition(graph, tmp_path, seed=0, trials=trials),
        )
        assert ours.trials == trials == 100 and ours.n_communities > 1
        assert same(ours.module, theirs), f"{count} nodes, seed {seed}"
    noise = build_graph(np.random.default_rng(0).normal(size=(100, 8)))
    one = second_platform.partition(noise, tmp_path, seed=0, trials=1)
    assert not same(find_communities(noise, trials=1).module, one), "the platforms draw otherwise"


def test_trials_follow_the_size_of_the_graph() -> None:
    features = np.random.default_rng(0).normal(size=(300, 4))
    assert enough_trials(build_graph(features[:100])) == 100
    assert enough_trials(build_graph(features)) == 300
    assert enough_trials(build_graph(features, recipe="literal")) == 10, "a complete graph"
