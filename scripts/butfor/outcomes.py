"""Claims against contrasts: which are supported, refuted or undecided, with their numbers, and when they were declared.

Where a claim says what a verdict says, the verdict decides, corrected as it is. Where it goes further (an effect of at
least so much, the same within a margin of its own, runs that fail after all), one-sided tests do, multiplied by the
planned looks and corrected by Holm's procedure over all claims of this study that need one. Refuted means shown to be
wrong at the same level, not merely not shown.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from butfor import contrasts, frames, register, stats
from butfor.claims import MARGINS, Claim
from butfor.record import Record, write_atomically
from butfor.verdict_words import UNPROVEN, VOID

Study = dict[str, Any]
Row = dict[str, Any]

SUPPORTED, REFUTED, UNDECIDED = "supported", "refuted", "undecided"
SAME = "no meaningful difference"


@dataclass(frozen=True)
class Outcome:
    """What a claim came to: supported, refuted or undecided, why, and the corrected probability that says so."""

    outcome: str
    reason: str = ""
    p: float | None = None


def write(
    study: Study,
    claims: dict[str, Claim],
    folders: Iterable[Path],
    contrasts_path: Path,
    decisions: Iterable[Path],
    register_path: Path,
    claims_path: Path,
) -> None:
    """Judge every claim and write claims.json: the claims, and what departed from what was declared."""
    rows, found = json.loads(contrasts_path.read_text()), register.read(register_path)
    judged = judge(study, claims, frames.records_in(folders), rows)
    for row in judged:
        mark = claims[row["claim"]]["fingerprint"]
        row.update({"fingerprint": mark, **register.standing(found, row["claim"], mark)})
    stops = [decision for decision in (json.loads(path.read_text()) for path in decisions) if decision["stopped"]]
    lines = [f"No look at {stop['following']} seeds: {stop['stopped']}." for stop in stops]
    whole = {"claims": judged, "deviations": [*register.deviations(found), *lines]}
    write_atomically(claims_path, json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def judge(study: Study, claims: dict[str, Claim], records: list[Record], rows: list[Row]) -> list[dict[str, Any]]:
    """One row per claim: what it says, its `outcome`, `reason` and `p`, and the numbers of its contrast."""
    by = {(row["arm"], row["metric"]): row for row in rows}
    contrast_of = {name: by[claim["arm"], claim["metric"]] for name, claim in claims.items()}
    shown: dict[str, float] = {}
    wrong: dict[str, float] = {}
    for name, claim in claims.items():
        if contrast_of[name]["verdict"] not in (VOID, UNPROVEN):
            one, other = _tests(study, claim, records, contrast_of[name])
            shown |= {} if one is None else {name: one}
            wrong |= {} if other is None else {name: other}
    shown, wrong = _corrected(shown), _corrected(wrong)
    alpha = study["verdict"]["alpha"]
    return [
        _row(name, claim, _margin(study, claim), row, _outcome(claim, row, shown.get(name), wrong.get(name), alpha))
        for (name, claim), row in zip(claims.items(), contrast_of.values(), strict=True)
    ]


def _margin(study: Study, claim: Claim) -> float | None:
    """The margin that a claim is held to, its own or the verdict's, in the metric's unit."""
    if claim["expect"] == "same" and claim["margin"] is None:
        return float(study["verdict"][MARGINS[claim["metric"]]])
    return None if claim["margin"] is None else float(claim["margin"])


def _tests(study: Study, claim: Claim, records: list[Record], row: Row) -> tuple[float | None, float | None]:
    """What verdicts do not say of a claim: p where the null is that it is wrong, and p where it is that it is right; None
    where a verdict says it, or where nothing is to be tested."""
    margin, looks = _margin(study, claim), len(study["looks"])
    if claim["expect"] == "fails":
        return None, stats.p_mostly_finishes(row["failed_ablation"], row["planned"] - row["missing"], looks)
    if margin is None:
        return None, None
    higher = next(metric.higher_is_better for metric in contrasts.METRICS if metric.name == claim["metric"])
    pairs = contrasts.pairs_of(study, records, claim["metric"], claim["arm"], row["look"])
    c = stats.contrast(pairs, margin, looks, study["verdict"]["alpha"], higher)
    if claim["expect"] == "same":
        return None if claim["margin"] is None else c.p_equivalence, stats.p_outside(c, margin, looks)
    upwards = (claim["expect"] == "helps") == higher
    above: Callable[..., float] = stats.p_above if upwards else stats.p_below
    below: Callable[..., float] = stats.p_below if upwards else stats.p_above
    bound = margin if upwards else -margin
    return above(c, bound, looks), below(c, bound, looks)


def _corrected(p: dict[str, float]) -> dict[str, float]:
    return dict(zip(p, map(float, stats.holm(np.array(list(p.values())))), strict=True)) if p else {}


def _outcome(claim: Claim, row: Row, shown: float | None, wrong: float | None, alpha: float) -> Outcome:
    """`shown`, `wrong`: the corrected probabilities of the claim's own tests, None where it has none."""
    expect, verdict, remark, judged = claim["expect"], row["verdict"], row["remark"], row["planned"] - row["missing"]
    if verdict in (VOID, UNPROVEN) or row["missing"] > stats.MOST_MISSING * row["planned"]:
        return Outcome(UNDECIDED, ": ".join(words for words in (verdict, remark) if words))
    if expect == "fails" and judged and row["failed_ablation"] == judged:
        return Outcome(SUPPORTED, remark)
    if failures := _by_failures(row, judged, alpha):
        which, p = failures
        return Outcome(SUPPORTED if which == ("hurts" if expect == "fails" else expect) else REFUTED, remark, p)
    if expect == "fails":
        return Outcome(REFUTED, _finished(row), wrong) if _small(wrong, alpha) else _undecided(row, row["p_failure"])
    if expect != "same" and claim["margin"] is None:
        return _by_verdict(expect, row)
    found = _by_tests(claim, row, shown, wrong, alpha)
    good_news = (expect == "hurts", found.outcome) in ((False, SUPPORTED), (True, REFUTED))
    if good_news and row["failed_ablation"] > row["failed_reference"]:
        return Outcome(UNDECIDED, f"unstable {row['failed_ablation']}/{judged}", found.p)
    return found


def _by_failures(row: Row, judged: int, alpha: float) -> tuple[str, float | None] | None:
    """Where failed runs alone gave the verdict: that verdict, and its probability unless every run failed."""
    both = (("hurts", row["failed_ablation"], row["p_failure"]), ("helps", row["failed_reference"], row["p_rescue"]))
    for verdict, failed, p in both:
        if row["verdict"] == verdict and failed and (failed == judged or _small(p, alpha)):
            return verdict, None if failed == judged else p
    return None


def _by_verdict(expect: str, row: Row) -> Outcome:
    verdict = row["verdict"]
    if verdict == expect:
        return Outcome(SUPPORTED, row["remark"], row["p_difference"])
    if verdict == SAME:
        return Outcome(REFUTED, f"{SAME} ({row['remark']})" if row["remark"] else SAME, row["p_equivalence"])
    if verdict in ("helps", "hurts"):
        return Outcome(REFUTED, f"it {verdict}", row["p_difference"])
    return _undecided(row, row["p_difference"])


def _by_tests(claim: Claim, row: Row, shown: float | None, wrong: float | None, alpha: float) -> Outcome:
    by_verdict = shown is None  # the same within the verdict's margin, which a verdict has judged
    if row["verdict"] == SAME if by_verdict else _small(shown, alpha):
        return Outcome(SUPPORTED, row["remark"] if by_verdict else "", row["p_equivalence"] if by_verdict else shown)
    if _small(wrong, alpha):
        beyond = (
            "the difference is larger" if claim["expect"] == "same" else "the effect is smaller, or on the other side"
        )
        return Outcome(REFUTED, beyond, wrong)
    return _undecided(row, row["p_equivalence"] if by_verdict else shown)


def _undecided(row: Row, p: float | None) -> Outcome:
    return Outcome(UNDECIDED, row["remark"] if row["verdict"] == "inconclusive" else "", p)


def _finished(row: Row) -> str:
    judged = row["planned"] - row["missing"]
    return f"{judged - row['failed_ablation']} of {judged} runs finished"


def _small(p: float | None, alpha: float) -> bool:
    return p is not None and p <= alpha


def _row(name: str, claim: Claim, margin: float | None, row: Row, found: Outcome) -> dict[str, Any]:
    said = {key: claim[key] for key in ("sentence", "arm", "reference", "metric", "expect")}
    numbers = {key: _number(row[key]) for key in ("effect", "low", "high")}
    counts = {key: row[key] for key in ("pairs", "planned", "missing", "failed_ablation", "failed_reference")}
    judged = {"outcome": found.outcome, "reason": found.reason, "p": _number(found.p)}
    return {"claim": name, **said, "margin": margin, "unit": row["unit"], **judged, **numbers, **counts}


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
