"""The report's section on one family of ablations."""

from __future__ import annotations

from butfor.figures import gallery
from butfor.study.metrics import OVER_FITTING, Metric
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.numbers import effect_of, interval, percent, signed
from butfor.verdicts.rows import ContrastRow, Verdict

SPOKEN_FIRST: tuple[Verdict, ...] = ("hurts", "helps", "no meaningful difference", "inconclusive")
GAP_DECIMALS = 2  # beside a figure, which shows no more


def family_section(study: Study, family: str, rows: list[ContrastRow]) -> str:
    """The family's verdicts in sentences, then its figures with their captions."""
    metric, own = judged_by(study), [row for row in rows if row["family"] == family]
    members = metric.rows(own)
    sentences = []
    for verdict in dict.fromkeys((*SPOKEN_FIRST, *(row["verdict"] for row in members))):
        named = [_member(row, metric) for row in members if row["verdict"] == verdict]
        if named:
            sentences.append(f"{verdict.capitalize()}: {'; '.join(named)}.")
    pictures = [p for p in gallery.pictures(study) if p.family == family and p.kind != gallery.INTERACTIONS]
    figures = [f"![{picture.title}](figures/{picture.name}.png)\n\n*{picture.caption}*" for picture in pictures]
    against = {arm for picture in pictures if picture.kind == "gaps" for arm in picture.arms}
    if gaps := [_gap(row) for row in OVER_FITTING.rows(own) if row["arm"] in against]:
        sentences.append(f"Over-fitting, {OVER_FITTING.title}: {'; '.join(gaps)}.")
    return "\n\n".join([f"## {family.replace('_', ' ').capitalize()}", " ".join(sentences), *figures])


def _gap(row: ContrastRow) -> str:
    more_or_less = {"helps": "less", "hurts": "more", "inconclusive": "undecided"}
    start = f"`{row['arm']}` {more_or_less.get(row['verdict'], row['verdict'])}"
    if row["pairs"] < 2:
        return start
    effect = f"{signed(row['effect'], GAP_DECIMALS)} {OVER_FITTING.unit.name}"
    return f"{start}, {effect} {interval(row['low'], row['high'], GAP_DECIMALS)}, smaller at {percent(row['better'])} of seeds"


def _member(row: ContrastRow, metric: Metric) -> str:
    effect = "" if row["effect"] is None else f" {effect_of(row)} {metric.unit.short}"
    return f"`{row['arm']}`{effect}" + (f" ({row['remark']})" if row["remark"] else "")
