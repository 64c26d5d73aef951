"""EchoSyn's chain: hearts, a filter, and a video diffusion model that sets a heart in motion by EF; a part
of it loads torch when asked for.

Reynaud et al., "EchoNet-Synthetic: Privacy-preserving Video Generation for Safe Medical Data Sharing",
MICCAI 2024, arXiv 2406.00808. Networks are diffusers' and MONAI's own classes; the rest is written
from the paper and from what its networks give.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infomotion_lib.generators.spacetime.denoising import denoise
    from infomotion_lib.generators.spacetime.windows import stitched_denoise

__all__ = ["denoise", "stitched_denoise"]

_PARTS = {"denoise": "denoising", "stitched_denoise": "windows"}
_SHARED = "infomotion_lib.generators.spacetime"


def __getattr__(name: str) -> Any:
    if name not in _PARTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{_SHARED}.{_PARTS[name]}"), name)
