"""The page on generators: what it compares are values of the run's own tables, and it says what is missing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from standin_run import make_run

from infomotion_book import generators
from infomotion_book.editions import todays_words
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.provenance import write_csv
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import WEBP_ALT


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results("phantom", make_run(tmp_path))


def test_a_run_frozen_before_there_was_the_table_gives_what_it_has(results: Results) -> None:
    rows = generators.compared(results)
    assert rows["source"].tolist() == ["echosyn", "latte"]
    assert rows["frames"].notna().all() and rows["nearest_train"].isna().all()
    assert (rows["privacy_filter"] == "none").all()
    known = generators.page_values([results])
    assert "not filtered" in known["pools_table"] and known["planted"] == []
    absent = [GENERATORS[name].label for name in generators.not_drawn(results)]
    assert absent == known["absent"] != []
    shown = generators.fragments([results])
    assert all(label in shown["generators_clips"] for label in absent)


def test_its_own_table_goes_before(results: Results) -> None:
    table = generators.compared(results).assign(nearest_train=7.25, nearest_train_real=8.5, nearer_percent=31)
    write_csv(table, results.folder("ablation") / "pools.csv")
    planted = {"kind": ["copies", "copies", "other hearts"], "closest": [1.0, 0.8, 0.9]}
    planted |= {"own": [True, True, False], "kept": [False, True, True], "tau": [0.95] * 3}
    write_csv(pd.DataFrame(planted), results.folder("latte_pool") / "privacy_planted.csv")
    known = generators.page_values([results])
    assert "7.25" in known["pools_table"] and "31 %" in known["pools_table"]
    copies, others = known["planted"]
    assert (copies["kind"], copies["caught"], copies["auc"]) == ("copies", 0.5, 0.5)
    assert (others["kind"], others["caught"]) == ("other hearts", 0.0)
    shown = generators.fragments([results])
    assert all(f"{100 * row['caught']:.0f} %" in shown["generators_filter"] for row in (copies, others))


def test_the_loops_wait_until_they_are_asked_to_beat(results: Results, tmp_path: Path) -> None:
    assert generators.write_still(tmp_path, [results]) is None, "no loops, no still"
    figures = results.folder("ablation") / "figures"
    figures.mkdir(exist_ok=True)
    frames = [Image.new("L", (60, 20), grey) for grey in (200, 20)]
    about = Image.Exif()
    about[WEBP_ALT] = b"Looping clips; from left to right: real clips, Latte."
    frames[0].save(figures / "loops.webp", save_all=True, append_images=frames[1:], exif=about)
    still = generators.write_still(tmp_path, [results])
    assert still is not None
    with Image.open(still) as seen:
        assert getattr(seen, "n_frames", 1) == 1 and abs(seen.convert("L").getpixel((30, 10)) - 200) < 3
    text = generators.fragments([results])["generators_clips"]
    assert f'src="_static/figures/{still.name}"' in text and "reference clips, Latte." in text


def test_what_older_runs_called_real_is_called_by_its_name_of_today(tmp_path: Path) -> None:
    data = {"real": "echodiffusion", "synthetic": "none", "names": "echodiffusion"}
    recorded = Results("open", make_run(tmp_path / "runs", profile="open", **data))
    drawn = Results("phantom", make_run(tmp_path / "drawn"))
    text = "real clips on real TEST; fed_frame real vs real 1.6; beside a real heart"
    told = "reference clips on reference TEST; fed_frame reference vs reference 1.6; beside a real heart"
    assert (todays_words(text, drawn), todays_words(text, recorded)) == (told, text)


def test_the_order_of_windows_and_the_cut_ef_are_computed() -> None:
    said = generators.released()
    assert (said["own"], said["windows"], said["videos"]) == (8, 40, 8)
    assert said["stored_lower"] == [(53, 52), (59, 58)]
    text = generators.fragments([])["generators_released"]
    assert "8 of 40" in text and "53 as 52, 59 as 58" in text


def test_without_runs_the_page_says_what_to_run() -> None:
    assert generators.results_with_pools([]) is None
    known = generators.fragments([])
    assert "phantom-beyond" in known["generators_table"] and known["generators_clips"].strip() == ""
