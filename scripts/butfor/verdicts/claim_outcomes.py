"""Claims against contrasts: which are supported, refuted or undecided, with their numbers, and when they were declared.

Where a claim says what a verdict says, the verdict decides, corrected as it is: the same verdict supports it, the opposite
one refutes it, and an effect shown to be smaller than the margin does neither. Where a claim goes further (an effect of at
least so much, the same within a margin of its own, runs that fail), one-sided tests do, multiplied by the planned looks and
by the number of claims that need one. Of a claim's two tests, that it is right and that it is wrong, only one can err, since
the truth is on one side; so that number pays for both together (Bonferroni; Holm's steps would not, because no claim that is
decided rightly leaves the number of those that can still be decided wrongly: Shaffer 1986, JASA 81:826).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from butfor import stats
from butfor.arm_names import data_set_of
from butfor.plain_text import counted
from butfor.records.files import write_atomically
from butfor.records.record import Record
from butfor.records.tables import records_in
from butfor.stats.importance import decided_by_failures
from butfor.study.claims import Claim
from butfor.study.cost_metrics import is_cost
from butfor.study.data_sets import fingerprint_of_all
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts import cost_claims, preregistration
from butfor.verdicts import register as registers
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.claim_tests import Tests, judged_runs, margin_of, tests_of
from butfor.verdicts.contrasts import contrast_of
from butfor.verdicts.deviations import deviations
from butfor.verdicts.numbers import percent
from butfor.verdicts.removed import counts_removed, removed_claims
from butfor.verdicts.reported import reported
from butfor.verdicts.rows import (
    REFUSED,
    SAME,
    Assessment,
    ClaimRow,
    ContrastRow,
    Decision,
    Outcome,
    Verdict,
    none_for_nan,
)

NUMBERS = ("effect", "low", "high", "pairs", "planned", "missing", "failed_ablation", "failed_reference")
FAILING = ("fails", "fails more")  # claims about how often runs fail
SMALL = "smaller than the margin"


@dataclass(frozen=True)
class Ruling:
    """What a claim came to, why, and the corrected probability that says so."""

    outcome: Outcome
    reason: str = ""
    p: float | None = None


def assess(
    study: Study,
    claims: dict[str, Claim],
    folders: Iterable[Path | str],
    contrasts_path: Path | str,
    decisions: Iterable[Path | str],
    register_path: Path | str,
    claims_path: Path | str,
    measured: Iterable[Path | str] = (),
    costs: Iterable[Path | str] = (),
) -> None:
    """Judge every claim and write claims.json: the claims, and what departed from what was declared. costs: the file of what the
    arms cost, if that is measured."""
    rows, register = json.loads(Path(contrasts_path).read_text()), registers.read(Path(register_path))
    records, counts = records_in(folders, measured), counts_removed(study)
    study = as_recorded(study, records)
    others = removed_claims(register) if counts else 0
    spent = next((json.loads(Path(path).read_text()) for path in costs), None)
    judged = judge(study, claims, records, rows, others, spent)
    for row in judged:
        row["fingerprint"] = claims[row["claim"]]["fingerprint"]
        row.update(preregistration.standing(register, row["claim"], row["fingerprint"], counts))  # type: ignore[typeddict-item]
    taken: list[Decision] = [json.loads(Path(path).read_text()) for path in decisions]
    lines = [f"No look at {counted(one['following'], 'seed')}: {one['stopped']}." for one in taken if one["stopped"]]
    whole_rows = [row for row in judged_by(study).rows(rows) if not row["missing"]]
    now = reported(whole_rows, register, len(records), _data(records), Path(contrasts_path))
    lines = [*deviations(register, now, counts), *lines]
    whole: Assessment = {"claims": judged, "removed": others, "deviations": lines}
    write_atomically(Path(claims_path), json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def judge(
    study: Study,
    claims: dict[str, Claim],
    records: list[Record],
    rows: list[ContrastRow],
    others: int = 0,
    costs: cost_claims.Costs | None = None,
) -> list[ClaimRow]:
    """One row per claim: what it says, its `outcome`, `reason` and `p`, and the numbers of its contrast. others: how many
    further claims count, which were taken out."""
    by = {(row["arm"], row["metric"]): row for row in rows}
    of_costs = {name: claim for name, claim in claims.items() if is_cost(claim["metric"])}
    contrast_rows = {name: by[claim["arm"], claim["metric"]] for name, claim in claims.items() if name not in of_costs}
    tests = {
        name: tests_of(study, claims[name], records, row)
        for name, row in contrast_rows.items()
        if row["verdict"] not in REFUSED
    }
    spent = cost_claims.contrasts(study, of_costs, records, costs)
    tests |= {name: cost_claims.tests(study, claims[name], found) for name, found in spent.items()}
    corrected, alpha = _corrected(tests, others), study["verdict"]["alpha"]
    judged = []
    for name, claim in claims.items():
        p = corrected.get(name, (None, None))
        if row := contrast_rows.get(name):
            judged.append(_row(name, claim, margin_of(claim, row), row, _ruling(claim, row, *p, alpha)))
        else:
            judged.append(cast(ClaimRow, cost_claims.row(name, claim, spent[name], *p, alpha)))
    return judged


def _data(records: list[Record]) -> str:
    """The fingerprint of the data that the records were trained on."""
    return fingerprint_of_all({data_set_of(record.arm): str(record.data["fingerprint"]) for record in records})


def _corrected(tests: dict[str, Tests], others: int) -> dict[str, Tests]:
    """Both probabilities of every claim, times the number of claims that have a test, `others` included."""
    count = others + sum(pair != (None, None) for pair in tests.values())

    def times(p: float | None) -> float | None:
        return p if p is None else min(1.0, count * p)

    return {name: (times(shown), times(wrong)) for name, (shown, wrong) in tests.items()}


def _ruling(claim: Claim, row: ContrastRow, shown: float | None, wrong: float | None, alpha: float) -> Ruling:
    """`shown`, `wrong`: the corrected probabilities of the claim's own tests, None where it has none."""
    expect, verdict, remark, judged = claim["expect"], row["verdict"], row["remark"], judged_runs(row)
    if verdict in REFUSED or row["missing"] > stats.MOST_MISSING * row["planned"]:
        return Ruling("undecided", ": ".join(words for words in (verdict, remark) if words))
    if expect in FAILING:
        return _by_failing(claim, row, shown, wrong, alpha)
    if failures := _by_failures(row, judged, alpha):
        which, p = failures
        return Ruling("supported" if which == expect else "refuted", remark, p)
    if expect != "same" and claim["margin"] is None:
        return _by_verdict(expect, row)
    ruling = _by_tests(claim, row, shown, wrong, alpha)
    good_news = (expect == "hurts", ruling.outcome) in ((False, "supported"), (True, "refuted"))
    if good_news and row["failed_ablation"] > row["failed_reference"]:
        return Ruling("undecided", f"unstable {row['failed_ablation']}/{judged}", ruling.p)
    return ruling


def _by_failing(claim: Claim, row: ContrastRow, shown: float | None, wrong: float | None, alpha: float) -> Ruling:
    """On a claim about how often runs fail; what they reach if they do not is another question."""
    failed, judged, rate = row["failed_ablation"], judged_runs(row), claim["rate"]
    said = f"{failed} of {counted(judged, 'run')} failed"
    if rate is None:
        said += f", and {row['failed_reference']} of the reference's"
    if _small(shown, alpha) or _small(wrong, alpha):
        return Ruling(
            "supported" if _small(shown, alpha) else "refuted", said, shown if _small(shown, alpha) else wrong
        )
    if rate is not None and judged and failed in (0, judged):
        said += f", too few to show a rate {'above' if failed else 'below'} {percent(rate)}"
    return Ruling("undecided", said, shown)


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


def _row(name: str, claim: Claim, margin: float | None, row: ContrastRow, ruling: Ruling) -> ClaimRow:
    contrast = {key: none_for_nan(row[key]) for key in NUMBERS}  # type: ignore[literal-required]
    written = {
        "claim": name,
        **{key: claim[key] for key in ("sentence", "arm", "reference", "metric", "expect")},  # type: ignore[literal-required]
        "margin": margin,
        "rate": claim["rate"],
        "unit": row["unit"],
        "decimals": row["decimals"],
        **{"outcome": ruling.outcome, "reason": ruling.reason, "p": none_for_nan(ruling.p)},
        **contrast,
    }
    return cast(ClaimRow, written)
