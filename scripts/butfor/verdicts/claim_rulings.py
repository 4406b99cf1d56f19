"""What a claim comes to on one contrast, by verdict, failures or tests of its own, and on those of several data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from butfor.missing_pairs import too_few_pairs
from butfor.plain_text import counted
from butfor.stats.importance import decided_by_failures
from butfor.study.claims import Claim
from butfor.verdicts.claim_tests import Tests, judged_runs
from butfor.verdicts.contrasts import contrast_of
from butfor.verdicts.numbers import percent
from butfor.verdicts.rows import REFUSED, SAME, ContrastRow, Outcome, Verdict

FAILING = ("fails", "fails more")  # claims about how often runs fail
SMALL = "smaller than the margin"


@dataclass(frozen=True)
class Ruling:
    """What a claim came to, why, and the corrected probability that says so."""

    outcome: Outcome
    reason: str = ""
    p: float | None = None


def ruling_on_all(
    claim: Claim, rows: Sequence[ContrastRow], tests: Sequence[Tests], alpha: float
) -> tuple[ContrastRow, Ruling]:
    """Of a claim on each of these contrasts: right where it is right of all, wrong where it is wrong of one; with the contrast
    that says so, or, of several that would, that which says so least. tests: of each, corrected."""
    each = [(row, ruling(claim, row, *pair, alpha)) for row, pair in zip(rows, tests, strict=True)]
    if len(each) == 1:
        return each[0]
    refuted = [pair for pair in each if pair[1].outcome == "refuted"]
    if refuted:
        row, decision = min(refuted, key=lambda pair: pair[1].p or 0.0)
        return row, Ruling("refuted", f"on {row['data']}: {decision.reason}", decision.p)
    undecided = [pair for pair in each if pair[1].outcome == "undecided"]
    row, decision = max(undecided or each, key=lambda pair: -1.0 if pair[1].p is None else pair[1].p)
    if undecided:
        why = [f"on {one['data']}: {of_one.reason or 'not shown'}" for one, of_one in undecided]
        return row, Ruling("undecided", "; ".join(why), decision.p)
    return row, Ruling("supported", f"least sure on {row['data']}", decision.p)


def ruling(claim: Claim, row: ContrastRow, shown: float | None, wrong: float | None, alpha: float) -> Ruling:
    """On one contrast. shown, wrong: the corrected probabilities of the claim's own tests, None where it has none."""
    expect, verdict, remark, judged = claim["expect"], row["verdict"], row["remark"], judged_runs(row)
    if verdict in REFUSED or too_few_pairs(row["missing"], row["planned"]):
        return Ruling("undecided", ": ".join(words for words in (verdict, remark) if words))
    if expect in FAILING:
        return _by_failing(claim, row, shown, wrong, alpha)
    if failures := _by_failures(row, judged, alpha):
        which, p = failures
        return Ruling("supported" if which == expect else "refuted", remark, p)
    if expect != "same" and shown is None:
        return _by_verdict(expect, row)
    by_tests = _by_tests(claim, row, shown, wrong, alpha)
    good_news = (expect == "hurts", by_tests.outcome) in ((False, "supported"), (True, "refuted"))
    if good_news and row["failed_ablation"] > row["failed_reference"]:
        return Ruling("undecided", f"unstable {row['failed_ablation']}/{judged}", by_tests.p)
    return by_tests


def _by_failing(claim: Claim, row: ContrastRow, shown: float | None, wrong: float | None, alpha: float) -> Ruling:
    """On a claim about how often runs fail; what they reach if they do not is another question."""
    failed, judged, rate = row["failed_ablation"], judged_runs(row), claim["rate"]
    reason = f"{failed} of {counted(judged, 'run')} failed"
    if rate is None:
        reason += f", and {row['failed_reference']} of the reference's"
    if _small(shown, alpha) or _small(wrong, alpha):
        return Ruling(
            "supported" if _small(shown, alpha) else "refuted", reason, shown if _small(shown, alpha) else wrong
        )
    if rate is not None and judged and failed in (0, judged):
        reason += f", too few to show a rate {'above' if failed else 'below'} {percent(rate)}"
    return Ruling("undecided", reason, shown)


def _by_failures(row: ContrastRow, judged: int, alpha: float) -> tuple[Verdict, float | None] | None:
    """Where failed runs alone gave the verdict: that verdict, and its probability unless every run failed."""
    if not decided_by_failures(contrast_of(row), alpha):
        return None
    hurts = row["verdict"] == "hurts"
    failed, p = (row["failed_ablation"], row["p_failure"]) if hurts else (row["failed_reference"], row["p_rescue"])
    return row["verdict"], None if failed == judged else p


def _by_verdict(expect: str, row: ContrastRow) -> Ruling:
    verdict = row["verdict"]
    if verdict == expect:
        return Ruling("supported", row["remark"], row["p_difference"])
    if verdict == SAME:  # evidence of a small effect is none of the opposite one
        return Ruling("undecided", f"{SMALL}: {row['remark']}" if row["remark"] else SMALL, row["p_equivalence"])
    if verdict in ("helps", "hurts"):
        return Ruling("refuted", f"it {verdict}", row["p_difference"])
    return _undecided(row, row["p_difference"])


def _by_tests(claim: Claim, row: ContrastRow, shown: float | None, wrong: float | None, alpha: float) -> Ruling:
    by_verdict = shown is None  # the same within the verdict's margin, which a verdict has judged
    if row["verdict"] == SAME if by_verdict else _small(shown, alpha):
        return Ruling("supported", row["remark"] if by_verdict else "", row["p_equivalence"] if by_verdict else shown)
    if _small(wrong, alpha):
        beyond = (
            "the difference is larger" if claim["expect"] == "same" else "the effect is smaller, or on the other side"
        )
        return Ruling("refuted", beyond, wrong)
    return _undecided(row, row["p_equivalence"] if by_verdict else shown)


def _undecided(row: ContrastRow, p: float | None) -> Ruling:
    return Ruling("undecided", row["remark"] if row["verdict"] == "inconclusive" else "", p)


def _small(p: float | None, alpha: float) -> bool:
    return p is not None and p <= alpha
