"""Training losses: the Laplacian pyramid loss, the paper's sum of MSE and Laplacian, and EMA-VFI's own.

The pyramid is linear in the picture, so the loss is computed on the pyramid of the difference: one pyramid,
not two.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from infomotion_lib.errors import ParameterError
from infomotion_lib.representations.ifa.interpolator import Interpolation

LossName = Literal["infomotion", "ema_vfi"]
MOST_LEVELS = 5
BINOMIAL = (1.0, 4.0, 6.0, 4.0, 1.0)


def laplacian_levels(height: int, width: int) -> int:
    """Most pyramid levels that both sides allow, at most 5: each level halves an even side (112 px: 4; 128
    px: 5).

    Raises
    ------
    ParameterError
        If a side is odd, or too small to reflect at its border.
    """
    levels = 0
    while levels < MOST_LEVELS and height % 2 == 0 and width % 2 == 0 and min(height, width) > 4:
        height, width, levels = height // 2, width // 2, levels + 1
    if not levels:
        raise ParameterError(
            f"A Laplacian pyramid of {height} x {width} pixels needs even sides of 6 or more."
        )
    return levels


def laplacian_pyramid(images: Tensor, *, levels: int) -> list[Tensor]:
    """Band-pass pictures ``(B, C, H/2^k, W/2^k)``, finest first; the low-pass rest is left out.

    A band is the picture minus its blurred, halved and re-enlarged copy (5 x 5 binomial kernel, reflected
    border).
    """
    bands = []
    for _ in range(levels):
        height, width = images.shape[-2:]
        rows, columns = _pyramid_matrices(height, images.device), _pyramid_matrices(width, images.device)
        small = rows.shrink @ images @ columns.shrink.T
        bands.append(images - rows.enlarge @ small @ columns.enlarge.T)
        images = small
    return bands


def laplacian_loss(images: Tensor, target: Tensor, *, levels: int | None = None) -> Tensor:
    """Sum over levels of the mean absolute difference of the bands, a scalar (EMA-VFI's LapLoss).

    Parameters
    ----------
    images, target : Tensor
        ``(B, C, H, W)``.
    levels : int, optional
        Pyramid levels; by default the most that the sides allow (the published 5 fail at 112 pixels).

    Raises
    ------
    ParameterError
        If the sides do not allow that many levels.
    """
    height, width = images.shape[-2:]
    most = laplacian_levels(height, width)
    levels = most if levels is None else levels
    if not 1 <= levels <= most:
        raise ParameterError(
            f"{levels} Laplacian levels of {height} x {width} pixels: between 1 and {most} are possible."
        )
    with torch.autocast(images.device.type, enabled=False):
        bands = laplacian_pyramid(images.float() - target.float(), levels=levels)
        return torch.stack([band.abs().mean() for band in bands]).sum()


def interpolation_loss(
    made: Interpolation,
    target: Tensor,
    *,
    loss: LossName = "infomotion",
    laplacian_weight: float = 0.5,
    levels: int | None = None,
) -> Tensor:
    """Scalar training loss of a batch.

    ``"infomotion"``: MSE(prediction) + lambda x sum over both stages of Lap(merged), the paper's.
    ``"ema_vfi"``: Lap(prediction) + lambda x the same sum, the published network's. A network without its
    U-Net is trained by the same formulas on its warps alone, since its prediction is the last blend.

    Parameters
    ----------
    made : Interpolation
        What the network made.
    target : Tensor
        ``(B, C, H, W)`` true frames.
    loss : {"infomotion", "ema_vfi"}
        Which form.
    laplacian_weight : float
        lambda.
    levels : int, optional
        Pyramid levels.
    """
    warps = torch.stack([laplacian_loss(merged, target, levels=levels) for merged in made.merged]).sum()
    if loss == "infomotion":
        return (
            F.mse_loss(made.prediction.float(), target.expand_as(made.prediction)) + laplacian_weight * warps
        )
    if loss == "ema_vfi":
        return laplacian_loss(made.prediction, target, levels=levels) + laplacian_weight * warps
    raise ParameterError(f"Unknown loss: {loss}", remedy="Known: infomotion, ema_vfi.")


def psnr(images: Tensor, target: Tensor) -> Tensor:
    """Peak signal-to-noise ratio ``(B,)`` in dB of pictures in [0, 1]."""
    error = (images.float() - target.float()).square().flatten(1).mean(dim=1)
    return -10 * torch.log10(error.clamp_min(1e-12))


class _PyramidMatrices(NamedTuple):
    """One side's share of a pyramid step: blur and halve ``(n/2, n)``, re-enlarge ``(n, n/2)``."""

    shrink: Tensor
    enlarge: Tensor


@lru_cache(maxsize=32)
def _pyramid_matrices(side: int, device: torch.device) -> _PyramidMatrices:
    """The 5-tap binomial blur with reflected border, written as matrices: the kernel separates, and small
    products are fast.
    """
    with torch.inference_mode(False):
        blur = torch.zeros(side, side, dtype=torch.float64)
        for row in range(side):
            for tap, weight in zip(range(row - 2, row + 3), BINOMIAL, strict=True):
                reflected = abs(tap) if tap < side else 2 * (side - 1) - tap
                blur[row, reflected] += weight / 16
        shrink, enlarge = (
            blur[::2],
            2 * blur[:, ::2],
        )  # every second row is kept; zeros between samples, at twice the gain per side
        return _PyramidMatrices(shrink.float().to(device), enlarge.float().to(device))
