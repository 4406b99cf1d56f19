"""The report's section on what depends on what else."""

from __future__ import annotations

from butfor import stats
from butfor.figures import gallery
from butfor.languages.phrases import phrase, plural, stored, term
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
    refused, metric = refused_arms(rows), term(judged_by(study).title)
    about = (
        phrase(
            "Whether the effect of one change on {metric} depends on another. In pairs like all else: every fold at which all"
            " cells of a contrast finished gives one difference, or one difference of differences.",
            metric=metric,
        )
        if study.get("replicates")
        else phrase(
            "Whether the effect of one change on {metric} depends on another. In pairs like all else: every seed at which all"
            " cells of a contrast finished gives one difference, or one difference of differences.",
            metric=metric,
        )
    )
    text = [f"## {phrase('Interactions')}", about]
    for grid in designs:
        effects = [row for row in interactions if row["design"] == "grid" and row["name"] == grid.name]
        title = phrase("Grid: {name}", name=grid.name)
        text += [f"### {title}", *_grid(study, grid, effects, sorted(refused & {*grid.arms}))]
    if parts:
        by_arms = {tuple(row["of"]): row for row in interactions if row["design"] == "part"}
        noun = replicate(study)
        sentences = [_part(part, by_arms.get(tuple(part.arms)), refused, noun) for part in parts]
        title = phrase("Leave-one-out and add-one")
        text += [f"### {title}", _parts_note(study), "\n".join(f"- {line}" for line in sentences)]
    return "\n\n".join(text)


def _grid(study: Study, grid: Grid, effects: list[InteractionRow], refused: list[str]) -> list[str]:
    """A grid's sentences, its picture and its two tables."""
    if refused:
        arms = listed([f"`{arm}`" for arm in refused])
        return [phrase("Not analysed: {arms} has no verdict (see the checks).", arms=arms)]
    picture = next(p for p in gallery.pictures(study) if p.kind == "interactions" and p.arms == tuple(grid.arms))
    main = [row for row in effects if len(row["of"]) == 1]
    joint = [row for row in effects if len(row["of"]) == 2]
    sentences = [_interaction(row) for row in joint if row["verdict"] != "inconclusive"]
    if undecided := sum(row["verdict"] == "inconclusive" for row in joint):
        sentences.append(
            plural(
                "{undecided} of {n} interaction is neither shown nor shown not to matter; intervals say how large they could be.",
                "{undecided} of {n} interactions are neither shown nor shown not to matter; intervals say how large they could"
                " be.",
                len(joint),
                undecided=undecided,
            )
        )
    noun = replicate(study)
    if any(row["failed_ablation"] or row["failed_reference"] for row in effects):
        sentences.append(
            phrase(
                "Where a cell failed, its fold is out of every contrast that the cell is part of, so these effects are among"
                " finished runs; “folds” says how many are left."
            )
            if noun == "fold"
            else phrase(
                "Where a cell failed, its seed is out of every contrast that the cell is part of, so these effects are among"
                " finished runs; “seeds” says how many are left."
            )
        )
    effect = phrase(
        "A main effect is the mean over the other factors' levels; an interaction is how much the first effect changes from one"
        " level of the second to the other, as a mean over the rest."
    )
    corrected = (
        phrase(
            "Intervals are each by itself over all looks; p is corrected over all main effects, and over all interactions, of the"
            " study's grids."
        )
        if len(study["looks"]) > 1
        else phrase(
            "Intervals are each by itself; p is corrected over all main effects, and over all interactions, of the study's grids."
        )
    )
    return [
        " ".join(sentences),
        figure(picture),
        _table(main, phrase("main effect"), noun),
        _table(joint, phrase("interaction"), noun),
        " ".join([effect, corrected, *_without_margin(effects)]),
    ]


def _without_margin(effects: list[InteractionRow]) -> list[str]:
    """Why a column of the tables is empty."""
    if all(row["margin"] is not None for row in effects):
        return []
    return [phrase("Without a margin, “p same” is empty.")]


def _table(effects: list[InteractionRow], title: str, noun: str) -> str:
    effect = phrase("effect, {unit}", unit=term(effects[0]["unit"]))
    heads = [title, effect, phrase("interval"), phrase("p differ"), phrase("p same"), phrase("verdict")]
    lines = [
        f"| {' | '.join([*heads, phrase('folds') if noun == 'fold' else phrase('seeds')])} |",
        "| --- | ---: | :---: | ---: | ---: | --- | ---: |",
    ]
    for row in effects:
        numbers = [effect_of(row), interval_of(row)]
        chances = [probability(p if row["pairs"] > 1 else None) for p in (row["p_difference"], row["p_equivalence"])]
        seeds = phrase("{n} of {n_all}", n=row["pairs"], n_all=row["planned"])
        lines.append(
            "| " + " | ".join([_changes(row), *numbers, *chances, f"**{stored(row['verdict'])}**", seeds]) + " |"
        )
    return "\n".join(lines)


def _changes(row: InteractionRow) -> str:
    """What a contrast of a grid compares: each factor from its base to its level."""
    changes = [
        f"`{factor}` {short(factor, base)} → {short(factor, level)}"
        for factor, base, level in zip(row["of"], row["bases"], row["levels"], strict=True)
    ]
    return " × ".join(changes)


def _interaction(row: InteractionRow) -> str:
    numbers = f"{effect_of(row)} {term(row['unit'])} {interval_of(row)}"
    if row["verdict"] == stats.INTERACTION:
        one, other = row["of"]
        return phrase(
            "`{one}` and `{other}` **interact** ({changes}): {numbers} beyond the sum of the two.",
            one=one,
            other=other,
            changes=_changes(row),
            numbers=numbers,
        )
    return phrase("{changes}: no meaningful interaction, {numbers}.", changes=_changes(row), numbers=numbers)


def _part(part: PartBothWays, row: InteractionRow | None, refused: set[str], noun: str) -> str:
    """Whether a part is worth as much in the full recipe as on its own, in one sentence."""
    if row is None:
        arms = listed([f"`{arm}`" for arm in part.arms if arm in refused])
        return phrase("`{part}`: not compared, {arms} has no verdict.", part=part.part, arms=arms)
    if row["pairs"] < 2:
        named = {"part": part.part, "full": part.full, "without": part.without, "only": part.only, "bare": part.bare}
        counts = {"n": row["pairs"], "n_all": row["planned"]}
        failed = {"n_with": row["failed_ablation"], "n_alone": row["failed_reference"]}
        if noun == "fold":
            return phrase(
                "`{part}`: not compared, {n} of {n_all} folds at which all four arms finished; `{full}` or `{without}` failed at"
                " {n_with}, `{only}` or `{bare}` at {n_alone}.",
                **named,
                **counts,
                **failed,
            )
        return phrase(
            "`{part}`: not compared, {n} of {n_all} seeds at which all four arms finished; `{full}` or `{without}` failed at"
            " {n_with}, `{only}` or `{bare}` at {n_alone}.",
            **named,
            **counts,
            **failed,
        )
    leave, add = (signed(value, decimals_of(row)) for value in (row["leave"], row["add"]))
    worth = phrase(
        "in `{full}` it is worth {leave}, added to `{bare}` {add}",
        full=part.full,
        leave=f"{leave} {term(row['unit'])}",
        bare=part.bare,
        add=add,
    )
    comparison = {"part": part.part, "worth": worth, "difference": f"{effect_of(row)} {interval_of(row)}"}
    if row["verdict"] == stats.INTERACTION:
        return phrase(
            "leave-one-out and add-one **disagree** for `{part}`: {worth}, {difference} apart, so that it interacts with the"
            " other parts.",
            **comparison,
        )
    if row["verdict"] == stats.NO_INTERACTION:
        return phrase(
            "leave-one-out and add-one agree for `{part}`: {worth}, {difference} apart, within the margin.",
            **comparison,
        )
    if noun == "fold":
        return phrase(
            "no interaction is shown for `{part}`: {worth}, {difference} apart; the interval is how large an interaction these"
            " folds leave open.",
            **comparison,
        )
    return phrase(
        "no interaction is shown for `{part}`: {worth}, {difference} apart; the interval is how large an interaction these seeds"
        " leave open.",
        **comparison,
    )


def _parts_note(study: Study) -> str:
    worth = phrase(
        "A part is worth the full recipe minus the recipe without it, and, on its own, the bare recipe with it minus the bare"
        " one. If the two differ, the part's effect depends on the other parts: there is an interaction."
    )
    alpha = f"{100 * study['verdict']['alpha']:g}"
    if len(study["looks"]) > 1:
        return f"{worth} {phrase('“Disagree” is said at {alpha} %, corrected over looks and parts.', alpha=alpha)}"
    return f"{worth} {phrase('“Disagree” is said at {alpha} %, corrected over parts.', alpha=alpha)}"
