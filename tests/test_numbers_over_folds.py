"""The numbers of a report over folds follow from the records, by a second computation that shares no code with the first: runs of
folds share examples, so that a mean is less sure than their spread says (Nadeau and Bengio 2003)."""

import json
import math
import re

import numpy as np
import pytest

import recomputed
from butfor.report.report import Sources, write_report
from number_ledger import Ledger
from paper_studies import files_of
from recomputed import paired

FOLDS, REPEATS, ALPHA, MARGIN, STEP = 5, 3, 0.05, 0.5, 0.1
ASKED = f"""
study: folds
question: Which parts matter?
data: {{name: digits}}
replicates: {{folds: {FOLDS}, repeats: {REPEATS}}}
recipe: {{model: {{name: mlp, widths: [8]}}, dropout: 0.2, l2: 1.0e-4, learning_rate: 0.01}}
ablations:
  parts: {{remove_each: [dropout, l2]}}
  rates: {{each: {{learning_rate: {{slow: 0.003, fast: 0.03}}}}}}
  small_batch: {{set: {{batch_size: 32}}}}
  shorter: {{set: {{epochs: 5}}}}
"""
PLANTED = {"no_dropout": 1.5, "slow": -0.8, "fast": 0.3, "shorter": -3.0}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The report, and every arm's accuracies by run."""
    folder = tmp_path_factory.mktemp("folds")
    asked, sources = files_of(folder, ASKED, PLANTED)
    arms = [arm["name"] for arm in asked["arms"]]
    at = {name: folder / f"{name}.json" for name in ("checks", "contrasts", "comparison", "claims")}
    at["checks"].write_text(json.dumps([{"arm": arm, "outcome": "proven", "line": "", "problems": []} for arm in arms]))
    (folder / "source.json").write_text('{"source": "nowhere"}')
    write_report(asked, Sources(sources.folders, **at, decisions=[], data=folder / "source.json"), folder / "report.md")
    runs = [json.loads(path.read_text()) for path in folder.glob("runs/*/*/seed_*.json")]
    values = {arm: {r["seed"]: 100 * r["metrics"]["test/accuracy"] for r in runs if r["arm"] == arm} for arm in arms}
    return (folder / "report.md").read_text(), values


def effects_of(values):
    """Every ablation's effect, its error widened by what training sets share."""
    found = {arm: paired(own, values["baseline"], sorted(own)) for arm, own in values.items() if arm != "baseline"}
    recomputed.guarded(found, found, least=lambda one: STEP)
    for one in found.values():
        one.error *= math.sqrt(one.runs * (1 / one.runs + 1 / (FOLDS - 1)))
        recomputed.tested(one, MARGIN, 1)
    for one, p in zip(found.values(), recomputed.corrected(list(found.values())), strict=True):
        one.shown, one.verdict = p, recomputed.verdict_of(one, p, ALPHA)
    return found


def test_every_effect_over_folds_follows_from_the_records(study):
    text, values = study
    assert all(len(own) == FOLDS * REPEATS for own in values.values())
    effects, told, seen = effects_of(values), Ledger(text), set()
    for row in told.table("change | what it sets"):
        cells = list(row.values())
        arm = re.search(r"\(runs/(\w+)\)", cells[0].text)[1]
        own = np.array([*values[arm].values()])
        told.cell(cells[5], own.mean(), own.std(ddof=1))
        if arm in effects:
            one = effects[arm]
            assert cells[2].text.startswith(f"**{one.verdict}**"), (
                f"expected {one.verdict} of {arm}, received {cells[2]}"
            )
            told.cell(cells[3], one.effect)
            told.cell(cells[4], *one.interval(ALPHA))
            seen.add(arm)
    assert seen == {*effects} and len({one.verdict for one in effects.values()}) > 2


def test_the_p_of_every_effect_over_folds_are_those_of_the_records(study):
    text, values = study
    told, effects = Ledger(text), effects_of(values)
    rows = {row["ablation"].text.strip("`"): row for row in told.table("ablation | against")}
    assert {*rows} == {*effects}
    for arm, one in effects.items():
        told.cell(rows[arm]["p differ"], one.shown["differ"])
        told.cell(rows[arm]["p same"], one.shown["same"])
        told.cell(rows[arm]["better"], 100 * (one.differences > 0).mean())
