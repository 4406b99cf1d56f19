"""The settings of a study: its file, checked against `config/schema.yaml`, completed with its defaults, and planned.

Every mistake becomes one StudyError that says where it is, what was expected, what was received, and what to write.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from butfor.arm_names import anywhere
from butfor.data.catalogue import TRAIN_IMAGES
from butfor.errors import Errors, Place, SeveralErrors, StudyError, StudyFileError
from butfor.study import asked_metrics, claims, compatibility, composed_letters, data_sets, plain_values, replicates
from butfor.study.ablations import NothingNewError
from butfor.study.arm import BASELINE, Recipe
from butfor.study.compatibility import IncompatibleError
from butfor.study.completed_recipes import CompletedRecipes
from butfor.study.cost_metrics import is_cost
from butfor.study.data_settings import check_data, check_models, complete_data
from butfor.study.embedded_data import check_embedded
from butfor.study.plan import Plan, make_plan
from butfor.study.schema import ConfigError, Schema, complete, load_schema, parts
from butfor.study.seed_list import refuse_seed_list
from butfor.study.study_metrics import RECORDED, default_of, meant, metrics_of
from butfor.study.watched_metrics import refuse_unknown, with_terms

ANCHORS = ("x-", "_")  # what keys begin with that only hold something for aliases


def study_and_plan(
    config: dict[str, Any], schema_path: Path, beside: Sequence[Path] = ()
) -> tuple[dict[str, Any], Plan]:
    """A study file's settings, checked and completed, and its plan. Raises StudyError: SeveralErrors where there are several,
    each told once, though all arms inherit it. beside: the folders of the study's files, where its data may lie."""
    root = load_schema(schema_path)
    errors = Errors()
    settings = complete_study(config, root, errors, beside)
    plan = with_terms(_planned(settings, root, errors), settings["metrics"])
    checks = (_check_images, _check_budget, _check_kept, check_models, check_embedded, _declare_claims, _ask_on_parts)
    for check in checks:
        with errors.collected():
            check(settings, plan, bool(errors.every))
    errors.end()
    return settings, plan


def _planned(settings: dict[str, Any], root: Schema, errors: Errors) -> Plan:
    """The plan of the arms that can be planned. Raises StudyError if the baseline is no model that others could be made from."""
    recipe = root["$defs"]["recipe"]
    places = [error.at for error in errors.every if isinstance(error, StudyFileError)]
    wrong = {place[1] for place in places if place[:1] == ("recipe",) and len(place) == 2}
    refused = {place[1] for place in places if place[:1] == ("recipe",) and len(place) > 1}
    if ("recipe",) in places:
        errors.end()
    inherited: set[str] = set()
    recipes = CompletedRecipes(recipe, root)

    def resolve(arm: str, written: Recipe) -> Recipe:
        where, own, resolved = "recipe" if arm == BASELINE else f"ablations.{arm}", Errors(), None
        with own.collected():
            resolved = recipes.complete(written, where)
            with own.collected():
                refuse_unknown(resolved, settings["metrics"], where, settings["task"])
            compatibility.check(resolved, written, recipe["properties"], where)
        if arm != BASELINE:
            new = [
                each for each in own.every if _without_place(each, where) not in inherited and _key(each) not in wrong
            ]
            if new or resolved is None:
                raise SeveralErrors(new)
        elif resolved is None:
            own.end()
        for problem in own.every if arm == BASELINE else []:
            inherited.add(_without_place(problem, where))
            errors.add(IncompatibleError(str(problem), ("recipe", *getattr(problem, "at", ()))))
        return resolved

    try:
        plan = make_plan(settings, resolve, parts(root), errors)
        errors.every[:] = [each for each in errors.every if not _follows(each, refused)]
        return plan
    except StudyError as error:
        errors.add(error)
        errors.end()
        raise


def _follows(error: StudyError, refused: set[str | int]) -> bool:
    """Whether an arm may only seem to change nothing, because values of the baseline were refused, and left out. refused: their
    keys."""
    return isinstance(error, NothingNewError) and (error.key in refused or bool(refused and not error.key))


def _without_place(error: StudyError, where: str) -> str:
    return str(error).removeprefix(f"{where}.")


def _key(error: StudyError) -> str | int:
    """The recipe key that an error is about."""
    return next(iter(getattr(error, "at", ())), "")


def _check_images(settings: dict[str, Any], plan: Plan, _: bool) -> None:
    errors = Errors()
    for name, data in settings["data_sets"].items():
        with errors.collected():
            if data["name"] in TRAIN_IMAGES:
                plan.check_images(TRAIN_IMAGES[data["name"]], name)
    errors.end()


def _check_budget(settings: dict[str, Any], plan: Plan, incomplete: bool) -> None:
    first, most = len(plan.arms) * plan.looks[0].seen, settings["budget"]["max_runs"]
    if most is not None and first > most and not incomplete:
        raise ConfigError(
            f"budget.max_runs: expected at least the {first} runs of the first look ({len(plan.arms)} arms x"
            f" {plan.looks[0].seen} seeds), received {most}.",
            ("budget", "max_runs"),
        )


def _check_kept(settings: dict[str, Any], _: Plan, __: bool) -> None:
    if settings["tracking"]["register"] and settings["tracking"]["models"] == "none":
        raise ConfigError(
            "tracking.register: expected models to register, received models: none. Write models: best.",
            ("tracking", "register"),
        )


def _declare_claims(settings: dict[str, Any], plan: Plan, incomplete: bool) -> None:
    """Complete the claims; where arms are missing because they are wrong themselves, only those of the arms that there are."""
    written = settings["claims"]
    there = {*plan.arms, *map(anywhere, plan.arms)}
    kept = {
        name: claim
        for name, claim in written.items()
        if {claim["arm"], claim["against"]} <= {*there, None} or not incomplete
    }
    settings["claims"] = claims.declared({**settings, "claims": kept}, plan)


def _ask_on_parts(settings: dict[str, Any], _: Plan, __: bool) -> None:
    """Have metrics on those parts of the data on which claims name them. `claimed`: of the names in claims those that make a
    difference, so that a claim which makes none lets nothing be judged anew."""
    names = sorted(
        {claim["metric"] for claim in settings["claims"].values() if claim["metric"] and not is_cost(claim["metric"])}
    )
    settings["metrics"] = asked_metrics.with_parts(settings["metrics"], names)
    described, known = settings["verdict"]["others"] == "descriptive", metrics_of(settings)
    settings["claimed"] = [name for name in names if described or name not in known]


def complete_study(config: dict[str, Any], root: Schema, errors: Errors, beside: Sequence[Path] = ()) -> dict[str, Any]:
    """The settings of a study file, checked and completed; its ablations stay as written, because the plan resolves them.

    errors: takes what is wrong, and the settings are then without it. Raises StudyError if nothing can be said of the rest.
    """
    plain_values.check(config)
    written = {key: value for key, value in config.items() if not str(key).startswith(ANCHORS)}
    written = composed_letters.composed(written)
    if isinstance(written.get("data"), str):
        written["data"] = {"name": written["data"]}
    if written.get("metrics") is not None:
        written["metrics"] = asked_metrics.as_mapping(written["metrics"])
    try:
        refuse_seed_list(written.get("seeds"), has_budget=bool(written.get("budget")))
    except ConfigError as error:
        errors.add(error)
        del written["seeds"]
    several = _data_sets(written, root, errors)
    settings = _without_faults(written, root, errors)
    settings["data"] = several or settings["data"]
    settings["data_sets"] = several or {data_sets.ONLY: settings["data"]}
    settings["fail_on"] = [settings["fail_on"]] if isinstance(settings["fail_on"], str) else settings["fail_on"]
    settings["results"] = str(Path(settings.get("results", f"results/{settings['study']}")).expanduser())
    with errors.collected():
        replicates.settle(written, settings)
    for data in settings["data_sets"].values():
        complete_data(data, root, settings["task"], beside)
    wrong = [getattr(error, "at", ()) for error in errors.every]
    asked, settings["metrics"], settings["claimed"] = settings["metrics"], {}, []
    with errors.collected():
        if ("seeds",) not in [place[:1] for place in wrong]:
            _check_looks(settings)
    for name, data in settings["data_sets"].items():
        at = data_sets.place(name)
        with errors.collected():
            if at not in [place[: len(at)] for place in wrong]:
                check_data(data, root, at, beside)
    with errors.collected():
        settings["metrics"] = asked_metrics.completed(asked)
        asked_metrics.refuse_groups(settings["metrics"], settings["data_sets"])
        _choose_metric(settings)
    settings["verdict"]["metric"] = settings["verdict"]["metric"] or default_of(settings)
    return settings


def _data_sets(written: dict[str, Any], root: Schema, errors: Errors) -> dict[str, dict[str, Any]]:
    """Several data sets by name, completed and taken out of what is written; empty where there is one."""
    one = root["properties"]["data"]
    with errors.collected():
        several = data_sets.named(written.get("data"), set(one["properties"]))
        if several:
            del written["data"]
        return data_sets.completed(several, lambda item, where: complete(item, one, root, where), errors)
    del written["data"]
    return {}


def _choose_metric(settings: dict[str, Any]) -> None:
    """Settle which metric decides: the one that `verdict` names, the primary one, or the task's own. Raises ConfigError."""
    written, primary = settings["verdict"]["metric"], asked_metrics.primary_of(settings["metrics"])
    names = [name for name, metric in metrics_of(settings).items() if metric.settles]
    at = ("verdict", "metric")
    if written is not None and written not in names:
        others = [task for task, recorded in RECORDED.items() if written in recorded and settings["task"] == "auto"]
        hint = f" Write task: {others[0]}, which has it." if others else meant(written, names)
        raise ConfigError(f"verdict.metric: expected one of {', '.join(names)}, received {written}.{hint}", at)
    if written and primary and written != primary:
        raise ConfigError(
            f"verdict.metric: expected {primary}, which metrics has as primary, or none, received {written}. Leave one out.",
            at,
        )
    settings["decides"] = written or primary  # none: that of the task, which may be known from the data alone
    settings["verdict"]["metric"] = written or primary


def _without_faults(written: dict[str, Any], root: Schema, errors: Errors) -> dict[str, Any]:
    """A study completed; one with faults is completed without them, whole ablations and claims where they are inside."""
    try:
        return complete(written, root, root)  # type: ignore[no-any-return]
    except StudyError as error:
        errors.add(error)
    rest = copy.deepcopy(written)
    for fault in errors.every:
        place = getattr(fault, "at", ())
        _remove(rest, place[:2] if place[:1] in (("ablations",), ("claims",)) else place)
    try:
        return complete({"study": "study", **rest}, root, root)  # type: ignore[no-any-return]
    except StudyError:
        errors.end()
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
