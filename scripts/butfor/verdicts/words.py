"""Verdicts in words: which contrasts matter most, a contrast in one line, the way an undecided one leans, and what follows a
look. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from butfor.fold_numbers import place_of
from butfor.plain_text import counted
from butfor.study.metrics import Metric
from butfor.verdicts.decision import Decision
from butfor.verdicts.numbers import duration, effect_of, interval_of
from butfor.verdicts.rows import SAME, ContrastRow

Row = TypeVar("Row", bound=Mapping[str, Any])


def by_importance(rows: Iterable[Row]) -> list[Row]:
    """Rows by the size of their effect, total failures first."""
    return sorted(rows, key=lambda row: (row["effect"] is not None, -abs(row["effect"] or 0.0)))


def lean(row: Mapping[str, Any], metric: Metric) -> str | None:
    """The verdict that an undecided row is nearest to, by its probabilities; a direction where there is no margin, and none where
    there is no effect either. An arm that failed more often leans towards nothing good."""
    more_failed = (row.get("failed_ablation") or 0) - (row.get("failed_reference") or 0)
    if row["effect"] is None and more_failed:
        return "hurts" if more_failed > 0 else "helps"
    if row["effect"] is None or not (row["effect"] or row["margin"]):
        return None
    differ, same = row["p_difference"], row["p_equivalence"]
    near = "helps" if metric.worth(row["effect"]) > 0 else "hurts"
    if not row["effect"] or (same is not None and differ is not None and same < differ):
        near = SAME
    barred = more_failed and near != ("hurts" if more_failed > 0 else "helps")
    return None if barred else near


def in_words(row: ContrastRow) -> str:
    """A contrast in one line: what was changed, what it did, by how much."""
    if not row["pairs"]:
        return f"{row['arm']}: {with_remark(row)}"
    interval = f" {interval_of(row)}" if row["low"] is not None else ""
    return f"{row['arm']}: {with_remark(row)}, {effect_of(row)} {row['unit']}{interval} against {row['reference']}"


def with_remark(row: Mapping[str, Any], mark: str = "") -> str:
    """A row's verdict with the remark on it, if there is one; the verdict between marks such as `**`."""
    return f"{mark}{row['verdict']}{mark}" + (f" ({row['remark']})" if row["remark"] else "")


def decision_in_words(decision: Decision) -> str:
    """What follows a look in one line."""
    text = (
        f"After {counted(decision['seen'], 'seed')} {decision['settled']} of"
        f" {counted(decision['ablations'], 'ablation')} {'is' if decision['ablations'] == 1 else 'are'} settled."
    )
    if decision["stopped"]:
        return f"{text} No look at {decision['following']}: {decision['stopped']}."
    if not decision["next"]:
        return text
    arms = decision["next"]
    return (
        f"{text} The look at {decision['following']} trains {counted(decision['runs'], 'run')} of"
        f" {counted(len(arms), 'arm')},"
        f" about {duration(decision['hours'])} of one device, starts not counted: {', '.join(arms)}."
    )


def listed(words: Sequence[str]) -> str:
    """Words in a row, the last after an `and`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def runs_in_words(seeds: Sequence[int], replicates: Mapping[str, Any] | None) -> str:
    """Runs as `seeds 0 to 4`; of a study of folds as `folds 0, 3 of repeat 0; all folds of repeat 1`, numbered as tags are."""
    if not replicates:
        return seeds_in_words(seeds)
    by_repeat: dict[int, list[int]] = {}
    for seed in seeds:
        repeat, fold = place_of(seed, replicates["folds"])
        by_repeat.setdefault(repeat, []).append(fold)
    words = {
        repeat: "all folds"
        if len(folds) == replicates["folds"]
        else f"{'fold' if len(folds) == 1 else 'folds'} {', '.join(map(str, sorted(folds)))}"
        for repeat, folds in by_repeat.items()
    }
    return "; ".join(f"{folds} of repeat {repeat}" for repeat, folds in words.items())


def seeds_in_words(seeds: Sequence[int]) -> str:
    """Seeds as `seed 3`, `seeds 0 to 4` or `seeds 1, 3`."""
    several = len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1))
    words = f"{seeds[0]} to {seeds[-1]}" if several else ", ".join(map(str, seeds))
    return f"seed {words}" if len(seeds) == 1 else f"seeds {words}"
