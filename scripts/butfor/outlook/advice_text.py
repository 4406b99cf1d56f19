"""What a user may want to change in a study before it costs anything, in words."""

from __future__ import annotations

from collections.abc import Iterator

from butfor.languages.phrases import phrase
from butfor.outlook.outlook import Outlook
from butfor.outlook.untouched_parts import lines_to_add
from butfor.study import changed_losses
from butfor.study.watched_losses import in_words, metric_in_words
from butfor.verdicts.words import listed


def advice(outlook: Outlook) -> Iterator[list[str]]:
    """A paragraph for each thing."""
    for names in outlook.alike:
        yield [
            phrase(
                "{arms} would train the very same runs: what is set differently never acts. Such an arm is found void after its"
                " training; change it or leave it out.",
                arms=listed(names),
            )
        ]
    if outlook.untouched:
        lines = "\n".join(f"    {line}" for line in lines_to_add(outlook.untouched))
        yield [
            phrase(
                "No arm touches these active parts of the recipe, so that the study says nothing about them: {parts}. To ask"
                " about them, add to the study file:",
                parts=listed(list(outlook.untouched)),
            ),
            lines,
        ]
    if outlook.unclaimed:
        yield [
            phrase(
                "No claim is about {arms}; a claim counts as declared only if it is there before the first run.",
                arms=listed(outlook.unclaimed),
            )
        ]
    if outlook.watched:
        yield [in_words(each, len(outlook.arms)) for each in outlook.watched]
    if outlook.own_losses:
        yield [changed_losses.in_words(outlook.own_losses, outlook.own_loss_decides)]
    if outlook.metrics_watched:
        yield [metric_in_words(each, len(outlook.arms), titles=outlook.titles) for each in outlook.metrics_watched]
    if not outlook.has_font:
        yield [
            phrase(
                "This machine has no font with all letters of the report's language: figures that it draws will be in English."
                " Install one before the start, such as Noto Sans CJK (fonts-noto-cjk), and delete matplotlib's cache."
            )
        ]
