"""The labels stage: EF of every synthetic video by a regressor trained on the real TRAIN videos, the
requested EF kept beside.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from infomotion_lib.data.records import Dataset, first_per_class, read_dataset
from infomotion_lib.data.videos import open_sources
from infomotion_lib.files import PHANTOM_TRUTH
from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import start_stage, write_csv
from infomotion_lib.regressor.parameters import LabelsParameters

if TYPE_CHECKING:
    from infomotion_lib.regressor.clips import ClipStore
    from infomotion_lib.regressor.fitted import FittedRegressor

LABEL_COLUMNS = ["source", "file_name", "requested_ef", "ef"]
REFERENCE_FPS = 50.0
"""EchoNet-Dynamic's usual frame rate, and the phantom's."""


def run(parameters: StageParameters) -> Path:
    """Path of the run card; ``labels.csv`` has one row per synthetic video and is empty where the profile has
    no synthetic source.
    """
    assert isinstance(parameters, LabelsParameters)
    from infomotion_lib.regressor.labels import AGREEMENT_COLUMNS

    paths = run_paths(parameters.profile, parameters.runs_dir)
    folder = paths.stage("labels")
    stage = start_stage(
        "labels",
        folder,
        parameters=parameters.model_dump(),
        inputs=[paths.pins, paths.videos],
    )
    outputs = []
    labels, agreement = pd.DataFrame(columns=LABEL_COLUMNS), pd.DataFrame(columns=AGREEMENT_COLUMNS)
    if "synthetic" in parameters.sources:
        real, pool = open_sources(parameters, paths).values()
        labels, agreement, labeller = label_pool(real, pool, folder, parameters=parameters)
        stage.device = str(labeller.device)
        outputs.append(labeller.save(folder / "labeller.safetensors"))
    outputs += [write_csv(labels, paths.labels), write_csv(agreement, folder / "agreement.csv")]
    return stage.finish(outputs)


def label_pool(
    real: Dataset, pool: Dataset, folder: Path, *, parameters: LabelsParameters
) -> tuple[pd.DataFrame, pd.DataFrame, FittedRegressor]:
    """Labels of the pool, how well they agree with what else is known, and the regressor that gave them.

    The regressor learns on real TRAIN and keeps the weights that are best on real VAL; real TEST is not
    touched.
    """
    from infomotion_lib.device import one_thread
    from infomotion_lib.regressor.clips import open_clip_store
    from infomotion_lib.regressor.labels import AGREEMENT_COLUMNS, agreement, relabel

    labelled = real.usable[real.usable["ef"].notna()]
    splits = {
        split: labelled[labelled["split"] == split].reset_index(drop=True) for split in ("TRAIN", "VAL")
    }
    targets = pool.usable
    videos = pd.concat([*splits.values(), targets])
    store = open_clip_store(videos, folder / "clips", size=parameters.clip_size, workers=parameters.workers)
    with one_thread():
        labeller = _labeller(splits["TRAIN"], splits["VAL"], store, folder, parameters=parameters)
        labels = relabel(targets, labeller, store=store, reference_fps=float(splits["TRAIN"]["fps"].median()))
        on_val = (
            labeller.predict(store.videos(splits["VAL"]["file_name"].tolist()))
            if len(splits["VAL"])
            else None
        )
    labels = labels.assign(source="synthetic")[LABEL_COLUMNS]
    rows = [agreement("pool: relabelled against requested EF", labels["ef"], targets["requested_ef"])]
    if on_val is not None:
        rows.append(agreement("reference VAL: regressor against measured EF", on_val, splits["VAL"]["ef"]))
    if (pool.root / PHANTOM_TRUTH).is_file():
        delivered = (
            pd.read_csv(pool.root / PHANTOM_TRUTH).set_index("FileName")["EF"].reindex(targets["file_name"])
        )
        rows.append(agreement("pool: relabelled against delivered EF", labels["ef"], delivered))
        rows.append(agreement("pool: requested against delivered EF", targets["requested_ef"], delivered))
    return labels, pd.DataFrame(rows, columns=AGREEMENT_COLUMNS), labeller


def relabel_folder(
    root: Path,
    weights: Path,
    out: Path,
    *,
    parameters: LabelsParameters,
    reference_fps: float = REFERENCE_FPS,
) -> pd.DataFrame:
    """Labels of a data set folder by weights that exist already, written to ``out`` (a ``.csv``): any pool,
    without a run.

    Parameters
    ----------
    root : Path
        Folder with ``FileList.csv``.
    weights : Path
        A regressor of this project, or a published EF checkpoint.
    out : Path
        Table to write; decoded clips are kept beside it only while this works.
    parameters : LabelsParameters
        Network and clip shape of a published checkpoint; a file of this project carries its own.
    reference_fps : float
        Frame rate of the videos the regressor was trained on.

    Raises
    ------
    FetchError, DataError, CheckpointError
        If nothing can be written beside ``out``, or the folder or the weights cannot be read.
    """
    from infomotion_lib.data.echodiffusion import writable_folder
    from infomotion_lib.device import resolve_device
    from infomotion_lib.regressor.checkpoints import load_regressor
    from infomotion_lib.regressor.clips import open_clip_store
    from infomotion_lib.regressor.labels import relabel

    writable_folder(out.parent)
    pool = first_per_class(read_dataset(root).usable, parameters.limit)
    labeller = load_regressor(weights, parameters=parameters, device=str(resolve_device(parameters.device)))
    with tempfile.TemporaryDirectory(prefix="infomotion-clips-") as folder:
        store = open_clip_store(pool, folder, size=labeller.clip_size, workers=parameters.workers)
        labels = relabel(pool, labeller, store=store, reference_fps=reference_fps)
    write_csv(labels, out)
    return labels


def _labeller(
    train: pd.DataFrame, val: pd.DataFrame, store: ClipStore, folder: Path, *, parameters: LabelsParameters
) -> FittedRegressor:
    from infomotion_lib.device import resolve_device
    from infomotion_lib.regressor.checkpoints import is_ef_regressor, load_regressor, read_weights
    from infomotion_lib.regressor.setup import TrainingSetup, Validation
    from infomotion_lib.regressor.training import train_regressor

    device = str(resolve_device(parameters.device))
    weights = read_weights(parameters.regressor_weights) if parameters.regressor_weights else None
    if weights is not None and is_ef_regressor(weights):
        return load_regressor(parameters.regressor_weights, parameters=parameters, device=device)
    names: Sequence[str] = train["file_name"].tolist()
    return train_regressor(
        store.videos(names),
        train["ef"].to_numpy(),
        parameters=parameters,
        seed=parameters.labeller_seed,
        steps=parameters.steps_whole,
        val=Validation(store.videos(val["file_name"].tolist()), val["ef"].to_numpy()) if len(val) else None,
        setup=TrainingSetup(weights, device, folder / "checkpoints" / "labeller.pt"),
    )
