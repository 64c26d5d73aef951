"""The network family: equal to the published one, of the stated sizes, and honest about wrong clips."""

from __future__ import annotations

import pytest
import torch
from reference_formula import VECTORS, formula_frames, formula_state, published_shapes
from safetensors.torch import load_file

from infomotion_lib.errors import ParameterError
from infomotion_lib.regressor.model import ARCHITECTURES, build_regressor, middle_width

PUBLISHED = ("r3d_18", "r2plus1d_18")


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_state_dicts_load_by_name(name: str) -> None:
    own = {key: tuple(value.shape) for key, value in build_regressor(name).state_dict().items()}
    assert own == published_shapes(name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_outputs_equal_the_published_network(name: str) -> None:
    network = build_regressor(name)
    network.load_state_dict(formula_state(name, slope=1.0))
    clips = torch.stack([formula_frames(2, 56, 56, seed=seed) for seed in range(8)], dim=2)
    with torch.inference_mode():
        output = network.eval()((clips - 0.5) / 0.25)
    reference = load_file(VECTORS / "outputs.safetensors")[f"{name}_8x56/output"]
    assert output.shape == reference.shape == (2, 1)
    torch.testing.assert_close(output, reference, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("name", "outputs", "count"),
    [
        ("r3d_18", 1, 33_166_785),
        ("r3d_18", 400, 33_371_472),
        ("r2plus1d_18", 1, 31_300_638),
        ("mini_r3d", 1, 56_737),
        ("tiny_r3d", 1, 57_025),
    ],
)
def test_parameter_counts(name: str, outputs: int, count: int) -> None:
    assert (
        sum(weights.numel() for weights in build_regressor(name, out_features=outputs).parameters()) == count
    )


def test_a_factored_convolution_has_nearly_the_weights_of_a_full_one() -> None:
    for given, wanted in ((64, 64), (64, 128), (256, 512)):
        middle = middle_width(given, wanted)
        factored = given * middle * 9 + middle * wanted * 3
        assert 0 <= given * wanted * 27 - factored < given * 9 + wanted * 3


def test_the_mini_network_runs_in_channels_last_and_sees_motion_in_its_second_channel() -> None:
    network = build_regressor("mini_r3d")
    assert network.stem[0].weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert network.in_channels == ARCHITECTURES["mini_r3d"].in_channels == 2
    assert network.features(torch.zeros(3, 2, 12, 28, 28)).shape == (3, 32)


def test_the_stem_of_the_tiny_network_halves_time() -> None:
    shapes = [
        build_regressor(name).stem(torch.zeros(2, 2, 12, 28, 28)).shape for name in ("mini_r3d", "tiny_r3d")
    ]
    assert shapes == [(2, 8, 12, 14, 14), (2, 8, 6, 14, 14)]


def test_wrong_channels_and_names_are_named() -> None:
    with pytest.raises(ParameterError, match=r"\(B, 2, T, H, W\).*\(1, 3, 4, 8, 8\)"):
        build_regressor("mini_r3d")(torch.zeros(1, 3, 4, 8, 8))
    with pytest.raises(ParameterError, match="mini_r3d"):
        build_regressor("mini_rd3")
