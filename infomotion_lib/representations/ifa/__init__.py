"""Inter-frame attention (IFA): the EMA-VFI network, its training, and one motion vector a video."""

from infomotion_lib.representations.ifa.backbone import Features
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi, save_interpolator
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator, Interpolation

__all__ = ["Features", "InterFrameInterpolator", "Interpolation", "load_ema_vfi", "save_interpolator"]
