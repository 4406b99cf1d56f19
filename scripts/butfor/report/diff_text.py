"""Two studies' verdicts side by side, as text. Standard library only."""

from __future__ import annotations

from typing import Any

from butfor.plain_text import counted
from butfor.verdicts.changed_verdicts import VerdictDiff, VerdictPair, changed_in, moved_in
from butfor.verdicts.numbers import interval, signed, within


def diff_text(diff: VerdictDiff) -> str:
    """Which verdicts changed, which effects moved, which arms are in one folder alone, and what else differs."""
    changed, moved, both = changed_in(diff), moved_in(diff), diff["both"]
    by = f"by {diff['metric']}, in {diff['unit']}"
    if not both:
        head = f"{diff['a']} and {diff['b']} have no ablation in common."
    elif changed:
        head = f"{len(changed)} of {counted(len(both), 'verdict')} changed from {diff['a']} to {diff['b']}, {by}:"
    else:
        head = f"No verdict changed from {diff['a']} to {diff['b']} ({counted(len(both), 'ablation')}, {by})."
    lines = [head, *(_changed(pair, diff["decimals"]) for pair in changed)]
    if moved:
        lines += ["The same verdict, but intervals that have nothing in common:"]
        lines += [_changed(pair, diff["decimals"]) for pair in moved]
    for folder, arms in ((diff["a"], diff["only_a"]), (diff["b"], diff["only_b"])):
        if arms:
            lines.append(f"Only in {folder}: {', '.join(arms)}.")
    return "\n".join([*lines, *diff["differences"]])


def _changed(pair: VerdictPair, decimals: int) -> str:
    return f"  {pair['arm']}: {_side(pair['a'], decimals)} → {_side(pair['b'], decimals)}"


def _side(side: dict[str, Any], decimals: int) -> str:
    remark = f" ({side['remark']})" if side["remark"] else ""
    shown = within(side["low"], side["high"], decimals)
    effect = f" {signed(side['effect'], shown)} {interval(side['low'], side['high'], shown)}" if side["pairs"] else ""
    return f"{side['verdict']}{remark}{effect}"
