"""The report's section on where its results come from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from butfor.arm_names import data_set_of
from butfor.data.catalogue import TRAIN_IMAGES
from butfor.data.several_inputs import each
from butfor.fingerprint import fingerprint
from butfor.languages.phrases import phrase, stored
from butfor.plain_text import plain
from butfor.recipe.input_scalings import NUMBERS
from butfor.recipe.recipe_mark import LATER
from butfor.recipe.tasks import task_of
from butfor.records.part_sizes import Sizes, arms_by_sizes
from butfor.records.record import Record
from butfor.records.training_libraries import KERAS, training_libraries
from butfor.report.long_tables import few
from butfor.study.recipe_words import changes
from butfor.study.summary import DescribedStudy
from butfor.verdicts.arms import recipe_trained

LIBRARIES = {"python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}
OF_ONE_ENGINE = {"jax": "JAX", "jaxlib": "jaxlib"}  # told by the records of an engine on JAX alone
ARITHMETIC = "deterministic", "matmul_precision"  # keys of the recipe; what a device makes of them is in the records


def provenance_section(study: DescribedStudy, records: list[Record], sources: list[str]) -> str:
    """Study, data, code, versions and machine, and every arm's recipe by its fingerprint."""

    def values(key: str) -> str:
        return ", ".join(sorted({str(record.machine.get(key, phrase("unknown"))) for record in records}))

    plan = {key: value for key, value in study.items() if key != "report"}  # which is how it is shown
    planned, trained = study["arms"][0]["recipe"], recipe_trained(study["arms"][0], records)
    others = changes(planned, trained, [key for key in planned if planned[key] != trained.get(key)])
    marks = {record.arm: record.fingerprint for record in reversed(records)}  # of an arm's first record
    arms = "\n".join(
        f"| `{arm['name']}` | `{marks.get(arm['name'], phrase('no record'))}` | {', '.join(arm['changed']) or '–'} |"
        for arm in study["arms"]
    )
    versions = [f"{name} {values(key)}" for key, name in LIBRARIES.items()]
    for key, name in OF_ONE_ENGINE.items():
        if releases := sorted({str(record.machine[key]) for record in records if key in record.machine}):
            versions.append(f"{name} {', '.join(releases)}")
    lines = [
        phrase("- Study: fingerprint `{mark}` (its plan, recipes, seeds and verdict settings)", mark=fingerprint(plan)),
        _data(study, records, sources),
        phrase("- Task: {task}", task=_by_arm((_task(record), record.arm) for record in records)),
        phrase("- Inputs: {inputs}", inputs=_inputs(records)),
        phrase("- Code: revision {revision}", revision=values("revision")),
        phrase("- Engine: {engine}", engine=_by_arm((_engine(record), record.arm) for record in records)),
        phrase("- Versions: {versions}", versions=", ".join(versions)),
        phrase("- Device: {device}", device=f"{values('device')}; {values('processor')}"),
        phrase("- Loop: {loop}", loop=_by_arm((stored(record.loop), record.arm) for record in records)),
        *_arithmetic(records),
    ]
    table = f"| {phrase('arm')} | {phrase('recipe')} | {phrase('changed')} |\n| --- | --- | --- |\n{arms}"
    lead = phrase("The recipe that the baseline was trained with:")
    if others:
        now = phrase("The study file's is another by now: {changes}.", changes="; ".join(others))
        lead = f"{lead} {now}"
    recipe = f"```json\n{json.dumps(trained, indent=1)}\n```"
    return "\n\n".join([f"## {phrase('Provenance')}", "\n".join(lines), table, lead, recipe])


def _engine(record: Record) -> str:
    """What trained a run: Keras and the library beneath it, or an engine by the name that was asked for."""
    libraries = training_libraries(record.machine)
    if keras := libraries.pop(KERAS, ""):
        below = " ".join(next(iter(libraries.items()), ()))
        return phrase("Keras {keras} on {library}", keras=keras, library=below) if below else f"{KERAS} {keras}"
    name = record.machine.get("engine")
    return f"`{name}`" if name else phrase("unknown")


def _data(study: DescribedStudy, records: list[Record], sources: list[str]) -> str:
    """A line on each data set: its arrays by their fingerprint, what a run had of it, and its source."""
    names = dict.fromkeys(data_set_of(arm["name"]) for arm in study["arms"])
    own = [[record for record in records if data_set_of(record.arm) == name] for name in names]
    return "\n".join(map(_data_set, names, own, sources))


def _data_set(name: str, records: list[Record], source: str) -> str:
    which = phrase("- Data `{name}`:", name=name) if name else phrase("- Data:")
    where = plain(stored(source))
    if not records:
        return phrase("{which} from {source}", which=which, source=where)
    (sizes, _), *others = arms_by_sizes(records)
    first = phrase(
        "{which} {published}fingerprint `{mark}`, {n} training, {n_validation} validation and {n_test} test examples per run,"
        " from {source}",
        which=which,
        published=_published(records[0]),
        mark=records[0].data["fingerprint"],
        **_counts(sizes),
        source=where,
    )
    more = [
        phrase(
            "{arms}: {n} training, {n_validation} validation and {n_test} test examples per run",
            arms=few([f"`{arm}`" for arm in arms]),
            **_counts(of_arms),
        )
        for of_arms, arms in others
    ]
    return "; ".join([first, *more])


def _counts(sizes: Sizes) -> dict[str, str]:
    """The examples of each part in words, by the place that they fill."""
    places = {"n": sizes["train"], "n_validation": sizes["validation"], "n_test": sizes["test"]}
    return {
        place: f"{least}" if least == most else phrase("{least} to {most}", least=least, most=most)
        for place, (least, most) in places.items()
    }


def _published(record: Record) -> str:
    """The name of a data set that has one; that of a file or function is in its source, and may be another by now."""
    return f"{record.data['name']}, " if record.data["name"] in TRAIN_IMAGES else ""


def _task(record: Record) -> str:
    task = task_of(record.data)
    return phrase(
        "{task} (of each example {targets}); plain loss: {loss}, in {unit}",
        task=stored(task.name),
        targets=stored(task.targets),
        loss=stored(task.loss),
        unit=stored(task.unit),
    )


def _inputs(records: list[Record]) -> str:
    """The ranges of what models saw, with the scalings that led to them."""
    scalings = {
        "none": phrase("taken as they are"),
        "pixels": phrase("divided by 255"),
        "standard": phrase("less their mean, divided by their standard deviation, both of the training part"),
        "unit": phrase("scaled to 0 and 1 by the training part"),
        NUMBERS: phrase("taken as they are, since they are whole numbers among several inputs"),
    }
    alike: dict[tuple[str, str], list[dict[str, Any]]] = {}  # of folds, all that an arm has
    for record in records:
        alike.setdefault((record.arm, "" if record.data.get("fold") else str(record.data["inputs"])), []).append(
            record.data
        )

    def words(data: list[dict[str, Any]]) -> str:
        ranges = []
        for name, scaling in each(data[0]["scaling"]):
            ends = [end for one in data for end in (one["inputs"][name] if name else one["inputs"])]
            scaled = f"{name} {scalings[scaling]}".strip()
            ranges.append(
                phrase("{inputs}, from {least} to {most}", inputs=scaled, least=f"{min(ends):g}", most=f"{max(ends):g}")
            )
        return "; ".join(ranges)

    return _by_arm((words(data), arm) for (arm, _), data in alike.items())


def _arithmetic(records: list[Record]) -> list[str]:
    """A line on the settings of arithmetic that some arm's recipe changes, with what its device made of them; nothing where all
    are as usual."""
    if all(record.recipe.get(key, LATER[key]) == LATER[key] for record in records for key in ARITHMETIC):
        return []

    def words(record: Record) -> str:
        settings = [f"`{key}: {json.dumps(record.recipe.get(key, LATER[key])).strip(chr(34))}`" for key in ARITHMETIC]
        made = (
            stored(str(record.machine.get("deterministic", phrase("unknown")))),
            record.machine.get("precision", "float32"),
        )
        return phrase(
            "{settings} (operations of the same bits: {repeats}; precision: {precision})",
            settings=", ".join(settings),
            repeats=made[0],
            precision=made[1],
        )

    return [phrase("- Arithmetic: {arithmetic}", arithmetic=_by_arm((words(record), record.arm) for record in records))]


def _by_arm(statements: Iterable[tuple[str, str]]) -> str:
    """What is said of arms, and the arms of each where it differs."""
    arms: dict[str, list[str]] = {}
    for words, arm in dict.fromkeys(statements):
        arms.setdefault(words, []).append(f"`{arm}`")
    return next(iter(arms)) if len(arms) == 1 else "; ".join(f"{words} ({', '.join(arms[words])})" for words in arms)
