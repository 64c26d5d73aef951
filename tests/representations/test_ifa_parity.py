"""The network gives the numbers of the published one, whatever the batch, and loads its checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from reference_formula import VECTORS, formula_frames, formula_state, published_shapes
from safetensors.torch import load_file, save_file
from torch import Tensor

from infomotion_lib.errors import CheckpointError, ParameterError
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi, save_interpolator
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.losses import laplacian_loss

SIZES = [(width, height, across) for width in (4, 8) for height, across in ((112, 112), (96, 128))]


@pytest.fixture(scope="module")
def expected() -> dict[str, Tensor]:
    return load_file(VECTORS / "outputs.safetensors")


@pytest.fixture(scope="module")
def networks() -> dict[int, InterFrameInterpolator]:
    return {width: load_ema_vfi(formula_state(f"ifa_width{width}")) for width in (4, 8)}


def close(ours: Tensor, published: Tensor, *, tolerance: float = 1e-5) -> None:
    assert ours.shape == published.shape
    assert float((ours - published).abs().max()) < tolerance


@pytest.mark.parametrize("width, height, across", SIZES)
@torch.inference_mode()
def test_outputs_equal_the_published_network(
    width: int, height: int, across: int, networks, expected
) -> None:
    frame0, frame1, target = (formula_frames(2, height, across, seed=width + k) for k in range(3))
    features, made = networks[width].features(frame0, frame1), networks[width](frame0, frame1)
    want = {
        name.split("/")[1]: value
        for name, value in expected.items()
        if name.startswith(f"ifa_width{width}_{height}x{across}/")
    }

    assert features.motion[0].shape == (4, 8 * width, height // 8, across // 8)
    assert features.motion[1].shape == (4, 16 * width, height // 16, across // 16)
    close(features.motion[0][:, ::4, ::2, ::2], want["motion_8"])
    close(features.motion[1][:, ::4, ::2, ::2], want["motion_16"])
    close(features.motion[0].mean(dim=(2, 3)), want["motion_8_mean"])
    close(features.motion[1].mean(dim=(2, 3)), want["motion_16_mean"])
    close(features.appearance[4].mean(dim=(2, 3)), want["appearance_16_mean"])
    close(made.flow[-1][:, :, ::8, ::8], want["flow"])
    close(made.merged[0][:, :, ::8, ::8], want["merged_coarse"])
    close(made.merged[1][:, :, ::8, ::8], want["merged_fine"])
    close(made.prediction[:, :, ::8, ::8], want["prediction"])

    close(laplacian_loss(made.prediction, target, levels=4)[None], want["lap4_prediction"], tolerance=1e-6)
    both = torch.stack([laplacian_loss(merged, target, levels=4) for merged in made.merged]).sum()
    close(both[None], want["lap4_merged_sum"], tolerance=1e-6)


@torch.inference_mode()
def test_size_of_an_earlier_call_leaves_no_trace(expected) -> None:
    """96 x 128 and 128 x 96 have equal areas and different masks."""
    network = load_ema_vfi(formula_state("ifa_width4"))
    tall = [formula_frames(2, 128, 96, seed=s) for s in (4, 5)]
    network.features(*tall)
    flat = network.features(formula_frames(2, 96, 128, seed=4), formula_frames(2, 96, 128, seed=5))
    close(flat.motion[1].mean(dim=(2, 3)), expected["ifa_width4_96x128/motion_16_mean"])


@pytest.mark.parametrize("batch", [1, 3])
@torch.inference_mode()
def test_rows_do_not_depend_on_batch_size_or_order(batch: int, networks) -> None:
    network, frame0, frame1 = (
        networks[4],
        formula_frames(3, 96, 128, seed=1),
        formula_frames(3, 96, 128, seed=2),
    )
    whole, order = network.features(frame0, frame1), torch.tensor([2, 0, 1])[:batch]
    part, made = network.features(frame0[order], frame1[order]), network(frame0[order], frame1[order])
    rows = torch.cat([order, order + 3])
    for ours, reference in zip(
        (*part.motion, *part.appearance), (*whole.motion, *whole.appearance), strict=True
    ):
        close(ours, reference[rows])
    close(made.prediction, network(frame0, frame1).prediction[order])


@pytest.mark.parametrize("width", [4, 8])
def test_parameter_names_and_shapes_are_the_published_ones(width: int) -> None:
    ours = {
        name: tuple(value.shape)
        for name, value in InterFrameInterpolator(width, (2, 2, 2, 2, 2)).state_dict().items()
    }
    assert ours == published_shapes(f"ifa_width{width}")


@pytest.mark.parametrize(
    "width, depths, backbone, whole",
    [
        (8, (2, 2, 2, 2, 2), 638_032, 3_642_551),
        (16, (2, 2, 2, 2, 2), 2_506_784, 14_489_815),
        (32, (2, 2, 2, 4, 4), 17_800_256, 65_662_359),
    ],
)
def test_parameter_counts(width: int, depths: tuple[int, ...], backbone: int, whole: int) -> None:
    with torch.device("meta"):
        network = InterFrameInterpolator(width, depths)
    assert sum(p.numel() for p in network.feature_bone.parameters()) == backbone
    assert sum(p.numel() for p in network.parameters()) == whole


@torch.inference_mode()
def test_grey_frames_stand_for_three_equal_channels(networks) -> None:
    frame0, frame1 = (formula_frames(1, 112, 112, seed=s)[:, :1] for s in (1, 2))
    grey, colour = (
        networks[8](frame0, frame1),
        networks[8](frame0.expand(-1, 3, -1, -1), frame1.expand(-1, 3, -1, -1)),
    )
    close(grey.flow[-1], colour.flow[-1])
    close(grey.merged[-1].expand(-1, 3, -1, -1), colour.merged[-1])
    close(grey.prediction, colour.prediction)


@pytest.mark.parametrize("shape", [(1, 3, 100, 112), (1, 3, 112, 120), (1, 2, 112, 112)])
def test_frames_that_do_not_fit_are_refused(shape: tuple[int, ...], networks) -> None:
    with pytest.raises(ParameterError, match=r"multiples of 16|no pair"):
        networks[4].features(torch.zeros(shape), torch.zeros(shape))


@pytest.mark.parametrize("width, depths", [(6, (2, 2, 2, 2, 2)), (8, (2, 2, 2, 3, 2)), (8, (2, 2, 2, 2))])
def test_sizes_that_do_not_divide_are_refused(width: int, depths: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError):
        InterFrameInterpolator(width, depths)


def published_file(tmp_path: Path, suffix: str) -> Path:
    """A checkpoint as a distributed run writes it: prefixed names and cached buffers."""
    state = {f"module.{name}": value for name, value in formula_state("ifa_width4").items()}
    state["module.feature_bone.block4.1.attn_mask"] = torch.zeros(4, 49, 49)
    state["module.feature_bone.block4.1.HW"] = torch.tensor([196.0])
    path = tmp_path / f"ours{suffix}"
    if suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("suffix", [".pkl", ".safetensors"])
def test_published_checkpoints_load(tmp_path: Path, suffix: str) -> None:
    network = load_ema_vfi(published_file(tmp_path, suffix))
    assert (network.width, network.depths, network.training) == (4, (2, 2, 2, 2, 2), False)
    for name, value in formula_state("ifa_width4").items():
        assert torch.equal(network.state_dict()[name], value)
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_own_weights_come_back(tmp_path: Path) -> None:
    network = InterFrameInterpolator(8, (1, 2, 1, 4, 1), refine=False)
    again = load_ema_vfi(save_interpolator(network, tmp_path / "ifa.safetensors"))
    assert again.depths == (1, 2, 1, 4, 1) and again.unet is None
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in network.state_dict().items())


def test_one_network_is_always_one_file(tmp_path: Path) -> None:
    """The file's hash stands in later run cards: another order in its header would make every later stage run
    again.
    """
    network = InterFrameInterpolator(8)
    assert (
        len({save_interpolator(network, tmp_path / "ifa.safetensors").read_bytes() for _ in range(20)}) == 1
    )


def test_misfits_are_named() -> None:
    state = formula_state("ifa_width4")
    del state["feature_bone.block4.1.attn.cor_embed.bias"]
    state["feature_bone.block4.1.attn.extra"] = torch.zeros(1)
    state["unet.conv.bias"] = torch.zeros(4)
    with pytest.raises(CheckpointError) as caught:
        load_ema_vfi(state)
    message = str(caught.value)
    assert "Missing: feature_bone.block4.1.attn.cor_embed.bias" in message
    assert "Unexpected: feature_bone.block4.1.attn.extra" in message
    assert "unet.conv.bias: (4,) instead of (3,)" in message


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("a checkpoint ran code",)


def test_code_in_a_checkpoint_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trap.pkl"
    torch.save({"module.weights": Trap()}, path)
    with pytest.raises(CheckpointError, match=r"trap\.pkl"):
        load_ema_vfi(path)
    assert "ran code" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "name, content", [("cut.safetensors", b"\x10\x00"), ("cut.pkl", b"PK\x03\x04"), ("none.pkl", None)]
)
def test_broken_files_are_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=name):
        load_ema_vfi(tmp_path / name)


def test_another_network_is_refused() -> None:
    with pytest.raises(CheckpointError, match="not an EMA-VFI checkpoint"):
        load_ema_vfi({"fc.weight": torch.zeros(1, 512)})
