"""The fast forms equal the plain ones: PReLU's gradients, the Laplacian pyramid, windows in and
out, masks.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from infomotion_lib.errors import ParameterError
from infomotion_lib.representations.ifa.flow import warp
from infomotion_lib.representations.ifa.layers import ChannelPReLU
from infomotion_lib.representations.ifa.losses import (
    laplacian_levels,
    laplacian_loss,
    laplacian_pyramid,
    psnr,
)
from infomotion_lib.representations.ifa.windows import BLOCKED, window_plan

CPU = torch.device("cpu")


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_prelu_and_its_gradients(layout: torch.memory_format) -> None:
    rng = torch.Generator().manual_seed(0)
    maps = torch.randn(3, 5, 6, 4, generator=rng).contiguous(memory_format=layout)
    grad = torch.randn(3, 5, 6, 4, generator=rng)
    layer = ChannelPReLU(5)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.25, -0.5, 1.5, 0.0, 1.0]))
    plain_in, fast_in = (
        maps.clone().requires_grad_(),
        maps.clone(memory_format=torch.preserve_format).requires_grad_(),
    )
    plain_slope = layer.weight.detach().clone().requires_grad_()
    F.prelu(plain_in, plain_slope).backward(grad)
    out = layer(fast_in)
    out.backward(grad)
    torch.testing.assert_close(out, F.prelu(maps, plain_slope))
    torch.testing.assert_close(fast_in.grad, plain_in.grad)
    torch.testing.assert_close(layer.weight.grad, plain_slope.grad)


def convolved_pyramid(images: Tensor, levels: int) -> list[Tensor]:
    """The textbook form: 5 x 5 convolutions on reflected borders, zeros inserted between samples."""
    line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], dtype=images.dtype) / 16
    kernel = torch.outer(line, line)[None, None].expand(images.shape[1], 1, 5, 5)

    def blur(maps: Tensor) -> Tensor:
        return F.conv2d(F.pad(maps, (2, 2, 2, 2), mode="reflect"), kernel, groups=maps.shape[1])

    bands = []
    for _ in range(levels):
        small = blur(images)[:, :, ::2, ::2]
        spread = torch.zeros_like(images)
        spread[:, :, ::2, ::2] = small
        bands.append(images - 4 * blur(spread))
        images = small
    return bands


@pytest.mark.parametrize("height, width, levels", [(112, 112, 4), (96, 128, 5), (24, 16, 2)])
def test_pyramid_equals_its_convolution_form(height: int, width: int, levels: int) -> None:
    images = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1))
    for ours, plain in zip(
        laplacian_pyramid(images, levels=levels), convolved_pyramid(images, levels), strict=True
    ):
        torch.testing.assert_close(ours, plain, atol=1e-6, rtol=0)


def test_levels_are_the_most_that_the_sides_allow() -> None:
    assert [
        laplacian_levels(112, 112),
        laplacian_levels(128, 128),
        laplacian_levels(256, 256),
        laplacian_levels(96, 112),
    ] == [4, 5, 5, 4]
    with pytest.raises(ParameterError, match="between 1 and 4"):
        laplacian_loss(torch.zeros(1, 1, 112, 112), torch.zeros(1, 1, 112, 112), levels=5)
    with pytest.raises(ParameterError):
        laplacian_levels(111, 112)


def test_loss_of_equal_images_is_zero_with_a_finite_gradient() -> None:
    target = torch.rand(2, 1, 48, 48, generator=torch.Generator().manual_seed(2))
    images = target.clone().requires_grad_()
    loss = laplacian_loss(images, target)
    loss.backward()
    assert float(loss.detach()) == 0 and images.grad is not None and bool(images.grad.isfinite().all())


def test_warp_by_zero_flow_is_identity_and_by_one_pixel_a_shift() -> None:
    images = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(warp(images, torch.zeros(2, 2, 32, 48)), images, atol=1e-5, rtol=0)
    right = torch.zeros(2, 2, 32, 48)
    right[:, 0] = 1  # look one pixel to the right
    torch.testing.assert_close(warp(images, right)[..., :-1], images[..., 1:], atol=1e-5, rtol=0)


def test_psnr_of_a_known_error() -> None:
    assert psnr(torch.full((2, 1, 8, 8), 0.1), torch.zeros(2, 1, 8, 8)).tolist() == pytest.approx(
        [20.0, 20.0]
    )


@settings(max_examples=25, deadline=None)
@given(height=st.integers(2, 20), width=st.integers(2, 20), shift=st.sampled_from([0, 3]))
def test_windows_come_back_and_masks_part_what_is_not_adjacent(height: int, width: int, shift: int) -> None:
    plan = window_plan(height, width, window=7, shift=shift, device=CPU)
    tokens = torch.arange(2 * height * width, dtype=torch.float32).reshape(2, height, width, 1)
    windows = plan.split(tokens)
    assert torch.equal(plan.join(windows), tokens)
    if shift == 0 and (height % 7, width % 7) == (0, 0):
        assert plan.mask is None
        return
    assert plan.mask is not None and plan.mask.shape == (plan.n_windows, 49, 49)
    assert set(plan.mask.unique().tolist()) <= {0.0, BLOCKED}
    assert bool((plan.mask.diagonal(dim1=1, dim2=2) == 0).all()) and torch.equal(
        plan.mask, plan.mask.transpose(1, 2)
    )


def test_shifted_windows_never_join_opposite_borders() -> None:
    plan = window_plan(14, 14, window=7, shift=3, device=CPU)
    column = plan.split(torch.arange(14.0).expand(1, 14, 14)[..., None])[0, :, :, 0]  # (windows, n)
    far = (column[:, :, None] - column[:, None, :]).abs() > 7
    assert plan.mask is not None and bool((plan.mask[far] == BLOCKED).all()) and bool(far.any())
