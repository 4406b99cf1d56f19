"""What the arms' models cost in use."""

from __future__ import annotations

import dataclasses
import gc
import json
import re
import subprocess
import sys

import numpy as np
import pytest

from butfor.engine import model_cost, models
from butfor.errors import StudyError
from butfor.process import energy, peak_memory, rare_collection
from butfor.report.arm_cost_section import arm_cost_section
from butfor.verdicts import claim_outcomes
from conftest import ROOT, SMALL, resolved
from test_truths_verdicts import fake

RECIPE = {**SMALL, "model": {"name": "mlp", "widths": [32]}}


@pytest.mark.cases
def test_a_study_that_asks_for_costs_reports_them_and_one_that_does_not_measures_none(workflow_copy):
    copy = workflow_copy("costs")
    study = {
        "study": "costs", "seeds": 2, "data": "digits", "recipe": RECIPE, "tracking": {"mlflow": False},
        "ablations": {"wide": {"set": {"model.widths": [64]}}},
    }  # fmt: skip
    copy.write(study)
    assert copy.run().returncode == 0
    assert not (copy.folder / "results/costs/costs.json").exists()
    says = {"sentence": "S.", "arm": "wide"}
    claims = {
        "larger": {**says, "expect": "hurts", "metric": "cost/parameters"},
        "as_fast": {**says, "expect": "hurts", "metric": "cost/latency_ms"},
        "quicker": {**says, "expect": "helps", "metric": "cost/operations"},
    }
    copy.write({**study, "costs": {"batch_sizes": [1, 32]}, "claims": claims})
    assert copy.would_run() == {"assess": 1, "comment": 1, "cost": 1, "report": 1}
    done = copy.run()
    assert done.returncode == 0, done.stderr
    judged = {
        row["claim"]: row for row in json.loads((copy.folder / "results/costs/claims.json").read_text())["claims"]
    }
    assert {name: row["outcome"] for name, row in judged.items()} == {
        **{"larger": "supported", "as_fast": "undecided", "quicker": "refuted"}
    }
    assert judged["larger"]["effect"] == 32 * 64 + 32 + 32 * 10
    costs = json.loads((copy.folder / "results/costs/costs.json").read_text())["arms"]
    assert costs["baseline"]["parameters"] == 64 * 32 + 32 + 32 * 10 + 10 and costs["wide"]["latency"]["32"] == [
        0.5,
        1.0,
    ]
    assert costs["wide"]["memory"] is None or costs["wide"]["memory"] >= 0
    report = (copy.folder / "results/costs/report.md").read_text()
    assert "Energy: " in report and "MiB" in report
    assert "## What the arms cost" in report and "| `wide` | 4.81 k (+100 %) |" in report
    copy.write(study)
    assert copy.would_run() == {"assess": 1, "comment": 1, "report": 1}


@pytest.mark.parametrize(
    ("recipe", "shape", "expected"),
    [
        ({"model": {"name": "mlp", "widths": [16]}}, (8, 8), 2 * (64 * 16 + 16 * 10)),
        ({"model": {"name": "cnn", "filters": [4], "width": 16}}, (8, 8), 2 * (64 * 9 * 4 + 64 * 16 + 16 * 10)),
    ],
)
def test_operations_count_a_multiplication_and_an_addition_as_two(recipe, shape, expected):
    model = models.build(resolved(**recipe), shape, 10, 0, "philox")
    assert expected < model_cost.operations(model, shape) < expected * 1.15  # biases, activations, pooling beside


def test_a_latency_is_that_of_the_predictions_with_its_tail():
    model = models.build(resolved(model={"name": "mlp", "widths": [16]}), (8, 8), 10, 0, "philox")
    measured = model_cost.latencies(model, np.zeros((5, 8, 8), np.float32), [1, 64])
    assert set(measured) == {"1", "64"} and all(0 < median <= tail < 1000 for median, tail in measured.values())


CLAIM = {"sentence": "S.", "arm": "a", "reference": "baseline", "metric": "cost/seconds_per_epoch", "expect": "hurts"}
STUDY = {"looks": [{"name": "look1", "seeds": list(range(10)), "seen": 10}], "verdict": {"alpha": 0.05}}


@pytest.mark.parametrize(
    ("slower", "claim", "outcome"),
    [
        (0.5, {}, "supported"), (-0.5, {}, "refuted"), (0.0, {}, "undecided"), (-0.5, {"expect": "helps"}, "supported"),
        (0.5, {"margin": 0.4}, "supported"), (0.5, {"margin": 0.6}, "refuted"),
        (0.0, {"expect": "same", "margin": 0.1}, "supported"), (0.5, {"expect": "same", "margin": 0.1}, "refuted"),
    ],
)  # fmt: skip
def test_claims_about_seconds_per_epoch_are_tested_in_pairs_of_runs(slower, claim, outcome):
    rng = np.random.default_rng(3)
    records = [
        dataclasses.replace(
            fake(arm, seed, 80.0),
            history=[{}] * 4,
            timing={"seconds": {"train": 4 * (1 + (arm == "a") * slower + noise)}},
        )
        for arm in ("a", "baseline")
        for seed, noise in enumerate(rng.normal(0, 0.02, 10))
    ]
    whole = {**CLAIM, "margin": None, "rate": None, **claim}
    (row,) = claim_outcomes.judge(STUDY, {"c": whole}, records, [])
    assert row["outcome"] == outcome and row["effect"] == pytest.approx(slower, abs=0.03) and row["pairs"] == 10


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("metric: cost/parameter", "expected one of cost/parameters, cost/operations"),
        ("metric: cost/operations", "Write costs: {batch_sizes: [1]} in the study."),
        ("metric: cost/seconds_per_epoch, expect: fails", "expected helps, hurts or same of a cost, received fails."),
        ("metric: cost/seconds_per_epoch, expect: same", "expected how large a difference in cost/seconds_per_epoch"),
        ("metric: cost/memory", "Write costs: {batch_sizes: [1]} in the study."),
    ],
)
def test_a_claim_about_a_cost_that_nothing_would_decide_is_refused(planned, claim, words):
    expect = "" if "expect" in claim else ", expect: hurts"
    with pytest.raises(StudyError, match=re.escape(words)):
        planned(
            "data: digits\nablations: {wide: {set: {batch_size: 64}}}\n"
            f"claims: {{c: {{sentence: S., arm: wide, {claim}{expect}}}}}\n"
        )


@pytest.mark.parametrize(
    ("metric", "effect"), [("cost/memory", 30.0), ("cost/memory", 3.0), ("cost/joules", 2.5), ("cost/joules", None)]
)
def test_memory_and_energy_are_compared_by_one_measurement_each(metric, effect):
    told = {"memory": 2**20 * (100 - int(effect or 0)), "joules": None if effect is None else 4.0}
    costs = {"arms": {"a": {"memory": 100 * 2**20, "joules": 6.5}, "baseline": told}}
    claims = {
        name: {**CLAIM, "metric": metric, "margin": limit, "rate": None}
        for name, limit in (("less", 2.0), ("more", 50.0))
    }
    less, more = claim_outcomes.judge(STUDY, claims, [], [], 0, costs)
    assert less["effect"] == more["effect"] == effect
    near = effect is None or effect == 3.0  # within what two measurements of one model's memory differ by
    assert less["outcome"] == ("undecided" if near else "supported")
    assert more["outcome"] == ("undecided" if effect is None else "refuted")


def test_energy_is_what_the_counters_rose_by_even_where_they_begin_anew(tmp_path, monkeypatch):
    """Of each package of processors, in joules; a part of one does not count twice, and a machine without counters tells none."""
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    assert (energy.EnergyMeter().source, energy.EnergyMeter().joules()) == ("", None)

    def counters(*microjoules):
        for name, value in zip(("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"), microjoules, strict=True):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "energy_uj").write_text(f"{value}\n")
            (tmp_path / name / "max_energy_range_uj").write_text("10000000\n")

    counters(1_000_000, 9_000_000, 0)
    meter = energy.EnergyMeter()
    counters(3_000_000, 1_000_000, 9_000_000)
    assert meter.source == "RAPL" and meter.joules() == pytest.approx(2.0 + 2.0)


def test_garbage_is_collected_rarely_and_still_is():
    before = gc.get_threshold()
    try:
        rare_collection.collect_rarely()
        runs = gc.get_stats()[0]["collections"]
        kept = [[] for _ in range(100_000)]
        assert gc.isenabled() and gc.get_stats()[0]["collections"] - runs <= 1
        kept += [[] for _ in range(200_000)]
        assert gc.get_stats()[0]["collections"] > runs
    finally:
        gc.set_threshold(*before)


KEPT = """
import gc, sys
sys.path.insert(0, sys.argv[1])
from butfor.process.rare_collection import end_without_collection

class Looked:
    def __del__(self):
        print("looked for")

gc.disable()
if sys.argv[2:]:
    end_without_collection()
one = Looked()
one.itself = one
del one
"""


def test_a_process_ends_without_looking_for_garbage():
    ways = [[], ["at once"]]
    command = [sys.executable, "-c", KEPT, str(ROOT / "scripts")]
    printed = [subprocess.run([*command, *way], capture_output=True, text=True, check=True).stdout for way in ways]
    assert printed == ["looked for\n", ""]


def test_peak_memory_is_counted_from_where_it_is_asked_for():
    before = peak_memory.restart()
    if before is None:
        pytest.skip("this system does not tell")
    taken = np.ones(40_000_000 // 8)
    del taken
    assert peak_memory.peak() - before > 30_000_000
    peak_memory.restart()
    assert peak_memory.peak() - before < 30_000_000


def test_what_costs_most_per_point_is_ranked():
    """Of what is shown to be better for more, the dearest first; what is better for fewer last, and the undecided not at all."""
    arms = {"baseline": 1000, "wide": 9000, "deep": 3000, "small": 500, "other": 2000}
    costs = {
        "device": "CPU", "threads": 1,
        "arms": {n: {"parameters": 10, "operations": o, "latency": {"1": [1.0, 2.0]}} for n, o in arms.items()},
    }  # fmt: skip
    row = {"metric": "test/accuracy", "reference": "baseline"}
    effects = {"wide": ("helps", 2.0), "deep": ("helps", 1.0), "small": ("helps", 0.5), "other": ("inconclusive", 0.1)}
    rows = [{**row, "arm": arm, "verdict": verdict, "effect": effect} for arm, (verdict, effect) in effects.items()]
    study = {"verdict": {"metric": "test/accuracy"}, "arms": [{"name": n, "reference": "baseline"} for n in arms]}
    said = arm_cost_section(study, rows, [], costs).partition("What costs most per point")[2]
    assert "1. `wide`: it is better by 2.00, for 8 k operations more (4 k per point)" in said
    assert "2. `deep`: it is better by 1.00, for 2 k operations more (2 k per point)" in said
    assert "3. `small`: it is better by 0.50, and takes 500 fewer operations" in said and "other" not in said
