"""Functions that are the same to the bit everywhere: right, made of fixed operations alone, and nothing else
draws a heart.
"""

from __future__ import annotations

import ast
from fractions import Fraction
from math import log2
from pathlib import Path

import cv2
import numpy as np
import pytest

from infomotion_lib import phantom
from infomotion_lib.phantom import exact
from infomotion_lib.phantom.atlas import LARGEST, UNIT
from infomotion_lib.phantom.grey import STEPS, grey_map, power_in_decibels
from infomotion_lib.phantom.nuisance import MACHINES
from infomotion_lib.phantom.rendering import SOFTEN, SOFTENED
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.phantom.scene import build_scene

FILES = sorted(Path(phantom.__file__).parent.glob("*.py"))
LIBRARY_MATHS = {
    *(
        "exp",
        "exp2",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "arctan2",
        "tanh",
    ),
    *(
        "power",
        "float_power",
        "hypot",
        "cbrt",
        "interp",
        "dot",
        "matmul",
        "einsum",
        "inner",
        "vdot",
        "tensordot",
        "convolve",
        "corrcoef",
    ),
    *(
        "uniform",
        "normal",
        "lognormal",
        "exponential",
        "gamma",
        "polyfit",
        "polyval",
        "mean",
        "std",
        "var",
        "leggauss",
    ),
}
"""What a NumPy, or a mathematics library, computes with a last digit of its own."""

EXACT_CV2 = {"remap", "convertMaps", "sepFilter2D", "setNumThreads"}


def test_they_are_right() -> None:
    x = np.random.default_rng(0).uniform(-300, 300, 20_000)
    assert np.abs(exact.exp(x) / np.exp(x) - 1).max() < 1e-15
    assert np.abs(exact.sin(x) - np.sin(x)).max() < 1e-15
    assert np.abs(exact.cos(x) - np.cos(x)).max() < 1e-15
    assert np.abs(exact.log(np.exp(x)) - x).max() < 1e-12
    assert np.abs(exact.log(1 + np.abs(x) / 1000) - np.log(1 + np.abs(x) / 1000)).max() < 1e-15
    u, v = x / 300, np.abs(x[::-1]) / 300
    assert np.abs(exact.angle(u, v) - np.arctan2(u, v)).max() < 1e-15
    assert np.abs(exact.length(u, v) - np.hypot(u, v)).max() < 1e-15
    assert exact.decibels([0.0, 20.0, -20.0]) == pytest.approx([1, 10, 0.1], rel=1e-15)
    assert exact.angle([1.0, -1.0, 0.0], 0.0) == pytest.approx([np.pi / 2, -np.pi / 2, 0])


def test_two_parts_make_the_constant() -> None:
    """The product of the first part with a whole number under a million has no bit to round."""
    for first, second in (exact._LN_2_PARTS, exact._HALF_PI_PARTS):
        assert all(Fraction(first) * turns == Fraction(first * turns) for turns in (1, 3, 999_999, 1_000_000))
        assert abs(second) < first * 2.0**-28
    assert float(sum(map(Fraction, exact._LN_2_PARTS))) == exact.LN_2
    assert float(sum(map(Fraction, exact._HALF_PI_PARTS))) == np.pi / 2


def test_a_number_drawn_evenly_is_that_of_the_generator() -> None:
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    drawn = [exact.uniform(ours, -7.3, 2.9) for _ in range(1000)]
    assert drawn == pytest.approx([theirs.uniform(-7.3, 2.9) for _ in range(1000)], rel=1e-15)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_nothing_else_computes_an_elementary_function(file: Path) -> None:
    """No call into a mathematics library, no matrix product, no power but of whole constants, no OpenCV that
    rounds as it likes.
    """
    offenders = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            library = node.value.id in ("np", "rng", "math") and node.attr in LIBRARY_MATHS
            opencv = node.value.id == "cv2" and not node.attr[0].isupper() and node.attr not in EXACT_CV2
            if library or opencv:
                offenders.append(f"line {node.lineno}: {node.value.id}.{node.attr}")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            offenders.append(f"line {node.lineno}: a matrix product")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and not whole_power(node):
            offenders.append(f"line {node.lineno}: a power")
    assert not offenders


def whole_power(node: ast.BinOp) -> bool:
    """A constant to the power of a constant, the sign (-1) ** n, or a whole number squared: Python or every
    pow is exact there.
    """
    base, exponent = node.left, node.right
    constant = isinstance(base, ast.Constant) or (isinstance(base, ast.Name) and base.id.isupper())
    whole = isinstance(base, ast.UnaryOp) or (
        isinstance(base, ast.Call) and getattr(base.func, "id", "") == "int"
    )
    return whole or (constant and isinstance(exponent, ast.Constant))


def test_what_is_interpolated_or_convolved_fits_its_sum() -> None:
    """Whole numbers, and few enough bits of them: no sum of a frame is ever rounded."""
    for machine in range(len(MACHINES)):
        heart = sample_heart(
            np.random.default_rng(machine), 60.0, machine_shares=np.eye(len(MACHINES))[machine]
        )
        scene = build_scene(heart, size=112)
        for painted in (scene.atlas.speckle, scene.atlas.stretch, scene.atlas.blood):
            assert (painted == np.rint(painted)).all() and np.abs(painted).max() <= LARGEST
        assert (scene.bank * 1024 == np.rint(scene.bank * 1024)).all()
        for kernel in (scene.axial, scene.lateral, SOFTEN):
            assert (kernel == np.rint(kernel)).all()
        bits = (
            log2(32 / UNIT) + log2(np.abs(scene.axial).sum()) + log2(np.abs(scene.lateral).sum())
        )  # an echo of 30 dB
        assert bits < 53
    assert log2(LARGEST) + 10 < 24 and log2(STEPS) + 10 < 24, "bilinear weights are multiples of 1/1024"
    assert SOFTEN.sum() ** 2 == SOFTENED and log2(STEPS) + 10 + log2(SOFTENED) < 53


def test_an_interpolation_of_whole_numbers_is_exact() -> None:
    """OpenCV's bilinear remap with fixed-point maps, against fractions."""
    rng = np.random.default_rng(0)
    field = rng.integers(-LARGEST, LARGEST + 1, (9, 9)).astype(np.float32)
    columns, rows = (rng.integers(0, 8 * 32, (4, 5)) for _ in range(2))
    whole, part = cv2.convertMaps(
        (columns / 32).astype(np.float32), (rows / 32).astype(np.float32), cv2.CV_16SC2
    )
    got = cv2.remap(field, whole, part, cv2.INTER_LINEAR)
    for place in np.ndindex(4, 5):
        (x, fx), (y, fy) = divmod(int(columns[place]), 32), divmod(int(rows[place]), 32)
        corners = [
            (y, x, (32 - fy) * (32 - fx)),
            (y, x + 1, (32 - fy) * fx),
            (y + 1, x, fy * (32 - fx)),
            (y + 1, x + 1, fy * fx),
        ]
        assert Fraction(float(got[place])) == Fraction(
            sum(int(field[r, c]) * weight for r, c, weight in corners), 1024
        )


def test_the_table_of_levels_is_near_the_logarithm() -> None:
    power = np.concatenate([[0.0], np.logspace(-12, 6, 5000)]).astype(np.float32)
    assert np.abs(power_in_decibels(power) - 10 * np.log10(power + np.float32(1e-8))).max() < 0.01


@pytest.mark.parametrize("gamma", [0.85, 1.0, 1.6])
def test_the_grey_map_is_the_power_law(gamma: float) -> None:
    table = grey_map(gamma)
    assert table.shape == (STEPS + 1,) and table.dtype == np.uint8 and table[0] == 0 and table[-1] == 255
    assert np.abs(table - 255 * (np.arange(STEPS + 1) / STEPS) ** gamma).max() <= 0.5 + 1e-9
