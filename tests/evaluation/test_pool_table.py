"""A row per pool: distances with their bounds, the label, and how near the pool comes to training videos."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.fidelity import NamedEncoder
from infomotion_lib.evaluation.nearness import nearness_table
from infomotion_lib.evaluation.pool_table import by_vectors, community_selectors, pool_rows
from infomotion_lib.reporting.pool_table import pool_table, vectors_by_generator

ENCODER = NamedEncoder("fed_frame", "pixels", lambda clips: clips.reshape(len(clips), -1).astype(float))


def clips(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 2, 4, 4)).astype(np.uint8)


def test_copies_lie_nearer_than_any_real_clip() -> None:
    train, unseen = clips(30, 0), clips(20, 1)
    pools = {"latte": clips(25, 2), "lvdm": train[:10]}
    near = nearness_table(train, unseen, pools, ENCODER).set_index("source")
    assert near.loc["lvdm", "nearest_train"] == 0 and near.loc["lvdm", "nearer_percent"] == 100
    assert near.loc["latte", "nearer_percent"] < 30
    wanted = np.sqrt(((train.reshape(30, -1).astype(float) - unseen[0].ravel()) ** 2).sum(1)).min()
    alone = nearness_table(train, unseen[:1], {"latte": unseen[:1]}, ENCODER)
    assert alone["nearest_train"][0] == pytest.approx(wanted) == alone["nearest_train_real"][0]
    with pytest.raises(DataError, match="0 VAL clips"):
        nearness_table(train, unseen[:0], pools, ENCODER)


@pytest.fixture
def rows() -> pd.DataFrame:
    pairs = {"real_vs_real": 1.0, "real_vs_lvdm": 4.0, "real_vs_noise": 90.0}
    far = [
        {"pair": pair, "metric": metric, "value": value * scale}
        for metric, scale in (("fed_frame", 1), ("fed_video", 10), ("fid", 100))
        for pair, value in pairs.items()
    ]
    labels = pd.DataFrame(
        {"source": ["echosyn", "lvdm", "lvdm"], "requested_ef": [50, 60, 40], "ef": [50, 50, 45.0]}
    )
    heard = {"n": 2, "same_class_percent": 50.0, "spearman": 0.5}
    held = pd.DataFrame([{"source": name, **heard} for name in ("echosyn", "lvdm")])
    near = pd.DataFrame(
        {"source": ["lvdm"], "n": 2, "nearest_train": 3.0, "nearest_train_real": 5.0, "nearer_percent": 40.0}
    )
    said = {
        "tau": 0.9,
        "closest": 0.8,
        "real_closest": 0.85,
        "dropped_percent": 20.0,
        "left_out": 1,
        "real_dropped_percent": 6.0,
    }
    return pool_rows(labels, held, pd.DataFrame(far), near, {"lvdm": said, "echosyn": {}})  # fmt: skip


def test_every_pool_has_a_row_and_gaps_where_nothing_is_known(rows: pd.DataFrame) -> None:
    by_pool = rows.set_index("source")
    lvdm = by_pool.loc["lvdm"]
    assert (lvdm["frames"], lvdm["frames_floor"], lvdm["frames_ceiling"]) == (400, 100, 9000), (
        "FID goes first"
    )
    assert (lvdm["frames_metric"], lvdm["clips_metric"], lvdm["clips"]) == ("fid", "fed_video", 40)
    assert lvdm["ef_error"] == 7.5 and lvdm["dropped_percent"] == 20 and lvdm["privacy_filter"] == "closest"
    given = by_pool.loc["echosyn"]
    assert (
        np.isnan(given["frames"]) and np.isnan(given["nearest_train"]) and given["privacy_filter"] == "none"
    )
    shown = pool_table(rows, names={"echosyn": "real clips", "lvdm": "LVDM"}).frame.set_index("pool")
    assert shown.loc["LVDM", "nearest TRAIN clip"] == "3.00 (5.00)"
    assert shown.loc["real clips", "dropped by the filter"] == "not filtered"


def test_vectors_by_generator_mark_what_is_circular() -> None:
    selectors = community_selectors(["random", "infomotion", "infomotion_mafe"])
    assert selectors["infomotion"] == "motion" and "random" not in selectors
    methods = ["random", "infomotion", "infomotion_mafe"]
    summary = pd.DataFrame(
        [
            {"source": pool, "method": method, "vpc": vpc, "metric": "hard_accuracy", "mean": 40 + 2 * number,
             "graph_flag": "circular" if (pool, method) == ("mcdm", "infomotion_mafe") else ""}
            for pool in ("latte", "mcdm") for number, method in enumerate(methods) for vpc in (5, 10)
        ]
    )  # fmt: skip
    cells = by_vectors(summary, vectors=selectors)
    assert cells["difference"].tolist() == [2, 4, 2, 4] and (cells["vectors"] != "").all()
    shown = vectors_by_generator(cells, names={"latte": "Latte", "mcdm": "MCDM"})
    assert shown.frame["MCDM"].tolist() == ["+2.0", "+4.0 [circular]"]
    assert shown.frame["Latte"].tolist() == ["+2.0", "+4.0"]
    assert any("very vectors" in note for note in shown.notes)
