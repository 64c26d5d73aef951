"""Portable arithmetic: set before anything is computed, said on the card, and equal whatever the machine
would do by itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib import arithmetic
from infomotion_lib.arithmetic import PORTABLE, bf16_obstacle, missing, obstacle, state, variables
from infomotion_lib.machine import VARIABLES
from infomotion_lib.parameters import STAGES, read_profile, stage_parameters
from infomotion_lib.paths import PROJECT, run_paths
from infomotion_lib.provenance import start_stage
from infomotion_lib.run import cli
from infomotion_lib.run.commands import study as study_commands
from infomotion_lib.run.fingerprint import science
from infomotion_lib.studies import checkpoint
from infomotion_lib.studies.selectors import study as selector_study
from infomotion_lib.studies.selectors.rows import Tables

AVX512 = frozenset({"avx2", "fma", "avx512f", "avx512_bf16"})
portable_here = pytest.mark.skipif(
    bool(obstacle()), reason=f"portable arithmetic is not to be had: {obstacle()}"
)


def child(code: str, **environment: str) -> str:
    """What a new process prints; none of the variables is set in it but those given."""
    clean = {name: value for name, value in os.environ.items() if name not in PORTABLE} | {
        "PYTHONPATH": str(PROJECT)
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True, cwd=PROJECT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


TRAINED = (
    "import json; from infomotion_lib.studies.small_trainings import measured;"
    " print(json.dumps(measured(['regressor', 'graph'], timed=False)))"
)
LIMITED = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "OPENBLAS_CORETYPE": "Nehalem"}
ADOPTED = "from infomotion_lib.arithmetic import adopt; adopt('portable'); "


@pytest.fixture(scope="module")
def adopted() -> str:
    """What the small trainings give in portable arithmetic, as a process prints it."""
    return child(ADOPTED + TRAINED)


@portable_here
def test_trained_numbers_are_equal_whatever_the_machine_would_do_by_itself(adopted: str) -> None:
    """A machine of other instructions, played by limits on the libraries: alone the two differ, in portable
    arithmetic they agree.
    """
    alone, limited = hashes(child(TRAINED)), hashes(child(TRAINED, **LIMITED))
    assert alone != limited, "the limits change nothing here: this test shows nothing"
    assert hashes(adopted) == hashes(child(ADOPTED + TRAINED, **LIMITED, OMP_NUM_THREADS="3"))


def hashes(printed: str) -> dict[str, str]:
    """Hash of each piece."""
    return {name: piece["sha256"] for name, piece in json.loads(printed)["pieces"].items()}


@pytest.mark.parametrize("piece", ["regressor", "motion_network", "appearance", "autoencoder", "latte"])
def test_torch_takes_no_square_root_in_our_trainings(piece: str) -> None:
    """In portable arithmetic its roots depend on the maker of the processor; the optimiser's fused form has
    one of its own.
    """
    from torch.utils._python_dispatch import TorchDispatchMode

    from infomotion_lib.studies.small_trainings import PIECES

    seen: set[str] = set()

    class Watched(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, values=(), named=None):  # type: ignore[no-untyped-def]
            by_root = str(operation).startswith("aten.pow") and values[1] in (0.5, -0.5)
            seen.add("root" if by_root else str(operation).split(".")[1])
            return operation(*values, **(named or {}))

    with Watched():
        PIECES[piece]()
    assert "_fused_adamw_" in seen
    assert not seen & {"root", "sqrt", "sqrt_", "_foreach_sqrt", "_foreach_sqrt_"}


@portable_here
def test_the_hashes_are_those_of_the_table_where_versions_are_equal(adopted: str) -> None:
    from infomotion_lib.reporting.results import FROZEN
    from infomotion_lib.studies.small_trainings import DECIDING

    known = pd.read_csv(FROZEN / "studies" / "machines.csv").query(
        "arithmetic == 'portable' and piece == 'regressor'"
    )
    seen = json.loads(adopted)
    versions = ", ".join(f"{name} {number}" for name, number in seen["versions"].items())
    same = known[known["versions"] == versions]
    assert set(seen["versions"]) == set(DECIDING)
    if same.empty:
        pytest.skip("other versions of the libraries than those of the table")
    assert seen["in_force"] == "portable"
    assert set(same["sha256"]) == {seen["pieces"]["regressor"]["sha256"]}


@portable_here
def test_what_is_loaded_already_keeps_its_own_and_the_card_says_so() -> None:
    told = child(
        "import numpy; from infomotion_lib.arithmetic import adopt, state; adopt('portable');"
        " print(state('portable'))"
    )
    assert told.startswith("Portable arithmetic is not in force: numpy had been loaded")
    assert "'in_force': 'native'" in told
    in_time = child(ADOPTED + "from infomotion_lib.arithmetic import state; print(state('portable'))")
    assert in_time == str({"asked": "portable", "in_force": "portable", "why": ""})


def test_a_processor_that_cannot_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(arithmetic.platform, "machine", lambda: "aarch64")
    assert variables("portable") == {} == missing("portable")
    assert variables("portable", threads=3) == {
        "OMP_NUM_THREADS": "3",
        "MKL_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "3",
    }
    arithmetic.adopt("portable")
    assert (
        capsys.readouterr().out
        == "Portable arithmetic is not in force: this processor is aarch64, and portable arithmetic is that"
        " of x86-64. The machine's own is, and last digits may differ.\n"
    )
    assert state("portable")["in_force"] == "native"
    monkeypatch.setattr(arithmetic.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(arithmetic, "flags", lambda: frozenset({"sse4_2", "avx"}))
    assert obstacle() == "this processor lacks avx2 and fma"


def test_opencv_is_not_told_to_leave_out_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(arithmetic, "flags", lambda: frozenset({"avx2", "fma"}))
    assert set(PORTABLE) - set(variables("portable")) == {"OPENCV_CPU_DISABLE"}
    monkeypatch.setattr(arithmetic, "flags", lambda: AVX512)
    assert variables("portable") == PORTABLE


def test_run_cards_name_every_variable_of_portable_arithmetic() -> None:
    assert set(PORTABLE) <= set(VARIABLES)


@portable_here
def test_libraries_take_the_variables_without_complaint() -> None:
    loaded = "import numpy, cv2, torch; print(torch.backends.cpu.get_cpu_capability())"
    code = f"{ADOPTED}import warnings; warnings.simplefilter('error'); {loaded}"
    clean = {name: value for name, value in os.environ.items() if name not in PORTABLE} | {
        "PYTHONPATH": str(PROJECT)
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean, capture_output=True, text=True, cwd=PROJECT
    )
    assert (done.stdout.strip(), done.stderr) == ("AVX2", "")


@portable_here
def test_a_command_starts_itself_again_and_says_what_it_replaces(tmp_path: Path) -> None:
    """The stages without a notebook compute in the command's own process."""
    words = [
        "run",
        "data",
        "--profile",
        "smoke",
        "--limit",
        "1",
        "-p",
        f"runs_dir={tmp_path}",
        "-p",
        "phantom_frames=48",
    ]
    words += [
        "-p",
        "phantom_train_per_class=1",
        "-p",
        "phantom_test_counts=[1, 1, 1, 1, 1]",
        "-p",
        "synthetic_data=none",
    ]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "ATEN_CPU_CAPABILITY": "default"}
    for asked, replaces in (("portable", True), ("native", False)):
        command = [sys.executable, "-m", "infomotion_lib.run.cli", *words, "-p", f"arithmetic={asked}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=PROJECT)
        assert done.returncode == 0, done.stderr
        assert ("replaces ATEN_CPU_CAPABILITY=default" in done.stdout) == replaces
        card = json.loads((tmp_path / "smoke/data/run_card.json").read_text(encoding="utf-8"))
        assert card["arithmetic"] == {"asked": asked, "in_force": asked, "why": ""}


def test_it_decides_results_and_counts_by_its_variables() -> None:
    portable, native = (
        science(stage_parameters("labels", {"arithmetic": name})) for name in ("portable", "native")
    )
    assert portable["arithmetic"] == PORTABLE and native["arithmetic"] == "native"


@pytest.mark.parametrize(
    ("profile", "asked"),
    [
        *((name, "portable") for name in ("smoke", "phantom", "open", "own", "camus")),
        *((name, "native") for name in ("phantom-large", "phantom-gpu", "paper")),
    ],
)
def test_small_profiles_are_portable_and_large_ones_fast(profile: str, asked: str) -> None:
    assert {stage_parameters(stage, read_profile(profile)).arithmetic for stage in STAGES} == {asked}


@pytest.mark.parametrize(
    ("flags", "environment", "why"),
    [
        ({"avx2", "avx512f"}, {}, "no bfloat16 instructions"),
        ({"avx512_bf16"}, {}, ""),
        ({"amx_bf16"}, {}, ""),
        ({"asimd", "bf16"}, {}, ""),
        ({"avx512_bf16"}, {"ONEDNN_MAX_CPU_ISA": "AVX2"}, "ONEDNN_MAX_CPU_ISA=AVX2 forbids"),
        ({"avx512_bf16"}, {"ONEDNN_MAX_CPU_ISA": "avx512_core"}, "ONEDNN_MAX_CPU_ISA=AVX512_CORE forbids"),
        ({"avx512_bf16"}, {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}, ""),
        ({"avx512_bf16"}, {"ATEN_CPU_CAPABILITY": "avx2"}, "ATEN_CPU_CAPABILITY=avx2 forbids"),
        ({"avx512_bf16"}, PORTABLE, "forbids"),
    ],
)
def test_bf16_asks_the_processor(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], environment: dict[str, str], why: str
) -> None:
    monkeypatch.setattr(arithmetic, "flags", lambda: frozenset(flags))
    found = bf16_obstacle(environment)
    assert (why in found) if why else found == ""


@pytest.mark.parametrize("asked", ["portable", "native"])
def test_a_study_computes_in_the_arithmetic_of_the_run_it_is_set_beside(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run_paths("smoke", tmp_path).stage("evaluation")
    start_stage("evaluation", folder, parameters={"arithmetic": asked}).finish([])
    adopted: list[str] = []
    monkeypatch.setattr(
        study_commands, "with_arithmetic", lambda context, wanted, *, say: adopted.append(wanted)
    )
    monkeypatch.setattr(checkpoint, "run_checkpoint_study", lambda *_, **__: pd.DataFrame({"metric": []}))
    assert cli.main(["study", "checkpoint", "--profile", "smoke", "--runs-dir", str(tmp_path)]) == 0
    assert adopted == [asked]


def test_the_study_of_selectors_adopts_the_arithmetic_that_its_rows_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopted: list[str] = []
    monkeypatch.setattr(
        study_commands, "with_arithmetic", lambda context, wanted, *, say: adopted.append(wanted)
    )
    nothing = Tables(*(pd.DataFrame() for _ in range(3)), {})
    monkeypatch.setattr(selector_study, "run_study", lambda *_, **__: nothing)
    command = ["study", "selectors", "-p", "arithmetic=native", "--runs-dir", str(tmp_path)]
    assert cli.main(command) == 0
    assert adopted == ["native"]
