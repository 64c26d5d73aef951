"""Linear layers as convolutions: the same numbers, the same names, and only where they gain something."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from infomotion_lib import linear as module
from infomotion_lib.linear import Linear, linear

ROWS, INPUTS, OUTPUTS = (4, 16, 32), 24, 40


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Shapes of the convolutions that were computed, in portable arithmetic."""
    seen: list[tuple[int, ...]] = []

    def conv2d(maps: torch.Tensor, *others: object) -> torch.Tensor:
        seen.append(tuple(maps.shape))
        return functional.conv2d(maps, *others)  # type: ignore[arg-type]  # weight and bias

    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    monkeypatch.setattr(module, "functional", type("F", (), {"conv2d": conv2d, "linear": functional.linear}))
    return seen


@pytest.mark.parametrize("bias", [True, False])
def test_products_and_gradients_are_those_of_torch(calls: list[tuple[int, ...]], bias: bool) -> None:
    random = torch.Generator().manual_seed(0)
    x = torch.randn(*ROWS, INPUTS, generator=random)
    weight, shift = torch.randn(OUTPUTS, INPUTS, generator=random), torch.randn(OUTPUTS, generator=random)
    pull = torch.randn(*ROWS, OUTPUTS, generator=random)
    results = []
    for product in (linear, functional.linear):
        leaves = [value.clone().requires_grad_() for value in (x, weight, shift)]
        out = product(leaves[0], leaves[1], leaves[2] if bias else None)
        out.backward(pull)
        results.append([out.detach(), *(leaf.grad for leaf in leaves[: 2 + bias])])
    assert calls == [(16, INPUTS, 1, 128)]
    for ours, theirs in zip(*results, strict=True):
        assert ours is not None
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((8, 4), torch.float32), ((3, 257), torch.float32), ((4, 256), torch.float64)],
    ids=["few tokens", "no sixteen parts", "double precision"],
)
def test_all_else_is_left_to_torch(
    calls: list[tuple[int, ...]], shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    x, weight = torch.ones(*shape, INPUTS, dtype=dtype), torch.ones(OUTPUTS, INPUTS, dtype=dtype)
    assert torch.equal(linear(x, weight), functional.linear(x, weight)) and not calls


def test_native_arithmetic_is_left_to_torch(
    calls: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MKL_CBWR")
    linear(torch.ones(4, 256, INPUTS), torch.ones(OUTPUTS, INPUTS))
    assert not calls


def test_state_dicts_fit_those_of_torch() -> None:
    ours, theirs = Linear(3, 2), torch.nn.Linear(3, 2)
    ours.load_state_dict(theirs.state_dict())
    assert torch.equal(ours(torch.ones(1, 3)), theirs(torch.ones(1, 3)))
