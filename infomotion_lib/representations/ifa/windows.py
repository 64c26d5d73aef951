"""How a token map is cut into attention windows: padding, cyclic shift, and which tokens may not see each
other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCKED = -100.0
"""Added to the score of a forbidden pair before the softmax (the published network's value; e^-100 is zero in
float32).
"""


@dataclass(frozen=True)
class WindowPlan:
    """The cut of an ``(H, W)`` token map into ``window`` x ``window`` windows.

    Attributes
    ----------
    height, width : int
        Size of the map.
    window : int
        Side of a window, tokens.
    shift : int
        The padded map is rolled by minus this many tokens before it is cut.
    padding : tuple of int
        Rows and columns of zeros added: top, bottom, left, right.
    mask : Tensor or None
        ``(windows, n, n)`` with ``n = window ** 2``: 0, or :data:`BLOCKED` where two tokens of a window are
        not neighbours in the picture; ``None`` where all are.
    coordinates : Tensor
        ``(windows, n, 2)`` x then y of each token, from -1 to 1 over the unpadded map; 0 in the padding.
    """

    height: int
    width: int
    window: int
    shift: int
    padding: tuple[int, int, int, int]
    mask: Tensor | None
    coordinates: Tensor

    @property
    def n_windows(self) -> int:
        """Windows in one map."""
        return self.coordinates.shape[0]

    def split(self, tokens: Tensor) -> Tensor:
        """Windows ``(B, windows, n, C)`` of a token map ``(B, H, W, C)``."""
        top, bottom, left, right = self.padding
        if any(self.padding):
            tokens = F.pad(tokens, (0, 0, left, right, top, bottom))
        if self.shift:
            tokens = torch.roll(tokens, (-self.shift, -self.shift), dims=(1, 2))
        return _cut(tokens, self.window)

    def join(self, windows: Tensor) -> Tensor:
        """Token map ``(B, H, W, C)`` of its windows ``(B, windows, n, C)``: the inverse of :meth:`split`."""
        top, bottom, left, right = self.padding
        batch, channels, side = windows.shape[0], windows.shape[-1], self.window
        rows, columns = (self.height + top + bottom) // side, (self.width + left + right) // side
        tokens = windows.reshape(batch, rows, columns, side, side, channels).transpose(2, 3)
        tokens = tokens.reshape(batch, rows * side, columns * side, channels)
        if self.shift:
            tokens = torch.roll(tokens, (self.shift, self.shift), dims=(1, 2))
        return tokens[:, top : top + self.height, left : left + self.width] if any(self.padding) else tokens


@lru_cache(maxsize=128)
def window_plan(height: int, width: int, *, window: int, shift: int, device: torch.device) -> WindowPlan:
    """Plan of one map size; remembered by height AND width, since maps of equal area need different masks.

    Parameters
    ----------
    height, width : int
        Size of the token map.
    window : int
        Side of a window, tokens.
    shift : int
        Cyclic shift of the padded map, tokens; 0 for none.
    device : torch.device
        Where the mask and the coordinates live.
    """
    with torch.inference_mode(False), torch.no_grad():
        lack_y, lack_x = -height % window, -width % window
        padding = (lack_y // 2, lack_y - lack_y // 2, lack_x // 2, lack_x - lack_x // 2)
        top, bottom, left, right = padding
        full = (height + lack_y, width + lack_x)

        grid = F.pad(map_coordinates(height, width), (0, 0, left, right, top, bottom))[None]
        mask = None
        if lack_y or lack_x:
            mask = _blocked(
                _regions(
                    full,
                    (
                        slice(0, top),
                        slice(top, -bottom or None),
                        slice(-bottom, None) if bottom else slice(0, 0),
                    ),
                    (
                        slice(0, left),
                        slice(left, -right or None),
                        slice(-right, None) if right else slice(0, 0),
                    ),
                ),
                window,
            )
        if shift:
            grid = torch.roll(grid, (-shift, -shift), dims=(1, 2))
            bands = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
            seams = _blocked(_regions(full, bands, bands), window)
            mask = seams if mask is None else torch.minimum(seams, mask)
        return WindowPlan(
            height,
            width,
            window,
            shift,
            padding,
            None if mask is None else mask.to(device),
            _cut(grid, window)[0].to(device),
        )


def map_coordinates(height: int, width: int) -> Tensor:
    """Coordinates ``(H, W, 2)`` of a map's tokens: x from -1 (left) to 1 (right), then y from -1 (top) to 1
    (bottom).
    """
    x, y = torch.linspace(-1, 1, width), torch.linspace(-1, 1, height)
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1)


def _cut(tokens: Tensor, side: int) -> Tensor:
    batch, height, width, channels = tokens.shape
    windows = tokens.reshape(batch, height // side, side, width // side, side, channels).transpose(2, 3)
    return windows.reshape(batch, -1, side * side, channels)


def _regions(size: tuple[int, int], rows: tuple[slice, ...], columns: tuple[slice, ...]) -> Tensor:
    """Map ``(1, H, W, 1)`` that numbers the rectangles which the given row and column bands form."""
    number = torch.zeros(1, *size, 1)
    for k, (row, column) in enumerate((row, column) for row in rows for column in columns):
        number[:, row, column] = k
    return number


def _blocked(regions: Tensor, window: int) -> Tensor:
    """Mask ``(windows, n, n)``: :data:`BLOCKED` where two tokens of a window lie in different regions."""
    label = _cut(regions, window)[0, :, :, 0]  # (windows, n)
    return (label[:, :, None] != label[:, None, :]).float() * BLOCKED
