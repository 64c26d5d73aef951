"""The stages of a profile and what each waits for.

`infomotion run all --profile phantom` is the usual way in. Bare Snakemake works too, from the project's folder:

    snakemake --cores 2 --config profile=phantom

A stage runs again when its notebook, a file it reads, one of its own parameters, or the library's code behind it has changed
(infomotion_lib/run/code.py follows the imports; comments and docstrings do not count). Checkpoints are not outputs here, so
that a killed run can continue from them. `exec` puts a stage in its shell's place, so that it ends when the workflow does.
"""

import sys
from pathlib import Path

from infomotion_lib.run import prepare
from infomotion_lib.run import workflow as plan
from infomotion_lib.paths import BOOK, run_paths
from infomotion_lib.stage_table import TABLE

PYTHON = sys.executable
PROFILE = str(config.get("resolved") or config.get("profile", "phantom"))  # our command resolves overrides into a file first
PROFILE = str(Path(PROFILE).resolve()) if PROFILE.lower().endswith((".yml", ".yaml")) else PROFILE
VALUES = prepare.resolve(PROFILE)
PARAMETERS = prepare.parameters_of(VALUES)
PATHS = run_paths(VALUES["profile"], VALUES.get("runs_dir", "runs"))


workdir: PATHS.root


def inside(path):
    return path.relative_to(PATHS.root).as_posix()


for place, stage in enumerate(TABLE[name] for name in PARAMETERS):

    rule:
        name:
            stage.name
        priority: len(PARAMETERS) - place  # of what may run, the first in the walk
        input:
            [inside(PATHS.stage(need) / file) for need in stage.needs if need in PARAMETERS for file in plan.outputs(need, PARAMETERS)],
        output:
            [inside(file) for file in stage.files(PATHS, PARAMETERS[stage.name].model_dump())],
        params:
            depends_on=plan.rule_parameters(stage, PARAMETERS[stage.name]),
        threads: PARAMETERS[stage.name].workers
        shell:
            "exec {PYTHON:q} -m infomotion_lib.run.cli run {rule} --profile {PROFILE:q} --within-workflow"


rule all:
    default_target: True
    input:
        [inside(PATHS.stage(name) / "run_card.json") for name in PARAMETERS],


rule book:
    input:
        rules.all.input,
        plan.book_sources(),  # pages, and the code that renders them
    output:
        str(plan.BOOK_INDEX),
    shell:
        "cd {BOOK:q} && exec {PYTHON:q} -m infomotion_book.cli book --profile {PATHS.profile:q} --results {PATHS.root:q} --within-workflow"
