"""The tables of a study's ablations: a row per arm, by families, with what each reaches and what it changes."""

from __future__ import annotations

from collections.abc import Sequence

from butfor.arm_names import anywhere
from butfor.paper.captions import ablation_caption, metrics_caption
from butfor.paper.latex_text import escaped
from butfor.paper.metric_cells import MetricCells, aligned, column, number_format
from butfor.paper.paper_evidence import PaperEvidence
from butfor.paper.row_labels import below, family_title, taken_out, words_of
from butfor.paper.run_counts import finished_of_all
from butfor.paper.tabular import Column, Table
from butfor.study.summary import ArmPlan, families

MOST_PARTS, MOST_METRICS, MOST_BESIDE = 5, 4, 1
YES, NO = r"\checkmark", "--"
DELTA = r"$\Delta$"
Group = tuple[list[Column], list[list[str]], list[set[int]]]  # columns, their cells by arm, and which of them are bold


def ablation_tables(evidence: PaperEvidence) -> list[Table]:
    """The table on the metric that decides, with one beside it where there are no more; else tables of all metrics follow."""
    metrics = [MetricCells(evidence, metric) for metric in evidence.metrics]
    marked = bool(marked_parts(evidence))
    if len(metrics) <= 1 + MOST_BESIDE:
        caption = ablation_caption(evidence, [cells.metric for cells in metrics[1:]], marked)
        return [_table(evidence, "ablations", caption, [_in_full, *[_in_short] * (len(metrics) - 1)], metrics)]
    tables = [_table(evidence, "ablations", ablation_caption(evidence, [], marked), [_in_full], metrics[:1])]
    count = -(-len(metrics) // MOST_METRICS)
    size = -(-len(metrics) // count)
    for place in range(count):
        some = metrics[place * size : (place + 1) * size]
        caption = metrics_caption(evidence, [cells.metric for cells in some])
        tables.append(_table(evidence, f"metrics_{place + 1}", caption, [_in_short] * len(some), some))
    return tables


def marked_parts(evidence: PaperEvidence) -> list[str]:
    """The parts of the recipe, where all arms do nothing but take out some of a few; else none."""
    arms = evidence.study["arms"]
    base = arms[0]["recipe"]
    changed: dict[str, None] = {}
    for arm in arms[1:]:
        different = [key for key in base if arm["recipe"].get(key) != base[key]]
        if not different or not all(taken_out(arm["recipe"], key, evidence.parts) for key in different):
            return []
        changed |= dict.fromkeys(different)
    return list(changed) if 1 < len(changed) <= MOST_PARTS else []


def _table(
    evidence: PaperEvidence, name: str, caption: str, forms: Sequence[object], metrics: Sequence[MetricCells]
) -> Table:
    """A row per arm: what it is, how many runs it has where arms differ in that, and the columns of each metric."""
    arms = _listed(evidence)
    names = [arm["name"] for arm in arms]
    groups: list[Group] = [form(cells, names) for form, cells in zip(forms, metrics, strict=True)]  # type: ignore[operator]
    first, leads = _first(evidence, arms, with_runs=forms[0] is _in_full)
    table = Table(name, caption, [*first, *(column for columns, _, _ in groups for column in columns)])
    titled = _has_titles(evidence)
    alone = sum(not arm["reference"] for arm in arms)
    for place, arm in enumerate(arms):
        begins = bool(arm["reference"]) and (place == alone or arms[place - 1]["family"] != arm["family"])
        if begins and titled:
            table.family(family_title(arm["family"]))
        cells, bold = list(leads[place]), []
        for _, rows, marks in groups:
            bold += [len(cells) + mark for mark in marks[place]]
            cells += rows[place]
        rule = r"\midrule" if place == alone else r"\addlinespace"
        table.add(cells, bold, rule if begins and not titled else "")
    return table


def _in_full(cells: MetricCells, arms: Sequence[str]) -> Group:
    """What arms reach with its deviation, effect, interval and verdict."""
    reached = aligned([cells.reach(arm) for arm in arms])
    effects = [cells.effect(arm) for arm in arms]
    columns = [
        column(cells.head, r"mean $\pm$ sd", reached),
        column(cells.head, DELTA, effects),
        Column(cells.head, "interval", "r"),
        Column(cells.head, "verdict"),
    ]
    rows = [
        [reach, effect, cells.interval(arm), cells.verdict(arm)]
        for arm, reach, effect in zip(arms, reached, effects, strict=True)
    ]
    return columns, rows, [{1} if cells.is_bold(arm) else set() for arm in arms]


def _in_short(cells: MetricCells, arms: Sequence[str]) -> Group:
    """What arms reach, and the effect."""
    rows = [[cells.mean(arm), cells.effect(arm)] for arm in arms]
    columns = [
        column(cells.head, "mean", [mean for mean, _ in rows]),
        column(cells.head, DELTA, [effect for _, effect in rows]),
    ]
    return columns, rows, [{1} if cells.is_bold(arm) else set() for arm in arms]


def _first(evidence: PaperEvidence, arms: Sequence[ArmPlan], with_runs: bool) -> tuple[list[Column], list[list[str]]]:
    """The columns that say which arm a row is about, and their cells."""
    parts = marked_parts(evidence)
    names = [Column("", escaped(words_of(part)), "c") for part in parts] or [Column("", "Recipe")]
    leads = [
        [NO if taken_out(arm["recipe"], part, evidence.parts) else YES for part in parts] or [_label(evidence, arm)]
        for arm in arms
    ]
    rows = [evidence.arms[arm["name"]] for arm in arms]
    runs = [f"{{{finished_of_all(row)}}}" if row["failed"] else finished_of_all(row) for row in rows]
    if not with_runs or len({count for count, row in zip(runs, rows, strict=True) if row["failed"] < row["runs"]}) <= 1:
        return names, leads  # of an arm whose every run failed, the mean says so
    return [*names, Column("", "$n$", number_format(runs))], [
        [*lead, count] for lead, count in zip(leads, runs, strict=True)
    ]


def _label(evidence: PaperEvidence, arm: ArmPlan) -> str:
    """An arm's words, with its reference where that is not the baseline."""
    label, reference = evidence.labels[anywhere(arm["name"])], arm["reference"]
    base = evidence.study["arms"][0]["name"]
    if reference and _has_titles(evidence):
        label = below(family_title(arm["family"]), label)
    words = escaped(label[:1].upper() + label[1:] if arm["name"] == base else label)
    return (
        words if reference in (None, base) else f"{words} (vs.\\ {escaped(evidence.labels[anywhere(str(reference))])})"
    )


def _listed(evidence: PaperEvidence) -> list[ArmPlan]:
    """The arms in the order of the table: those without a reference, then family by family."""
    arms, order = evidence.study["arms"], families(evidence.study)
    alone = [arm for arm in arms if not arm["reference"]]
    return [*alone, *(arm for family in order for arm in arms if arm["reference"] and arm["family"] == family)]


def _has_titles(evidence: PaperEvidence) -> bool:
    return len(families(evidence.study)) > 1 and not marked_parts(evidence)
