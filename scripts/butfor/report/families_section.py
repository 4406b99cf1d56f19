"""The report's section on the families of a study that has very many: a table of them, and the figures of all together."""

from __future__ import annotations

from collections import Counter

from butfor.figures import gallery
from butfor.figures.pictured_families import ALL
from butfor.languages.phrases import phrase, stored, term
from butfor.report.answer import called
from butfor.report.family_section import figures_of
from butfor.study.arm import UNGROUPED
from butfor.study.metrics import Metric
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.numbers import effect_of
from butfor.verdicts.rows import ContrastRow

MOST_ROWS = 40  # families in the table


def families_section(study: Study, rows: list[ContrastRow]) -> str:
    """A row per family, those with the largest effects first: its verdicts counted, its best and its worst ablation."""
    metric, members = judged_by(study), dict[str, list[ContrastRow]]()
    unit = term(metric.unit.short)
    for row in metric.rows(rows):
        members.setdefault(row["family"], []).append(row)
    ordered = sorted(members, key=lambda family: -max(abs(row["effect"] or 0.0) for row in members[family]))
    head = [
        phrase("family"), phrase("ablations"), phrase("verdicts"),
        phrase("best, {unit}", unit=unit), phrase("worst, {unit}", unit=unit),
    ]  # fmt: skip
    lines = [_cells(family, members[family], metric) for family in ordered[:MOST_ROWS]]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---", "---:", "---", "---", "---"], *lines))
    left = len(ordered) - MOST_ROWS
    rest = phrase(
        "*Shown are the {most} of {count} families with the largest effects; `tables/contrasts.csv` has all.*",
        most=MOST_ROWS,
        count=len(ordered),
    )
    pictures = [p for p in gallery.pictures(study) if p.family == ALL and p.kind in gallery.KIND_NAMES]
    parts = [phrase("## Families"), table, *([rest] if left > 0 else []), *figures_of(pictures)]
    return "\n\n".join(parts)


def _cells(family: str, rows: list[ContrastRow], metric: Metric) -> list[str]:
    known = sorted((row for row in rows if row["effect"] is not None), key=lambda row: metric.worth(row["effect"]))
    counts = Counter(row["verdict"] for row in rows).most_common()
    ends = [f"{called(row['arm'], row.get('label', ''))} {effect_of(row)}" for row in (known[-1:] + known[:1])]
    tally = ", ".join(phrase("{n} {verdict}", n=n, verdict=stored(verdict)) for verdict, n in counts)
    return [phrase("of no family") if family == UNGROUPED else family, f"{len(rows)}", tally, *(ends or ["–", "–"])]
