"""What a plan says of the models and losses that it has built, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from butfor.languages.phrases import phrase, plural, stored
from butfor.process.failure_note import without_name
from butfor.verdicts.words import listed

MOST = 8  # arms that are named in a row


def build_lines(refused: Mapping[str, str], untried: Sequence[str]) -> list[str]:
    """A line for each reason why arms cannot be trained, and one on those that were not tried; none where all can. refused: by
    arm, why it cannot be built."""
    by_reason: dict[str, list[str]] = {}
    for arm, why in refused.items():
        by_reason.setdefault(without_name(why, arm), []).append(arm)
    lines = [
        phrase("A start will not train {arms}: {why}.", arms=_some(arms), why=stored(refused[arms[0]].rstrip(".")))
        for arms in by_reason.values()
    ]
    if untried:
        lines.append(
            plural(
                "The model of {n} more arm was not built, so that the plan comes soon: a start builds it before it trains.",
                "The models of {n} more arms were not built, so that the plan comes soon: a start builds them before it trains.",
                len(untried),
            )
        )
    return lines


def _some(arms: Sequence[str]) -> str:
    named, more = list(arms[:MOST]), len(arms) - MOST
    return listed(named) if more <= 0 else phrase("{arms} and {n} more", arms=", ".join(named), n=more)
