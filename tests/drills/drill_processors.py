"""No byte differs: published hearts under every limit; hearts, lists and conversions on aarch64.

``INFOMOTION_DRILL_HEARTS`` says how many whole clips aarch64 draws (12 unless set; about two seconds each).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from aarch64 import Aarch64, aarch64
from conversion_inputs import make_inputs
from dispatch import LIMITS, TESTS, run_limited
from phantom_requests import request_of
from same_bytes import published

from infomotion_lib.parameters import profile_names
from infomotion_lib.phantom.plan import EDITION

SAME_BYTES = "import runpy; runpy.run_module('same_bytes', run_name='__main__')"
HEARTS = os.environ.get("INFOMOTION_DRILL_HEARTS", "12")
PROFILES = [name for name in profile_names() if request_of(name, "real") and request_of(name, "synthetic")]
PUBLISHED = [name for name in ("phantom", "phantom-large", "phantom-gpu") if name in PROFILES]


def compared(what: str, here: dict[str, str], there: dict[str, str]) -> None:
    """Say how many pieces were compared; fail if one differs."""
    differ = [name for name in here if there.get(name) != here[name]]
    print(f"\n{what}: {len(here)} compared, {len(differ)} differ")
    assert here.keys() == there.keys() and not differ, f"{what}: {differ[:5]}"


@pytest.mark.parametrize("limit", [None, *LIMITS])
@pytest.mark.parametrize("profile", PUBLISHED)
def test_every_published_pick_drawn_again_has_its_hash(profile: str, limit: str | None) -> None:
    table = published(profile)
    editions = table["phantom_edition"].unique().tolist()
    if editions != [EDITION]:
        pytest.skip(f"picks of {profile} are of edition {editions} of the phantom, not {EDITION}")
    hashes = dict(zip(table["source"] + ", " + table["file_name"], table["sha256"], strict=True))
    drawn = json.loads(run_limited(SAME_BYTES, "picks", profile, limit=limit))
    compared(f"published picks of {profile}, limit {limit}", hashes, drawn)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_lists_of_every_profile_are_the_same(profile: str) -> None:
    default = json.loads(run_limited(SAME_BYTES, "lists", profile))
    for limit in LIMITS:
        limited = json.loads(run_limited(SAME_BYTES, "lists", profile, limit=limit))
        compared(f"lists of {profile}, limit {limit}", default, limited)


@pytest.fixture(scope="module")
def machine() -> Aarch64:
    return aarch64()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.mark.parametrize("processor", ["max", "cortex-a72"])
@pytest.mark.parametrize("what", ["made", "hearts", "lists"])
def test_aarch64_makes_the_same_bytes(what: str, processor: str, machine: Aarch64, inputs: Path) -> None:
    argument = {"made": inputs, "hearts": HEARTS, "lists": "phantom"}[what]
    default = json.loads(run_limited(SAME_BYTES, what, argument))
    ours = [TESTS, TESTS.parent]
    there = json.loads(machine.run(SAME_BYTES, what, argument, processor=processor, pythonpath=ours))
    compared(f"aarch64, {processor}, {what}", default, there)


def test_aarch64_computes_some_things_otherwise(machine: Aarch64) -> None:
    """Otherwise the emulated machine would be this one under another name."""
    piece = "numpy.exp(numpy.linspace(-3, 3, 1000, dtype='f4')).tobytes().hex()"
    script = f"import numpy, platform; print(platform.machine(), {piece})"
    there, here = machine.run(script, pythonpath=[]), run_limited(script)
    assert there.split()[0] == "aarch64" and there.split()[1] != here.split()[1]
