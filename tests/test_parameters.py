"""Typed parameters: what is refused, and that every profile is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infomotion_lib.errors import ParameterError
from infomotion_lib.parameters import (
    STAGES,
    STUDIES,
    known_names,
    paths_of,
    profile_names,
    read_profile,
    split_overrides,
    stage_name,
    stage_parameters,
    stages_called,
    stages_of_run,
)
from infomotion_lib.paths import PARAMS, PROJECT
from infomotion_lib.stage_table import TABLE, notebook_stages


@pytest.mark.parametrize(
    "word",
    [
        "3",
        "03",
        "graph_selection",
        "03_graph_selection",
        "03_graph_selection.ipynb",
        "notebooks/03_graph_selection.ipynb",
    ],
)
def test_spellings_of_a_stage(word: str) -> None:
    assert stage_name(word) == "graph_selection"


def test_a_number_means_all_pools_and_a_name_one() -> None:
    values = read_profile("smoke")
    assert stages_called("05", values) == ["echosyn_pool", "latte_pool"]
    assert stages_called("05_generators.ipynb", values) == ["echosyn_pool", "latte_pool"]
    assert (
        stages_called("latte_pool", values) == stages_called("05_generators/latte", values) == ["latte_pool"]
    )
    one = {**values, "generators": ["latte"]}
    assert stages_called("05", one) == ["latte_pool"]
    assert "echosyn_pool" not in stages_of_run(one) and stages_of_run(one)[-1] == "ablation"
    with pytest.raises(ParameterError, match="unknown generator; Did you mean latte"):
        stages_of_run({**values, "generators": ["late"]})
    with pytest.raises(ParameterError, match="Parameter generator = 'latte' is not valid"):
        stage_parameters("echosyn_pool", values, overrides={"generator": "latte"})


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("graph_selectoin", "graph_selection"),
        ("99", "Known:"),
        ("", "Known:"),
        ("03_wrong", "Known:"),
        ("frame", "frame_index"),
    ],
)
def test_unknown_stage(word: str, hint: str) -> None:
    with pytest.raises(ParameterError, match="Unknown stage") as caught:
        stage_name(word)
    assert hint in str(caught.value)


def test_stages_with_a_notebook_own_a_numbered_folder() -> None:
    for number, stage in notebook_stages().items():
        pool = f"05_generators/{TABLE[stage].generator}"
        assert TABLE[stage].folder == (pool if TABLE[stage].generator else f"{number}_{stage}")
    assert list(TABLE) == list(STAGES)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("vpc", 5, "a list"),
        ("vpc", [5, "ten"], "integer"),
        ("vpc", [0], "greater than or equal to 1"),
        ("markov_time", 0, "greater than 0"),
        ("markov_time", "fast", "number"),
        ("selection_graph", "knnn", "'literal', 'softmax_inverse' or 'knn'"),
        ("n_runs", 2.5, "integer"),
        ("n_runs", True, "integer"),
        ("limit", -1, "greater than or equal to 0"),
    ],
)
def test_wrong_values_name_the_parameter_the_value_and_its_meaning(
    name: str, value: object, why: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        stage_parameters("graph_selection", {name: value})
    message = str(caught.value)
    assert message.startswith(f"Parameter {name} = {value!r} is not valid")
    assert why in message
    assert str(STAGES["graph_selection"].model_fields[name].description) in message


def test_a_list_of_the_wrong_length_says_how_many() -> None:
    with pytest.raises(ParameterError, match="It needs 5 values"):
        stage_parameters("data", {"phantom_test_counts": [1, 2]})


def test_names_of_other_stages_pass_in_a_profile_and_stop_in_an_override() -> None:
    assert stage_parameters("frame_index", {"vpc": [5]}).limit == 0
    with pytest.raises(ParameterError, match="Unknown parameter: vpc"):
        stage_parameters("frame_index", {}, overrides={"vpc": [5]})


def test_unknown_names_stop_everywhere() -> None:
    for make in (lambda: stage_parameters("frame_index", {"vcp": 1}), lambda: split_overrides({"vcp": 1})):
        with pytest.raises(ParameterError, match="Did you mean vpc"):
            make()


def test_overrides_reach_every_stage_that_knows_them() -> None:
    split = split_overrides({"vpc": [5], "clip_size": 28, "ifa_steps": 3})
    assert {stage for stage, values in split.items() if "vpc" in values} == {"graph_selection"}, "said once"
    assert {"labels", "evaluation"} <= {stage for stage, values in split.items() if "clip_size" in values}
    assert {stage for stage, values in split.items() if "ifa_steps" in values} == {"ifa_training"}


def test_one_name_means_one_thing_in_all_stages() -> None:
    for name in known_names() - {"generator"}:  # it says which job a job is
        meanings = {
            (str(model.model_fields[name].annotation), repr(model.model_fields[name].default))
            for model in (*STAGES.values(), *STUDIES.values())
            if name in model.model_fields
        }
        assert len(meanings) == 1, name


def test_every_parameter_says_what_it_is() -> None:
    for model in (*STAGES.values(), *STUDIES.values()):
        for name, field in model.model_fields.items():
            assert field.description, name


def test_the_profiles() -> None:
    assert profile_names() == [
        "camus",
        "open",
        "own",
        "paper",
        "phantom",
        "phantom-beyond",
        "phantom-gpu",
        "phantom-large",
        "smoke",
    ]


@pytest.mark.parametrize(
    "profile",
    ["smoke", "phantom", "phantom-beyond", "phantom-large", "phantom-gpu", "open", "own", "camus", "paper"],
)
def test_every_value_of_a_profile_is_valid_and_commented(profile: str) -> None:
    values = read_profile(profile)
    assert values["profile"] == profile
    for stage in (*STAGES, *STUDIES):
        stage_parameters(stage, values)
    for line in (PARAMS / f"{profile}.yml").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "profile:")):
            assert "  # " in line or " # " in line, f"{profile}.yml gives no source for: {line}"


def test_profiles_are_flat_so_that_bare_papermill_can_read_them() -> None:
    for profile in profile_names():
        for name, value in yaml.safe_load((PARAMS / f"{profile}.yml").read_text(encoding="utf-8")).items():
            assert not isinstance(value, dict), name


def test_a_profile_may_be_a_file_of_the_readers_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text("vpc: [3]\n", encoding="utf-8")
    assert read_profile(str(file)) == {"profile": "mine", "vpc": [3]}


def test_small_numbers_may_be_written_as_everybody_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(
        "learning_rate: 1e-3\nifa_learning_rate: 2.e-4\nregressor_weights: 1e-3.pt\n", encoding="utf-8"
    )
    assert read_profile(str(file)) == {
        "profile": "mine",
        "learning_rate": 1e-3,
        "ifa_learning_rate": 2e-4,
        "regressor_weights": "1e-3.pt",
    }


def test_a_run_is_looked_for_where_its_profile_puts_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(f"runs_dir: {tmp_path}\n", encoding="utf-8")
    assert paths_of(str(file)).root == tmp_path / "mine"
    assert paths_of(str(file), str(tmp_path / "other")).root == tmp_path / "other/mine"
    assert paths_of("smoke").root == PROJECT / "runs/smoke"


@pytest.mark.parametrize("name", ["", "..", "a/b", "../smoke", ".git", "a\\b"])
def test_the_name_of_a_profile_is_the_name_of_a_folder(name: str) -> None:
    with pytest.raises(ParameterError, match="Parameter profile"):
        stage_parameters("data", {"profile": name})
    assert stage_parameters("data", {"profile": "Ärzte, round 2.1"}).profile == "Ärzte, round 2.1"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"vcp: 5\n", "Did you mean vpc"),
        (b"- 5\n", "name: value"),
        (b"a: [1\n", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
    ],
)
def test_faulty_profiles(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "mine.yml"
    file.write_bytes(content)
    with pytest.raises(ParameterError, match=why):
        read_profile(str(file))


def test_unknown_profile() -> None:
    with pytest.raises(ParameterError, match="Did you mean phantom"):
        read_profile("phantm")
