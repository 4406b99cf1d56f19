"""Studies of made-up runs for what goes into a paper: planned by a few lines of YAML, judged as real ones are."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from butfor.arm_names import anywhere
from butfor.paper.paper_evidence import PaperEvidence, PaperSources, gathered
from butfor.records import record
from butfor.study.schema import load_schema, parts
from butfor.study.settings import study_and_plan
from butfor.verdicts.comparison import compare
from butfor.workflow import parameters
from conftest import SCHEMA
from validation import made_up

MACHINE = {
    "device": "CPU, 1 thread",
    "processor": "100 % & _ #1",
    "python": "3.11.7",
    "numpy": "2.4.6",
    "system": "Linux_6~",
}
MACHINE |= {"tensorflow": "2.21.0", "keras": "3.15.1", "engine": "keras_engine", "revision": "abc123"}
ASKED = {"test/f1_macro": 0.0, "test/balanced_accuracy": 0.01, "test/ece": 0.02}
NAMES = """
study: 100_percent
question: "Does 100 % & _ matter, for $5 #1 {x} ^ ~ \\\\ <b> \\"so\\"?"
data: {name: digits}
recipe: {model: {name: mlp, widths: [8]}, dropout: 0.2, l2: 1.0e-4, learning_rate: 0.01}
"""
MANY = (
    NAMES
    + """
seeds: [4, 6]
ablations:
  regularisers: {remove_each: [dropout, l2]}
  initialisers: 
    each: {initialiser: {init_normal_0.05: {name: normal, stddev: 0.05}, init_normal_1: {name: normal, stddev: 1.0}}}
  드롭아웃_없음: {set: {dropout: 0.0, l2: 0.0}}
  Ärger.2: {set: {learning_rate: 0.02}}
  a_1: {set: {learning_rate: 0.03}}
  a_One: {set: {learning_rate: 0.04}}
  zeros: {set: {initialiser: zeros}, family: initialisers}
"""
)
MOSTLY = {"zeros": "fails", "no_l2": ["fails"] * 4 + [0.0] * 2}  # by seed
PLANTED = {"no_dropout": 2.0, "init_normal_1": -25.0, "Ärger.2": -3.0, "a_1": None, "zeros": "fails"}
PARTS = NAMES + "seeds: 6\nablations: {parts: {remove_each: [dropout, l2]}, bare: {set: {dropout: 0.0, l2: 0.0}}}\n"
METRICS = (
    NAMES
    + """
seeds: 6
metrics: {f1_macro: {primary: true, margin: 1}, balanced_accuracy: {}, ece: {}}
ablations: {no_dropout: {set: {dropout: 0.0}}, slow: {set: {learning_rate: 0.001}}}
"""
)
SETS = (
    NAMES.replace("data: {name: digits}", "data: {small_1: {name: digits}, other: {name: digits, validation: 0.2}}")
    + """
seeds: 6
ablations: {no_dropout: {set: {dropout: 0.0}}, slow: {set: {learning_rate: 0.001}, family: rates}}
"""
)
FOLDS = (
    NAMES
    + "replicates: {folds: 3, repeats: 2}\nablations: {no_dropout: {set: {dropout: 0.0}}, slow: {set: {learning_rate: 0.001}}}\n"
)
FAILING = (
    NAMES
    + "seeds: 6\nablations: {parts: {remove_each: [dropout, l2]}, zeros: {set: {initialiser: zeros}, family: initialisers}}\n"
)
STUDIES = {"many": MANY, "parts": PARTS, "metrics": METRICS, "sets": SETS, "folds": FOLDS}


def files_of(folder: Path, text: str, planted: Mapping[str, Any] = PLANTED) -> tuple[dict[str, Any], PaperSources]:
    """A study with its files. planted: what an arm adds to the accuracy, in points; `fails` for one of which every run does; or
    a list of these, by seed."""
    settings, plan = study_and_plan(yaml.safe_load(text), SCHEMA)
    study: Any = {**parameters.analysis(settings, plan), "study": settings["study"], "question": settings["question"]}
    draw = np.random.default_rng(1)
    folders = []
    for arm in plan.arms.values():
        for look in plan.looks:
            folders.append(folder / "runs" / arm.name / look.name)
            for seed in look.seeds:
                record.write(
                    folders[-1] / f"seed_{seed}.json", _run(arm, seed, planted.get(anywhere(arm.name), 0.0), draw)
                )
    checks = [{"arm": name, "outcome": "proven"} for name in plan.arms]
    (folder / "checks.json").write_text(json.dumps(checks))
    (folder / "claims.json").write_text(
        json.dumps({"claims": [], "removed": 0, "deviations": ["after 10 runs: `a_1` was added: 5 %"]})
    )
    files = folder / "contrasts.json", folder / "comparison.json", folder / "claims.json"
    compare(study, folders, folder / "checks.json", files[0], folder / "tables")
    return study, PaperSources(folders, *files)


def evidence_of(folder: Path, text: str, planted: Mapping[str, Any] = PLANTED) -> PaperEvidence:
    """What a paper is made from, of such a study."""
    study, sources = files_of(folder, text, planted)
    return gathered(study, sources, parts(load_schema(SCHEMA)))


def _run(arm: Any, seed: int, planted: Any, draw: np.random.Generator) -> record.Record:
    planted = planted[seed] if isinstance(planted, list) else planted
    reached = 80 + (planted if isinstance(planted, float) else 0.0) + draw.normal(0, 0.3) + 0.2 * np.sin(seed)
    made = made_up(arm.name, seed, reached, examples=1000)
    about = {"name": "digits", "task": "classification", "classes": 10, "train": 1200, "validation": 100}
    status = ("at_chance", "its answers are all the same") if planted == "fails" else ("ok", "")
    return dataclasses.replace(
        made,
        status=status[0],
        reason=status[1],
        recipe=arm.recipe,
        data={**made.data, **about},
        machine=MACHINE,
        metrics={**made.metrics, **{name: made.metrics["test/accuracy"] + less for name, less in ASKED.items()}},
        timing={"seconds": {"train": 1.5, "compile": 0.5}, "ended": 1.76e9},
    )
