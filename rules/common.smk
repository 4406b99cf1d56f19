# The study, checked and planned, and what the other files ask of it. The logic is in scripts/butfor.
from pathlib import Path

from snakemake.exceptions import WorkflowError

from butfor import gallery, headline, own_code, provenance, tracking_target
from butfor.config import study_and_plan
from butfor.duplicate_keys import refuse_duplicate_keys
from butfor.errors import StudyError

try:
    refuse_duplicate_keys(Path(path) for path in workflow.configfiles)
    study, plan = study_and_plan(
        config, Path(workflow.basedir) / "config" / "schema.yaml"
    )
except StudyError as error:
    raise WorkflowError(str(error))

config.update(
    log_level=study["log_level"], data={**study["data"], "largest": plan.largest}
)
analysis = {**plan.summary(), "verdict": study["verdict"]}
trained_on = {"name": study["data"]["name"], "file": study["data"]["file"]}
own_models = {
    arm["name"]: arm["recipe"]
    for arm in analysis["arms"]
    if own_code.is_own(arm["recipe"]["model"]["name"])
}
built = {
    name: f"{study['results']}/built/{name}-{own_code.mark(recipe, trained_on)}.json"
    for name, recipe in own_models.items()
}
unbuilt = [name for name, path in built.items() if not Path(path).exists()]


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


def own_files_of(wildcards):
    return own_code.files(plan.arms[wildcards.arm].recipe["model"]["name"])


def built_of(wildcards):
    return built.get(wildcards.arm, [])


def tracking_of(wildcards):
    names = {
        "experiment": study["study"],
        "question": study["question"],
        "target": tracking_target.mark(),
    }
    return {**names, **plan.membership(wildcards.arm)}


def code(stage, *modules):
    scripts = Path(workflow.basedir) / "scripts"
    paths = [scripts / f"{stage}.py"]
    for module in modules:
        package = scripts / "butfor" / module
        paths += sorted(package.glob("*.py")) or [package.with_suffix(".py")]
    return [str(path) for path in paths]


def every(path, **names):
    looks = [look.name for look in plan.looks]
    path = path.replace("<results>", study["results"])
    return expand(
        path, arm=plan.arms, look=looks, figure=gallery.figures(plan.summary()), **names
    )
