# The study, checked and planned, and what the other files ask of it. The logic is in scripts/butfor.
from pathlib import Path

from snakemake.exceptions import WorkflowError

from butfor import gallery, provenance, tracking_target
from butfor.config import study_and_plan
from butfor.errors import StudyError

try:
    study, plan = study_and_plan(
        config, Path(workflow.basedir) / "config" / "schema.yaml"
    )
except StudyError as error:
    raise WorkflowError(str(error))

config.update(
    log_level=study["log_level"], data={**study["data"], "largest": plan.largest}
)
analysis = {**plan.summary(), "verdict": study["verdict"]}


pathvars:
    results=study["results"],
    logs=f"{study['results']}/logs",


wildcard_constraints:
    arm="|".join(plan.arms),
    look="|".join(look.name for look in plan.looks),


def training_of(wildcards):
    return {
        **plan.training(wildcards.arm, wildcards.look),
        "versions": provenance.training_versions(),
    }


def tracking_of(wildcards):
    names = {
        "experiment": study["study"],
        "question": study["question"],
        "target": tracking_target.mark(),
    }
    return {**names, **plan.membership(wildcards.arm)}


def code(stage, *modules):
    names = [f"{stage}.py", *(f"butfor/{module}.py" for module in modules)]
    return [f"{workflow.basedir}/scripts/{name}" for name in names]


def every(path, **names):
    looks = [look.name for look in plan.looks]
    path = path.replace("<results>", study["results"])
    return expand(
        path, arm=plan.arms, look=looks, figure=gallery.figures(plan.summary()), **names
    )
