"""Every number that a report says over several data sets follows from the records, by a second computation that shares no code
with the first; of two data sets, Welch's test of many means is his t test of two."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
import yaml
from scipy import stats

import recomputed
from butfor.records import record
from butfor.records.right_answers import packed_answers
from butfor.report.report import Sources, write_report
from butfor.study.settings import study_and_plan
from butfor.verdicts.comparison import compare
from butfor.workflow import parameters
from conftest import SCHEMA
from number_ledger import Ledger
from numbers_study import DATA, EPOCHS, MACHINE
from recomputed import Effect, paired
from validation import made_up

ASKED = """
study: sets
data: {first: {name: digits}, second: {name: digits, validation: 0.2}}
seeds: 6
recipe: {model: {name: mlp, widths: [8]}, dropout: 0.2, l2: 1.0e-4, learning_rate: 0.01}
ablations:
  parts: {remove_each: [dropout, l2]}
  rates: {each: {learning_rate: {slow: 0.003, fast: 0.03}}}
  small_batch: {set: {batch_size: 32}}
  shorter: {set: {epochs: 5}}
  broken: {set: {learning_rate: 5.0}}
"""
EFFECTS = {  # on the first data set, and on the second
    "no_dropout": (-1.5, -2.5),
    "no_l2": (0.05, -0.05),
    "slow": (1.4, -1.6),
    "fast": (0.8, 0.6),
    "small_batch": (-0.4, 0.1),
    "shorter": (-3.0, -2.9),
}
UNSTABLE, BROKEN = ("fast@second", 3), "broken"
SETS, SEEDS, EXAMPLES, ALPHA, MARGIN = ("first", "second"), 6, 1000, 0.05, 0.5
STEP = 100 / EXAMPLES


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The report, and every arm's accuracies by seed, None for a run that failed."""
    folder, draw = tmp_path_factory.mktemp("sets"), np.random.default_rng(3)
    settings, plan = study_and_plan(yaml.safe_load(ASKED), SCHEMA)
    asked: Any = parameters.analysis(settings, plan)
    levels = 85 + 0.8 * draw.standard_normal((len(SETS), SEEDS))
    values: dict[str, dict[int, float | None]] = {}
    folders = [folder / "runs" / arm / "look1" for arm in plan.arms]
    for place, arm in zip(folders, plan.arms.values(), strict=True):
        name, on = arm.name.split("@")
        for seed in range(SEEDS):
            worth = EFFECTS.get(name, (0.0, 0.0))[SETS.index(on)] + 0.3 * draw.standard_normal()
            right = round(EXAMPLES * (levels[SETS.index(on)][seed] + worth) / 100)
            fails = name == BROKEN or (arm.name, seed) == UNSTABLE
            values.setdefault(arm.name, {})[seed] = None if fails else 100 * right / EXAMPLES
            record.write(place / f"seed_{seed}.json", _run(arm, seed, right, fails, draw))
    at = {name: folder / f"{name}.json" for name in ("checks", "contrasts", "comparison", "claims", "source")}
    checks = [{"arm": arm, "outcome": "proven", "line": "", "problems": []} for arm in plan.arms]
    at["checks"].write_text(json.dumps(checks))
    at["claims"].write_text('{"claims": [], "removed": 0, "deviations": []}')
    at["source"].write_text('{"source": "nowhere"}')
    compare(asked, folders, at["checks"], at["contrasts"], folder / "tables")
    files = {name: at[name] for name in ("checks", "contrasts", "comparison", "claims")}
    sources = Sources(folders, **files, decisions=[], data=[at["source"]] * len(SETS))
    write_report(parameters.described(settings, plan), sources, folder / "report.md")
    return (folder / "report.md").read_text(), values


def _run(arm: Any, seed: int, count: int, fails: bool, draw: np.random.Generator) -> record.Record:
    right = np.zeros(EXAMPLES, bool)
    right[draw.permutation(EXAMPLES)[:count]] = True
    one = made_up(arm.name, seed, 100 * count / EXAMPLES, examples=EXAMPLES)
    return dataclasses.replace(
        one,
        status="diverged" if fails else "ok",
        reason="the loss was nan in epoch 1" if fails else "",
        metrics={} if fails else one.metrics,
        recipe=arm.recipe,
        data={**one.data, **DATA},
        machine=MACHINE,
        right="" if fails else packed_answers(right),
        parameters=1234,
        history=EPOCHS,
        timing={"seconds": {"data": 0.1, "compile": 0.5, "train": 1.5}, "ended": 1.76e9},
    )


@dataclasses.dataclass
class Mean:
    """An ablation on both data sets and over them. p: of no difference between the two."""

    of_sets: list[Effect]
    over: Effect
    freedom: float
    q: float
    p: float

    @property
    def is_known(self) -> bool:
        """Whether enough runs finished."""
        return not math.isnan(self.freedom)

    def interval(self) -> tuple[float, float]:
        """Of the mean over these very data sets."""
        reach = stats.t.isf(ALPHA / 2, self.freedom) * self.over.error
        return self.over.effect - reach, self.over.effect + reach

    def like_these(self) -> tuple[float, float]:
        """Of the mean over data sets of which these were drawn."""
        effects = [one.effect for one in self.of_sets]
        reach = stats.t.isf(0.025, 1) * np.std(effects, ddof=1) / math.sqrt(2)
        return np.mean(effects) - reach, np.mean(effects) + reach


def over_data_sets(values: dict[str, dict[int, float | None]], of_loss: bool = False) -> dict[str, Mean]:
    """All that is said of each ablation on the data sets and over them; of_loss: by the loss, which mirrors the accuracy here,
    has no margin, and is one of three metrics beside it that share one alpha."""
    if of_loss:
        values = {arm: {s: None if v is None else 1 - v / 100 for s, v in of.items()} for arm, of in values.items()}
    names, margin, others = [*EFFECTS, BROKEN], None if of_loss else MARGIN, 2 if of_loss else 0
    each = {
        f"{name}@{on}": paired(values[f"{name}@{on}"], values[f"baseline@{on}"], range(SEEDS))
        for name in names
        for on in SETS
    }
    recomputed.guarded(each, each, least=lambda one: STEP / 100 if of_loss else STEP)
    for one in each.values():
        recomputed.tested(one, margin, 1, not of_loss)
    means = {name: _mean([each[f"{name}@{on}"] for on in SETS], margin) for name in names}
    for group in ([*each.values()], [mean.over for mean in means.values()]):
        for one, p in zip(group, recomputed.corrected(group, others * len(group)), strict=True):
            one.shown, one.verdict = p, recomputed.verdict_of(one, p, ALPHA, not of_loss)
            if one.runs < 2:
                one.verdict = "hurts"  # by the accuracy, and what failures decide is not asked again
    return means


def _mean(of_sets: list[Effect], margin: float | None) -> Mean:
    """Of two independent effects, each with the same weight; Welch's t test of the two tells whether they differ."""
    effects, errors = (np.array([getattr(one, key) for one in of_sets]) for key in ("effect", "error"))
    runs = np.array([one.runs for one in of_sets])
    over = Effect(np.full(max(runs.min(), 0), effects.mean()), effects, effects, 2 * SEEDS)
    over.failed = tuple(int(count) for count in np.sum([one.failed for one in of_sets], axis=0))  # type: ignore[assignment]
    over.error = math.sqrt((errors**2).sum()) / 2
    freedom = float((errors**2).sum() ** 2 / (errors**4 / (runs - 1)).sum()) if runs.min() > 1 else math.nan
    times = 1 if all(one.failed[0] == one.failed[1] for one in of_sets) else 2
    over.p = dict.fromkeys(("differ", "same", "beyond"), 1.0)
    if runs.min() > 1:
        over.p = {kind: min(1.0, times * p) for kind, p in over.tests(margin, over.error, freedom).items()}
    over.p |= {kind: max(one.p[kind] for one in of_sets) for kind in ("worse", "better")}
    apart = abs(effects[0] - effects[1]) / (2 * over.error)
    return Mean(of_sets, over, freedom, apart**2, float(2 * stats.t.sf(apart, freedom)))


def test_every_number_over_data_sets_follows_from_the_records(study):
    text, values = study
    means, whole = over_data_sets(values), Ledger(text)
    start, end = whole.section("Data sets")
    first, _, folded = whole.text[start:end].partition("<details>")
    told, beside = Ledger(f"\n{first}"), Ledger(f"\n{folded}")
    _table(told, means)
    _table(beside, over_data_sets(values, of_loss=True))
    told.says("hold together at {} %", f"{100 * (1 - ALPHA):g}")
    for name, mean in means.items():
        if mean.is_known:
            low, high = sorted((one.effect, on) for one, on in zip(mean.of_sets, SETS, strict=True))
            said = f"`{name}`: from {{}} on {low[1]} to {{}} on {high[1]}; Q {{}}, p {{}} of no difference"
            told.says(said, low[0], high[0], mean.q, mean.p)
            told.says(f"`{name}` [{{}}, {{}}]", *mean.like_these())
    told.says("the {} % intervals are", "95")
    told.says("{} data sets say little", len(SETS))
    assert not told.left() + beside.left(), "\n".join(told.left() + beside.left())


def _table(told: Ledger, means: dict[str, Mean]) -> None:
    for row in told.table("ablation |"):
        cells = list(row.values())
        name = cells[0].text.strip("`")
        mean = means[name]
        told.take(cells[0])
        for cell, one in zip(cells[1:3], mean.of_sets, strict=True):
            told.cell(cell, *([one.effect] if one.runs else []))
            assert cell.text.endswith(one.verdict), f"expected {one.verdict}, the report says {cell.text}"
        told.cell(cells[3], *([mean.over.effect] if mean.is_known else []))
        told.cell(cells[4], *(mean.interval() if mean.is_known else []))
        failed, of_reference = mean.over.failed
        every = [failed, 2 * SEEDS] if not mean.is_known else [failed, 2 * SEEDS, of_reference, 2 * SEEDS]
        told.cell(cells[5], *(every if failed else []))
        assert cells[5].text.startswith(f"**{mean.over.verdict}**"), (
            f"expected {mean.over.verdict}, the report says {cells[5].text}"
        )


def test_a_mean_that_hides_what_data_sets_say_names_them(study):
    text, _ = study
    (row,) = [line for line in text.splitlines() if line.startswith("| `slow` | +")]
    assert row.endswith("| **inconclusive** (but helps on first; but hurts on second) |")


def test_the_answer_is_that_over_the_data_sets(study):
    text, values = study
    means, told = over_data_sets(values), Ledger(text.partition("\n>")[0])
    told.says("{} ablations, {} seeds each, {} runs, on {} data sets.", 14, SEEDS, 16 * SEEDS, len(SETS))
    told.says("Over {} data sets", len(SETS))
    told.harmless(r"\([a-z\\_0-9]+: \S+ → \S+\)")
    verdicts = [mean.over.verdict for mean in means.values()]
    told.says("{} changes hurt, most of all", verdicts.count("hurts"))
    told.says("{} changes are undecided", verdicts.count(recomputed.OPEN))
    told.says("every run failed ({}/{})", 2 * SEEDS, 2 * SEEDS)
    for name in ("shorter", "no_dropout"):
        told.says(f"`{name}` ({{}} points [{{}}, {{}}])", means[name].over.effect, *means[name].interval())
    told.says("within ±{} points", f"{MARGIN}")
    assert verdicts.count(recomputed.SAME) == 1 and not told.left(), "\n".join(told.left())
