"""The settings of a study: its file, checked against `config/schema.yaml`, completed with its defaults, and planned.

Every mistake becomes one StudyError that says where it is, what was expected, what was received, and what to write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from butfor.data.catalogue import TRAIN_IMAGES
from butfor.study import claims, compatibility, plain_values
from butfor.study.arm import BASELINE, Recipe
from butfor.study.plan import Plan, make_plan
from butfor.study.schema import ConfigError, Schema, complete, load_schema, parts
from butfor.user_code import location


def study_and_plan(config: dict[str, Any], schema_path: Path) -> tuple[dict[str, Any], Plan]:
    """A study file's settings, checked and completed, and its plan. Raises StudyError."""
    root = load_schema(schema_path)
    settings = complete_study(config, root)
    recipe = root["$defs"]["recipe"]

    def resolve(arm: str, written: Recipe) -> Recipe:
        where = "recipe" if arm == BASELINE else f"ablations.{arm}"
        resolved: Recipe = complete(written, recipe, root, where)
        compatibility.check(resolved, written, recipe["properties"], where)
        return resolved

    plan = make_plan(settings, resolve, parts(root))
    if settings["data"]["name"] in TRAIN_IMAGES:
        plan.check_images(TRAIN_IMAGES[settings["data"]["name"]])
    first, most = len(plan.arms) * plan.looks[0].seen, settings["budget"]["max_runs"]
    if most is not None and first > most:
        raise ConfigError(
            f"budget.max_runs: expected at least the {first} runs of the first look ({len(plan.arms)} arms x"
            f" {plan.looks[0].seen} seeds), received {most}."
        )
    if settings["tracking"]["register"] and settings["tracking"]["models"] == "none":
        raise ConfigError("tracking.register: expected models to register, received models: none. Write models: best.")
    settings["claims"] = claims.declared(settings, plan)
    return settings, plan


def complete_study(config: dict[str, Any], root: Schema) -> dict[str, Any]:
    """The settings of a study file, checked and completed; its ablations stay as written, because the plan resolves them.
    Raises StudyError.
    """
    plain_values.check(config)
    written = dict(config)
    if isinstance(written.get("data"), str):
        written["data"] = {"name": written["data"]}
    settings: dict[str, Any] = complete(written, root, root)
    settings["results"] = str(Path(settings.get("results", f"results/{settings['study']}")).expanduser())
    looks = settings["seeds"] if isinstance(settings["seeds"], list) else [settings["seeds"]]
    if looks != sorted(set(looks)):
        raise ConfigError(f"seeds: expected looks that rise, such as [5, 10, 20], received {looks}.")
    if settings["data"]["name"] == "npz" and not settings["data"]["file"]:
        raise ConfigError("data.file: expected the path of an .npz file because data.name is npz, received null.")
    file = settings["data"]["file"]
    if file and not Path(file).is_file():
        raise ConfigError(f"data.file: expected an existing file, received {file}, looked for from {Path.cwd()}.")
    if location.is_own(settings["data"]["name"]):
        location.locate(settings["data"]["name"])
    settings["looks"] = looks
    return settings
