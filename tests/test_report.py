"""The report's words: counts, failures, over-fitting."""

import ast
import re
from types import SimpleNamespace

import pytest

from butfor.report import family_section
from butfor.report.failure_section import failure_section
from butfor.report.method_section import method_section
from butfor.report.opening_section import opening_section
from butfor.report.partial_section import partial_section
from butfor.report.refused_section import refused_section
from butfor.report.report import Evidence, report
from butfor.verdicts.failures import failed_runs
from conftest import ROOT, resolved
from test_truths_verdicts import fake

ARMS = [
    {"name": "baseline", "reference": None, "family": ""},
    {"name": "small", "reference": None, "family": ""},
    {"name": "dropout", "reference": "small", "family": "f"},
]
VERDICT = {"alpha": 0.05, "metric": "test/accuracy", "corrected_over": "report", "margin": 0.5, "loss_margin": None}
VERDICT |= {"must_learn": True, "paired": True, "futility": True}
STUDY = {
    "study": "s",
    "question": "Why?",
    "arms": ARMS,
    "looks": [{"name": "look1", "seeds": [0, 1, 2, 3], "seen": 4}],
    "verdict": VERDICT,
}


def test_references_are_not_counted_as_ablations():
    records = [fake("baseline", seed, 80 + seed, loss=1 + seed / 1000) for seed in range(4)]
    assert "1 ablation and 1 more reference, 4 seeds each, 4 runs" in opening_section(STUDY, records)


def test_failures_are_listed_arm_by_arm_with_their_seeds():
    records = [fake("small", seed, 0, status="diverged", reason="the loss was nan in epoch 1") for seed in range(3)]
    records += [fake("dropout", seed, 10, status="at_chance", reason=f"test accuracy 0.{seed}") for seed in (1, 3)]
    text = failure_section(records, failed_runs(STUDY, records), planned=12)
    assert "- `small`, diverged with seeds 0 to 2; the first: the loss was nan in epoch 1." in text
    assert "- `dropout`, nothing learnt with seeds 1, 3; the first: test accuracy 0.1." in text
    assert "5 of 5 runs ended without a usable model. 7 of 12 planned runs have left no record." in text
    assert "may still fail" not in text, "every arm has failed"
    unfailing = [fake("baseline", seed, 80) for seed in range(2)] + [fake("other", seed, 80) for seed in range(3)]
    text = failure_section(unfailing, [], planned=5)
    assert "up to 78 % of runs after 2 seeds, 63 % of runs after 3 seeds (95 % bounds)" in text


def test_a_partial_report_says_so_and_names_what_is_not_trained():
    def records(count):
        return [SimpleNamespace(arm=arm) for arm in ("baseline", "small", "dropout") for _ in range(4)][:count]

    assert partial_section(STUDY, records(12), 12) == ""
    text = partial_section(STUDY, records(8), 12)
    assert "**Partial.** 8 of 12 planned runs" in text and "Not trained at all yet: `dropout`." in text


@pytest.mark.parametrize(
    ("task", "verdict", "words"),
    [
        ("classification", "helps", "less, −0.40 nats [−0.50, −0.30], smaller in 100 % of pairs"),
        ("regression", "helps", "less, −0.40 squared units of the target [−0.50, −0.30], smaller in 100 % of pairs"),
        ("classification", "void: nothing changed", "void: nothing changed"),
    ],
)
def test_over_fitting_is_more_or_less_in_the_unit_of_the_tasks_loss(task, verdict, words):
    row = {
        "arm": "dropout",
        "metric": "gap/loss",
        "verdict": verdict,
        "pairs": 4,
        "effect": -0.4,
        "low": -0.5,
        "high": -0.3,
        "better": 1.0,
    }
    (said,) = family_section._over_fitting({"task": task}, [row], {"dropout"})
    assert said.startswith("Over-fitting, test loss minus training loss: `dropout` ") and words in said
    assert family_section._over_fitting({"task": task}, [row], {"another"}) == []


def test_an_arm_that_failed_its_check_is_quoted_with_its_problems():
    checks = [{"arm": "dropout", "outcome": "unproven", "problems": ["split moved", "order moved"], "line": ""}]
    quoted = refused_section(checks)
    assert quoted.startswith("> **Unproven.**") and "> - `dropout`: split moved; order moved." in quoted


def test_a_report_on_nothing_says_why_there_is_nothing():
    note = {"arm": "dropout", "look": "look1", "seed": 0, "why": "OwnCodeError: it raises", "log": "dropout.log"}
    nothing = {"metric": "test/accuracy", "runs": 0, "failed": [], "baseline": ""}
    nothing |= {"importance": [], "interactions": [], "tuned": None}
    claims = {"claims": [], "deviations": []}
    text = report(STUDY, Evidence([], [], [], nothing, claims, decisions=[], sources=["here"], notes=[note]))
    assert text.startswith("# s\n\nWhy?\n\n> **Partial.** 0 of 12 planned runs are here")
    assert "- `dropout`, look1, at seed 0: OwnCodeError: it raises. Log: `dropout.log`" in text


def test_no_sentence_shows_code_that_was_to_be_filled_in():
    paths = sorted((ROOT / "scripts" / "butfor").rglob("*.py"))
    nodes = [(path.stem, node) for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    texts = [
        (name, node.value) for name, node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 1000 and [text for text in texts if re.search(r"\{\w+\([\w, ]*\)", text[1])] == []


def test_the_method_says_whether_seeds_split_the_data_and_what_verdicts_are_about():
    def told(digests, stopping=None, **verdict):
        recipe = resolved(**({"early_stopping": stopping} if stopping else {}), label_smoothing=0.1)
        records = [
            SimpleNamespace(arm="a", seed=seed, data={"fingerprint": "f"}, draws={"validation": digest}, recipe=recipe)
            for seed, digest in enumerate(digests)
        ]
        return method_section({**STUDY, "arms": [], "verdict": {**VERDICT, **verdict}, "removed": {}}, [], records)

    drawn, official = told("abc"), told("aaa", holds_for="new data")
    assert (
        "dropout masks, and the validation split, the same" in drawn and "conclusions are about this test set" in drawn
    )
    assert "the validation part is the data's own" in official and "verdicts are about new data" in official
    assert "all other metrics together have α again" in drawn
    assert "Early stopping" not in drawn and "The test set is touched once per run, at its end." in drawn
    stopped = told("abc", stopping="patience")
    assert "Early stopping and the choice of epoch use validation examples only (watched: cross-entropy)" in stopped
    assert "In every arm, `early_stopping` watches the cross-entropy" in stopped and "watches" not in drawn
