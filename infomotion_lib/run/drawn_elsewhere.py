"""Stage 05 for a pool that was drawn on another machine: all that the notebook does after the drawing,
without its Latte.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.data.records import Dataset, first_per_class, open_source, read_dataset
from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.generators.parameters import LatteParameters
from infomotion_lib.parameters import STAGES, stage_parameters
from infomotion_lib.paths import RunPaths, run_paths
from infomotion_lib.provenance import atomic, read_json, read_run_card, start_stage, write_csv
from infomotion_lib.selection.parameters import SelectionParameters

STAGE = "latte_ablation"
LOOPS = 4
"""Clips of each class and pool that are shown in motion."""
RECORD = "drawing.json"
"""File in a pool's folder that says what drew it, on what, in how many seconds; it goes into the notes of the
run card.
"""


def judge_pool(pool: Path, parameters: LatteParameters) -> Path:
    """Run card of stage 05, its tables and figures made of a pool that ``infomotion generate latte`` or the
    stage wrote elsewhere.

    The pool in EchoSyn's place is cut to the same shape, both are relabelled, selected from and trained on as
    in the notebook. What needs the generator itself (its restored frames, its loss, the guidance slider) is
    left out.

    Parameters
    ----------
    pool : Path
        Folder with ``pool.json``, ``manifest.csv``, ``FileList.csv`` and ``Videos/``; ``drawing.json``, where
        there is one, is noted.
    parameters : LatteParameters
        Of the profile whose other stages have finished.

    Raises
    ------
    DataError
        If the folder holds no whole pool of ``pool_per_class`` clips a class, or the stage's folder the work
        of another Latte.
    StageError
        If a stage before has not finished.
    """
    from infomotion_lib.device import resolve_device

    manifest = _whole_pool(pool, parameters)
    paths = run_paths(parameters.profile, parameters.runs_dir)
    folder, device = paths.stage(STAGE), resolve_device(parameters.device).type
    _refuse_other_work(folder, pool)
    inputs = [
        paths.stage("frame_index") / "frame_index.csv",
        *(paths.stage("ifa_training") / f"{n}.safetensors" for n in ("ifa", "appearance")),
    ]
    inputs += [paths.stage("evaluation") / name for name in ("table1.csv", "constants.csv")]
    run = start_stage(STAGE, folder, parameters=parameters.model_dump(), inputs=inputs, device=device)
    made = folder / "pools" / "latte"
    shutil.copytree(pool, made, dirs_exist_ok=True)
    used = _settings(paths, parameters)
    datasets = {
        source: open_source(name, data_dir=paths.data, data_root=parameters.data_root)
        for source, name in parameters.sources.items()
    }
    pools = _cut_alike(made, datasets, folder=folder, parameters=parameters)
    tables = _read_and_compare(pools, datasets, used=used, paths=paths, parameters=parameters, device=device)
    run.notes |= tables.pop("notes")
    drawing: dict[str, Any] = read_json(pool / RECORD) if (pool / RECORD).is_file() else {}
    run.notes["drawn_elsewhere"] = {**read_json(pool / "pool.json"), **drawing}
    run.notes |= {name: drawing[name] for name in ("weights", "seconds") if name in drawing}
    return run.finish(
        [
            write_csv(content, folder / f"{name}.csv")
            for name, content in (tables | {"manifest": manifest}).items()
        ]
    )


def _whole_pool(pool: Path, parameters: LatteParameters) -> pd.DataFrame:
    """The manifest of a pool that has every clip it names, as many of each class as the profile asks for."""
    remedy = "Finish it where its Latte is: `infomotion generate latte`, with the same settings as before."
    missing = [name for name in ("pool.json", "manifest.csv", "FileList.csv") if not (pool / name).is_file()]
    if missing:
        raise DataError(
            f"No finished pool: {', '.join(missing)} missing.", where=f"Looked in: {pool}", remedy=remedy
        )
    manifest = pd.read_csv(pool / "manifest.csv")
    absent = [name for name in manifest["FileName"] if not (pool / "Videos" / f"{name}.avi").is_file()]
    if absent:
        what = f"{len(absent)} of {len(manifest)} clips of the pool are missing, {absent[0]} the first."
        raise DataError(what, where=f"Looked in: {pool / 'Videos'}", remedy=remedy)
    counts = manifest["requested_class"].value_counts().reindex([*CLASS_NAMES], fill_value=0)
    if (counts != parameters.pool_per_class).any():
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(
            f"The pool has {found} clips; the profile asks for {parameters.pool_per_class} of each class.",
            remedy="Set pool_per_class.",
        )
    return manifest


def _refuse_other_work(folder: Path, pool: Path) -> None:
    """Nothing, if the stage's folder is empty or holds this very pool, judged before: nobody's trained Latte
    is written over.
    """
    made = folder / "pools" / "latte"
    trained = [
        file for file in (folder / "latte.safetensors", folder / "checkpoints" / "latte.pt") if file.is_file()
    ]
    other = (made / "pool.json").is_file() and read_json(made / "pool.json") != read_json(pool / "pool.json")
    if trained or other or pool.resolve() == made.resolve():
        raise DataError(
            f"{folder} holds the work of another Latte or pool.",
            where=f"Found: {trained[0] if trained else made}",
            remedy="Move it aside, or judge the pool in another run: -p runs_dir=FOLDER.",
        )


def _settings(paths: RunPaths, parameters: LatteParameters) -> dict[str, Any]:
    """Parameters of the stages before, as they ran."""
    own = {name: getattr(parameters, name) for name in ("workers", "device", "data_root")}
    return {
        name: stage_parameters(name, read_run_card(paths.stage(name))["parameters"], overrides=own)
        for name in [*STAGES][1:-1]
    }


def _cut_alike(
    made: Path, datasets: dict[str, Dataset], *, folder: Path, parameters: LatteParameters
) -> dict[str, Dataset]:
    """The pool in EchoSyn's place, cut to the shape of the drawn one, and the drawn one."""
    from infomotion_lib.generators.cutting import Cut, write_cut_pool

    drawn = read_dataset(made, name="latte")
    shape = drawn.usable[["n_frames", "fps", "height"]].median()
    cut = Cut(int(shape["n_frames"]), float(shape["fps"]), int(shape["height"]))
    listed = list(datasets.values())[-1].usable.query("split == 'TRAIN'").reset_index(drop=True)
    asked = listed.assign(ef=listed["requested_ef"]) if "requested_ef" in listed else listed
    chosen = first_per_class(asked, parameters.pool_per_class)
    copied = write_cut_pool(chosen, folder / "pools" / "echosyn", cut, workers=parameters.workers)
    return {"echosyn": read_dataset(copied, name="echosyn"), "latte": drawn}


def _read_and_compare(
    pools: dict[str, Dataset],
    datasets: dict[str, Dataset],
    *,
    used: dict[str, Any],
    paths: RunPaths,
    parameters: LatteParameters,
    device: str,
) -> dict[str, Any]:
    """Tables of the stage by name, figures drawn on the way, and ``notes`` for the run card."""
    from infomotion_lib.evaluation import pools as judged
    from infomotion_lib.evaluation.claims import paper_results
    from infomotion_lib.reporting.table2 import conditioning_in_words, pool_names
    from infomotion_lib.representations.stage import load_representations
    from infomotion_lib.selection.stage import run_selection

    folder, (real, *_) = paths.stage(STAGE), list(datasets)
    videos = first_per_class(datasets[real].usable.query("split == 'TRAIN'"), parameters.limit)
    labeller = judged.open_labeller(
        paths.stage("labels") / "labeller.safetensors",
        datasets[real],
        parameters=used["labels"],
        folder=folder,
    )
    readers = load_representations(
        used["ifa_training"].representations,
        paths.stage("ifa_training"),
        parameters=used["ifa_training"],
        device=device,
    )
    networks = judged.Networks(labeller, readers, float(videos["fps"].median()))
    how = {
        "networks": networks,
        "parameters": used["frame_index"],
        "folder": folder / "clips",
    }
    reading = judged.join_readings(
        {pool: judged.read_pool(data, source=pool, **how) for pool, data in pools.items()}
    )
    held = judged.conditioning(reading.labels)
    names = pool_names(real=parameters.real_data, synthetic=parameters.synthetic_data)
    fidelity = _fidelity(pools, videos, networks=networks, parameters=parameters)
    chooser: SelectionParameters = used["graph_selection"]
    graphs, sizes = (
        (chooser.selection_graph,),
        {name: getattr(used["evaluation"], name) for name in ("vpc", "n_runs")},
    )
    chooser = chooser.model_copy(update={"methods": parameters.pool_methods, "graphs": graphs, **sizes})
    chosen = run_selection(reading.index, reading.vectors, parameters=chooser)
    plan = used["evaluation"].model_copy(
        update={"methods": parameters.pool_methods, "steps_whole": parameters.steps_pool}
    )
    trained = _train_on(
        pools, datasets[real], reading, chosen.selections, plan=plan, paths=paths, real=real, device=device
    )
    tables = {
        "label_consistency": judged.label_consistency(reading.labels),
        "conditioning": held,
        "selections": chosen.selections,
        "shortfalls": chosen.shortfalls,
        "graph_report": chosen.graph_report,
        "fidelity": fidelity,
        "table2": judged.table2(trained["summary"], fidelity, paper_results()),
        "pool_labels": reading.labels,
        **trained,
    }
    _draw(tables, pools, paths=paths, parameters=parameters)
    whole = (
        trained["runs"]
        .query("method == 'whole'")
        .pivot_table(index="training_seed", columns="source", values="hard_accuracy")
    )
    gap = whole["latte"] - whole["echosyn"]
    verdict = f"{gap.mean():+.1f} ± {gap.std(ddof=0):.1f} points of hard accuracy."
    said = [conditioning_in_words(row, name=names[row["source"]]) for row in held.to_dict("records")]
    return {
        **tables,
        "notes": {
            "conditioning": said,
            "gap": f"All clips, run by run, {names['latte']} minus {names['echosyn']}: {verdict}",
        },
    }


def _fidelity(
    pools: dict[str, Dataset], videos: pd.DataFrame, *, networks: Any, parameters: LatteParameters
) -> pd.DataFrame:
    from infomotion_lib.data.video import read_clip
    from infomotion_lib.evaluation.fidelity import (
        fidelity_table,
        frame_encoder,
        standard_encoders,
        video_encoder,
    )
    from infomotion_lib.generators.cutting import Cut, cut_videos
    from infomotion_lib.regressor.clips import source_period

    drawn = pools["latte"].usable
    fps, side, frames = (
        float(drawn["fps"].median()),
        int(drawn["height"].median()),
        int(drawn["n_frames"].median()),
    )
    period = source_period(networks.labeller.clip_period, fps=fps, reference_fps=networks.reference_fps)
    encoders = [
        frame_encoder(networks.representations["appearance"].model),
        video_encoder(networks.labeller, period=period),
        *standard_encoders(parameters),
    ]
    reference = videos.sample(min(len(videos), 2 * len(drawn)), random_state=parameters.pool_seed)
    genuine = cut_videos(reference, Cut(frames, fps, side), workers=parameters.workers)[0]
    everything = {
        pool: np.stack([read_clip(path) for path in data.usable["path"]]) for pool, data in pools.items()
    }
    return fidelity_table(
        genuine, everything, encoders, seed=parameters.pool_seed, resamples=parameters.fidelity_resamples
    )


def _train_on(
    pools: dict[str, Dataset],
    data: Dataset,
    reading: Any,
    selections: pd.DataFrame,
    *,
    plan: EvaluationParameters,
    paths: RunPaths,
    real: str,
    device: str,
) -> dict[str, pd.DataFrame]:
    """Networks trained on all and on the chosen clips of each pool, tested on real TEST: ``predictions``,
    ``runs``, ``summary``.
    """
    from infomotion_lib.evaluation.intervals import summarise
    from infomotion_lib.evaluation.runs import (
        open_material,
        plan_runs,
        score_runs,
        starting_weights,
        with_flags,
    )
    from infomotion_lib.frame_table import read_frame_index
    from infomotion_lib.regressor.grid import run_grid

    folder = paths.stage(STAGE)
    index = read_frame_index(paths.stage("frame_index") / "frame_index.csv").query("source == @real")
    material = open_material(
        {real: data, **pools},
        pd.concat([index, reading.index], ignore_index=True),
        folder=folder / "clips",
        parameters=plan,
    )
    jobs = plan_runs(
        replace(material, periods={pool: material.periods[pool] for pool in pools}),
        selections,
        parameters=plan,
    )
    options: dict[str, Any] = {
        "stores": material.stores,
        "test": material.test,
        "val": material.val,
        "parameters": plan,
        "device": device,
    }
    predictions = run_grid(jobs, folder=folder, weights=starting_weights(plan), **options)
    runs = with_flags(score_runs(predictions, tolerance=plan.soft_tolerance), selections)
    return {
        "predictions": predictions,
        "runs": runs,
        "summary": with_flags(summarise(runs, samples=plan.bootstrap_samples), selections),
    }


def _draw(
    tables: dict[str, Any], pools: dict[str, Dataset], *, paths: RunPaths, parameters: LatteParameters
) -> None:
    from infomotion_lib.data.video import read_clip
    from infomotion_lib.reporting.figures import latte as figures
    from infomotion_lib.reporting.style import data_name, save_figure, use_style
    from infomotion_lib.reporting.table2 import conditioning_in_words, pool_names, short_names

    use_style()
    names, short = (
        call(real=parameters.real_data, synthetic=parameters.synthetic_data)
        for call in (pool_names, short_names)
    )
    folder, held, fidelity = paths.stage(STAGE) / "figures", tables["conditioning"], tables["fidelity"]
    said = " ".join(conditioning_in_words(row, name=names[row["source"]]) for row in held.to_dict("records"))
    listed = {
        pool: data.usable.assign(asked=class_name(data.usable["ef"].to_numpy(float)))
        for pool, data in pools.items()
    }
    paths_of = {
        pool: {name: table.loc[table["asked"] == name, "path"].head(LOOPS) for name in CLASS_NAMES}
        for pool, table in listed.items()
    }
    clips = {
        short[pool]: {name: [read_clip(path) for path in own] for name, own in table.items()}
        for pool, table in paths_of.items()
    }
    alt = f"Frames of one clip of each requested class: {' beside '.join(clips)}."
    still = {pool: {name: own[0] for name, own in table.items()} for pool, table in clips.items()}
    save_figure(figures.side_by_side(still), folder / "side_by_side.png", alt=alt)
    count = len(next(iter(clips[short["latte"]].values())))
    alt = (
        f"Looping clips, a row a requested class, {count} of each: left {names['echosyn']}, right"
        f" {names['latte']}."
    )
    with atomic(folder / "loops.webp") as temporary:
        temporary.write_bytes(figures.looping_webp(clips, alt=alt)[0])
    fig = figures.consistency_matrices(tables["label_consistency"], held, names=short)
    save_figure(fig, folder / "label_consistency.svg", alt=f"Requested by relabelled class. {said}")
    alt = "Fréchet distances: " + "; ".join(
        f"{row.metric} {row.pair.replace('_', ' ')} {row.value:.3g}" for row in fidelity.itertuples()
    )
    save_figure(figures.distances(fidelity, names=short), folder / "fidelity.svg", alt=alt)
    constants = pd.read_csv(paths.stage("evaluation") / "constants.csv")
    hard = tables["summary"].query("metric == 'hard_accuracy'").rename(columns=str)
    means = "; ".join(
        f"{short[row.source]} {row.method} {row.vpc or 'all'}: {row.mean:.0f} %"
        for row in hard.itertuples(index=False)
    )
    data = data_name(parameters.real_data)
    fig = figures.pool_accuracy(tables["summary"], constants, names=short, data=data[0].upper() + data[1:])
    save_figure(
        fig, folder / "table2.svg", alt=f"Hard accuracy on real TEST by pool, selector and size. {means}."
    )
