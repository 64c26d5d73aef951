"""What a run's numbers are called, and that one number has one spread wherever it is shown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book.assets import Assets
from infomotion_book.explore import tolerance
from infomotion_book.render import _publish
from infomotion_book.table1 import table1
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import ParameterError
from infomotion_lib.evaluation.intervals import summarise
from infomotion_lib.evaluation.runs import score_runs
from infomotion_lib.keys import CELL
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.provenance import write_csv
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import data_name
from infomotion_lib.reporting.table2 import pool_names


def test_an_unknown_real_data_set_is_never_called_a_phantom(tmp_path: Path) -> None:
    results = Results("new", make_run(tmp_path, profile="new", real="echonet-dynamics"))
    for show in (lambda: results.kind, lambda: results.title, lambda: table1(results)):
        with pytest.raises(
            ParameterError,
            match=r"Unknown real data set: echonet-dynamics(.|\n)*Did you mean echonet-dynamic\?",
        ):
            show()
    assert not results.is_phantom
    with pytest.raises(ParameterError, match="none is named"):
        data_name("")
    with pytest.raises(ParameterError, match="Unknown real data set: cetus"):
        pool_names(real="cetus", synthetic="none")


def test_every_real_data_set_that_a_profile_may_name_has_a_name() -> None:
    names = [name for name, source in SOURCES.items() if source.plays != "synthetic"]
    for name in names:
        used = stage_parameters("data", {"real_data": name})
        assert used.sources[SOURCES[name].plays] == name and data_name(name)
    assert [name for name in names if "phantom" in data_name(name)] == ["phantom"]
    with pytest.raises(ParameterError, match="unknown data set; Did you mean phantom"):
        stage_parameters("data", {"real_data": "phantom-synthetic"})


def test_the_control_of_tolerances_has_the_spread_of_table_1(tmp_path: Path) -> None:
    """Two runs that are 50 and 100 % right: the population standard deviation is 25, the sample's 35."""
    results = Results("phantom", make_run(tmp_path))
    ef, wrong = [20.0, 35.0, 60.0, 60.0], [20.0, 35.0, 10.0, 10.0]
    runs = []
    for seed, answers in enumerate((wrong, ef)):
        key = {
            "source": "real",
            "method": "random",
            "graph": "",
            "vpc": 5,
            "pool": 0,
            "selection_seed": seed,
            "training_seed": seed,
        }
        runs.append(
            pd.DataFrame({**key, "n_train": 25, "file_name": list("abcd"), "ef": ef, "prediction": answers})
        )
    predictions = pd.concat(runs)
    write_csv(predictions, results.folder("evaluation") / "predictions.csv")
    cells = tolerance.table(results)
    assert cells is not None
    shown = cells[(cells["method"] == "random") & (cells["tolerance"] == 0)].iloc[0]
    printed = summarise(score_runs(predictions, tolerance=0.0), metrics=("hard_accuracy",)).iloc[0]
    assert (shown["mean"], shown["sd"]) == (printed["mean"], printed["sd"]) == (75.0, 25.0)


def test_the_control_tells_its_cells_in_one_order(tmp_path: Path) -> None:
    cells = tolerance.table(Results("phantom", make_run(tmp_path)))
    assert cells is not None and cells["tolerance"].is_monotonic_increasing
    for _, rows in cells.groupby("tolerance"):
        told = rows[CELL].to_numpy().tolist()
        assert told[-1][1] == "constant" and told[:-1] == sorted(told[:-1])


def test_what_a_stage_moved_aside_is_not_published(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs")
    for place in ("05_generators/latte", "05_generators/previous/latte"):
        (run / place).mkdir(parents=True, exist_ok=True)
        (run / place / "losses.csv").write_text("step,loss\n", encoding="utf-8")
    _publish(tmp_path / "extra", [Results("phantom", run)], Assets(None))
    published = {file.relative_to(tmp_path / "extra").as_posix() for file in tmp_path.rglob("extra/**/*.csv")}
    assert "results/phantom/05_generators/latte/losses.csv" in published
    assert not [name for name in published if "previous" in name]
