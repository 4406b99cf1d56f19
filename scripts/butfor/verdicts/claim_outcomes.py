"""Claims against contrasts: which are supported, refuted or undecided, with their numbers, and when they were declared.

Where a claim says what a verdict says, the verdict decides, corrected as it is: the same verdict supports it, the opposite
one refutes it, and an effect shown to be smaller than the margin does neither. Where a claim goes further (an effect of at
least so much, the same within a margin of its own, runs that fail, another arm than the reference), one-sided tests do,
multiplied by the planned looks and by the number of claims that need one. Of a claim's two tests, that it is right and that
it is wrong, only one can err, since the truth is on one side; so that number pays for both together (Bonferroni; Holm's steps
would not, because no claim that is decided rightly leaves the number of those that can still be decided wrongly: Shaffer
1986, JASA 81:826).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from butfor.arm_names import anywhere, data_set_of
from butfor.plain_text import counted
from butfor.records.files import write_atomically
from butfor.records.record import Record
from butfor.records.tables import records_in
from butfor.study.claims import Claim
from butfor.study.cost_metrics import is_cost
from butfor.study.data_sets import fingerprint_of_all
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts import cost_claims, preregistration
from butfor.verdicts import register as registers
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.claim_rulings import Ruling, ruling_on_all
from butfor.verdicts.claim_tests import Tests, margin_of, tests_of
from butfor.verdicts.claims_between_arms import between_arms
from butfor.verdicts.claims_on_the_mean import on_the_mean
from butfor.verdicts.decision import Decision
from butfor.verdicts.deviations import deviations, reasons
from butfor.verdicts.example_errors import Grouped, with_groups
from butfor.verdicts.removed import counts_removed, removed_claims
from butfor.verdicts.reported import reported
from butfor.verdicts.rows import (
    REFUSED,
    Assessment,
    ClaimRow,
    ContrastRow,
    none_for_nan,
)

NUMBERS = ("effect", "low", "high", "pairs", "planned", "missing", "failed_ablation", "failed_reference")


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
    grouped: Grouped | None = None,
) -> None:
    """Judge every claim and write claims.json: the claims, and what departed from what was declared. costs: the file of what the
    arms cost, if that is measured. grouped: as of compare."""
    rows, register = json.loads(Path(contrasts_path).read_text()), registers.read(Path(register_path))
    records, counts = records_in(folders, measured), counts_removed(study)
    study = with_groups(as_recorded(study, records), grouped or {})
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
    whole: Assessment = {"claims": judged, "removed": others, "deviations": lines, "reasons": reasons(register)}
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
    of_costs = {name: claim for name, claim in claims.items() if is_cost(claim["metric"])}
    spent = cost_claims.contrasts(study, of_costs, records, costs)
    decided_by = {
        name: _decided_by(study, claim, records, rows) for name, claim in claims.items() if name not in of_costs
    }
    tests = {name: of_claim for name, (_, of_claim) in decided_by.items()}
    tests |= {name: [cost_claims.tests(study, claims[name], contrast)] for name, contrast in spent.items()}
    corrected, alpha = _corrected(tests, others), study["verdict"]["alpha"]
    judged = []
    for name, claim in claims.items():
        if name in of_costs:
            made = cast(ClaimRow, cost_claims.row(name, claim, spent[name], *corrected[name][0], alpha))
        else:
            row, ruling = ruling_on_all(claim, decided_by[name][0], corrected[name], alpha)
            made = _row(name, claim, margin_of(claim, row), row, ruling)
        if claim.get("against"):
            made["against"] = claim["against"]
        judged.append(made)
    return judged


def _decided_by(
    study: Study, claim: Claim, records: list[Record], rows: list[ContrastRow]
) -> tuple[list[ContrastRow], list[Tests]]:
    """The contrasts that a claim is about, more than one where it is about every data set, and its own tests on each."""
    over = claim.get("data_sets")
    if over == "mean":
        mean = on_the_mean(study, claim, records, rows)
        return [mean.row], [mean.tests]
    if claim.get("against"):
        row, tests = between_arms(study, claim, records, rows)
        return [row], [tests]
    of_metric = [row for row in rows if row["metric"] == claim["metric"]]
    meant = [row for row in of_metric if claim["arm"] in (row["arm"], anywhere(row["arm"]) if over else "")]
    none: Tests = (None, None)
    return meant, [
        none if row["verdict"] in REFUSED else tests_of(study, {**claim, "arm": row["arm"]}, records, row)
        for row in meant
    ]


def _data(records: list[Record]) -> str:
    """The fingerprint of the data that the records were trained on."""
    return fingerprint_of_all({data_set_of(record.arm): str(record.data["fingerprint"]) for record in records})


def _corrected(tests: dict[str, list[Tests]], others: int) -> dict[str, list[Tests]]:
    """Both probabilities of every claim's tests, times the number of claims that have one, `others` included. A claim about
    several data sets is right only if it is right on each, which needs no further correction (Berger 1982, an
    intersection-union test); that it is wrong on one of them is one of so many things that could be shown."""
    count = others + sum(any(pair != (None, None) for pair in of_claim) for of_claim in tests.values())

    def times(p: float | None, number: int) -> float | None:
        return p if p is None else min(1.0, number * p)

    return {
        name: [(times(shown, count), times(wrong, count * len(of_claim))) for shown, wrong in of_claim]
        for name, of_claim in tests.items()
    }


def _row(name: str, claim: Claim, margin: float | None, row: ContrastRow, ruling: Ruling) -> ClaimRow:
    contrast = {key: none_for_nan(row[key]) for key in NUMBERS}  # type: ignore[literal-required]
    written = {
        "claim": name,
        **{key: claim[key] for key in ("sentence", "arm", "reference", "metric", "expect")},  # type: ignore[literal-required]
        **({"data_sets": claim["data_sets"], "data": row["data"]} if claim.get("data_sets") else {}),
        "margin": margin,
        "rate": claim["rate"],
        "unit": row["unit"],
        "decimals": row["decimals"],
        **{"outcome": ruling.outcome, "reason": ruling.reason, "p": none_for_nan(ruling.p)},
        **contrast,
    }
    return cast(ClaimRow, written)
