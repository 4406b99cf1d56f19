# The plan of the study, and the adapters between the rules and the library in scripts/butfor.
import os
import sys
from pathlib import Path

from butfor.records import provenance, results_folder
from butfor.user_code import location
from butfor.workflow import parameters, planning
from butfor.workflow.code_dependencies import CodeDependencies
from butfor.workflow.targets import Targets, next_arms

BASE = Path(workflow.basedir)
study, plan = planning.planned(
    config,
    workflow.configfiles,
    BASE / "config" / "schema.yaml",
    workflow.is_main_process,
)
dependencies = CodeDependencies(Path(".snakemake") / "butfor" / "code.json")


def code(stage, *engine):
    return dependencies.fingerprint(BASE / "scripts" / f"{stage}.py", *engine)


def user_code(name):
    return dependencies.fingerprint(*location.files(name))


def decision(look):
    return next_arms(Path(checkpoints.decide.get(look=look).output.decision))


engine = parameters.engine()
training_code = code("train", engine)
targets = Targets(study, plan, code("build", engine), user_code, decision)
analysis = parameters.analysis(study, plan)
described = {**analysis, "study": study["study"], "question": study["question"]}
mirrored = parameters.mirrored(
    study, plan, dependencies.fingerprint(parameters.RUN_WRITING)
)
register = f"{study['results']}/{results_folder.REGISTER}"

# For the profile `slurm`, whose commands do not know the folder of the workflow.
os.environ.update(
    BUTFOR_PYTHON=sys.executable, BUTFOR_CLUSTER=str(BASE / "scripts" / "cluster.py")
)


pathvars:
    results=study["results"],
    logs=f"{study['results']}/logs",


wildcard_constraints:
    arm="|".join(plan.arms),
    look="|".join(look.name for look in plan.looks),


def trained(wildcards):
    return targets.trained(until=wildcards.get("look"))


def training(wildcards):
    arm, look = wildcards.arm, wildcards.look
    return parameters.training(plan, arm, look, training_code, targets.user_code(arm))


def search(wildcards):
    arm = wildcards.arm
    return parameters.search(plan, arm, training_code, targets.user_code(arm))


# The request to a scheduler. Measured: 1.0 GB for the example study, 1.2 GB with Snakemake beside it.
def memory(wildcards, attempt):
    return attempt * study["job"]["mem_mb"]


def runtime(wildcards, attempt):
    return attempt * study["job"]["runtime"]
