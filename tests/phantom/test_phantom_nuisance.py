"""The nuisance model: the study's numbers at level 0.4, nothing about EF in any of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from infomotion_lib.errors import ParameterError
from infomotion_lib.phantom.nuisance import MACHINE_SHARES, MACHINES, NUISANCES, SOURCES, Heart
from infomotion_lib.phantom.sampling import keep_in_view, sample_heart

STUDY = {
    "cycle": (23.6, 48.8),
    "length": (0.46, 0.60),
    "radius": (0.147, 0.219),
    "wall": (0.051, 0.091),
    "rotation": (-0.26, 0.26),
    "zoom": (0.856, 1.19),
    "half_angle": (0.596, 0.768),
    "gain": (-7.2, 5.8),
    "dynamic_range": (40.4, 63.6),
    "longitudinal": (0.204, 0.408),
    "drift_x": (0, 0.0192),
    "swing_x": (-0.014, 0.014),
    "swing_rotation": (-0.024, 0.024),
    "regional": (0, 0.20),
    "asymmetry": (-0.14, 0.14),
    "rv_contraction": (0, 0.14),
    "rv_size": (0.85, 1.2),
    "la_expansion": (0.072, 0.192),
    "la_size": (0.75, 1.2),
    "dropout": (2.4, 10),
    "out_of_plane": (0, 0.24),
    "shadow": (0, 13.2),
    "apex_x": (-0.058, 0.058),
}


def hearts(count: int, **how: object) -> list[Heart]:
    return [sample_heart(np.random.default_rng([7, i]), 60.0, **how) for i in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", STUDY)
def test_level_04_is_the_studys(name: str) -> None:
    assert NUISANCES[name].at(0.4) == pytest.approx(STUDY[name], abs=1e-9)


def test_levels_run_from_easy_to_extreme() -> None:
    for row in NUISANCES.values():
        assert row.at(0) == row.easy and row.at(1) == row.extreme
        assert (row.easy[0] >= row.extreme[0] and row.easy[1] <= row.extreme[1]) or row.easy[
            1
        ] <= row.extreme[0] + 1e-9


def test_every_row_is_a_value_of_the_heart() -> None:
    assert set(NUISANCES) - {"dropout"} <= {field.name for field in fields(Heart)}


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_nuisances_do_not_know_the_ef(level: float) -> None:
    for seed in range(25):
        low, high = (sample_heart(np.random.default_rng(seed), ef, level=level) for ef in (12.0, 84.0))
        assert replace(high, ef=low.ef) == low


def test_draws_stay_in_their_ranges() -> None:
    for heart in hearts(60, machine_shares=(1, 0, 0, 0, 0)):
        for name in (
            "length",
            "radius",
            "wall",
            "longitudinal",
            "gain",
            "psf_axial",
            "noise",
            "out_of_plane",
        ):
            low, high = NUISANCES[name].at(0.4)
            assert low <= getattr(heart, name) <= high
        assert heart.cycle % 3 == 0 and 24 <= heart.cycle <= 48
        assert 0 <= heart.start < heart.cycle and len(heart.dropouts) <= 2


def test_machines_come_at_their_shares() -> None:
    counted = Counter(heart.machine for heart in hearts(400))
    for machine, share in zip(MACHINES, MACHINE_SHARES["real"], strict=True):
        assert counted[machine.name] / 400 == pytest.approx(share, abs=4 * (share * (1 - share) / 400) ** 0.5)


def test_styles_do_what_they_say() -> None:
    standard, dark, hazy, zoomed, mirrored = (hearts(30, machine_shares=shares) for shares in np.eye(5))
    assert {heart.machine for heart in hazy} == {"hazy"}
    assert np.mean([h.gain for h in dark]) < np.mean([h.gain for h in standard]) - 6
    assert all(-22 <= h.haze <= -13 for h in hazy) and all(h.haze == -60 for h in standard)
    assert np.mean([h.zoom for h in zoomed]) > np.mean([h.zoom for h in standard]) + 0.15
    assert all(h.mirrored and h.psf_lateral >= 2.4 for h in mirrored) and not any(
        h.mirrored for h in standard
    )


def test_the_synthetic_source_has_other_nuisance() -> None:
    real, synthetic = hearts(150), hearts(150, role="synthetic")
    assert SOURCES["synthetic"].add and MACHINE_SHARES["synthetic"] != MACHINE_SHARES["real"]
    assert np.mean([h.psf_axial for h in synthetic]) > 1.1 * np.mean([h.psf_axial for h in real])
    assert np.mean([h.out_of_plane for h in synthetic]) > np.mean([h.out_of_plane for h in real]) + 0.1
    assert np.mean([h.machine == "hazy" for h in synthetic]) > np.mean([h.machine == "hazy" for h in real])


def test_heart_rate_is_kept_in_seconds() -> None:
    slow, fast = (hearts(40, fps=fps) for fps in (30.0, 90.0))
    beats = [np.mean([heart.cycle for heart in group]) / fps for group, fps in ((slow, 30.0), (fast, 90.0))]
    assert beats[0] == pytest.approx(beats[1], rel=0.05)


def test_a_heart_in_view_is_left_alone() -> None:
    for heart in hearts(20):
        again = keep_in_view(heart)
        assert again.zoom == pytest.approx(heart.zoom) and again.half_angle == pytest.approx(
            heart.half_angle, abs=1e-3
        )


@pytest.mark.parametrize(
    "how",
    [
        {"level": 1.2},
        {"level": -0.1},
        {"level": float("nan")},
        {"machine_shares": (0.5, 0.5, 0.1, 0, 0)},
        {"machine_shares": (1.0,)},
        {"machine_shares": (1.2, -0.2, 0, 0, 0)},
        {"role": "reel"},
        {"fps": 0.0},
    ],
)
def test_bad_parameters_are_named(how: dict[str, object]) -> None:
    with pytest.raises(ParameterError) as caught:
        hearts(1, **how)
    assert caught.value.remedy


@pytest.mark.parametrize("ef", [0.0, 95.0, float("nan")])
def test_impossible_ef(ef: float) -> None:
    with pytest.raises(ParameterError, match="EF"):
        sample_heart(np.random.default_rng(0), ef)
