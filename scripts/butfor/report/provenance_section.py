"""The report's section on where its results come from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from butfor.arm_names import data_set_of
from butfor.data.catalogue import TRAIN_IMAGES
from butfor.data.several_inputs import each
from butfor.fingerprint import fingerprint
from butfor.plain_text import plain
from butfor.recipe.tasks import task_of
from butfor.records.record import Record
from butfor.study.recipe_words import changes
from butfor.study.summary import DescribedStudy
from butfor.verdicts.arms import recipe_trained


def provenance_section(study: DescribedStudy, records: list[Record], sources: list[str]) -> str:
    """Study, data, code, versions and machine, and every arm's recipe by its fingerprint."""

    def values(key: str) -> str:
        return ", ".join(sorted({str(record.machine.get(key, "unknown")) for record in records}))

    planned, trained = study["arms"][0]["recipe"], recipe_trained(study["arms"][0], records)
    others = changes(planned, trained, [key for key in planned if planned[key] != trained.get(key)])
    other = f" The study file's is another by now: {'; '.join(others)}." if others else ""
    arms = "\n".join(
        f"| `{arm['name']}` | `{_fingerprint(records, arm['name'])}` | {', '.join(arm['changed']) or '–'} |"
        for arm in study["arms"]
    )
    return (
        "## Provenance\n\n"
        f"- Study: fingerprint `{fingerprint(study)}` (its plan, recipes, seeds and verdict settings)\n"
        f"{_data(study, records, sources)}\n"
        f"- Task: {_by_arm((_task(record), record.arm) for record in records)}\n"
        f"- Inputs: {_inputs(records)}\n"
        f"- Code: revision {values('revision')}\n"
        f"- Versions: Python {values('python')}, TensorFlow {values('tensorflow')}, Keras {values('keras')},"
        f" NumPy {values('numpy')}\n"
        f"- Device: {values('device')}; {values('processor')}\n"
        f"- Loop: {_by_arm((record.loop, record.arm) for record in records)}\n\n"
        f"| arm | recipe | changed |\n| --- | --- | --- |\n{arms}\n\n"
        f"The recipe that the baseline was trained with:{other}\n\n```json\n" + json.dumps(trained, indent=1) + "\n```"
    )


def _data(study: DescribedStudy, records: list[Record], sources: list[str]) -> str:
    """A line on each data set: its arrays by their fingerprint, what a run had of it, and its source."""
    names = dict.fromkeys(data_set_of(arm["name"]) for arm in study["arms"])
    firsts = [next((r for r in records if data_set_of(r.arm) == name), None) for name in names]
    return "\n".join(map(_data_set, names, firsts, sources))


def _data_set(name: str, first: Record | None, source: str) -> str:
    which = f"- Data{f' `{name}`' if name else ''}:"
    if first is None:
        return f"{which} from {plain(source)}"
    counts = (
        f"{first.data['train']} training, {first.data['validation']} validation and {first.data['test']} test examples"
    )
    return (
        f"{which} {_published(first)}fingerprint `{first.data['fingerprint']}`, {counts} per run, from {plain(source)}"
    )


def _published(record: Record) -> str:
    """The name of a data set that has one; that of a file or function is in its source, and may be another by now."""
    return f"{record.data['name']}, " if record.data["name"] in TRAIN_IMAGES else ""


def _task(record: Record) -> str:
    task = task_of(record.data)
    return f"{task.name} (of each example {task.targets}); plain loss: {task.loss}, in {task.unit}"


def _inputs(records: list[Record]) -> str:
    """The ranges of what models saw, with the scalings that led to them."""
    scalings = {
        "none": "taken as they are",
        "pixels": "divided by 255",
        "standard": "less their mean, divided by their standard deviation, both of the training part",
        "unit": "scaled to 0 and 1 by the training part",
    }
    alike: dict[tuple[str, str], list[dict[str, Any]]] = {}  # of folds, all that an arm has
    for record in records:
        alike.setdefault((record.arm, "" if record.data.get("fold") else str(record.data["inputs"])), []).append(
            record.data
        )

    def words(data: list[dict[str, Any]]) -> str:
        said = []
        for name, scaling in each(data[0]["scaling"]):
            ends = [end for one in data for end in (one["inputs"][name] if name else one["inputs"])]
            said.append(f"{name} {scalings[scaling]}, from {min(ends):g} to {max(ends):g}".strip())
        return "; ".join(said)

    return _by_arm((words(data), arm) for (arm, _), data in alike.items())


def _by_arm(said: Iterable[tuple[str, str]]) -> str:
    """What is said of arms, and the arms of each where it differs."""
    arms: dict[str, list[str]] = {}
    for words, arm in dict.fromkeys(said):
        arms.setdefault(words, []).append(f"`{arm}`")
    return next(iter(arms)) if len(arms) == 1 else "; ".join(f"{words} ({', '.join(arms[words])})" for words in arms)


def _fingerprint(records: list[Record], arm: str) -> str:
    return next((record.fingerprint for record in records if record.arm == arm), "no record")
