"""The report's sections on what mattered most and on what depends on what else: tables in, markdown out."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from butfor import factors, gallery, grids, stats
from butfor.record import Record
from butfor.verdict_words import UNPROVEN, VOID, probability, signed

Study = dict[str, Any]
Rows = list[dict[str, Any]]


def what_mattered(study: Study, rows: Rows) -> list[str]:
    """The section that ranks what was changed, if there is more than one thing to rank."""
    found = factors.importance(study, rows)
    if not found:
        return []
    tables = [_ranking(reference, list(items)) for reference, items in groupby(found, key=lambda row: row["reference"])]
    level = f"{100 * (1 - study['verdict']['alpha']):g} %"
    note = (
        f"What was changed, by the size of its effect on {_spoken(found[0]['metric'])}; where several"
        " arms changed the same, by the largest. Arms are ranked only among those with the same reference. What makes runs"
        f" fail counts as larger than any effect. The intervals of a table hold all together at {level}, over all looks, so"
        " they are wider than those above. A rank's interval counts what surely lies above and what surely lies below, and"
        f" all ranks of a table are within theirs at {level} (Klein, Wright and Wieczorek 2020)."
    )
    ranked = {row["metric"] for row in found}
    refused = {
        row["arm"]: row["verdict"] for row in rows if row["metric"] in ranked and row["verdict"] in (VOID, UNPROVEN)
    }
    if refused:
        note += f" Not ranked: {', '.join(f'`{arm}` ({verdict})' for arm, verdict in refused.items())}."
    return ["\n\n".join(["## What mattered", *tables, note])]


def _ranking(reference: str, items: Rows) -> str:
    first, unit = items[0], items[0]["unit"]
    effect = f"{_effect(first, unit)} with `{first['arm']}`"
    lead = f"Against `{reference}`, the largest effect is that of `{first['changed']}` ({effect})."
    firsts = [f"`{row['changed']}`" for row in items if row["rank_low"] == 1]
    settled = sum(row["rank_low"] == row["rank_high"] for row in items)
    sure = "It surely comes first" if len(firsts) == 1 else f"Any of {_listed(firsts)} may come first"
    lead += f" {sure}; the rank is settled for {settled} of {len(items)}."
    if first["effect"] is None and first["verdict"] == "inconclusive":
        lead = f"Against `{reference}`, no effect is known yet."
    head = f"| rank | may be | what was changed | largest with | effect, {unit} | interval | verdict |"
    lines = [head, "| ---: | :---: | --- | --- | ---: | :---: | --- |"]
    for row in items:
        open_ranks = f"{row['rank_low']}" + (f" to {row['rank_high']}" if row["rank_high"] > row["rank_low"] else "")
        verdict = row["verdict"] + (f" ({row['remark']})" if row["remark"] else "")
        cells = [f"{row['rank']}", open_ranks, f"`{row['changed']}`", f"`{row['arm']}`", signed(row["effect"], 2)]
        lines.append("| " + " | ".join([*cells, _interval(row), verdict]) + " |")
    return lead + "\n\n" + "\n".join(lines)


def interactions(study: Study, records: list[Record], rows: Rows) -> list[str]:
    """The section on interactions, if the study has a grid, or a part that is both left out and added."""
    designs, parts = grids.grids(study), grids.parts_both_ways(study)
    if not designs and not parts:
        return []
    effects, refused = factors.grid_effects(study, records, rows), factors.refused_arms(rows)
    metric = _spoken(study["verdict"]["metric"])
    text = [
        "## Interactions",
        f"Whether the effect of one change on {metric} depends on another. Paired by seed like all else: every seed at which"
        " all cells of a contrast finished gives one difference, or one difference of differences.",
    ]
    for grid in designs:
        own = [row for row in effects if row["name"] == grid.name]
        text += [f"### Grid: {grid.name}", *_grid(study, grid, own, sorted(refused & {*grid.arms}))]
    if parts:
        found = {tuple(row["of"]): row for row in factors.part_interactions(study, records, rows)}
        sentences = [_part(part, found.get(tuple(part.arms)), refused) for part in parts]
        text += ["### Leave-one-out and add-one", _parts_note(study), "\n".join(f"- {line}" for line in sentences)]
    return ["\n\n".join(text)]


def _grid(study: Study, grid: grids.Grid, effects: Rows, refused: list[str]) -> list[str]:
    """A grid's sentences, its picture and its two tables."""
    if refused:
        return [f"Not analysed: {_listed([f'`{arm}`' for arm in refused])} has no verdict (see the checks)."]
    picture = next(p for p in gallery.pictures(study) if p.kind == "interactions" and p.arms == tuple(grid.arms))
    main = [row for row in effects if len(row["of"]) == 1]
    joint = [row for row in effects if len(row["of"]) == 2]
    sentences = [_interaction(row) for row in joint if row["verdict"] != "inconclusive"]
    undecided = sum(row["verdict"] == "inconclusive" for row in joint)
    if undecided:
        sentences.append(
            f"{undecided} of {len(joint)} interactions are neither shown nor shown not to matter; their intervals say how"
            " large they could be."
        )
    failing = [row for row in effects if row["failed_ablation"] or row["failed_reference"]]
    if failing:
        sentences.append(
            "Where a cell failed, its seed is out of every contrast that the cell is part of, so these effects are among"
            " finished runs; “seeds” says how many are left."
        )
    over = "p is corrected over all main effects, and over all interactions, of the study's grids"
    return [
        " ".join(sentences),
        f"![{picture.title}](figures/{picture.name}.png)\n\n*{picture.caption}*",
        _table(main, "main effect"),
        _table(joint, "interaction"),
        f"A main effect is the mean over the other factors' levels; an interaction is how much the first effect changes from"
        f" one level of the second to the other, as a mean over the rest. Intervals are each by itself over all looks; {over}.",
    ]


def _table(effects: Rows, title: str) -> str:
    lines = [
        f"| {title} | effect, {effects[0]['unit']} | interval | p differ | p same | verdict | seeds |",
        "| --- | ---: | :---: | ---: | ---: | --- | ---: |",
    ]
    for row in effects:
        numbers = [signed(row["effect"], 2), _interval(row)]
        chances = [probability(row[key] if row["pairs"] > 1 else None) for key in ("p_difference", "p_equivalence")]
        seeds = f"{row['pairs']} of {row['planned']}"
        lines.append("| " + " | ".join([_changes(row), *numbers, *chances, f"**{row['verdict']}**", seeds]) + " |")
    return "\n".join(lines)


def _changes(row: dict[str, Any]) -> str:
    """What a contrast of a grid compares: each factor from its base to its level."""
    changes = [
        f"`{factor}` {grids.short(factor, base)} → {grids.short(factor, level)}"
        for factor, base, level in zip(row["of"], row["bases"], row["levels"], strict=True)
    ]
    return " × ".join(changes)


def _interaction(row: dict[str, Any]) -> str:
    says = f"{signed(row['effect'], 2)} {row['unit']} {_interval(row)}"
    if row["verdict"] == stats.INTERACTION:
        one, other = row["of"]
        return f"`{one}` and `{other}` **interact** ({_changes(row)}): {says} beyond the sum of the two."
    return f"{_changes(row)}: no meaningful interaction, {says}."


def _part(part: grids.PartBothWays, row: dict[str, Any] | None, refused: set[str]) -> str:
    """Whether a part is worth as much in the full recipe as on its own, in one sentence."""
    if row is None:
        arms = [f"`{arm}`" for arm in part.arms if arm in refused]
        return f"`{part.part}`: not compared, {_listed(arms)} has no verdict."
    worth = (
        f"in `{part.full}` it is worth {signed(row['leave'], 2)} {row['unit']}, added to `{part.bare}`"
        f" {signed(row['add'], 2)}"
    )
    difference = f"{signed(row['effect'], 2)} {_interval(row)}"
    if row["pairs"] < 2:
        return (
            f"`{part.part}`: not compared, {row['pairs']} of {row['planned']} seeds at which all four arms finished;"
            f" `{part.full}` or `{part.without}` failed at {row['failed_ablation']}, `{part.only}` or `{part.bare}` at"
            f" {row['failed_reference']}."
        )
    if row["verdict"] == stats.INTERACTION:
        return (
            f"leave-one-out and add-one **disagree** for `{part.part}`: {worth}, {difference} apart, so that it interacts"
            " with the other parts."
        )
    if row["verdict"] == stats.NO_INTERACTION:
        return f"leave-one-out and add-one agree for `{part.part}`: {worth}, {difference} apart, within the margin."
    return (
        f"no interaction is shown for `{part.part}`: {worth}, {difference} apart; the interval is how large an interaction"
        " these seeds leave open."
    )


def _parts_note(study: Study) -> str:
    alpha = study["verdict"]["alpha"]
    return (
        "A part is worth the full recipe minus the recipe without it, and, on its own, the bare recipe with it minus the bare"
        " one. If the two differ, the part's effect depends on the other parts: there is an interaction. “Disagree” is said"
        f" at {100 * alpha:g} %, corrected over looks and parts."
    )


def _spoken(metric: str) -> str:
    return metric.replace("/", " ")


def _effect(row: dict[str, Any], unit: str) -> str:
    return row["remark"] if row["effect"] is None else f"{signed(row['effect'], 2)} {unit}"


def _interval(row: dict[str, Any]) -> str:
    return "–" if row["low"] is None else f"[{signed(row['low'], 2)}, {signed(row['high'], 2)}]"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
