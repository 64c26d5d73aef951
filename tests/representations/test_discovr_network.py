"""DISCOVR's sizes, masks, switches and order of tokens."""

from __future__ import annotations

import dataclasses
import math

import discovr_reference as reference
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infomotion_lib.errors import CheckpointError, ParameterError
from infomotion_lib.representations.discovr import discovr_encoder
from infomotion_lib.representations.discovr.decoder import decoder_order, in_raster_order
from infomotion_lib.representations.discovr.encoder import Encoder
from infomotion_lib.representations.discovr.masks import random_masks, visible_count
from infomotion_lib.representations.discovr.network import PAIRS, Discovr, new_discovr
from infomotion_lib.representations.discovr.sizes import SIZES, DiscovrSize
from infomotion_lib.representations.discovr.variants import VARIANTS, Variant, switch_rows, variant_of


def on_paper(size: DiscovrSize) -> Discovr:
    with torch.device("meta"):
        return Discovr(size)


def test_the_published_size_has_the_published_names_shapes_and_numbers() -> None:
    network = on_paper(dataclasses.replace(SIZES["vit_b"], bias=False))
    held = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert held == reference.shapes("base_112x64_without_qkv_bias")
    assert sum(math.prod(shape) for shape in held.values()) == 398_193_024
    assert sum(value.numel() for _, value in network.trained()) == pytest.approx(202.8e6, abs=0.05e6)
    with_bias = on_paper(SIZES["vit_b"])
    added = set(with_bias.state_dict()) - set(held)
    assert len(added) == 2 * (12 + 12 + 4) and all(name.endswith(("q_bias", "v_bias")) for name in added)
    assert not any(name.startswith("image") for name in added)


@pytest.mark.parametrize(("name", "millions"), [("vit_s", 22), ("vit_b", 86), ("cpu", 0.52)])
def test_video_encoders_are_of_the_size_that_their_name_says(name: str, millions: float) -> None:
    encoder = on_paper(SIZES[name]).encoder
    assert isinstance(encoder, Encoder)
    count = sum(value.numel() for value in encoder.parameters())
    assert count == pytest.approx(millions * 1e6, rel=0.1)


def test_random_weights_depend_on_the_seed_alone_and_teachers_are_copies() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = new_discovr(SIZES["tiny"], seed=3).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again, other = (new_discovr(SIZES["tiny"], seed=seed).state_dict() for seed in (3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["prototypes"], other["prototypes"])
    assert torch.allclose(first["prototypes"].norm(dim=1), torch.ones(8))
    for student, teacher in PAIRS:
        for name in [name for name in first if name.startswith(f"{student}.")]:
            assert torch.equal(first[name], first[name.replace(student, teacher, 1)]), name


@given(
    clips=st.integers(1, 3),
    times=st.integers(1, 4),
    places=st.integers(2, 49),
    views=st.integers(1, 4),
    ratio=st.floats(0, 0.95),
    seed=st.integers(0, 9),
)
@settings(max_examples=20)
def test_masks(clips: int, times: int, places: int, views: int, ratio: float, seed: int) -> None:
    frames, seen = 2 * times, visible_count(places, ratio)
    masks = random_masks(
        np.random.default_rng(seed), clips=clips, frames=frames, places=places, views=views, ratio=ratio
    )
    assert masks.whole.shape == (clips, times * seen)
    assert masks.views.shape == (views, clips, times * seen)
    assert masks.images.shape == (views, clips * frames, seen)
    for rows, top in ((masks.whole, places * times), (masks.views, places * times), (masks.images, places)):
        assert rows.min() >= 0 and rows.max() < top
        assert (rows.diff(dim=-1) > 0).all(), "raster order, none twice"
    of_times = masks.views.view(views, clips, times, seen)
    assert (of_times % places == of_times[:, :, :1] % places).all(), "a tube is the same at all times"

    order = decoder_order(masks.whole, places * times)
    assert torch.equal(order.sort(dim=1).values, torch.arange(places * times).expand(clips, -1))
    assert torch.equal(order[:, : masks.whole.shape[1]], masks.whole)
    numbered = order[..., None].float()
    assert torch.equal(in_raster_order(numbered, order)[..., 0], order.sort(dim=1).values.float())


def test_every_switch_differs_or_says_why_not_and_has_a_source() -> None:
    rows = {row["switch"]: row for row in switch_rows()}
    assert list(rows) == [switch.name for switch in dataclasses.fields(Variant)]
    same = {name for name, row in rows.items() if row["equations"] == row["released"]}
    assert same == {"standardise"} and "both" in rows["standardise"]["what"]
    assert all(row["what"] and "DISCOVR" in row["source"] for row in rows.values())
    assert (
        variant_of("released") is VARIANTS["released"] and variant_of(VARIANTS["released"]).targets == "hard"
    )
    with pytest.raises(ParameterError, match="Did you mean released"):
        variant_of("relaesed")


@pytest.mark.parametrize(
    ("change", "error", "why"),
    [
        ({"which": "teacher"}, ParameterError, "no encoder 'teacher'"),
        ({"which": "image_teacher", "patch": 8}, CheckpointError, r"patches of \(3, 1, 16, 16\)"),
        ({"heads": 5}, ParameterError, "width 96 into 5 heads"),
        ({"side": 60}, ParameterError, "do not divide"),
        ({"state": {}}, CheckpointError, "no tensors of video_teacher"),
        ({"without": "norm.weight"}, CheckpointError, "norm.weight"),
        ({"frames": 8}, None, ""),
    ],
    ids=["name", "patch", "heads", "side", "empty", "missing", "other length"],
)
def test_states_that_do_not_fit(change: dict[str, object], error: type[Exception] | None, why: str) -> None:
    arguments = {"state": reference.state("small_64"), "which": "video_teacher", "side": 64, "frames": 16}
    arguments |= {"heads": 3} | change
    if without := arguments.pop("without", None):
        del arguments["state"][f"video_teacher.{without}"]  # type: ignore[attr-defined]
    if error is None:  # the table of positions is computed for another length
        cls, tokens = discovr_encoder(**arguments)(torch.zeros(1, 3, 8, 64, 64))  # type: ignore[arg-type]
        assert cls.shape == (1, 96) and tokens.shape == (1, 4 * 16, 96)
        return
    with pytest.raises(error, match=why):
        discovr_encoder(**arguments)  # type: ignore[arg-type]


def test_clips_of_another_size_are_refused() -> None:
    encoder = discovr_encoder(reference.state("small_64"), which="encoder", side=64, frames=16, heads=3)
    with pytest.raises(ParameterError, match=r"takes clips \(B, 3, 16, 64, 64\), not \(1, 3, 8, 64, 64\)"):
        encoder(torch.zeros(1, 3, 8, 64, 64))
