"""A first study as text: written, planned, and its data read, before it is handed over."""

from __future__ import annotations

import ast
import contextlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from butfor.data.prepare import prepare
from butfor.errors import StudyError
from butfor.first_study.data_draft import DataDraft, data_draft
from butfor.first_study.recipe_draft import Known, recipe_draft
from butfor.first_study.word_model import write_word_model
from butfor.study.data_settings import PUBLISHED
from butfor.study.settings import study_and_plan
from butfor.user_code import location

SEEDS = [5, 10]
STEPS = ("train_step", "test_step", "compute_loss")
LATER = {
    "metrics": "what decides",
    "recipe": "the baseline: the full recipe. config/schema.yaml has every key",
    "ablations": "one arm per question; this makes {arms}",
}


def study_draft(
    name: str, data: str | None, target: str | None, model: str | None, schema: Path, text: str | None = None
) -> tuple[str, str | None, list[Path]]:
    """The text of a study file that runs as written, the model that it names, if that is the user's own, and the files that were
    written for one: of texts without a model. target, text: as of data_draft. Raises StudyError for data or a model that cannot
    be trained, and leaves no file then."""
    draft = data_draft(data, target, text)
    written: list[Path] = []
    if model is None and draft.settings["name"] == "texts":
        model, written = write_word_model(name, Path())
    try:
        return _draft(name, draft, model, schema), model, written
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _draft(name: str, draft: DataDraft, model: str | None, schema: Path) -> str:
    known = _known(name, draft, model, schema)
    sections = recipe_draft(known, model)
    _, plan = study_and_plan(yaml.safe_load(_text(name, draft, sections, "", known)), schema)
    return _text(name, draft, sections, ", ".join(arm.name for arm in plan.ablations), known, _has_own_loss(model))


def _has_own_loss(model: str | None) -> bool:
    """Whether the file of an own model has a class with a step or a loss of its own."""
    nodes = ast.walk(ast.parse(location.locate(model).read_bytes())) if model else ()
    return any(isinstance(node, ast.FunctionDef) and node.name in STEPS for node in nodes)


def _known(name: str, draft: DataDraft, model: str | None, schema: Path) -> Known:
    """What the data are, as the study will read them; published ones are known without."""
    if draft.settings["name"] in PUBLISHED:
        sizes = {"digits": ((8, 8), 1400), "cifar10": ((32, 32, 3), 50_000)}
        shape, examples = sizes.get(draft.settings["name"], ((28, 28), 60_000))
        return Known(shape=shape, examples=examples)
    cautious = {"model": model or {"name": "mlp", "widths": [8]}, "batch_size": 1, "epochs": 1}
    ablations = {"longer": {"set": {"epochs": 2}}}
    study = {"study": name, "data": draft.settings, "recipe": cautious, "ablations": ablations}
    settings, plan = study_and_plan(study, schema)
    with TemporaryDirectory() as folder:
        stored, described, source = (Path(folder) / file for file in ("arrays.npz", "manifest.json", "source.json"))
        prepare({**settings["data"], "largest": plan.largest()}, stored, described, source)
        manifest = json.loads(described.read_text())
        with np.load(stored, allow_pickle=False) as arrays:
            targets = arrays["y_train"]
    shapes = manifest["shapes"]
    counts = np.bincount(targets.ravel()) if targets.dtype.kind in "iu" and targets.size else np.array([1])
    return Known(
        task=manifest["task"],
        shape=tuple(shapes["x_train"][1:]) if "x_train" in shapes else None,
        examples=len(targets),
        rarer=float(counts.min() / counts.sum()) if len(counts) == 2 else 0.5,
    )


def _text(name: str, draft: DataDraft, sections: dict[str, Any], arms: str, known: Known, own: bool = False) -> str:
    about = "" if draft.settings["name"] in PUBLISHED else f" Task: {known.task}, {known.examples} training examples."
    lines = [
        f"# butfor plan {name}.yaml    what would be trained",
        f"# butfor run {name}.yaml     train, judge, report: results/{name}/report.md",
        f"study: {name}",
        "question: Which part of the recipe matters?  # in your words",
        f"seeds: {_flow(SEEDS)}  # runs of each arm; after {SEEDS[0]}, only what is undecided gets more",
        *(f"#{line}" for line in _folded([*draft.notes, about.strip()])),
        *(
            [
                "#task: own  # if its loss takes no targets of a task, as a VAE's: then `loss` of its test_step is measured"
            ]
            if own
            else []
        ),
        f"data: {_flow(draft.settings)}",
    ]
    for key, section in sections.items():
        lines += [
            f"{key}:  # {LATER[key].format(arms=arms)}",
            *(f"  {inner}: {_flow(value)}" for inner, value in section.items()),
        ]
    return "\n".join(lines) + "\n"


def _folded(notes: list[str]) -> list[str]:
    return [f" {note}" for note in notes if note]


def _flow(value: Any) -> str:
    """A value in one line of YAML."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("...").strip()


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet. Raises StudyError if it is."""
    with contextlib.suppress(FileNotFoundError):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as failure:
        raise StudyError(
            f"{path}: expected no file of that name yet, received one. Name the study otherwise."
        ) from failure
