"""A run card tells one processor from another, on every system, and loads nothing for it."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from infomotion_book.run_sentences import device as shown_device
from infomotion_lib import machine
from infomotion_lib.paths import PROJECT
from infomotion_lib.provenance import read_run_card, start_stage

ZEN3 = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 1
model name\t: AMD EPYC
stepping\t: 1
flags\t\t: fpu smep sse4_2 fma avx f16c avx2

processor\t: 1
vendor_id\t: AnotherMaker
model\t\t: 9
"""
ARM = """processor\t: 0
BogoMIPS\t: 243.75
Features\t: fp asimd evtstrm crc32 sve bf16 i8mm
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x1
CPU part\t: 0xd40
CPU revision\t: 1
"""


def told_from(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    (folder / "cpuinfo").write_text(text, encoding="utf-8")
    monkeypatch.setattr(machine, "CPUINFO", folder / "cpuinfo")
    return machine.describe()


def test_two_processors_of_one_name_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zen3 = told_from(ZEN3, tmp_path, monkeypatch)
    identity = {
        "processor": "AMD EPYC",
        "vendor": "AuthenticAMD",
        "family": "25",
        "model": "1",
        "stepping": "1",
    }
    assert {name: zen3[name] for name in identity} == identity, "the first processor, and that alone"
    assert zen3["instructions"] == ["avx", "avx2", "f16c", "fma"]
    wider = ZEN3.replace(": 25", ": 26").replace("avx2", "avx2 avx512f avx512_bf16 amx_tile")
    zen5 = told_from(wider, tmp_path, monkeypatch)
    assert [machine.in_words(one) for one in (zen3, zen5)] == [
        "AMD EPYC (family 25, model 1, AVX2)",
        "AMD EPYC (family 26, model 1, AMX, AVX-512, bf16)",
    ]


def test_arm_has_other_words_for_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    arm = told_from(ARM, tmp_path, monkeypatch)
    assert arm["instructions"] == ["asimd", "bf16", "i8mm", "sve"]
    assert machine.in_words(arm) == "aarch64 (family 8, model 0xd40, SVE, bf16)"


def test_a_system_without_proc_is_described_by_what_python_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CPUINFO", "MAPS"):
        monkeypatch.setattr(machine, name, tmp_path / "nowhere")
    monkeypatch.delattr(machine.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(
        platform, "freedesktop_os_release", lambda: (_ for _ in ()).throw(OSError("no such file"))
    )
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    monkeypatch.setattr(platform, "mac_ver", lambda: ("26.1", ("", "", ""), "arm64"))
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    told = machine.describe()
    assert told["system"] == "Darwin 26.1"
    assert (told["processor"], told["family"], told["instructions"]) == ("arm", "unknown", [])
    assert (told["c_library"], told["cxx_library"]) == ("unknown", "unknown")
    assert isinstance(told["cores"], int) and told["cores"] >= 1
    assert machine.in_words(told) == "arm"


def test_dispatch_variables_in_force_are_named_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in machine.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    monkeypatch.setenv("HOME_OF_SECRETS", "no")
    assert machine.describe()["variables"] == {"ATEN_CPU_CAPABILITY": "avx2"}


def test_loaded_cxx_libraries_are_named_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tmp_path / "libstdc++.so.6.0.30"
    real.touch()
    (tmp_path / "libstdc++.so.6").symlink_to(real)
    maps = (
        f"7f00-7f01 r-xp 00000000 fe:00 12 {tmp_path}/libstdc++.so.6\n7f01-7f02 r--p 00000000 00:00 0"
        " [heap]\n"
    )
    maps += (
        f"7f02-7f03 r-xp 00000000 fe:00 13 {tmp_path}/bundled.libs/libc++abi.so.1\n7f03-7f04 r-xp 0 fe:00 14"
        f" {tmp_path}/libc.so.6\n"
    )
    (tmp_path / "maps").write_text(maps, encoding="utf-8")
    monkeypatch.setattr(machine, "MAPS", tmp_path / "maps")
    assert machine.describe()["cxx_library"] == "libc++abi.so.1, libstdc++.so.6.0.30"


def test_torch_is_asked_where_it_is_loaded_and_never_loaded() -> None:
    asks = (
        "import json, sys; from infomotion_lib import machine; print(json.dumps([machine.describe(), 'torch'"
        " in sys.modules]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asks], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    told, loaded = json.loads(answer.stdout)
    assert not loaded and told["torch_capability"] is None and told["torch_threads"] is None
    torch = pytest.importorskip("torch")
    told = machine.describe()
    assert told["torch_capability"] == torch.backends.cpu.get_cpu_capability()
    assert told["torch_threads"] == torch.get_num_threads()


def test_cards_are_read_whichever_way_they_name_the_machine(tmp_path: Path) -> None:
    start_stage("data", tmp_path, parameters={}).finish([])
    card = read_run_card(tmp_path)
    told = machine.of_card(card)
    assert told["processor"] == machine.processor() != "" and told["architecture"] == platform.machine()
    assert "processor" not in card and "gpu" not in card, "said once"
    assert machine.of_card({"processor": "AMD EPYC", "gpu": "a card"}) == {
        "processor": "AMD EPYC",
        "gpu": "a card",
    }
    assert machine.of_card({}) == {}
    assert [
        shown_device({"device": "cuda", **more}) for more in ({"gpu": "old"}, {"machine": {"gpu": "new"}})
    ] == ["old", "new"]
