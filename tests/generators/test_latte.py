"""Latte is structurally what it says: sizes, separation of space and time, the null class, guidance."""

from __future__ import annotations

import pytest
import torch

from infomotion_lib.errors import ParameterError
from infomotion_lib.generators.latte.network import Latte, LatteSize, latte


def small(*, label_dropout: float = 0.1) -> Latte:
    torch.manual_seed(0)
    network = Latte(LatteSize(4, 32, 4), latent_side=8, frames=6, label_dropout=label_dropout)
    for parameter in network.parameters():  # adaLN-Zero starts as the zero function: wake every path
        torch.nn.init.normal_(parameter, std=0.1)
    return network


@pytest.mark.parametrize(("name", "millions"), [("S/2", 32.5), ("B/2", 129.6), ("XL/2", 673.8)])
def test_parameter_counts_are_the_published_ones(name: str, millions: float) -> None:
    with torch.device("meta"):
        network = latte(name)
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(millions, rel=0.01)


def test_untrained_network_predicts_zero() -> None:
    output = latte("cpu/2", latent_side=8)(
        torch.randn(2, 16, 4, 8, 8), torch.tensor([3, 900]), torch.tensor([0, 4])
    )
    assert output.shape == (2, 16, 4, 8, 8)
    assert torch.equal(output, torch.zeros_like(output))


def test_spatial_blocks_never_mix_frames() -> None:
    block, x, condition = small().blocks[0], torch.randn(1, 6, 16, 32), torch.randn(1, 32)
    changed = x.clone()
    changed[:, 2] += 1
    difference = (
        (block.over_frames(changed, condition) - block.over_frames(x, condition)).abs().amax(dim=(0, 2, 3))
    )
    assert (difference > 1e-4).tolist() == [False, False, True, False, False, False]


def test_temporal_blocks_never_mix_positions() -> None:
    block, x, condition = small().blocks[1], torch.randn(1, 6, 16, 32), torch.randn(1, 32)
    changed = x.clone()
    changed[:, :, 5] += 1
    difference = (
        (block.over_time(changed, condition) - block.over_time(x, condition)).abs().amax(dim=(0, 1, 3))
    )
    assert (difference > 1e-4).tolist() == [position == 5 for position in range(16)]


def test_whole_network_mixes_space_and_time() -> None:
    network = small().eval()
    x, step, label = torch.randn(1, 6, 4, 8, 8), torch.tensor([10]), torch.tensor([1])
    changed = x.clone()
    changed[0, 0, :, 0, 0] += 1
    difference = (network(changed, step, label) - network(x, step, label)).abs()
    assert difference[0, 5, :, 7, 7].max() > 1e-6


def test_dropped_labels_become_the_null_row() -> None:
    network = small(label_dropout=1.0)
    x, step = torch.randn(2, 6, 4, 8, 8), torch.tensor([10, 500])
    network.eval()
    dropped = network(x, step, network.some_dropped(torch.tensor([0, 3])))
    null = network(x, step, torch.full((2,), network.null_class))
    assert torch.allclose(dropped, null)
    assert not torch.allclose(null, network(x, step, torch.tensor([0, 3])))


def test_guidance_one_is_conditional_and_zero_would_be_null() -> None:
    network = small().eval()
    x, step, label = torch.randn(2, 6, 4, 8, 8), torch.tensor([10, 500]), torch.tensor([0, 3])
    conditional = network(x, step, label)
    null = network(x, step, torch.full((2,), network.null_class))
    assert torch.equal(network.guided(x, step, label, guidance=1.0), conditional)
    assert torch.allclose(
        network.guided(x, step, label, guidance=3.0), null + 3 * (conditional - null), atol=1e-5
    )


def test_unpatch_inverts_the_patch_order() -> None:
    network = small()
    image = torch.arange(6 * 4 * 8 * 8, dtype=torch.float32).reshape(1, 6, 4, 8, 8)
    patches = image.reshape(1, 6, 4, 4, 2, 4, 2).permute(0, 1, 3, 5, 4, 6, 2).reshape(1, 6, 16, 16)
    assert torch.equal(network._unpatch(patches), image)


def test_bad_sizes_are_refused() -> None:
    with pytest.raises(ParameterError, match="Did you mean"):
        latte("S2")
    with pytest.raises(ParameterError, match="even"):
        latte("cpu/2", latent_side=7)
    with pytest.raises(ParameterError, match="do not fit"):
        latte("cpu/2", latent_side=8)(torch.zeros(1, 12, 4, 8, 8), torch.tensor([0]), torch.tensor([0]))
