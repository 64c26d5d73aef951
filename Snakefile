"""The stages of a profile and what each waits for.

`infomotion run all --profile phantom` is the usual way in. Bare Snakemake works too, from the project's folder:

    snakemake --cores 2 --config profile=phantom

A stage runs again when its notebook, a file it reads, one of its own parameters, or the library's code behind it has changed
(infomotion_lib/run/code.py follows the imports; comments and docstrings do not count). Checkpoints are not outputs here, so
that a killed run can continue from them. `exec` puts a stage in its shell's place, so that it ends when the workflow does.

Where a parameter of the run asks for it (`grid_jobs`, `shards`), several jobs share the work of a stage: `KIND_prepare`,
`KIND_part` as often as asked, then the stage, which takes up what they left. Kinds: vector, grid, pool, pool_grid.
"""

import sys
from pathlib import Path

from infomotion_lib.run import prepare
from infomotion_lib.run import workflow as plan
from infomotion_lib.run.parts.marks import PARTS, PREPARED, marks_of
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


def needed(stage):
    return [inside(PATHS.stage(need) / file) for need in stage.needs if need in PARAMETERS for file in plan.outputs(need, PARAMETERS)]


def depends_on(stage):
    return plan.rule_parameters(stage, PARAMETERS[stage.name])


def marks(stage):
    return [f"{stage.folder}/{name}" for name in marks_of(stage, PARAMETERS[stage.name].model_dump())]


STAGES = [TABLE[name] for name in PARAMETERS]
IN_PARTS = {stage.folder: stage for stage in STAGES if marks(stage)}


wildcard_constraints:
    share=r"\d+-of-\d+",


for kind in dict.fromkeys(stage.spread.kind for stage in IN_PARTS.values()):
    folders = [folder for folder, stage in IN_PARTS.items() if stage.spread.kind == kind]
    first = len(PARAMETERS) - STAGES.index(IN_PARTS[folders[0]])

    rule:
        name:
            f"{kind}_prepare"
        wildcard_constraints:
            folder="|".join(folders),
        priority: first
        input:
            lambda wildcards: needed(IN_PARTS[wildcards.folder]),
        output:
            temp(f"{{folder}}/{PARTS}/{PREPARED}"),
        params:
            stage=lambda wildcards: IN_PARTS[wildcards.folder].name,
            depends_on=lambda wildcards: depends_on(IN_PARTS[wildcards.folder]),
        threads: lambda wildcards: PARAMETERS[IN_PARTS[wildcards.folder].name].workers
        shell:
            "exec {PYTHON:q} -m infomotion_lib.run.cli part {params.stage} {PREPARED} --profile {PROFILE:q}"

    rule:
        name:
            f"{kind}_part"
        wildcard_constraints:
            folder="|".join(folders),
        priority: first
        input:
            f"{{folder}}/{PARTS}/{PREPARED}",
        output:
            temp(f"{{folder}}/{PARTS}/{{share}}"),
        params:
            stage=lambda wildcards: IN_PARTS[wildcards.folder].name,
            depends_on=lambda wildcards: depends_on(IN_PARTS[wildcards.folder]),
        threads: lambda wildcards: PARAMETERS[IN_PARTS[wildcards.folder].name].workers
        shell:
            "exec {PYTHON:q} -m infomotion_lib.run.cli part {params.stage} {wildcards.share} --profile {PROFILE:q}"


for place, stage in enumerate(STAGES):

    rule:
        name:
            stage.name
        priority: len(PARAMETERS) - place  # of what may run, the first in the walk
        input:
            needed(stage) + marks(stage),
        output:
            [inside(file) for file in stage.files(PATHS, PARAMETERS[stage.name].model_dump())],
        params:
            depends_on=depends_on(stage),
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
