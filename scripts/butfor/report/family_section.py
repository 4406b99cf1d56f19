"""The report's section on one family of ablations: its verdicts, the figure that says most, and the others folded away."""

from __future__ import annotations

from butfor.figures import gallery
from butfor.figures.gallery import Picture
from butfor.languages.phrases import phrase, stored, term
from butfor.report.answer import called
from butfor.report.details import fold
from butfor.report.figure_section import figure
from butfor.study.arm import UNGROUPED
from butfor.study.metrics import OVER_FITTING, Metric
from butfor.study.study_metrics import judged_by, metrics_of
from butfor.study.summary import Study, families
from butfor.verdicts.numbers import effect_of, interval_of, percent
from butfor.verdicts.rows import VOID, ContrastRow, Verdict
from butfor.verdicts.words import by_importance

SPOKEN_FIRST: tuple[Verdict, ...] = ("hurts", "helps", "no meaningful difference", "inconclusive")
MOST_NAMED = 12  # ablations of one verdict
TELLING = (
    "depth",
    "gaps",
    "sensitivity",
    "rates",
    "curves",
    "stopping",
)  # the kind of figure that says most of a family, in this order


def family_section(study: Study, family: str, rows: list[ContrastRow]) -> str:
    """The family's verdicts in sentences, then its figures, of which one stands open."""
    metric, own = judged_by(study), [row for row in rows if row["family"] == family]
    members = metric.rows(own)
    sentences = []
    for verdict in dict.fromkeys((*SPOKEN_FIRST, *(row["verdict"] for row in members))):
        if group := [row for row in members if row["verdict"] == verdict]:
            word = stored(verdict)
            sentences.append(
                f"{word[0].upper()}{word[1:]}: {_few([_member(row, metric) for row in _largest(group)], group)}."
            )
    pictures = [p for p in gallery.pictures(study) if p.family == family and p.kind != gallery.INTERACTIONS]
    against = {arm for picture in pictures if picture.kind == "gaps" for arm in picture.arms}
    sentences += _over_fitting(study, own, against)
    return "\n\n".join([f"## {_heading(study, family)}", " ".join(sentences), *figures_of(pictures)])


def _over_fitting(study: Study, rows: list[ContrastRow], arms: set[str]) -> list[str]:
    """A sentence on the over-fitting of some arms, in the unit of the loss of the study's task; none where nothing tells it."""
    gaps = [row for row in OVER_FITTING.rows(rows) if row["arm"] in arms]
    if not gaps:
        return []
    gap = metrics_of(study)[OVER_FITTING.name]
    changes, by = _few([_gap(row, gap) for row in _largest(gaps)], gaps), term(gap.title)
    return [phrase("Over-fitting, {metric}: {changes}.", metric=by, changes=changes)]


def _heading(study: Study, family: str) -> str:
    """The family's name; that of ablations without a family is one only beside others."""
    if family == UNGROUPED and families(study) == [family]:
        return phrase("The ablations")
    if family == UNGROUPED:
        return phrase("Ablations of no family")
    return family.replace("_", " ").capitalize()


def _largest(rows: list[ContrastRow]) -> list[ContrastRow]:
    """The rows in their order, of many those with the largest effects."""
    largest = {row["arm"] for row in by_importance(rows)[:MOST_NAMED]}
    return [row for row in rows if row["arm"] in largest]


def _few(members: list[str], all_rows: list[ContrastRow]) -> str:
    more = len(all_rows) - len(members)
    return "; ".join([*members, *([phrase("and {n} more", n=more)] if more else [])])


def figures_of(pictures: list[Picture]) -> list[str]:
    """The figure that says most, and the others under a fold."""
    first = min(pictures, key=_telling, default=None)
    others = [picture for picture in pictures if picture is not first]
    names = ", ".join(dict.fromkeys(stored(picture.title).partition(":")[0].lower() for picture in others))
    folded = fold(phrase("More figures: {names}", names=names), "\n\n".join(map(figure, others))) if others else ""
    return [*([figure(first)] if first else []), *([folded] if folded else [])]


def _telling(picture: Picture) -> int:
    return TELLING.index(picture.kind) if picture.kind in TELLING else len(TELLING)


def _gap(row: ContrastRow, gap: Metric) -> str:
    more_or_less = {"helps": phrase("less"), "hurts": phrase("more"), "inconclusive": phrase("undecided")}
    verdict = more_or_less.get(row["verdict"]) or stored(row["verdict"])
    start = f"{called(row['arm'], row.get('label', ''))} {verdict}"
    if row["pairs"] < 2:
        return start
    if row["verdict"] == VOID:
        return start
    return phrase(
        "{start}, {effect}, smaller in {share} of pairs",
        start=start,
        effect=f"{effect_of(row)} {term(gap.unit.name)} {interval_of(row)}",
        share=percent(row["better"]),
    )


def _member(row: ContrastRow, metric: Metric) -> str:
    effect = "" if row["effect"] is None else f" {effect_of(row)} {term(metric.unit.short)}"
    remark = f" ({stored(row['remark'])})" if row["remark"] else ""
    return f"{called(row['arm'], row.get('label', ''))}{effect}{remark}"
