"""The page on vectors: what it compares are values of the run's own tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book import discovr_sweep, vector_study, vectors
from infomotion_book.templates import parts
from infomotion_lib.parameters import read_profile
from infomotion_lib.provenance import read_json, write_csv, write_json
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import alt_text
from infomotion_lib.studies.discovr_sweep import TABLE, UNTRAINED
from infomotion_lib.studies.selectors.rows import Tables, publish
from infomotion_lib.studies.vectors import ARM

NAMES = ["motion", "appearance", "dense_flow"]


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """A stand-in run with a third kind of vector, on whose graphs a selector picks as InfoMotion does."""
    made = Results("phantom-beyond", make_run(tmp_path, profile="phantom-beyond"))
    stage02 = made.folder("ifa_training")
    card = read_json(stage02 / "run_card.json")
    card["parameters"] |= {"representations": NAMES}
    card["notes"] |= {"cpu_seconds": {"motion": {"fit": 60.0, "vectors": 5.0, "videos": 100}}}
    write_json(card, stage02 / "run_card.json")
    probe = {"feature": NAMES, "size": [768, 512, 196], "ridge_r2": [0.6, -0.3, 0.7], "ridge_mae": 9.0}
    write_csv(pd.DataFrame(probe | {"knn_purity": [0.4, 0.2, 0.3]}), stage02 / "probe.csv")
    for stage, name in (
        ("graph_selection", "selections"),
        ("evaluation", "table1"),
        ("evaluation", "runs"),
    ):
        table = made.table(stage, name)
        assert table is not None
        own = table[table["method"] == "infomotion"].assign(method="infomotion_dense_flow")
        write_csv(pd.concat([table, own]), made.folder(stage) / f"{name}.csv")
    return made


def test_every_kind_of_vectors_has_a_row_of_its_own_numbers(results: Results) -> None:
    rows = vectors.compared(results)
    assert rows["name"].tolist() == ["dense_flow", "motion", "appearance"], "the best probe first"
    assert rows["ridge_r2"].tolist() == [0.7, 0.6, -0.3] and rows["size"].tolist() == [196, 768, 512]
    by_name = rows.set_index("name")
    assert by_name.loc["motion", "shared"] == by_name.loc["dense_flow", "shared"] == 100
    assert by_name.loc["motion", "video_ms"] == 50 and by_name["video_ms"].isna()["dense_flow"]
    assert by_name.loc["dense_flow", "mean"] == by_name.loc["motion", "mean"]
    assert by_name["difference"].notna().all() and (by_name["ci_low"] <= by_name["difference"]).all()


def test_sentences_name_who_reads_ef_and_who_does_not(results: Results) -> None:
    said = vectors.findings(vectors.compared(results))
    assert said["best"]["name"] == "dense_flow" and said["paper"]["name"] == "motion"
    assert [row["name"] for row in said["blind"]] == ["appearance"], "an R2 below 0"
    answer = vectors.answer(vectors.compared(results))
    assert {row["name"] for row in said["idle"]} == {"dense_flow", "motion"} - {
        row["name"] for row in answer["better"]
    }
    assert said["oracle"] is None
    known = vectors.flow_beside_paper([results])
    assert known == {"flow": 0.7, "paper": 0.6, "profile": "phantom-beyond"}
    shown = vectors.fragments([results])
    assert "0.70" in shown["vectors_findings"] and "appearance" in shown["vectors_failed"]


def test_before_anything_is_frozen_the_page_says_what_is_missing(tmp_path: Path) -> None:
    plain = Results("phantom", make_run(tmp_path))
    assert vectors.results_with_vectors([plain]) is None
    shown = vectors.fragments([plain])
    assert not shown["vectors_figure"].strip() and "phantom-beyond" in shown["vectors_findings"]
    assert shown["vectors_failed"] == shown["vectors_table"] != ""
    assert vector_study.find_study(tmp_path) is None and discovr_sweep.find_sweep(tmp_path) is None
    missing = parts_of(study=None, sweep=None)
    assert "infomotion study vectors" in missing["vectors_study"]
    assert "infomotion study discovr" in missing["vectors_discovr"]
    assert vector_study.write_figure(tmp_path, tmp_path) is None


def parts_of(**known: Any) -> dict[str, str]:
    """The page with these studies and no run."""
    return parts(vectors.WORDS, vectors.page_values([]) | known)


def test_the_picture_carries_its_numbers(results: Results, tmp_path: Path) -> None:
    files = vectors.write_figures(tmp_path / "figures", [results])
    file = next(file for file in files if file.name == vectors.FIGURE)
    assert "dense optical flow: R2 of EF 0.70" in alt_text(file)
    shown = vectors.fragments([results])
    assert file.name in shown["vectors_figure"] and shown["vectors_table"].count("<tr>") >= 4


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Rows of a study of five pools: flow is ten points better than Random, motion one."""
    rng = np.random.default_rng(0)
    sets, networks = [], []
    for pool in range(5):
        base = 45 + rng.normal(0, 3)
        for name, lead in {"": 0.0, "motion": 1.0, "dense_flow": 10.0, "truth": 1.0}.items():
            shared = {"arm": ARM, "pool": pool, "settings": "s", "teachers": "t"}
            kind = {"method": "infomotion" if name else "random", "feature": name}
            kind |= {"graph": "knn" if name else "", "vpc": 5, "draw": 0, "set": name or "r"}
            sets.append(
                shared | kind | {"planned": 4, "n_train": 25, "mislabelled": 0, "videos": "0"} | FLAGS
            )
            scores = dict.fromkeys(("hard_accuracy", "mae"), base + lead + rng.normal(0, 0.5))
            networks.append(
                shared | {"set": name or "r", "n_train": 25, "steps": 1, "training_seed": 0} | scores
            )
    settings = {"study_whole_seeds": 1, "study_training_seeds": 1, "selection_graph": "knn"}
    constants = pd.DataFrame({"arm": [ARM], "pool": [0], "predictor": ["normal"]})
    publish(Tables(pd.DataFrame(sets), pd.DataFrame(networks), constants, settings), tmp_path / "book")
    return tmp_path / "book"


FLAGS = {"healthy": 5, "collapsed": 0, "shattered": 0, "few_communities": 0}


def test_the_study_says_who_lies_apart_from_random_and_from_motion(published: Path, tmp_path: Path) -> None:
    study = vector_study.find_study(published)
    assert study is not None and study.pools == 5 and study.smallest == 5
    assert (len(study.against_random), len(study.against_paper)) == (3, 2)
    assert [row["feature"] for row in study.kept(study.against_paper, 1)] == ["dense_flow"]
    assert "dense_flow" in {row["feature"] for row in study.kept(study.against_random, 1)}
    assert study.planned == read_profile("phantom-beyond")["study_pools"] and study.budgets == [5]
    means = study.runs.groupby("feature")["hard_accuracy"].mean()
    assert {row["feature"]: row["mean"] for row in study.rows} == pytest.approx(means.drop("").to_dict())
    assert study.random_rows[0]["mean"] == pytest.approx(means[""])
    assert [row["feature"] for row in study.rows if row["beside"] is None] == ["motion"]
    text = parts_of(study=study)["vectors_study"]
    assert vector_study.FIGURE in text and text.count("<tr>") == 1 + 3 + 1
    file = vector_study.write_figure(tmp_path / "figures", published)
    assert file is not None and "dense optical flow, 5 per class" in alt_text(file)


@pytest.mark.parametrize(("best", "useful"), [(0.02, False), (0.6, True)])
def test_the_sweep_says_whether_a_setting_is_useful(best: float, useful: bool, tmp_path: Path) -> None:
    rows = pd.DataFrame({"setting": ["a", "b", UNTRAINED], "ridge_r2": [-0.1, best, 0.05]})
    numbers = ("ridge_mae", "knn_purity", "knn_chance", "val_entropy_of_mean", "val_mean_entropy")
    numbers += ("val_cls_cosine", "cpu_seconds")
    named = {"steps": 200, "train": 300, "val": 50, "alarms": ["", "few prototypes used", ""]}
    write_csv(rows.assign(**dict.fromkeys(numbers, 0.2), **named), tmp_path / TABLE)
    sweep = discovr_sweep.find_sweep(tmp_path)
    assert sweep is not None and sweep["useful"] is useful and sweep["alarmed"] == 1
    assert [row["setting"] for row in sweep["rows"]] == ["b", "a", UNTRAINED]
    assert parts_of(sweep=sweep)["vectors_discovr"].count("<tr>") == 1 + 3
