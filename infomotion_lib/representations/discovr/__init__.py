"""DISCOVR: a self-supervised video network beside an image network, written from its equations; a part of it
loads torch when asked for.

Mishra et al., "Self-supervised Learning of Echocardiographic Video Representations via Online Cluster
Distillation", NeurIPS 2025, arXiv 2506.11777.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infomotion_lib.representations.discovr.clusters import cluster_distillation, sinkhorn
    from infomotion_lib.representations.discovr.encoder import discovr_encoder

__all__ = ["cluster_distillation", "discovr_encoder", "sinkhorn"]

_PARTS = {"cluster_distillation": "clusters", "sinkhorn": "clusters", "discovr_encoder": "encoder"}


def __getattr__(name: str) -> Any:
    if name not in _PARTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PARTS[name]}"), name)
