"""The phantom pools of the profiles, as the data stage asks for them."""

from __future__ import annotations

from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.phantom.parameters import DataParameters
from infomotion_lib.phantom.plan import Request, make_request


def request_of(profile: str, source: str) -> Request | None:
    """Request of the ``"real"`` or ``"synthetic"`` pool of a profile; None where another data set
    plays it.
    """
    used = stage_parameters("data", read_profile(profile))
    assert isinstance(used, DataParameters)
    synthetic = source == "synthetic"
    if not (used.synthetic_data if synthetic else used.real_data).startswith("phantom"):
        return None
    return make_request(
        role="synthetic" if synthetic else "real",
        seed=used.phantom_seed + synthetic,
        train_per_class=used.phantom_train_per_class,
        val_per_class=used.phantom_val_per_class,
        test_counts=used.phantom_test_counts,
        frames=used.phantom_frames,
        fps=used.phantom_fps,
        size=used.phantom_size,
        level=used.nuisance_level,
        machine_shares=None if synthetic else used.machine_shares,
        requested_ef_error=used.requested_ef_error,
    )
