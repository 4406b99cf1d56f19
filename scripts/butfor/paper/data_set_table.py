"""The table of a study over several data sets: a column for each, and what is said over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from butfor.arm_names import anywhere, on
from butfor.paper.captions import data_sets_caption
from butfor.paper.latex_text import escaped
from butfor.paper.metric_cells import DIFFERENT, WORDS, MetricCells, as_text, column
from butfor.paper.paper_evidence import PaperEvidence
from butfor.paper.row_labels import below, family_title
from butfor.paper.spread_rounding import column_decimals, signed_number
from butfor.paper.tabular import NOTHING, Column, Table
from butfor.study.arm import BASELINE
from butfor.study.summary import ablations_of
from butfor.verdicts.across_rows import AcrossRow
from butfor.verdicts.numbers import decimals_of

MOST = 5  # data sets beside one another
OVER = r"$\Delta$ over data sets"


def data_set_tables(evidence: PaperEvidence) -> list[Table]:
    """A table for every few data sets; the last has what is said over all of them."""
    names = evidence.data_sets
    chunks = [names[at : at + MOST] for at in range(0, len(names), MOST)]
    return [
        _table(evidence, chunk, f"data_sets_{place}" if len(chunks) > 1 else "data_sets", chunk is chunks[-1])
        for place, chunk in enumerate(chunks, 1)
    ]


def _table(evidence: PaperEvidence, names: Sequence[str], name: str, last: bool) -> Table:
    cells = MetricCells(evidence, evidence.metric)
    families = {anywhere(arm["name"]): arm["family"] for arm in ablations_of(evidence.study)}
    arms = [arm for family in dict.fromkeys(families.values()) for arm in families if families[arm] == family]
    base = [cells.reach(on(BASELINE, data_set)) for data_set in names]
    effects = {arm: [cells.effect(on(arm, data_set)) or NOTHING for data_set in names] for arm in arms}
    over = _over(evidence, arms)
    columns = [Column("", "Recipe")]
    columns += [
        column(cells.head, escaped(data_set), [effects[arm][at] for arm in arms]) for at, data_set in enumerate(names)
    ]
    if last:
        columns += [
            column(OVER, "mean", [over[arm][0] for arm in arms]),
            Column(OVER, "interval", "r"),
            Column(OVER, "verdict"),
        ]
    table = Table(name, data_sets_caption(evidence), columns)
    table.add([escaped(evidence.labels[BASELINE].capitalize()), *map(as_text, base), *[""] * 3 * last])
    titled = len({*families.values()}) > 1
    for place, arm in enumerate(arms):
        begins = place == 0 or families[arms[place - 1]] != families[arm]
        if begins and titled:
            table.family(family_title(families[arm]))
        label = below(family_title(families[arm]), evidence.labels[arm]) if titled else evidence.labels[arm]
        bold = [at for at, data_set in enumerate(names, 1) if cells.is_bold(on(arm, data_set))]
        bold += [len(names) + 1] if last and over[arm][0] != NOTHING and over[arm][2] in DIFFERENT else []
        row = [escaped(label), *effects[arm], *(over[arm] if last else ())]
        table.add(row, bold, r"\midrule" if not place and not titled else "")
    return table


def _over(evidence: PaperEvidence, arms: Sequence[str]) -> Mapping[str, tuple[str, str, str]]:
    """Of every arm the mean effect over data sets, its interval and its verdict."""
    across = evidence.comparison["across"]
    rows: dict[str, AcrossRow] = {row["arm"]: row for row in across["rows"]} if across else {}
    halves = {
        arm: None if row["low"] is None or row["high"] is None else (row["high"] - row["low"]) / 2
        for arm, row in rows.items()
    }
    decimals = column_decimals(halves, max((decimals_of(row) for row in rows.values()), default=0))
    cells = {}
    for arm in arms:
        row = rows.get(arm)
        shown = [
            "" if row is None or value is None else signed_number(value, decimals[arm])
            for value in ((row["effect"], row["low"], row["high"]) if row else ())
        ]
        verdict = escaped(WORDS.get(row["verdict"], row["verdict"])) if row else "--"
        interval = f"$[{shown[1]},\\,{shown[2]}]$" if shown and shown[1] and shown[2] else "--"
        cells[arm] = (shown[0] if shown and shown[0] else NOTHING, interval, verdict)
    return cells
