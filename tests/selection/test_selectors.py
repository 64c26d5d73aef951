"""``select``: budgets, order, determinism, shortfalls and clear refusals, for every method."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.selection.communities import Communities
from infomotion_lib.selection.graph import Recipe
from infomotion_lib.selection.modular import allocate, build_class_graphs, pick_modular
from infomotion_lib.selection.parameters import SelectionParameters
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.selection.selectors import Selection, select

from .conftest import Pool

METHODS = tuple(name for name in SELECTORS if not SELECTORS[name].needs_judge)
"""Those that a profile can name."""


def run(
    pool: Pool,
    method: str,
    *,
    vpc: int = 3,
    seed: int = 0,
    rows: np.ndarray | slice = slice(None),
    **more: object,
) -> Selection:
    settings: dict[str, object] = {
        "file_names": pool.file_names[rows],
        "method": method,
        "vpc": vpc,
        "seed": seed,
        "ef": pool.ef[rows],
        "graph": Recipe(trials=2),
    } | more
    return select(pool.features[rows], pool.classes[rows], **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
def test_every_class_gives_vpc_videos_of_its_own(pool: Pool, method: str) -> None:
    chosen = run(pool, method)
    assert list(chosen.table.columns) == [
        "class_name",
        "community",
        "rank",
        "file_name",
        "score",
        "graph_flag",
    ]
    assert chosen.table["class_name"].tolist() == [name for name in CLASS_NAMES for _ in range(3)]
    assert chosen.table["rank"].tolist() == [1, 2, 3] * 5
    assert len(set(chosen.file_names)) == 15
    class_of = dict(zip(pool.file_names, pool.classes, strict=True))
    assert [class_of[name] for name in chosen.file_names] == chosen.table["class_name"].tolist()
    assert chosen.parameters["method"] == method
    assert method in repr(chosen)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_the_candidates_does_not_matter(pool: Pool, method: str) -> None:
    shuffled = np.random.default_rng(0).permutation(70)
    assert run(pool, method, rows=shuffled).file_names == run(pool, method).file_names


@pytest.mark.parametrize("method", METHODS)
def test_seeds(pool: Pool, method: str) -> None:
    assert run(pool, method, seed=3).file_names == run(pool, method, seed=3).file_names
    assert (run(pool, method, seed=3).file_names != run(pool, method, seed=4).file_names) == (
        SELECTORS[method].draws or method == "kmeans"
    )


@pytest.mark.parametrize("method", METHODS)
def test_short_and_empty_classes_are_reported_not_fatal(pool: Pool, method: str) -> None:
    keep = (pool.classes != "mild") & ~((pool.classes == "severe") & (np.arange(70) > 1))
    chosen = run(pool, method, rows=keep)
    short = chosen.shortfalls[chosen.shortfalls["kind"] != "few_communities"].set_index("class_name")
    assert short.loc["severe", ["kind", "wanted", "chosen", "candidates"]].tolist() == [
        "few_candidates",
        3,
        2,
        2,
    ]
    assert short.loc["mild", ["kind", "chosen"]].tolist() == ["empty_class", 0]
    assert len(chosen.table) == 3 * 3 + 2


@pytest.mark.parametrize("method", METHODS)
def test_one_candidate_a_class_is_enough_to_run(pool: Pool, method: str) -> None:
    one = np.arange(70) % 14 == 0
    assert len(run(pool, method, rows=one).file_names) == 5


def test_methods_are_those_of_the_parameters() -> None:
    assert SelectionParameters(methods=METHODS).methods == METHODS
    with pytest.raises(ValueError, match="needs a judge"):
        SelectionParameters(methods=("random", "validated_draw"))
    assert tuple(SELECTORS)[:4] == ("random", "kmeans", "infodist", "infomotion"), "the paper's come first"
    with pytest.raises(ParameterError, match="unknown selection method; Did you mean kmeans"):
        stage_parameters("graph_selection", {"methods": ["kmean"]})


def test_a_selector_on_other_vectors_is_named_by_them(pool: Pool) -> None:
    other = SELECTORS["kmeans_motion"]
    assert (other.on, other.label, other.marker) == (("motion",), "K-means on motion", "s")
    assert run(pool, "kmeans_motion").file_names == run(pool, "kmeans").file_names, "the same vectors here"
    assert "random_motion" not in SELECTORS, "it looks at no vector"
    assert "infomotion_motion" not in SELECTORS, "it is on motion already"
    assert "kmeans_motion" not in list(SELECTORS)


def test_graph_methods_carry_flags_and_communities(pool: Pool) -> None:
    literal = run(pool, "infomotion", graph="literal")
    assert set(literal.flags.values()) == {"collapsed"} == set(literal.table["graph_flag"])
    assert (literal.table["community"] == 0).all()
    few = literal.shortfalls[literal.shortfalls["kind"] == "few_communities"]
    assert few["communities"].tolist() == [1] * 5
    assert run(pool, "random").table["community"].isna().all()


def test_literal_selection_takes_the_outliers(pool: Pool) -> None:
    far = pool.features.copy()
    far[5] += 50.0
    chosen = select(
        far,
        pool.classes,
        file_names=pool.file_names,
        method="infomotion",
        vpc=1,
        graph=Recipe("literal", trials=2),
    )
    assert pool.file_names[5] in chosen.file_names


def test_prebuilt_graphs_give_the_same_picks_and_must_match(pool: Pool) -> None:
    graphs = build_class_graphs(
        pool.features, pool.classes, file_names=pool.file_names, recipe=Recipe(trials=2)
    )
    assert run(pool, "infomotion", graph=graphs).file_names == run(pool, "infomotion").file_names
    with pytest.raises(DataError, match="built from other videos"):
        run(pool, "infomotion", graph=graphs, rows=slice(1, None))


def test_top_centrality_comes_first_within_each_community(pool: Pool) -> None:
    graphs = build_class_graphs(
        pool.features, pool.classes, file_names=pool.file_names, recipe=Recipe(trials=2)
    )
    chosen = run(pool, "infomotion", vpc=6, graph=graphs).table
    for name, own in graphs.items():
        for community, picks in chosen[chosen["class_name"] == name].groupby("community"):
            scores = np.sort(own.centrality[own.communities.module == community])[::-1]
            np.testing.assert_allclose(picks["score"], scores[: len(picks)])


def communities_of(sizes: list[int]) -> tuple[Communities, np.ndarray]:
    module = np.repeat(np.arange(len(sizes)), sizes)
    flow = np.ones(len(module)) / len(module)
    return Communities(module, flow, 1.0, 2.0), np.arange(len(module), 0, -1.0)


def test_more_communities_than_videos_gives_one_of_each_of_the_largest() -> None:
    picks = pick_modular(*communities_of([6, 5, 4, 3]), budget=2)
    assert picks.community.tolist() == [0, 1] and picks.index.tolist() == [0, 6]


def test_ranks_go_round_the_communities() -> None:
    picks = pick_modular(*communities_of([6, 5, 4]), budget=7)
    assert picks.community.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert picks.index.tolist() == [0, 6, 11, 1, 7, 12, 2]


def test_refill_skips_nobody() -> None:
    picks = pick_modular(*communities_of([6, 1]), budget=5)
    assert picks.index.tolist() == [0, 6, 1, 2, 3]


@pytest.mark.parametrize(
    ("sizes", "budget", "expected"),
    [
        ([9, 5, 4], 5, [2, 2, 1]),
        ([9, 5, 4], 6, [2, 2, 2]),
        ([9, 5, 4], 2, [1, 1, 0]),
        ([9, 1, 1], 6, [4, 1, 1]),
        ([3, 3, 1, 1], 7, [3, 2, 1, 1]),
        ([7, 5, 5, 5, 1], 21, [5, 5, 5, 5, 1]),
        ([2, 1], 9, [2, 1]),
        ([4], 3, [3]),
        ([], 3, []),
    ],
)
def test_allocation(sizes: list[int], budget: int, expected: list[int]) -> None:
    assert allocate(sizes, budget) == expected


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(0, 40))
def test_allocation_is_full_and_fair(sizes: list[int], budget: int) -> None:
    taken = allocate(sorted(sizes, reverse=True), budget)
    assert sum(taken) == min(budget, sum(sizes))
    roomy = [count for count, size in zip(taken, sorted(sizes, reverse=True), strict=True) if count < size]
    assert not roomy or max(roomy) - min(roomy) <= 1


def test_bad_input_is_named(pool: Pool) -> None:
    with pytest.raises(ParameterError, match="Did you mean infomotion"):
        run(pool, "infomotoin")
    with pytest.raises(ParameterError, match="vpc = 0"):
        run(pool, "random", vpc=0)
    twice = pool.file_names.copy()
    twice[3] = twice[2]
    with pytest.raises(DataError, match=f"stand twice.*{twice[2]}"):
        run(pool, "random", file_names=twice)
    holes = Pool(pool.features.copy(), pool.classes, pool.file_names, pool.ef)
    holes.features[7, 2] = np.nan
    with pytest.raises(DataError, match=f"1 of 70 videos are not finite, such as {pool.file_names[7]}"):
        run(holes, "kmeans")
    assert len(run(holes, "random").file_names) == 15  # random looks at no feature
    with pytest.raises(ParameterError, match=r"Unknown EF class: 'sevre'.*\nDid you mean severe"):
        run(
            Pool(
                pool.features,
                np.where(pool.classes == "severe", "sevre", pool.classes),
                pool.file_names,
                pool.ef,
            ),
            "random",
        )
    with pytest.raises(DataError, match="do not fit 70 file names"):
        select(pool.features[:5], pool.classes, file_names=pool.file_names, method="kmeans", vpc=1)
    with pytest.raises(DataError, match="needs features"):
        select(None, pool.classes, file_names=pool.file_names, method="kmeans", vpc=1)
    with pytest.raises(DataError, match="needs the EF"):
        run(pool, "herding_ef", ef=None)
    with pytest.raises(DataError, match="EF of 1 candidates is not finite"):
        run(pool, "herding_ef", ef=np.where(np.arange(70) == 4, np.nan, pool.ef))
