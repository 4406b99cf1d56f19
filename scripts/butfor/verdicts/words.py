"""Verdicts in words: which contrasts matter most, a contrast in one line, the way an undecided one leans, and what follows a
look. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from butfor.fold_numbers import place_of
from butfor.languages.phrases import phrase, plural, stored, term
from butfor.plain_text import counted
from butfor.study.metrics import Metric
from butfor.verdicts.decision import Decision
from butfor.verdicts.numbers import duration, effect_of, interval_of
from butfor.verdicts.rows import REFUSED, SAME, ContrastRow
from butfor.verdicts.shown_intervals import WIDENED, is_widened

CHANGED_TO = " → "  # between a setting's values
Row = TypeVar("Row", bound=Mapping[str, Any])


def by_importance(rows: Iterable[Row]) -> list[Row]:
    """Rows by the size of their effect, total failures first."""
    return sorted(rows, key=lambda row: (row["effect"] is not None, -abs(row["effect"] or 0.0)))


def lean(row: Mapping[str, Any], metric: Metric) -> str | None:
    """The verdict that an undecided row is nearest to, by its probabilities, and where these are both 1 by what its effect is
    nearer to, 0 or the margin; a direction where there is no margin, and none where there is no effect either. An arm that failed
    more often leans towards nothing good."""
    more_failed = (row.get("failed_ablation") or 0) - (row.get("failed_reference") or 0)
    if row["effect"] is None and more_failed:
        return "hurts" if more_failed > 0 else "helps"
    if row["effect"] is None or not (row["effect"] or row["margin"]):
        return None
    differ, same = row["p_difference"], row["p_equivalence"]
    near = "helps" if metric.worth(row["effect"]) > 0 else "hurts"
    if not row["effect"] or (same is not None and differ is not None and _is_nearer(same, differ, row)):
        near = SAME
    barred = more_failed and near != ("hurts" if more_failed > 0 else "helps")
    return None if barred else near


def _is_nearer(same: float, differ: float, row: Mapping[str, Any]) -> bool:
    """Whether no meaningful difference is nearer than a difference."""
    return same < differ or (same == differ and abs(row["effect"]) < (row["margin"] or 0.0) / 2)


def in_words(row: ContrastRow, marked: bool = False) -> str:
    """A contrast in one line: what was changed, what it did, by how much. marked: whether an interval that others' spread widens
    bears a mark, which is to be explained below."""
    if not row["pairs"]:
        return f"{row['arm']}: {with_remark(row)}"
    interval = f" {interval_of(row)}" if row["low"] is not None and row["verdict"] not in REFUSED else ""
    interval += WIDENED if marked and interval and is_widened(row) else ""
    return phrase(
        "{arm}: {verdict}, {effect} against {reference}",
        arm=row["arm"],
        verdict=with_remark(row),
        effect=f"{effect_of(row)} {term(row['unit'])}{interval}",
        reference=row["reference"],
    )


def with_remark(row: Mapping[str, Any], mark: str = "") -> str:
    """A row's verdict with the remark on it, if there is one; the verdict between marks such as `**`."""
    remark = f" ({stored(row['remark'])})" if row["remark"] else ""
    return f"{mark}{stored(row['verdict'])}{mark}{remark}"


def setting_shown(text: str) -> str:
    """What an arm sets, as a reader is shown it: settings as a study file has them, other words in the language in use."""
    return text if CHANGED_TO in text else stored(text)


class There(NamedTuple):
    """The runs of a look that are there before it trains, and the hours of one device that the others take."""

    runs: int
    hours: float


def decision_in_words(decision: Decision, there: There | None = None) -> str:
    """What follows a look in one line.

    there: of the look that follows; None where it trains all its runs, or has trained them.
    """
    given_up = len(decision.get("given_up", []))
    counts = {"seeds": counted(decision["seen"], "seed"), "settled": decision["settled"]}
    text = plural(
        "After {seeds} {settled} of {n} ablation is settled.",
        "After {seeds} {settled} of {n} ablations are settled.",
        decision["ablations"],
        **counts,
    )
    if given_up:
        text = plural(
            "After {seeds} {settled} of {n} ablation is settled, {given_up} stopped undecided.",
            "After {seeds} {settled} of {n} ablations are settled, {given_up} stopped undecided.",
            decision["ablations"],
            given_up=given_up,
            **counts,
        )
    if decision["stopped"]:
        why = phrase("No look at {n}: {reason}.", n=decision["following"], reason=stored(decision["stopped"]))
        return f"{text} {why}"
    if not decision["next"]:
        return text
    return f"{text} {_following(decision, there or There(0, decision['hours']))}"


def _following(decision: Decision, there: There) -> str:
    """What the next look trains, beside what is there."""
    values = {
        "n": decision["following"],
        "runs": counted(decision["runs"], "run"),
        "n_arms": counted(len(decision["next"]), "arm"),
        "time": duration(there.hours),
        "arms": ", ".join(decision["next"]),
    }
    if there.runs == decision["runs"]:
        return phrase("The look at {n} needs {runs} of {n_arms} and has them: {arms}.", **values)
    if there.runs:
        return phrase(
            "The look at {n} needs {runs} of {n_arms} and has {there} of them; what is lacking takes about {time} of one device,"
            " starts not counted: {arms}.",
            there=there.runs,
            **values,
        )
    return phrase(
        "The look at {n} trains {runs} of {n_arms}, about {time} of one device, starts not counted: {arms}.", **values
    )


def listed(words: Sequence[str]) -> str:
    """Words in a row, the last after an `and`."""
    return words[0] if len(words) == 1 else phrase("{others} and {last}", others=", ".join(words[:-1]), last=words[-1])


def runs_in_words(seeds: Sequence[int], replicates: Mapping[str, Any] | None) -> str:
    """Runs as `seeds 0 to 4`; of a study of folds as `folds 0, 3 of repeat 0; all folds of repeat 1`, numbered as tags are."""
    if not replicates:
        return seeds_in_words(seeds)
    by_repeat: dict[int, list[int]] = {}
    for seed in seeds:
        repeat, fold = place_of(seed, replicates["folds"])
        by_repeat.setdefault(repeat, []).append(fold)
    return "; ".join(_folds_in_words(folds, repeat, replicates["folds"]) for repeat, folds in by_repeat.items())


def _folds_in_words(folds: list[int], repeat: int, of: int) -> str:
    if len(folds) == of:
        return phrase("all folds of repeat {n}", n=repeat)
    named = ", ".join(map(str, sorted(folds)))
    if len(folds) == 1:
        return phrase("fold {folds} of repeat {n}", folds=named, n=repeat)
    return phrase("folds {folds} of repeat {n}", folds=named, n=repeat)


def seeds_in_words(seeds: Sequence[int]) -> str:
    """Seeds as `seed 3`, `seeds 0 to 4` or `seeds 1, 3`."""
    if len(seeds) == 1:
        return phrase("seed {n}", n=seeds[0])
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return phrase("seeds {n} to {n_last}", n=seeds[0], n_last=seeds[-1])
    return phrase("seeds {seeds}", seeds=", ".join(map(str, seeds)))
