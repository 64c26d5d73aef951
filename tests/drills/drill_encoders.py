"""Single frames equal the full decode for every encoder of this FFmpeg, in every container that takes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from every_encoder import HARDWARE, MINIMUM, NO_VIDEO_FILE, encoders, readable, written


@pytest.mark.parametrize("name", encoders())
def test_every_encoder_in_every_container(name: str, tmp_path: Path) -> None:
    read, reason = readable(*written(tmp_path, name))
    if not read:
        excuse = "no such hardware" if name.endswith(HARDWARE) else NO_VIDEO_FILE.get(name)
        assert excuse and name not in MINIMUM, f"{name}: {reason}"
        pytest.skip(f"{name}: {excuse} ({reason[:80]})")
