"""A study of made-up runs whose report shows numbers of every kind: looks, a failed run, an arm of failed runs, a void arm, a
family over a number, a grid, a part both left out and added, claims, a second metric, a placebo, and costs."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import yaml

from butfor.records import record
from butfor.records.results_folder import REGISTER
from butfor.records.right_answers import packed_answers
from butfor.report.report import Sources, write_report
from butfor.study.placebo import own_seeds
from butfor.study.settings import study_and_plan
from butfor.study.study_protocol import protocol
from butfor.verdicts import claim_outcomes, next_look, preregistration
from butfor.verdicts import register as registers
from butfor.verdicts.comparison import compare
from butfor.workflow import parameters
from conftest import SCHEMA
from validation import made_up

ASKED = """
study: numbers
question: Which parts of the recipe matter?
data: {name: digits}
seeds: [6, 10]
metrics: {f1_macro: {margin: 1}}
report: {cost_columns: true}
costs: {batch_sizes: [1, 64]}
placebo: true
recipe: {model: {name: mlp, widths: [8]}, dropout: 0.2, l2: 1.0e-4, learning_rate: 0.01}
ablations:
  parts: {remove_each: [dropout, l2]}
  rates: {each: {learning_rate: {rate_low: 0.003, rate_high: 0.03, rate_higher: 0.1}}}
  bare: {set: {dropout: 0.0, l2: 0.0, input_dropout: 0.1}, label: A bare recipe}
  bare_dropout: {from: bare, set: {dropout: 0.2}}
  sizes: {grid: {batch_size: [32, 256], epochs: [5, 20]}}
  broken: {set: {learning_rate: 5.0}}
  void: {set: {l2: 1.0e-5}}
claims:
  dropout_matters: {sentence: Without dropout it is worse., arm: no_dropout, expect: hurts}
  decay_is_small: {sentence: Decay moves less than 2 points., arm: no_l2, expect: same, margin: 2}
  rate_by_one: {sentence: The low rate costs a point., arm: rate_low, expect: hurts, margin: 1}
  high_fails: {sentence: High rates fail., arm: broken, expect: fails, rate: 0.4}
  fails_more: {sentence: The highest rate fails more., arm: rate_higher, expect: fails more}
  decay_is_nothing: {sentence: Decay does nothing., arm: no_l2, expect: same}
  slower: {sentence: It takes longer., arm: bare, expect: hurts, metric: cost/seconds_per_epoch}
  macro: {sentence: Macro F1 falls., arm: rate_high, expect: hurts, metric: test/f1_macro}
  smaller: {sentence: It has fewer weights., arm: bare, expect: helps, metric: cost/parameters, margin: 100}
"""
CLAIMED = dict.fromkeys(
    ("dropout_matters", "decay_is_small", "rate_by_one", "high_fails", "decay_is_nothing"), "supported"
)
CLAIMED |= {"fails_more": "undecided", "slower": "undecided", "macro": "undecided", "smaller": "refuted"}
EFFECTS = {"no_dropout": -1.5, "no_l2": 0.0, "rate_low": -2.5, "rate_high": -0.45, "rate_higher": 0.6, "bare": -1.8}
EFFECTS |= {"bare_dropout": 0.9, "placebo": 0.0}
SPREADS = {"no_l2": 0.1, "rate_low": 0.6}
UNSTABLE, BROKEN, VOID = "rate_higher", "broken", "void"
EXAMPLES = 1000
DECLARED = datetime(2026, 3, 1, tzinfo=UTC)
MACHINE = {"device": "CPU, 1 thread", "processor": "one", "python": "3.11.7", "numpy": "2.4.6", "system": "Linux"}
MACHINE |= {"tensorflow": "2.21.0", "keras": "3.15.1", "engine": "keras_engine", "revision": "abc"}
DATA = {"name": "digits", "task": "classification", "classes": 10, "train": 1200, "validation": 100, "test": EXAMPLES}
EPOCHS = [{"epoch": each, "objective": 1.0 / each} for each in (1, 2, 3, 4)]


@dataclasses.dataclass(frozen=True)
class Made:
    """The files of the study. folder: where they lie. study: its summary."""

    folder: Path
    study: dict[str, Any]

    @property
    def text(self) -> str:
        """The report."""
        return (self.folder / "report.md").read_text()


def made(folder: Path) -> Made:
    """Train, judge and report the study in a folder, as the pipeline does."""
    asked = yaml.safe_load(ASKED)
    settings, plan = study_and_plan(asked, SCHEMA)
    study: Any = parameters.analysis(settings, plan)
    described: Any = parameters.described(settings, plan)
    draw, folders, decisions, runs = np.random.default_rng(5), [], [], {}
    levels, going = 85 + 0.8 * draw.standard_normal(10), list(plan.arms)
    checked = mock.patch.object(next_look.manipulation, "examine", lambda study, records: checks_of(study))
    for look in plan.looks:
        for name in going:
            folders.append(folder / "runs" / name / look.name)
            for seed, own in zip(look.seeds, own_seeds(plan.arms[name], look.seeds), strict=True):
                one = runs[name, seed] = _run(plan.arms[name], seed, own, levels[seed], draw)
                if name == VOID:
                    one = dataclasses.replace(runs["baseline", seed], arm=name, recipe=one.recipe)
                record.write(folders[-1] / f"seed_{own}.json", one)
        if look is not plan.looks[-1]:
            decisions.append(folder / "looks" / f"{look.name}.json")
            with checked:
                next_look.decide(study, look.name, folders, decisions[-1])
            going = json.loads(decisions[-1].read_text())["next"]
    planned = preregistration.entered(
        registers.read(folder / REGISTER), protocol(settings, plan), preregistration.Seen(), DECLARED
    )
    registers.write(folder / REGISTER, planned)
    return _reported(folder, study, described, settings["claims"], folders, decisions)


def _reported(
    folder: Path, study: Any, described: Any, claims: Any, folders: list[Path], decisions: list[Path]
) -> Made:
    at = {name: folder / f"{name}.json" for name in ("checks", "contrasts", "comparison", "claims")}
    at["checks"].write_text(json.dumps(checks_of(study)))
    costs, source = folder / "costs.json", folder / "source.json"
    costs.write_text(json.dumps(costs_of(study)))
    source.write_text('{"source": "nowhere"}')
    compare(study, folders, at["checks"], at["contrasts"], folder / "tables")
    claim_outcomes.assess(
        study, claims, folders, at["contrasts"], decisions, folder / REGISTER, at["claims"], costs=[costs]
    )
    sources = Sources(folders, **at, decisions=decisions, data=source, costs=[costs])
    write_report(described, sources, folder / "report.md")
    return Made(folder, described)


def checks_of(study: Any) -> list[Any]:
    """What the checks would say: of one arm that it changed nothing."""
    names = [arm["name"] for arm in study["arms"] if arm["reference"]]
    return [
        {"arm": name, "outcome": "void" if name == VOID else "proven", "line": "", "problems": []} for name in names
    ]


def costs_of(study: Any) -> dict[str, Any]:
    """What arms cost, as `make costs` would have measured it: an arm its own."""
    rows = {
        arm["name"]: {
            "parameters": 1234 + 17 * place,
            "operations": 24_680 + 1111 * place,
            "latency": {"1": [0.5 + 0.01 * place, 0.9], "64": [2.0 + 0.1 * place, 3.25]},
            "memory": 2**20 * (3 + place / 8),
            "joules": 0.4 + place / 50,
            "energy_by": "RAPL",
        }
        for place, arm in enumerate(study["arms"])
    }
    return {"device": "CPU", "threads": 2, "load": {}, "arms": rows}


def _run(arm: Any, seed: int, own: int, level: float, draw: np.random.Generator) -> record.Record:
    """A run: its accuracy in whole test examples, the same that its single answers say."""
    grid = 0.7 * (arm.recipe["batch_size"] == 256) - 1.1 * (arm.recipe["epochs"] == 5)
    apart = -1.3 * (arm.recipe["batch_size"] == 256 and arm.recipe["epochs"] == 5)
    noise = SPREADS.get(arm.name, 0.3) * draw.standard_normal()
    reached = level + EFFECTS.get(arm.name, grid + apart if arm.grid else 0.0) + noise
    right = np.zeros(EXAMPLES, bool)
    count = round(EXAMPLES * reached / 100)
    right[draw.permutation(EXAMPLES)[:count]] = True
    one = made_up(arm.name, own, 100 * count / EXAMPLES, examples=EXAMPLES)
    fails = arm.name == BROKEN or (arm.name == UNSTABLE and seed == 2)
    told = {**one.metrics, "test/f1_macro": one.metrics["test/accuracy"] - 0.01 + 0.004 * draw.standard_normal()}
    told |= {"test/loss": 0.5 - reached / 500 + 0.01 * draw.standard_normal(), "train/loss": 0.2 + 0.01 * draw.random()}
    return dataclasses.replace(
        one,
        status="diverged" if fails else "ok",
        reason="the loss was nan in epoch 1" if fails else "",
        metrics={} if fails else told,
        recipe=arm.recipe,
        data={**one.data, **DATA},
        machine=MACHINE,
        right="" if fails else packed_answers(right),
        parameters=1234 + 17 * len(arm.name),
        all_parameters=1234 + 17 * len(arm.name) + (16 if arm.grid else 0),
        history=EPOCHS,
        timing={"seconds": {"data": 0.1, "compile": 0.5, "train": 1.5 + 0.1 * draw.random()}, "ended": 1.76e9},
    )
