"""Beat Random on twelve pools."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.errors import ParameterError
from infomotion_lib.studies import scoreboard as board
from infomotion_lib.studies import trained_scoreboard
from infomotion_lib.studies.selectors.arms import MAIN
from infomotion_lib.studies.selectors.rows import read_published


def same_rows(vectors: np.ndarray, ef: np.ndarray, budget: int, rng: np.random.Generator) -> np.ndarray:
    return np.zeros(budget, dtype=int)


def by_chance(vectors: np.ndarray, ef: np.ndarray, budget: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(len(ef), budget, replace=False)


def lowest(vectors: np.ndarray, ef: np.ndarray, budget: int, rng: np.random.Generator) -> np.ndarray:
    return np.argsort(ef)[:budget]


def test_chance_is_not_told_apart_from_random() -> None:
    found = board.scoreboard(by_chance, draws=10)
    low, high = found.interval
    assert low < 0 < high and "not told apart from Random" in repr(found)
    assert len(found.table) == 12 and 0 <= found.better <= 12


def test_the_budget_is_kept() -> None:
    with pytest.raises(ParameterError, match="selector picked"):
        board.scoreboard(same_rows)


def test_pools_are_those_of_the_study_row_by_row() -> None:
    frozen = read_published()
    assert frozen is not None
    sets = frozen.sets[(frozen.sets["arm"] == MAIN) & (frozen.sets["method"] == "ef_stratified")]
    for number, features, ef, train in board.pools():
        assert features.shape == (500, 96) and train.sum() == 300 and np.isfinite(features).all()
        for videos in sets.loc[(sets["pool"] == number) & (sets["vpc"] == 5), "videos"]:
            chosen = ef[train][[int(row) for row in videos.split()]]
            assert np.histogram(chosen, [0, 30, 40, 50, 70.0001, 100])[0].tolist() == [5] * 5


def test_the_proxy_is_called_one_because_it_is_weak() -> None:
    frozen = read_published()
    assert frozen is not None
    sets, networks = (table[table["arm"] == MAIN] for table in (frozen.sets, frozen.networks))
    errors = networks.groupby(["pool", "set"])["mae"].mean()
    rows = []
    for number, features, ef, train in board.pools():
        for row in sets[(sets["pool"] == number) & (sets["vpc"] == 5)].drop_duplicates("set").itertuples():
            chosen = np.array([int(video) for video in row.videos.split()])
            proxy = board.probe_error(
                features[train][chosen], ef[train][chosen], features[~train], ef[~train]
            )
            rows.append((row.method, row.feature, row.graph, proxy, errors[number, row.set]))
    table = pd.DataFrame(rows, columns=["method", "feature", "graph", "proxy", "network"])
    means = table.groupby(["method", "feature", "graph"])[["proxy", "network"]].mean()
    assert 0 < means.corr("spearman").loc["proxy", "network"] < 0.6


def test_a_network_is_taught_by_the_picks_and_asked_about_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        trained_scoreboard, "trained_error", lambda number, picked, **_: float(len(picked) + number)
    )
    found = trained_scoreboard.trained_scoreboard(lowest, first=3)
    assert found.table["yours"].tolist() == [25, 26, 27] and found.score == "trained networks"
    frozen = read_published()
    assert frozen is not None
    sets = frozen.sets[(frozen.sets["arm"] == MAIN) & (frozen.sets["method"] == "random")]
    names = sets.loc[(sets["vpc"] == 5) & (sets["pool"] == 0), "set"]
    networks = frozen.networks[(frozen.networks["arm"] == MAIN) & (frozen.networks["pool"] == 0)]
    assert found.table["random"].iloc[0] == pytest.approx(
        networks.loc[networks["set"].isin(names), "mae"].mean()
    )
