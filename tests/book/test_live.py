"""Infomap in the page: the same graphs, communities, picks and coverage as in Python; usable by keyboard, and as
a file.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import second_platform
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform
from test_browser import Reader

from infomotion_book.assets import INFOMAP, INFOMAP_LICENCE, INFOMAP_SCRIPT, PACKAGES
from infomotion_book.live.data import class_data, encoded
from infomotion_book.live.module import SCRIPTS, module, page_script
from infomotion_book.live.page import MODULE, live_data
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.coverage import mean_gap
from infomotion_lib.reporting.results import Results
from infomotion_lib.selection.candidates import Candidates
from infomotion_lib.selection.communities import find_communities
from infomotion_lib.selection.graph import Recipe, build_graph
from infomotion_lib.selection.selectors import select

PHANTOM = Results("phantom", FROZEN / "phantom")
SIZES = dict(zip(CLASS_NAMES, (60, 12, 5, 45, 33), strict=True))

RECIPES = (
    Recipe("knn"),
    Recipe("knn", k=3),
    Recipe("knn", k=30),
    Recipe("literal"),
    Recipe("softmax_inverse"),
    Recipe("softmax_inverse", scale=0.3),
    Recipe("softmax_inverse", scale=4.0),
)

RESULT = "document.querySelector('[data-live]').liveModel.get('result')"

GRAPHS = """async ({address, data, settings}) => {
    const {graph, group} = await import(address);
    return Object.keys(data.classes).map((name) => settings.map((setting) => graph.buildGraph(group.groupOf(data, name, "."), setting)));
}"""

PICKS = """async ({address, engine, data, setting, names, budgets}) => {
    const {graph, group, engine: {Engine}, picks} = await import(address);
    const infomap = new Engine(engine), answers = {};
    for (const name of names) {
        const one = group.groupOf(data, name, "."), built = graph.buildGraph(one, setting);
        const {module, flow, savings} = await infomap.partition(built, setting);
        answers[name] = {savings, picks: budgets.map((budget) => picks.pick(module, flow, budget).map((node) => one.names[node]))};
    }
    return answers;
}"""


HOSTED = """async ({address, engine, data, base}) => {
    const {default: {render}} = await import(address);
    const traits = {view: "live", data, engine, sheets: base, class_name: "mild", ...data.settings, trials: 10, budget: 3};
    let saved = false;
    const model = {get: (name) => traits[name], set: (name, value) => { traits[name] = value; }, on() {}, save_changes() { saved = true; }};
    const el = document.createElement("div");
    document.querySelector("article").append(el);
    const end = render({model, el});
    await el.live.run();
    end();
    return {dots: el.querySelectorAll("[role=option]").length, picks: traits.result.picks.length, saved};
}"""


@pytest.fixture(scope="module")
def pool() -> Candidates:
    """Hearts made up of overlapping groups of motion, in classes of several sizes."""
    rng = np.random.default_rng(3)
    classes = np.repeat(list(SIZES), list(SIZES.values()))
    centres = rng.normal(size=(8, 12))
    vectors = centres[rng.integers(8, size=len(classes))] + rng.normal(size=(len(classes), 12)) * 0.5
    names = np.array([f"heart_{number:03}" for number in range(len(classes))])
    return Candidates(
        "real", names, classes, rng.uniform(10, 80, len(classes)), {"motion": vectors.astype(np.float32)}, {}
    )


@pytest.fixture(scope="module")
def page(chromium: Any, address: str) -> Iterator[Reader]:
    """A reader at the page."""
    reader = Reader(chromium, address)
    reader.open("live.html")
    yield reader
    assert not reader.complaints


def settings(recipe: Recipe) -> dict[str, Any]:
    """A recipe as the module takes it."""
    return {
        "recipe": recipe.name,
        "k": recipe.k,
        "scale": recipe.scale,
        "threshold": recipe.threshold,
        "seed": 0,
        "trials": 100,
        "markov_time": recipe.markov_time,
    }


def run(
    reader: Reader, data: dict[str, Any], recipe: Recipe, budgets: list[int], names: list[str]
) -> dict[str, Any]:
    """Picks by class as the page finds them."""
    places = {"address": f"{reader.address}/_static/{MODULE}", "engine": f"_static/{INFOMAP_SCRIPT}"}
    asked = {"data": data, "setting": settings(recipe), "names": names, "budgets": budgets}
    answers: dict[str, Any] = reader.view.evaluate(PICKS, places | asked)
    return answers


def state(reader: Reader, wanted: str) -> None:
    """Wait until the first widget is in a state."""
    reader.view.wait_for_function(
        "wanted => document.querySelector('[data-live]').dataset.state == wanted", arg=wanted
    )


def test_the_package_is_the_one_that_the_second_platform_runs_with_its_licence_beside_it(
    book: Path, own_scripts: None
) -> None:
    assert {INFOMAP: PACKAGES[INFOMAP]} == second_platform.PACKAGE
    assert "GNU GENERAL PUBLIC LICENSE" in (book / "_static" / INFOMAP_LICENCE).read_text(encoding="utf-8")
    assert (book / "_static" / INFOMAP_SCRIPT).is_file()
    text = (book / "live.html").read_text(encoding="utf-8")
    assert f'href="_static/{INFOMAP_LICENCE}"' in text and "WebAssembly.instantiate" not in text


def test_one_module_with_nothing_left_to_import() -> None:
    text = module()
    assert "\nimport " not in text and text.count("export ") == 2 and "export default { render };" in text
    assert all(f"const {name}_ = " in text for name in SCRIPTS)
    assert page_script().startswith(text)


def test_the_page_builds_the_graphs_of_the_library(page: Reader, pool: Candidates) -> None:
    data = {
        "frames": 12,
        "classes": {name: group | {"beat": []} for name, group in class_data(pool, Recipe()).items()},
    }
    asked = {
        "address": f"{page.address}/_static/{MODULE}",
        "data": data,
        "settings": [settings(one) for one in RECIPES],
    }
    built = page.view.evaluate(GRAPHS, asked)
    for name, graphs in zip(data["classes"], built, strict=True):
        vectors = pool.features["motion"][pool.classes == name]
        for recipe, theirs in zip(RECIPES, graphs, strict=True):
            ours = build_graph(vectors, recipe=recipe)
            assert theirs["links"] == ours.links.tolist() and theirs["directed"] == ours.directed, (
                name,
                recipe,
            )
            np.testing.assert_allclose(
                theirs["weights"], ours.weights, rtol=0, atol=1e-9, err_msg=f"{name} {recipe}"
            )


def test_the_page_finds_the_picks_of_the_frozen_run(page: Reader) -> None:
    data = live_data(PHANTOM)
    assert data
    found = run(page, data, Recipe(), [5, 10], list(data["classes"]))
    table = PHANTOM.table("graph_selection", "selections")
    assert table is not None and len(found) == 5
    ours = table[(table["source"] == "real") & (table["method"] == "infomotion") & (table["graph"] == "knn")]
    for (name, vpc, seed), rows in ours.groupby(["class_name", "vpc", "selection_seed"]):
        picks = rows.sort_values("rank")["file_name"].tolist()
        assert found[name]["picks"][[5, 10].index(vpc)] == picks, (name, vpc, seed)


@pytest.mark.parametrize(
    "recipe", [Recipe("knn", trials=0, markov_time=0.8), Recipe("softmax_inverse", trials=0)]
)
def test_the_page_picks_as_select_does(page: Reader, pool: Candidates, recipe: Recipe) -> None:
    data = {
        "frames": 12,
        "classes": {name: group | {"beat": []} for name, group in class_data(pool, recipe).items()},
    }
    names = ["severe", "normal"]
    found = run(page, data, recipe, [7], names)
    chosen = select(
        pool.features["motion"],
        pool.classes,
        file_names=pool.file_names,
        method="infomotion",
        vpc=7,
        graph=recipe,
    )
    for name in names:
        ours = chosen.table[chosen.table["class_name"] == name]["file_name"].tolist()
        assert found[name]["picks"] == [ours], name


def test_what_the_page_says_of_the_graphs_is_so() -> None:
    """Literal: one community, the five hearts farthest from all others. Softmax: about 20, then a few or one. k = 30:
    fewer than five communities.
    """
    data = live_data(PHANTOM)
    assert data
    for name, group in data["classes"].items():
        distances = squareform(decoded(group["distances"]))
        vectors = embedded(distances)
        literal = find_communities(build_graph(vectors, recipe="literal"))
        assert (literal.n_communities, literal.savings) == (1, 0), name
        farthest = np.argsort(-distances.mean(axis=1))[:5]
        chosen = select(
            vectors, [name] * 60, file_names=group["names"], method="infomotion", vpc=5, graph="literal"
        )
        assert set(chosen.file_names) == {group["names"][node] for node in farthest}, name
        count = {scale: communities(vectors, Recipe("softmax_inverse", scale=scale)) for scale in (1.0, 10.0)}
        assert 17 <= count[1.0] <= 22 and count[10.0] <= 5, name
        assert communities(vectors, Recipe("knn", k=30)) < 5, name


def communities(vectors: NDArray[np.float64], recipe: Recipe) -> int:
    """How many communities the graph of a recipe has."""
    return find_communities(build_graph(vectors, recipe=recipe), trials=20).n_communities


def decoded(text: str) -> NDArray[np.float64]:
    """Numbers above a diagonal."""
    return np.frombuffer(base64.b64decode(text), "<f8")


def embedded(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors with these Euclidean distances (classical scaling)."""
    centre = np.eye(len(distances)) - 1 / len(distances)
    values, rows = np.linalg.eigh(-centre @ distances**2 @ centre / 2)
    vectors = rows * np.sqrt(np.maximum(values, 0))
    np.testing.assert_allclose(pdist(vectors), squareform(distances, checks=False), atol=1e-7)
    return np.asarray(vectors)


def test_every_setting_changes_the_picture(chromium: Any, address: str) -> None:
    reader = Reader(chromium, address)
    view = reader.open("live.html")
    state(reader, "frozen")
    widget = view.locator("[data-live]").first
    before = view.evaluate(RESULT)
    for question, answer in (
        ("EF class", "mild"),
        ("trials", "10"),
        ("graph", "literal"),
        ("graph", "softmax of 1/d"),
    ):
        widget.locator("fieldset", has=view.get_by_text(question, exact=True)).get_by_label(
            answer, exact=True
        ).check(force=True)
        state(reader, "ready")
        before = changed(view, before, rerun=question == "trials")
    for name, key in (
        ("scale s", "End"),
        ("hearts to pick", "ArrowRight"),
        ("Markov time", "End"),
        ("seed", "End"),
    ):
        slider = widget.get_by_label(name, exact=True)
        slider.press(key)
        view.wait_for_timeout(200)
        state(reader, "ready")
        before = changed(view, before, rerun=name == "seed")
    assert (
        len(before["picks"])
        == widget.locator(".il-rings circle").count()
        == widget.locator(".il-chosen button").count()
        == 6
    )
    assert widget.get_by_label("neighbours k", exact=True).is_disabled()
    assert (
        "mild: 1 community" in str(widget.locator("[role=status]").text_content()) and not reader.complaints
    )


def changed(view: Any, before: dict[str, Any], *, rerun: bool) -> dict[str, Any]:
    """What the widget shows now, which differs: by its time alone where the same search was made again."""
    after: dict[str, Any] = view.evaluate(RESULT)
    assert after["seconds"] != before["seconds"] if rerun else without_time(after) != without_time(before)
    return after


def without_time(result: dict[str, Any]) -> dict[str, Any]:
    """A result without the seconds that it took."""
    return {name: value for name, value in result.items() if name != "seconds"}


def test_the_map_is_walked_by_keyboard_and_its_hearts_beat(page: Reader) -> None:
    widget = page.view.locator("[data-live]").first
    dots, player = widget.locator("[role=option]"), widget.locator(".il-player")
    assert widget.locator("[role=option][tabindex='0']").count() == 1 and dots.count() == 60
    widget.locator("[role=option][tabindex='0']").focus()
    page.view.keyboard.press("Home")
    first = page.view.evaluate("document.activeElement.getAttribute('aria-label')")
    page.view.keyboard.press("ArrowDown")
    label = page.view.evaluate("document.activeElement.getAttribute('aria-label')")
    assert first != label and "EF" in label and "community" in label and "pick" in label
    assert label.split(",")[0] in str(player.text_content()) and player.locator(".il-beat").count() == 1
    player.get_by_role("button", name="Let it beat").press("Enter")
    assert player.locator(".il-beat").count() == 0
    assert widget.locator("[aria-selected=true]").count() == 5


def test_be_the_selector_measures_coverage_as_the_library_does(page: Reader) -> None:
    data, widget = live_data(PHANTOM), page.view.locator("[data-live]").nth(1)
    assert data
    name, group = next(iter(data["classes"].items()))
    mine = [0, 10, 20, 30, 40, 50]
    for node in mine[:4]:
        widget.locator(".il-grid button").nth(node).press("Enter")
    assert widget.locator("table").count() == 0
    for node in mine[4:]:
        widget.locator(".il-grid button").nth(node).press("Enter")
    assert widget.locator("[aria-pressed=true]").count() == 5, "the sixth is refused"
    shown = {
        row.locator("th").inner_text(): [float(cell) for cell in row.locator("td").all_inner_texts()]
        for row in widget.locator("tbody tr").all()
    }
    distances, ef = squareform(decoded(group["distances"])), np.array(group["ef"])
    typical = pdist(embedded(distances)).mean()
    for label, picks in (("You", mine[:5]), ("InfoMotion", group["picks"]["infomotion"]["5"][0])):
        expected = [mean_gap(np.abs(ef[:, None] - ef[picks])), mean_gap(distances[:, picks]) / typical]
        np.testing.assert_allclose(shown[label], expected, atol=0.00501, err_msg=label)
    rng = np.random.default_rng(0)
    draws = [mean_gap(np.abs(ef[:, None] - ef[rng.choice(60, 5, replace=False)])) for _ in range(1000)]
    assert abs(shown["Random, mean of 1,000 draws"][0] - np.mean(draws)) < 5 * np.std(draws) / np.sqrt(
        1000
    ), name
    widget.get_by_role("button", name="Start again").click()
    assert widget.locator("[aria-pressed=true]").count() == 0 and widget.locator("table").count() == 0


def test_it_runs_from_a_file_and_without_scripts_leaves_pictures(
    chromium: Any, book: Path, own_scripts: None
) -> None:
    reader = Reader(chromium, "file://")
    reader.view.goto((book / "live.html").as_uri())
    reader.view.get_by_label("moderate", exact=True).check(force=True)
    state(reader, "ready")
    assert (
        "5 of its 5 picks are those of the frozen Python run"
        in reader.view.locator("[data-live]").first.inner_text()
    )
    plain = Reader(chromium, "file://", scripts=False)
    plain.view.goto((book / "live.html").as_uri())
    assert plain.view.locator("noscript img.im-figure:visible").count() == 2


def test_other_hosts_of_anywidgets_can_draw_it(chromium: Any, address: str) -> None:
    reader = Reader(chromium, address)
    asked = {
        "address": f"{address}/_static/{MODULE}",
        "data": live_data(PHANTOM),
        "base": "results/phantom/explore/live",
    }
    found = reader.open("cite.html").evaluate(HOSTED, asked | {"engine": f"_static/{INFOMAP_SCRIPT}"})
    assert found == {"dots": 60, "picks": 3, "saved": True} and not reader.complaints


def test_without_infomap_the_frozen_picture_stays_and_the_page_says_why(chromium: Any, address: str) -> None:
    reader = Reader(chromium, address)
    reader.view.route(f"**/{INFOMAP_SCRIPT}", lambda route: route.abort())
    reader.open("live.html").get_by_label("mild", exact=True).check(force=True)
    state(reader, "failed")
    widget = reader.view.locator("[data-live]").first
    assert "Infomap did not run" in str(widget.locator("[role=status]").text_content())
    assert widget.locator(".il-rings circle").count() == 5


def test_the_frozen_numbers_are_whole() -> None:
    data = live_data(PHANTOM)
    table = PHANTOM.table("graph_selection", "graph_report")
    assert data and table is not None
    rows = table[
        (table["source"] == "real") & (table["feature"] == "motion") & (table["graph"] == "knn")
    ].set_index("class_name")
    index = pd.read_csv(FROZEN / "phantom/01_frame_index/frame_index.csv").set_index("file_name")["ef"]
    for name, group in data["classes"].items():
        assert len(set(group["module"])) == rows.loc[name, "communities"]
        assert group["codelength"] == pytest.approx(rows.loc[name, "codelength"], abs=1e-6)
        assert group["ef"] == pytest.approx(index[group["names"]].tolist(), abs=1e-4)
        upper = np.array([1.5, 2.25])
        assert decoded(encoded(upper, "<f8")).tolist() == upper.tolist() and json.dumps(group)
