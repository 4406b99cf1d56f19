"""The settings of a study: its file, checked against `config/schema.yaml`, completed with its defaults, and planned.

Every mistake becomes one StudyError that says where it is, what was expected, what was received, and what to write.
"""

from __future__ import annotations

import copy
import difflib
import unicodedata
from pathlib import Path
from typing import Any, cast

from butfor.data.catalogue import TRAIN_IMAGES
from butfor.errors import Errors, Place, SeveralErrors, StudyError, StudyFileError
from butfor.remedies import CLOSE
from butfor.study import claims, compatibility, plain_values
from butfor.study.arm import BASELINE, Recipe
from butfor.study.compatibility import IncompatibleError
from butfor.study.plan import Plan, make_plan
from butfor.study.schema import ConfigError, Schema, complete, load_schema, parts
from butfor.study.seed_list import refuse_seed_list
from butfor.user_code import location

ANCHORS = ("x-", "_")  # what keys begin with that only hold something for aliases


def study_and_plan(config: dict[str, Any], schema_path: Path) -> tuple[dict[str, Any], Plan]:
    """A study file's settings, checked and completed, and its plan. Raises StudyError: SeveralErrors where there are several,
    each told once, though all arms inherit it."""
    root = load_schema(schema_path)
    found = Errors()
    settings = complete_study(config, root, found)
    plan = _planned(settings, root, found)
    for check in (_check_images, _check_budget, _check_models, _declare_claims):
        with found.collected():
            check(settings, plan, bool(found.found))
    found.end()
    return settings, plan


def _planned(settings: dict[str, Any], root: Schema, found: Errors) -> Plan:
    """The plan of the arms that can be planned. Raises StudyError if the baseline is no model that others could be made from."""
    recipe = root["$defs"]["recipe"]
    places = [error.at for error in found.found if isinstance(error, StudyFileError)]
    wrong = {place[1] for place in places if place[:1] == ("recipe",) and len(place) == 2}
    if ("recipe",) in places:
        found.end()
    inherited: set[str] = set()

    def resolve(arm: str, written: Recipe) -> Recipe:
        where, own, resolved = "recipe" if arm == BASELINE else f"ablations.{arm}", Errors(), None
        with own.collected():
            resolved = complete(written, recipe, root, where)
            compatibility.check(resolved, written, recipe["properties"], where)
        if arm != BASELINE:
            new = [each for each in own.found if _said(each, where) not in inherited and _key(each) not in wrong]
            if new or resolved is None:
                raise SeveralErrors(new)
        elif resolved is None:
            own.end()
        for problem in own.found if arm == BASELINE else []:
            inherited.add(_said(problem, where))
            found.add(IncompatibleError(str(problem), ("recipe", *getattr(problem, "at", ()))))
        return cast(Recipe, resolved)

    try:
        return make_plan(settings, resolve, parts(root), found)
    except StudyError as error:
        found.add(error)
        found.end()
        raise


def _said(error: StudyError, where: str) -> str:
    return str(error).removeprefix(f"{where}.")


def _key(error: StudyError) -> str | int:
    """The recipe key that an error is about."""
    return next(iter(getattr(error, "at", ())), "")


def _check_images(settings: dict[str, Any], plan: Plan, _: bool) -> None:
    if settings["data"]["name"] in TRAIN_IMAGES:
        plan.check_images(TRAIN_IMAGES[settings["data"]["name"]])


def _check_budget(settings: dict[str, Any], plan: Plan, incomplete: bool) -> None:
    first, most = len(plan.arms) * plan.looks[0].seen, settings["budget"]["max_runs"]
    if most is not None and first > most and not incomplete:
        raise ConfigError(
            f"budget.max_runs: expected at least the {first} runs of the first look ({len(plan.arms)} arms x"
            f" {plan.looks[0].seen} seeds), received {most}.",
            ("budget", "max_runs"),
        )


def _check_models(settings: dict[str, Any], _: Plan, __: bool) -> None:
    if settings["tracking"]["register"] and settings["tracking"]["models"] == "none":
        raise ConfigError(
            "tracking.register: expected models to register, received models: none. Write models: best.",
            ("tracking", "register"),
        )


def _declare_claims(settings: dict[str, Any], plan: Plan, incomplete: bool) -> None:
    """Complete the claims; where arms are missing because they are wrong themselves, only those of the arms that there are."""
    written = settings["claims"]
    kept = {name: claim for name, claim in written.items() if claim["arm"] in plan.arms or not incomplete}
    settings["claims"] = claims.declared({**settings, "claims": kept}, plan)


def complete_study(config: dict[str, Any], root: Schema, found: Errors) -> dict[str, Any]:
    """The settings of a study file, checked and completed; its ablations stay as written, because the plan resolves them.

    found: takes what is wrong, and the settings are then without it. Raises StudyError if nothing can be said of the rest.
    """
    plain_values.check(config)
    written = {key: value for key, value in config.items() if not str(key).startswith(ANCHORS)}
    if isinstance(
        written.get("study"), str
    ):  # of the two spellings of an accent or a Korean syllable, the composed one
        written["study"] = unicodedata.normalize("NFC", written["study"])
    if isinstance(written.get("data"), str):
        written["data"] = {"name": written["data"]}
    try:
        refuse_seed_list(written.get("seeds"), has_budget=bool(written.get("budget")))
    except ConfigError as error:
        found.add(error)
        del written["seeds"]
    settings = _without_faults(written, root, found)
    settings["results"] = str(Path(settings.get("results", f"results/{settings['study']}")).expanduser())
    for place in ("file", "folder"):
        if settings["data"][place]:
            settings["data"][place] = str(Path(settings["data"][place]).expanduser())
    settings["looks"] = settings["seeds"] if isinstance(settings["seeds"], list) else [settings["seeds"]]
    wrong = {getattr(error, "at", ())[:1] for error in found.found}
    for block, check in (("seeds", _check_looks), ("data", _check_data)):
        with found.collected():
            if (block,) not in wrong:
                check(settings)
    return settings


def _without_faults(written: dict[str, Any], root: Schema, found: Errors) -> dict[str, Any]:
    """A study completed; one with faults is completed without them, whole ablations and claims where they are inside."""
    try:
        return complete(written, root, root)  # type: ignore[no-any-return]
    except StudyError as error:
        found.add(error)
    rest = copy.deepcopy(written)
    for fault in found.found:
        place = getattr(fault, "at", ())
        _remove(rest, place[:2] if place[:1] in (("ablations",), ("claims",)) else place)
    try:
        return complete({"study": "study", **rest}, root, root)  # type: ignore[no-any-return]
    except StudyError:
        found.end()
        raise


def _remove(value: Any, place: Place) -> None:
    """Take out what is at a place, or what is as near above it as the value goes."""
    for step in place[:-1]:
        inner = value.get(step) if isinstance(value, dict) else None
        if not isinstance(inner, dict | list):
            place = (step,)
            break
        value = inner
    if place and isinstance(value, dict):
        value.pop(place[-1], None)
    elif place and isinstance(value, list):
        value.clear()


def _check_looks(settings: dict[str, Any]) -> None:
    looks = settings["looks"]
    if looks != sorted(set(looks)):
        raise ConfigError(f"seeds: expected looks that rise, such as [5, 10, 20], received {looks}.", ("seeds",))


def _check_data(settings: dict[str, Any]) -> None:
    data = settings["data"]
    file, own = data["file"], location.is_own(data["name"])
    if data["name"] == "npz" and not file:
        raise ConfigError(
            "data.file: expected the path of an .npz file because data.name is npz, received null.", ("data", "file")
        )
    if data["arrays"] and data["name"] != "npz" and not own:
        raise ConfigError(
            f"data.arrays: expected with a file or a function of your own, received with {data['name']}. Leave it out.",
            ("data", "arrays"),
        )
    if file and data["name"] != "npz":
        raise ConfigError(
            f"data.file: expected with name: npz, received {file} with {data['name']}. Write data: {{name: npz, file: {file}}}.",
            ("data", "file"),
        )
    if file and not Path(file).is_file():
        beside = [str(path) for path in Path(file).parent.glob("*") if path.is_file()]
        similar = difflib.get_close_matches(file, beside, n=1, cutoff=CLOSE)
        meant = f" Did you mean {similar[0]}?" if similar else ""
        raise ConfigError(
            f"data.file: expected an existing file, received {file}, looked for from {Path.cwd()}.{meant}",
            ("data", "file"),
        )
    if own:
        location.locate(data["name"])
