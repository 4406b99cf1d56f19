"""The report's section on what mattered most."""

from __future__ import annotations

from itertools import groupby

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
    note = (
        f"What was changed, by the size of its effect on {metric.title}; where several"
        " arms changed the same, by the largest. Arms are ranked only among those with the same reference. What makes runs"
        f" fail counts as larger than any effect. The intervals of a table hold all together at {level(alpha)}, over all"
        " looks, so they are wider than those above. The order is that of the sizes as measured; ranks are not given, since"
        " such intervals leave nearly all of them open (Klein, Wright and Wieczorek 2020)."
    )
    refused = [f"`{row['arm']}` ({row['verdict']})" for row in metric.rows(rows) if row["verdict"] in REFUSED]
    if refused:
        note += f" Not ranked: {', '.join(refused)}."
    return "\n\n".join(["## What mattered", *tables, note])


def _ranking(reference: str, items: list[RankedRow]) -> str:
    first = items[0]
    head = f"| what was changed | largest with | effect, {first['unit']} | interval | verdict |"
    lines = [head, "| --- | --- | ---: | :---: | --- |"]
    for row in items:
        cells = [f"`{row['changed']}`", f"`{row['arm']}`", effect_of(row)]
        lines.append("| " + " | ".join([*cells, interval_of(row), with_remark(row)]) + " |")
    return f"{_lead(reference, items)}\n\n" + "\n".join(lines)


def _lead(reference: str, items: list[RankedRow]) -> str:
    """What comes first, and how sure that is."""
    first = items[0]
    if first["effect"] is None and first["verdict"] == "inconclusive":
        return f"Against `{reference}`, no effect is known yet."
    effect = first["remark"] if first["effect"] is None else f"{effect_of(first)} {first['unit']}"
    firsts = [f"`{row['changed']}`" for row in items if row["rank_low"] == 1]
    sure = "It surely comes first" if len(firsts) == 1 else f"Any of {listed(firsts)} may come first"
    return (
        f"Against `{reference}`, the largest effect is that of `{first['changed']}` ({effect} with `{first['arm']}`)."
        f" {sure}."
    )
