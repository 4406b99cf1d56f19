"""Claims about an ablation against another arm than its reference, such as two optimisers that each stand against the baseline.

No verdict says what they say, so that they have tests of their own, on the seeds that both arms have had: corrected over looks
and over such claims, as all claims with a test of their own are. Both arms get more seeds until it is decided, though their own
verdicts may stand.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from butfor import stats
from butfor.checks.outcomes import CheckRow
from butfor.records.record import Record
from butfor.study.claims import Claim
from butfor.study.study_metrics import metrics_of
from butfor.study.summary import Study
from butfor.verdicts import contrasts
from butfor.verdicts.claim_rulings import ruling
from butfor.verdicts.claim_tests import Tests, tests_of
from butfor.verdicts.paired_values import looks_had, pairing, rule_of
from butfor.verdicts.rows import REFUSED, ContrastRow, fields_of, none_for_nan


def between_arms(
    study: Study, claim: Claim, records: list[Record], rows: list[ContrastRow]
) -> tuple[ContrastRow, Tests]:
    """What a claim with `against` is decided by: the contrast of both arms as a row of contrasts, and its tests. rows: of all
    contrasts, one of the claim's arm among them."""
    arm, other, metric = claim["arm"], claim["reference"], metrics_of(study)[claim["metric"]]
    judged = {row["arm"]: row for row in metric.rows(rows)}
    for name in (other, arm):
        if name in judged and judged[name]["verdict"] in REFUSED:
            return _refused(judged[arm], judged[name], claim), (None, None)
    asked = _with_reference(study, arm, other)
    had = looks_had(asked, records)
    looks = {name: row["look"] for name, row in judged.items() if row["verdict"] not in REFUSED}
    looks[arm] = min(had[arm], had[other])
    rule, pairs = rule_of(asked, metric, records), pairing(asked, records, metric)
    c = stats.contrasts_of_each({name: {"": pairs(name, look)} for name, look in looks.items()}, rule)[arm][0]
    c = replace(c, verdict="inconclusive", look=looks[arm])
    values = {key: none_for_nan(value) for key, value in fields_of(c).items()}
    values["low"], values["high"] = map(none_for_nan, metric.possible(c.low, c.high))
    row = cast(ContrastRow, {**judged[arm], **values, "reference": other})
    return row, tests_of(asked, {**claim, "margin": _bound(claim, c.margin)}, records, row)


def undecided_arms(study: Study, records: list[Record], checks: list[CheckRow], looks: int) -> set[str]:
    """The arms of claims that so many looks have left undecided. An arm that a look left out is asked for no further one."""
    between = study.get("between")
    if not between:
        return set()
    rows, alpha, arms = contrasts.judge(study, records, checks), study["verdict"]["alpha"], set[str]()
    for claim in between["claims"].values():
        row, tests = between_arms(study, claim, records, rows)
        shown, wrong = (p if p is None else between["tested"] * p for p in tests)
        is_open = row["verdict"] not in REFUSED and row["look"] == looks
        if is_open and ruling(claim, row, shown, wrong, alpha).outcome == "undecided":
            arms |= {claim["arm"], claim["reference"]}
    return arms


def _bound(claim: Claim, of_verdict: float | None) -> float | None:
    """What the effect is tested against: a claim without a margin says that it is above 0, below 0, or within the verdict's."""
    if claim["margin"] is not None or claim["expect"] not in ("helps", "hurts", "same"):
        return claim["margin"]
    return of_verdict if claim["expect"] == "same" else 0.0


def _with_reference(study: Study, name: str, reference: str) -> Study:
    """The study as if the arm of that name had another reference."""
    arms = [{**arm, "reference": reference} if arm["name"] == name else arm for arm in study["arms"]]
    return cast(Study, {**study, "arms": arms})


def _refused(own: ContrastRow, why: ContrastRow, claim: Claim) -> ContrastRow:
    """In the place of a contrast that there is none of, since one of the arms has no verdict."""
    none = dict.fromkeys(("effect", "low", "high"))
    remark = why["remark"] if why is own else ": ".join(filter(None, [why["arm"], why["remark"]]))
    return cast(
        ContrastRow, {**own, **none, "verdict": why["verdict"], "remark": remark, "reference": claim["reference"]}
    )
