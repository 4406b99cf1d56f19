"""What the report says of a placebo: at its top where it shows something, which it must not, and in a section of its own."""

from __future__ import annotations

from butfor.languages.phrases import phrase, term
from butfor.plain_text import counted
from butfor.verdicts.numbers import effect_of, interval_of
from butfor.verdicts.placebo_row import PlaceboRow
from butfor.verdicts.rows import Comparison


def placebo_warning(comparison: Comparison) -> str:
    """A warning for each placebo that shows something; nothing if none does."""
    return "\n>\n> ".join(
        f"{'' if place else '> '}**{phrase('The placebo shows something.')}** {shown_by(row)} {_follows()}"
        for place, row in enumerate(_showing(comparison))
    )


def placebo_lines(comparison: Comparison, marked: bool = False) -> list[str]:
    """The same in a line each. marked: for markdown, else for a terminal."""
    if marked:
        return [f"**{phrase('The placebo shows something.')}** {shown_by(row)}" for row in _showing(comparison)]
    return [
        phrase("The placebo shows something: {what}", what=shown_by(row).replace("`", ""))
        for row in _showing(comparison)
    ]


def placebo_section(comparison: Comparison) -> str:
    """What the study's placebos show; nothing for a study without one."""
    if not (rows := comparison.get("placebo", [])):
        return ""
    lines = "\n".join(f"- {shown_by(row)}" for row in rows)
    words = phrase(
        "The placebo has the baseline's recipe and seeds of its own. Its runs are compared with the baseline's in"
        " their order, so that the two of a pair have nothing in common, and it is judged by itself: it takes nothing from the"
        " chance of error that the ablations share, and has one of its own, of the same size, to show a difference where there is"
        " none."
    )
    return f"## {phrase('Placebo')}\n\n{words}\n\n{lines}"


def _showing(comparison: Comparison) -> list[PlaceboRow]:
    return [row for row in comparison.get("placebo", []) if row["shows"]]


def shown_by(row: PlaceboRow) -> str:
    """What a placebo shows, in a sentence."""
    named = {"arm": row["arm"], "reference": row["reference"], "pairs": counted(row["pairs"], "pair")}
    if row["effect"] is None or row["low"] is None:
        return phrase("By {pairs} of runs nothing can be said yet of `{arm}` against `{reference}`.", **named)
    effect = f"{effect_of(row)} {term(row['unit'])} {interval_of(row)}"
    if row["shows"]:
        return phrase(
            "`{arm}` is `{reference}` with other seeds, and there is a difference of {effect} between them by {pairs} of runs.",
            **named,
            effect=effect,
        )
    if row["verdict"] == "inconclusive":
        return phrase(
            "`{arm}` shows no difference to `{reference}`: {effect}, by {pairs} of runs; that there is none which matters is not"
            " shown either.",
            **named,
            effect=effect,
        )
    return phrase(
        "`{arm}` shows no difference to `{reference}` that matters: {effect}, by {pairs} of runs.",
        **named,
        effect=effect,
    )


def _follows() -> str:
    return phrase(
        "In a sound study this happens by chance no more often than verdicts may be wrong. Before you believe the others, look"
        " for what else than the recipe moves the figures: seeds that do not reach all that is random, records of another machine"
        " or of other data. To see whether it was chance, repeat the study with another `first_seed`."
    )
