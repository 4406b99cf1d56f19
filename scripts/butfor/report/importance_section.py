"""The report's section on what mattered most."""

from __future__ import annotations

from itertools import groupby

from butfor.languages.phrases import phrase, stored, term
from butfor.report.long_tables import MOST_NAMED, few
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.numbers import effect_of, interval_of, level
from butfor.verdicts.rows import REFUSED, ContrastRow, RankedRow
from butfor.verdicts.words import listed, with_remark


def importance_section(study: Study, rows: list[ContrastRow], ranked: list[RankedRow]) -> str:
    """What was changed, ranked by the size of its effect, a table per reference; nothing where there is nothing to rank.

    rows: of all contrasts. ranked: of comparison.json.
    """
    if not ranked:
        return ""
    metric, alpha = judged_by(study), study["verdict"]["alpha"]
    tables = [_ranking(name, list(items)) for name, items in groupby(ranked, key=lambda row: row["reference"])]
    note = phrase(
        "What was changed, by the size of its effect on {metric}; where several arms changed the same, by the largest. Arms are"
        " ranked only among those with the same reference. What makes runs fail counts as larger than any effect. The intervals"
        " of a table hold all together at {level}, over all looks, so they are wider than those above. The order is that of the"
        " sizes as measured; ranks are not given, since such intervals leave nearly all of them open (Klein, Wright and Wieczorek"
        " 2020).",
        metric=term(metric.title),
        level=level(alpha),
    )
    refused = [f"`{row['arm']}` ({stored(row['verdict'])})" for row in metric.rows(rows) if row["verdict"] in REFUSED]
    if refused:
        note = f"{note} {phrase('Not ranked: {arms}.', arms=few(refused))}"
    return "\n\n".join([f"## {phrase('What mattered')}", *tables, note])


def _ranking(reference: str, items: list[RankedRow]) -> str:
    first = items[0]
    head = [
        phrase("what was changed"),
        phrase("largest with"),
        phrase("effect, {unit}", unit=term(first["unit"])),
        phrase("interval"),
        phrase("verdict"),
    ]
    lines = [f"| {' | '.join(head)} |", "| --- | --- | ---: | :---: | --- |"]
    for row in items:
        cells = [f"`{row['changed']}`", f"`{row['arm']}`", effect_of(row)]
        lines.append("| " + " | ".join([*cells, interval_of(row), with_remark(row)]) + " |")
    return f"{_lead(reference, items)}\n\n" + "\n".join(lines)


def _any_of(names: list[str]) -> str:
    return listed(names) if len(names) <= MOST_NAMED else few(names)


def _lead(reference: str, items: list[RankedRow]) -> str:
    """What comes first, and how sure that is."""
    first = items[0]
    if first["effect"] is None and first["verdict"] == "inconclusive":
        return phrase("Against `{reference}`, no effect is known yet.", reference=reference)
    largest = phrase(
        "Against `{reference}`, the largest effect is that of `{changed}` ({effect} with `{arm}`).",
        reference=reference,
        changed=first["changed"],
        effect=stored(first["remark"]) if first["effect"] is None else f"{effect_of(first)} {term(first['unit'])}",
        arm=first["arm"],
    )
    firsts = [f"`{row['changed']}`" for row in items if row["rank_low"] == 1]
    if len(firsts) == 1:
        return f"{largest} {phrase('It surely comes first.')}"
    return f"{largest} {phrase('Any of {changes} may come first.', changes=_any_of(firsts))}"
