"""The report's section on what depends on what else."""

from __future__ import annotations

from butfor import stats
from butfor.figures import gallery
from butfor.plain_text import counted
from butfor.report.figure_section import figure
from butfor.report.fold_words import replicate
from butfor.study.designs import Grid, PartBothWays, grids, parts_both_ways, short
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.numbers import decimals_of, effect_of, interval_of, probability, signed
from butfor.verdicts.rows import ContrastRow, InteractionRow, refused_arms
from butfor.verdicts.words import listed


def interaction_section(study: Study, rows: list[ContrastRow], interactions: list[InteractionRow]) -> str:
    """Every grid with its effects, and every part that is both left out and added; nothing for a study without either.

    rows: of all contrasts. interactions: of comparison.json.
    """
    designs, parts = grids(study), parts_both_ways(study)
    if not designs and not parts:
        return ""
    refused = refused_arms(rows)
    text = [
        "## Interactions",
        f"Whether the effect of one change on {judged_by(study).title} depends on another. In pairs like all else:"
        f" every {replicate(study)} at which all cells of a contrast finished gives one difference, or one difference of"
        " differences.",
    ]
    for grid in designs:
        effects = [row for row in interactions if row["design"] == "grid" and row["name"] == grid.name]
        text += [f"### Grid: {grid.name}", *_grid(study, grid, effects, sorted(refused & {*grid.arms}))]
    if parts:
        by_arms = {tuple(row["of"]): row for row in interactions if row["design"] == "part"}
        noun = replicate(study)
        sentences = [_part(part, by_arms.get(tuple(part.arms)), refused, noun) for part in parts]
        text += ["### Leave-one-out and add-one", _parts_note(study), "\n".join(f"- {line}" for line in sentences)]
    return "\n\n".join(text)


def _grid(study: Study, grid: Grid, effects: list[InteractionRow], refused: list[str]) -> list[str]:
    """A grid's sentences, its picture and its two tables."""
    if refused:
        return [f"Not analysed: {listed([f'`{arm}`' for arm in refused])} has no verdict (see the checks)."]
    picture = next(p for p in gallery.pictures(study) if p.kind == "interactions" and p.arms == tuple(grid.arms))
    main = [row for row in effects if len(row["of"]) == 1]
    joint = [row for row in effects if len(row["of"]) == 2]
    sentences = [_interaction(row) for row in joint if row["verdict"] != "inconclusive"]
    undecided = sum(row["verdict"] == "inconclusive" for row in joint)
    if undecided:
        count = counted(len(joint), "interaction")
        sentences.append(
            f"{undecided} of {count} {'is' if len(joint) == 1 else 'are'} neither shown nor shown not to matter; intervals say"
            " how large they could be."
        )
    noun, at_looks = replicate(study), " over all looks" if len(study["looks"]) > 1 else ""
    failing = [row for row in effects if row["failed_ablation"] or row["failed_reference"]]
    if failing:
        sentences.append(
            f"Where a cell failed, its {noun} is out of every contrast that the cell is part of, so these effects are among"
            f" finished runs; “{noun}s” says how many are left."
        )
    over = "p is corrected over all main effects, and over all interactions, of the study's grids"
    return [
        " ".join(sentences),
        figure(picture),
        _table(main, "main effect", noun),
        _table(joint, "interaction", noun),
        f"A main effect is the mean over the other factors' levels; an interaction is how much the first effect changes from"
        f" one level of the second to the other, as a mean over the rest. Intervals are each by itself{at_looks}; {over}.",
    ]


def _table(effects: list[InteractionRow], title: str, noun: str) -> str:
    lines = [
        f"| {title} | effect, {effects[0]['unit']} | interval | p differ | p same | verdict | {noun}s |",
        "| --- | ---: | :---: | ---: | ---: | --- | ---: |",
    ]
    for row in effects:
        numbers = [effect_of(row), interval_of(row)]
        chances = [probability(p if row["pairs"] > 1 else None) for p in (row["p_difference"], row["p_equivalence"])]
        seeds = f"{row['pairs']} of {row['planned']}"
        lines.append("| " + " | ".join([_changes(row), *numbers, *chances, f"**{row['verdict']}**", seeds]) + " |")
    return "\n".join(lines)


def _changes(row: InteractionRow) -> str:
    """What a contrast of a grid compares: each factor from its base to its level."""
    changes = [
        f"`{factor}` {short(factor, base)} → {short(factor, level)}"
        for factor, base, level in zip(row["of"], row["bases"], row["levels"], strict=True)
    ]
    return " × ".join(changes)


def _interaction(row: InteractionRow) -> str:
    numbers = f"{effect_of(row)} {row['unit']} {interval_of(row)}"
    if row["verdict"] == stats.INTERACTION:
        one, other = row["of"]
        return f"`{one}` and `{other}` **interact** ({_changes(row)}): {numbers} beyond the sum of the two."
    return f"{_changes(row)}: no meaningful interaction, {numbers}."


def _part(part: PartBothWays, row: InteractionRow | None, refused: set[str], noun: str) -> str:
    """Whether a part is worth as much in the full recipe as on its own, in one sentence."""
    if row is None:
        arms = [f"`{arm}`" for arm in part.arms if arm in refused]
        return f"`{part.part}`: not compared, {listed(arms)} has no verdict."
    leave, add = (signed(value, decimals_of(row)) for value in (row["leave"], row["add"]))
    worth = f"in `{part.full}` it is worth {leave} {row['unit']}, added to `{part.bare}` {add}"
    difference = f"{effect_of(row)} {interval_of(row)}"
    if row["pairs"] < 2:
        return (
            f"`{part.part}`: not compared, {row['pairs']} of {row['planned']} {noun}s at which all four arms finished;"
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
        f" these {noun}s leave open."
    )


def _parts_note(study: Study) -> str:
    return (
        "A part is worth the full recipe minus the recipe without it, and, on its own, the bare recipe with it minus the bare"
        " one. If the two differ, the part's effect depends on the other parts: there is an interaction. “Disagree” is said"
        f" at {100 * study['verdict']['alpha']:g} %, corrected over {'looks and parts' if len(study['looks']) > 1 else 'parts'}."
    )
