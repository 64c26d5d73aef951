"""The phantom: echo clips whose ejection fraction, ED and ES frames and tracings are known exactly, for
everybody to run on.

An apical four-chamber-like scene is rendered on the polar grid of an ultrasound machine. It is no ultrasound
physics and no patient: results on it are labelled "phantom" everywhere.
"""

from infomotion_lib.phantom.dataset import edition_of, make_dataset
from infomotion_lib.phantom.geometry import TrueFrames, tracing, true_frames, volume_curve
from infomotion_lib.phantom.nuisance import MACHINE_SHARES, MACHINES, NUISANCES, SOURCES, Heart
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart

__all__ = [
    "MACHINES",
    "MACHINE_SHARES",
    "NUISANCES",
    "SOURCES",
    "Heart",
    "TrueFrames",
    "edition_of",
    "make_dataset",
    "render",
    "sample_heart",
    "tracing",
    "true_frames",
    "volume_curve",
]
