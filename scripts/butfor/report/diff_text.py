"""Two studies' verdicts side by side, as text. Standard library only."""

from __future__ import annotations

from typing import Any

from butfor.languages.phrases import phrase, stored, term
from butfor.plain_text import counted
from butfor.verdicts.changed_verdicts import VerdictDiff, VerdictPair, changed_in, moved_in
from butfor.verdicts.numbers import interval, signed, within


def diff_text(diff: VerdictDiff) -> str:
    """Which verdicts changed, which effects moved, which arms are in one folder alone, and what else differs."""
    changed, moved, both = changed_in(diff), moved_in(diff), diff["both"]
    folders = {"a": diff["a"], "b": diff["b"]}
    by = phrase("by {metric}, in {unit}", metric=diff["metric"], unit=term(diff["unit"]))
    if not both:
        head = phrase("{a} and {b} have no ablation in common.", **folders)
    elif changed:
        verdicts = counted(len(both), "verdict")
        head = phrase(
            "{n} of {verdicts} changed from {a} to {b}, {by}:", n=len(changed), verdicts=verdicts, by=by, **folders
        )
    else:
        ablations = counted(len(both), "ablation")
        head = phrase("No verdict changed from {a} to {b} ({ablations}, {by}).", ablations=ablations, by=by, **folders)
    lines = [head, *(_changed(pair, diff["decimals"]) for pair in changed)]
    if moved:
        lines += [phrase("The same verdict, but intervals that have nothing in common:")]
        lines += [_changed(pair, diff["decimals"]) for pair in moved]
    for folder, arms in ((diff["a"], diff["only_a"]), (diff["b"], diff["only_b"])):
        if arms:
            lines.append(phrase("Only in {folder}: {arms}.", folder=folder, arms=", ".join(arms)))
    return "\n".join([*lines, *map(stored, diff["differences"])])


def _changed(pair: VerdictPair, decimals: int) -> str:
    return f"  {pair['arm']}: {_side(pair['a'], decimals)} → {_side(pair['b'], decimals)}"


def _side(side: dict[str, Any], decimals: int) -> str:
    remark = f" ({stored(side['remark'])})" if side["remark"] else ""
    shown = within(side["low"], side["high"], decimals)
    effect = f" {signed(side['effect'], shown)} {interval(side['low'], side['high'], shown)}" if side["pairs"] else ""
    return f"{stored(side['verdict'])}{remark}{effect}"
