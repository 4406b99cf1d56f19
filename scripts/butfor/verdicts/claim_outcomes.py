"""Claims against contrasts: which are supported, refuted or undecided, with their numbers, and when they were declared.

Where a claim says what a verdict says, the verdict decides, corrected as it is. Where it goes further (an effect of at
least so much, the same within a margin of its own, runs that fail after all), one-sided tests do, multiplied by the
planned looks and corrected by Holm's procedure over all claims of this study that need one. Refuted means shown to be
wrong at the same level, not merely not shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from butfor import stats
from butfor.plain_text import counted
from butfor.records.files import write_atomically
from butfor.records.record import Record
from butfor.records.tables import records_in
from butfor.stats.importance import decided_by_failures
from butfor.study.claims import Claim
from butfor.study.metrics import METRICS
from butfor.study.summary import Study
from butfor.verdicts import preregistration
from butfor.verdicts.contrasts import contrast_of
from butfor.verdicts.paired_values import pairing
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
Tests = tuple[float | None, float | None]  # p where the null is that a claim is wrong, and where it is that it is right


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
) -> None:
    """Judge every claim and write claims.json: the claims, and what departed from what was declared."""
    rows, register = json.loads(Path(contrasts_path).read_text()), preregistration.read(Path(register_path))
    judged = judge(study, claims, records_in(folders), rows)
    for row in judged:
        row["fingerprint"] = claims[row["claim"]]["fingerprint"]
        row.update(preregistration.standing(register, row["claim"], row["fingerprint"]))  # type: ignore[typeddict-item]
    taken: list[Decision] = [json.loads(Path(path).read_text()) for path in decisions]
    lines = [f"No look at {counted(one['following'], 'seed')}: {one['stopped']}." for one in taken if one["stopped"]]
    whole: Assessment = {"claims": judged, "deviations": [*preregistration.deviations(register), *lines]}
    write_atomically(Path(claims_path), json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def judge(study: Study, claims: dict[str, Claim], records: list[Record], rows: list[ContrastRow]) -> list[ClaimRow]:
    """One row per claim: what it says, its `outcome`, `reason` and `p`, and the numbers of its contrast."""
    by = {(row["arm"], row["metric"]): row for row in rows}
    contrast_rows = {name: by[claim["arm"], claim["metric"]] for name, claim in claims.items()}
    tests = {
        name: _tests(study, claims[name], records, row)
        for name, row in contrast_rows.items()
        if row["verdict"] not in REFUSED
    }
    shown, wrong = (_corrected({name: pair[side] for name, pair in tests.items()}) for side in (0, 1))
    alpha = study["verdict"]["alpha"]
    return [
        _row(name, claim, _margin(study, claim), row, _ruling(claim, row, shown.get(name), wrong.get(name), alpha))
        for (name, claim), row in zip(claims.items(), contrast_rows.values(), strict=True)
    ]


def _margin(study: Study, claim: Claim) -> float | None:
    """The margin that a claim is held to, its own or the verdict's, in the metric's unit."""
    if claim["expect"] == "same" and claim["margin"] is None:
        return METRICS[claim["metric"]].margin_in(study["verdict"])
    return claim["margin"]


def _tests(study: Study, claim: Claim, records: list[Record], row: ContrastRow) -> Tests:
    """What verdicts do not say of a claim; None where a verdict says it, or where nothing is to be tested."""
    margin, looks = _margin(study, claim), len(study["looks"])
    if claim["expect"] == "fails":
        return None, stats.p_mostly_finishes(row["failed_ablation"], row["planned"] - row["missing"], looks)
    if margin is None:
        return None, None
    metric = METRICS[claim["metric"]]
    pairs = pairing(study, records, metric)(claim["arm"], row["look"])
    c = stats.contrast(pairs, margin, looks, study["verdict"]["alpha"], metric.higher_is_better)
    if claim["expect"] == "same":
        return None if claim["margin"] is None else c.p_equivalence, stats.p_outside(c, margin, looks)
    upwards = (claim["expect"] == "helps") == metric.higher_is_better
    above: Callable[..., float] = stats.p_above if upwards else stats.p_below
    below: Callable[..., float] = stats.p_below if upwards else stats.p_above
    bound = margin if upwards else -margin
    return above(c, bound, looks), below(c, bound, looks)


def _corrected(tests: dict[str, float | None]) -> dict[str, float]:
    """By Holm's procedure, over the claims that have such a test."""
    p = {name: value for name, value in tests.items() if value is not None}
    return dict(zip(p, map(float, stats.holm(np.array(list(p.values())))), strict=True)) if p else {}


def _ruling(claim: Claim, row: ContrastRow, shown: float | None, wrong: float | None, alpha: float) -> Ruling:
    """`shown`, `wrong`: the corrected probabilities of the claim's own tests, None where it has none."""
    expect, verdict, remark, judged = claim["expect"], row["verdict"], row["remark"], row["planned"] - row["missing"]
    if verdict in REFUSED or row["missing"] > stats.MOST_MISSING * row["planned"]:
        return Ruling("undecided", ": ".join(words for words in (verdict, remark) if words))
    if expect == "fails" and judged and row["failed_ablation"] == judged:
        return Ruling("supported", remark)
    if failures := _by_failures(row, judged, alpha):
        which, p = failures
        return Ruling("supported" if which == ("hurts" if expect == "fails" else expect) else "refuted", remark, p)
    if expect == "fails":
        return Ruling("refuted", _finished(row), wrong) if _small(wrong, alpha) else _undecided(row, row["p_failure"])
    if expect != "same" and claim["margin"] is None:
        return _by_verdict(expect, row)
    ruling = _by_tests(claim, row, shown, wrong, alpha)
    good_news = (expect == "hurts", ruling.outcome) in ((False, "supported"), (True, "refuted"))
    if good_news and row["failed_ablation"] > row["failed_reference"]:
        return Ruling("undecided", f"unstable {row['failed_ablation']}/{judged}", ruling.p)
    return ruling


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
    if verdict == SAME:
        return Ruling("refuted", f"{SAME} ({row['remark']})" if row["remark"] else SAME, row["p_equivalence"])
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


def _finished(row: ContrastRow) -> str:
    judged = row["planned"] - row["missing"]
    return f"{judged - row['failed_ablation']} of {counted(judged, 'run')} finished"


def _small(p: float | None, alpha: float) -> bool:
    return p is not None and p <= alpha


def _row(name: str, claim: Claim, margin: float | None, row: ContrastRow, ruling: Ruling) -> ClaimRow:
    contrast = {key: none_for_nan(row[key]) for key in NUMBERS}  # type: ignore[literal-required]
    written = {
        "claim": name,
        **{key: claim[key] for key in ("sentence", "arm", "reference", "metric", "expect")},  # type: ignore[literal-required]
        "margin": margin,
        "unit": row["unit"],
        **{"outcome": ruling.outcome, "reason": ruling.reason, "p": none_for_nan(ruling.p)},
        **contrast,
    }
    return cast(ClaimRow, written)
