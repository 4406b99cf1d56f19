# The study, checked and planned, and what the other files ask of it. The logic is in scripts/butfor.
import json
import os
import sys
from pathlib import Path

from butfor import (
    claims,
    gallery,
    headline,
    live_tracking,
    orphan,
    own_code,
    provenance,
    start,
    tracking_target,
)
from butfor.config import study_and_plan
from butfor.duplicate_keys import refuse_duplicate_keys
from butfor.errors import StudyError, StudyFileError

try:
    refuse_duplicate_keys(Path(path) for path in workflow.configfiles)
    study, plan = study_and_plan(
        config, Path(workflow.basedir) / "config" / "schema.yaml"
    )
    if study["tracking"]["mlflow"] and workflow.is_main_process:
        tracking_target.check(Path(study["results"]))
    if workflow.is_main_process:
        for line in start.clear(Path(study["results"])):
            print(line, file=sys.stderr)
except StudyFileError as error:
    files = " and ".join(map(os.path.relpath, workflow.configfiles))
    sys.exit(f"{files or '--config'}: {error}")
except StudyError as error:
    sys.exit(str(error))

keep_models = study["tracking"]["models"]
orphan.announce_start()
config.update(
    log_level=study["log_level"],
    models=keep_models,
    max_minutes=study["max_minutes"],
    data={**study["data"], "largest": plan.largest},
)
analysis = {
    **plan.summary(),
    "verdict": study["verdict"],
    "budget": study["budget"],
}
register_path = f"{study['results']}/register.json"
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
# An output only where it is asked for: then a training that has left no model is done again, and else none ever is.
models_kept = (
    {"models": directory(f"{study['results']}/models/{keep_models}/{{arm}}/{{look}}")}
    if keep_models != "none"
    else {}
)
undecided_looks = [look.name for look in plan.looks[:-1]]
unbuilt = [name for name, path in built.items() if not Path(path).exists()]


# For the profile `slurm`, whose commands do not know where the workflow lies.
os.environ.update(
    BUTFOR_PYTHON=sys.executable,
    BUTFOR_CLUSTER=str(Path(workflow.basedir) / "scripts" / "cluster.py"),
)


pathvars:
    results=study["results"],
    logs=f"{study['results']}/logs",


wildcard_constraints:
    arm="|".join(plan.arms),
    look="|".join(look.name for look in plan.looks),


# What a scheduler is told. Measured: 1.0 GB for the example study, 1.2 GB with Snakemake beside it.
def memory(wildcards, attempt):
    return attempt * study["job"]["mem_mb"]


def time_limit(wildcards, attempt):
    return attempt * study["job"]["runtime"]


def training_of(wildcards):
    return {
        **plan.training(wildcards.arm, wildcards.look),
        "versions": provenance.training_versions(),
    }


def search_of(wildcards):
    return {
        **plan.search(wildcards.arm),
        "versions": provenance.training_versions(),
    }


def own_files_of(wildcards):
    return own_code.files(plan.arms[wildcards.arm].recipe["model"]["name"])


def built_of(wildcards):
    return built.get(wildcards.arm, [])


mirrored = {
    "experiment": study["study"],
    "question": study["question"],
    "target": tracking_target.mark(),
    "system_metrics": study["tracking"]["system_metrics"],
    "models": keep_models,
    "register": study["tracking"]["register"],
    **plan.tracking(),
}


def code(stage, *modules):
    scripts = Path(workflow.basedir) / "scripts"
    paths = [scripts / f"{stage}.py"]
    for module in modules:
        package = scripts / "butfor" / module
        paths += sorted(package.glob("*.py")) or [package.with_suffix(".py")]
    return [str(path) for path in paths]


def next_arms(look):
    with checkpoints.decide.get(look=look).output.decision.open() as stream:
        return json.load(stream)["next"]


def of_each(path, trainings):
    path = path.replace("<results>", study["results"])
    return [path.format(arm=arm, look=look) for arm, look in trainings]


def trained(wildcards):
    return of_each("<results>/runs/{arm}/{look}", plan.trainings(next_arms))


def kept(wildcards):
    path = models_kept.get("models")
    return of_each(path, plan.trainings(next_arms)) if path else []


def trained_until(wildcards):
    until = plan.trainings(next_arms, until=wildcards.look)
    return of_each("<results>/runs/{arm}/{look}", until)


def decided(wildcards):
    taken = {look for _, look in plan.trainings(next_arms)}
    return of_each(
        "<results>/looks/{look}.json",
        [(None, look) for look in undecided_looks if look in taken],
    )


def tracked(wildcards):
    return "<results>/tracked.json" if study["tracking"]["mlflow"] else []


def there_already(path):
    every = [(arm, look.name) for arm in plan.arms for look in plan.looks]
    return [path for path in of_each(path, every) if exists(path)]


def searched(wildcards):
    return of_each("<results>/rates/{arm}.json", [(arm, None) for arm in plan.tuned])


def tuned(wildcards):
    taken = plan.trainings(next_arms) if plan.tuned else []
    path = "<results>/tuned/{arm}/{look}"
    return of_each(path, [pair for pair in taken if pair[0] in plan.tuned])


def drawn(path):
    figures = gallery.figures(plan.summary())
    path = path.replace("<results>", study["results"])
    return expand(path, figure=figures, kind=["png", "svg"])
