"""What a feature knows of EF: a linear probe on held-out videos, and whether near neighbours share a class.

The probe sees TRAIN and is scored on held-out videos; nothing is chosen by its score. Simple features stand
beside the network's, since a number alone says little.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeCV
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from infomotion_lib.classes import ef_class
from infomotion_lib.data.video import read_frames
from infomotion_lib.errors import DataError, VideoError
from infomotion_lib.representations.ends import pair_frames
from infomotion_lib.representations.flow.farneback import cell_means
from infomotion_lib.representations.outlook import probe_refusals

RIDGE_STRENGTHS = np.logspace(-2, 6, 17)
NEIGHBOURS = 5
RESOLUTION = float(np.finfo(np.float32).eps)
"""Relative step of float32: smaller singular values are rounding."""
DIFFERENCE_GRID = 14
PROBE_COLUMNS = ("feature", "size", "ridge_r2", "ridge_mae", "knn_purity")

Floats = NDArray[np.float32]


def read_pairs(rows: pd.DataFrame) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """End frames (N, 2, 2, H, W) of the readable videos (video, pair, first and second), and which of the
    rows those are.

    Parameters
    ----------
    rows : DataFrame
        Frame index with a ``path`` column, all with end frames.

    Raises
    ------
    DataError
        If none can be read.
    """
    pairs: list[NDArray[np.uint8]] = []
    kept = np.zeros(len(rows), dtype=np.bool_)
    for number, row in enumerate(rows.to_dict("records")):
        wanted, where = pair_frames({str(name): value for name, value in row.items()})
        try:
            frames = read_frames(row["path"], wanted)[where]
        except VideoError:
            continue
        if not pairs or frames.shape == pairs[0].shape:
            pairs.append(frames)
            kept[number] = True
    if not pairs:
        raise DataError(f"None of {len(rows)} videos can be read.")
    return np.stack(pairs), kept


def difference_features(pairs: NDArray[np.uint8]) -> Floats:
    """Absolute difference of the frames of each pair in 14 x 14 cells, (N, 392)."""
    change = np.abs(pairs[:, :, 1].astype(np.float32) - pairs[:, :, 0])  # (N, 2, H, W)
    return np.stack([cell_means(video, DIFFERENCE_GRID) for video in change]).reshape(len(pairs), -1)


def ridge_probe(
    train: Floats, train_ef: NDArray[np.floating], test: Floats, test_ef: NDArray[np.floating]
) -> tuple[float, float]:
    """R2 and mean absolute error (EF points) on held-out videos of a ridge regression; its strength is chosen
    inside TRAIN.

    Parameters
    ----------
    train, test : ndarray, shapes (N, D) and (M, D)
        Features; standardised by TRAIN.
    train_ef, test_ef : ndarray, shapes (N,) and (M,)
        EF, points.
    """
    model = make_pipeline(StandardScaler(), RidgeCV(RIDGE_STRENGTHS))
    model.fit(train.astype(np.float64), train_ef)
    error = np.asarray(model.predict(test.astype(np.float64))) - test_ef
    spread = float(np.square(test_ef - test_ef.mean()).sum())
    return (1 - float(np.square(error).sum()) / spread if spread else float("nan")), float(
        np.abs(error).mean()
    )


def neighbour_purity(
    train: Floats, train_ef: NDArray[np.floating], test: Floats, test_ef: NDArray[np.floating]
) -> float:
    """Share of a held-out video's 5 nearest TRAIN videos that are of its EF class, averaged over classes
    (chance: 1 / classes).

    Distances are Euclidean on the features as they are, as in the selection graph.
    """
    count = min(NEIGHBOURS, len(train))
    nearest = NearestNeighbors(n_neighbors=count).fit(train).kneighbors(test, return_distance=False)
    labels = ef_class(test_ef)
    hits = (ef_class(train_ef)[nearest] == labels[:, None]).mean(axis=1)
    return float(np.mean([hits[labels == label].mean() for label in np.unique(labels)]))


def can_probe(*, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> bool:
    """Whether there are enough videos of known EF to fit a probe and to score it; masks, shape (N,)."""
    return not probe_refusals(int(train.sum()), int(test.sum()))


def probe_table(
    features: Mapping[str, Floats],
    ef: NDArray[np.floating],
    *,
    train: NDArray[np.bool_],
    test: NDArray[np.bool_],
) -> pd.DataFrame:
    """One row per feature: ``feature``, ``size``, ``ridge_r2``, ``ridge_mae``, ``knn_purity``.

    Parameters
    ----------
    features : mapping of str to ndarray, shape (N, D)
        By name; all of the same N videos.
    ef : ndarray, shape (N,)
        EF, points.
    train, test : ndarray of bool, shape (N,)
        Videos to fit on and to score on; disjoint.

    Raises
    ------
    DataError
        If the two overlap or one is too small to fit or score.
    """
    if (train & test).any():
        raise DataError(f"{int((train & test).sum())} videos are both TRAIN and held out.")
    for refusal in probe_refusals(int(train.sum()), int(test.sum())):
        raise refusal
    rows: list[dict[str, Any]] = []
    for name, vectors in features.items():
        four = vectors[train], ef[train], vectors[test], ef[test]
        r2, mae = ridge_probe(*four)
        rows.append(
            {
                "feature": name,
                "size": vectors.shape[1],
                "ridge_r2": r2,
                "ridge_mae": mae,
                "knn_purity": neighbour_purity(*four),
            }
        )
    return pd.DataFrame(rows, columns=list(PROBE_COLUMNS))


def measured_rank(features: Floats) -> int:
    """Dimensions that the centred vectors span, as far as float32 can tell: entries of
    :func:`relative_spectrum` above its resolution.
    """
    return int((relative_spectrum(features) > RESOLUTION).sum())


def relative_spectrum(features: Floats) -> NDArray[np.float64]:
    """Singular values of the centred vectors, in falling order, over the largest one of the vectors as they
    are.

    Rounding of the vectors is relative to the vectors, not to how much they differ; so is this scale.
    """
    vectors = features.astype(np.float64)
    whole = float(np.linalg.norm(vectors, ord=2))
    values = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False)
    return np.asarray(values / whole if whole > 0 else values, dtype=np.float64)


def first_components(features: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First two principal components (N, 2) of the vectors, and the share of variance of each (2,)."""
    model = PCA(n_components=2, random_state=0)
    return np.asarray(model.fit_transform(features.astype(np.float64))), np.asarray(
        model.explained_variance_ratio_
    )
