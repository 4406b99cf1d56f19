# The plan of the study, and the adapters between the rules and the library in scripts/butfor.
import os
import sys
from pathlib import Path

from butfor.arm_names import data_set_of
from butfor.records import provenance, results_folder
from butfor.workflow import ending, outer_workflow, parameters, planning, retries
from butfor.workflow import finished_trainings
from butfor.workflow.awaited_data import AwaitedData
from butfor.workflow.code_dependencies import CodeDependencies, kept_code
from butfor.workflow.name_patterns import any_of
from butfor.workflow.own_files import OwnFiles
from butfor.workflow.targets import Targets, next_arms

BASE = Path(BASE)
study, plan = planning.planned(config, workflow, BASE / "config" / "schema.yaml")
dependencies = CodeDependencies(kept_code(Path(".snakemake") / "butfor"))


def code(stage, *engine):
    return dependencies.fingerprint(BASE / "scripts" / f"{stage}.py", *engine)


def decision(look):
    return next_arms(Path(checkpoints.decide.get(look=look).output.decision))


engine = parameters.engine()
codes = parameters.codes(code)
own = OwnFiles(study["results"], dependencies.fingerprint)
targets = planning.or_exit(
    Targets, study, plan, codes, own, decision, planning.changes_nothing(workflow)
)
analysis = parameters.analysis(study, plan)
described = parameters.described(study, plan)
mirrored = parameters.mirrored(study, plan, dependencies.fingerprint)
register = f"{study['results']}/{results_folder.REGISTER}"

# For the profile `slurm`, whose commands do not know the folder of the workflow.
os.environ.update(
    BUTFOR_PYTHON=sys.executable, BUTFOR_CLUSTER=str(BASE / "scripts" / "cluster.py")
)


pathvars:
    results=study["results"],
    logs=f"{study['results']}/logs",


wildcard_constraints:
    arm=any_of(plan.arms),
    look="|".join(look.name for look in plan.looks),


def trained(wildcards):
    return finished_trainings.trained(
        workflow, targets, awaited_data, wildcards.get("look")
    )


# Snakemake compares no parameter that asks for `input`: `made_of` says whether a training is needed, by content.
def training(wildcards, input):
    return targets.training(wildcards.arm, wildcards.look)


def made_of(wildcards):
    return targets.training(wildcards.arm, wildcards.look)["token"]


# The request to a scheduler. Measured: 1.0 GB for the example study, 1.2 GB with Snakemake beside it.
def memory(wildcards, attempt):
    return attempt * study["job"]["mem_mb"]


def runtime(wildcards, attempt):
    return attempt * study["job"]["runtime"]
