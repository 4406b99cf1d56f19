"""The answer of a study in three to five sentences: what the baseline reaches, what helps, what hurts, what makes no difference,
and what is undecided. The report and the terminal say the same. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from butfor.arm_names import anywhere, data_set_of, on
from butfor.languages.phrases import level_term, phrase, plural, stored, term
from butfor.missing_pairs import is_unjudged
from butfor.plain_text import counted, plain
from butfor.report.failed_changes import failed_changes, failed_throughout
from butfor.report.placebo_section import placebo_lines
from butfor.study.arm import is_baseline
from butfor.study.metrics import Metric
from butfor.study.study_metrics import metrics_of
from butfor.verdicts.numbers import effect_of, interval_of, mean_and_sd
from butfor.verdicts.rows import REFUSED, SAME, ArmRow, Comparison, ContrastRow
from butfor.verdicts.words import by_importance, lean, listed, setting_shown

MOST_NAMED = 3  # changes of one verdict; the table has the others
MOST_SET = 2  # settings of a change that a sentence names


def called(arm: str, label: str, marked: bool = True) -> str:
    """An arm as sentences call it: its label, with the data set if there are several, or else its name."""
    if not label:
        return f"`{arm}`" if marked else arm
    full = on(label, data_set_of(arm))
    return f"**{plain(full)}**" if marked else full


@dataclass(frozen=True)
class Voice:
    """How arms are named in sentences: by their label or name, and what they set. marked: for markdown, else for a terminal."""

    arms: Mapping[str, ArmRow]
    marked: bool = True

    def name(self, arm: str) -> str:
        """An arm as sentences call it."""
        return called(arm, self.arms.get(arm, {}).get("label", ""), self.marked)  # type: ignore[call-overload, no-any-return]

    def subject(self, row: Mapping[str, Any]) -> str:
        """The arm of a row with what it sets, where that is short, and its reference, where that is not the baseline."""
        about: Mapping[str, Any] = self.arms.get(row["arm"], {})
        sets = about.get("sets") or []
        details = (
            [plain(text) if self.marked else text for text in map(setting_shown, sets)] if len(sets) <= MOST_SET else []
        )
        reference = row.get("reference") or ""
        if reference and not is_baseline(reference):
            details.append(phrase("against {reference}", reference=self.name(reference)))
        return self.name(row["arm"]) + (f" ({'; '.join(details)})" if details else "")


def voice(arms: Iterable[ArmRow], marked: bool = True) -> Voice:
    """The voice for the arms of comparison.json; over data sets, an arm is known by its name without one too."""
    by_name: dict[str, ArmRow] = {}
    for row in arms:
        by_name.setdefault(anywhere(row["arm"]), row)
        by_name[row["arm"]] = row
    return Voice(by_name, marked)


def before_all(comparison: Comparison, marked: bool = True) -> list[str]:
    """What is said before the answer, since it puts all of it in doubt: a baseline that has learnt nothing, on each data set, and
    a placebo that shows something."""
    dead = [stored(text) for text in comparison["baseline"].split("\n>\n> ") if text]
    return [
        *(dead if marked else [text.replace("*", "").replace("`", "") for text in dead]),
        *placebo_lines(comparison, marked),
    ]


def answer_of(rows: Sequence[ContrastRow], comparison: Comparison, marked: bool = True) -> list[str]:
    """The answer of a study whose contrasts and comparison are these: of several data sets, that over all of them."""
    metric, noun = metrics_of(comparison)[comparison["metric"]], "fold" if comparison.get("replicates") else "seed"
    across, arms = comparison.get("across"), comparison["arms"]
    if not across or not across["rows"]:
        return answer(metric.rows(rows), metric, arms, noun, marked)
    lead = phrase(
        "Over {data_sets}, by the mean effect on {metric}:",
        data_sets=counted(len(across["data_sets"]), "data set"),
        metric=term(metric.title),
    )
    return [lead, *answer(metric.rows(across["rows"]), metric, arms, noun, marked)]


def answer(
    rows: Sequence[Mapping[str, Any]], metric: Metric, arms: Sequence[ArmRow], noun: str = "seed", marked: bool = True
) -> list[str]:
    """The sentences. rows: of ablations on the metric that decides, of one data set or over all. noun: what runs are counted
    in."""
    naming = voice(arms, marked)
    judged = [row for row in rows if row["verdict"] not in REFUSED]
    by_verdict = {
        verdict: by_importance(row for row in judged if row["verdict"] == verdict)
        for verdict in ("helps", "hurts", SAME, "inconclusive")
    }
    sentences = [
        *_baseline(arms, metric, noun),
        *_helping(by_verdict["helps"], naming, noun),
        *_hurting(by_verdict["hurts"], naming, noun),
        *_same(by_verdict[SAME], naming, metric),
        *_failed(by_verdict["inconclusive"], naming, noun),
        *_undecided([row for row in by_verdict["inconclusive"] if not failed_throughout(row)], naming, metric, noun),
    ]
    return sentences if judged else [*sentences, phrase("No change has a verdict.")]


def _baseline(arms: Sequence[ArmRow], metric: Metric, noun: str) -> list[str]:
    """What the only baseline reaches; of several data sets, each has its own, which the table of arms has."""
    own = [row for row in arms if is_baseline(row["arm"])]
    if len(own) != 1:
        return []
    if not own[0]["runs"]:
        return [phrase("No run of the baseline is there yet.")]
    level, finished = own[0]["reaches"].get(metric.name), own[0]["runs"] - own[0]["failed"]
    if level is None or level["mean"] is None or level["sd"] is None:
        runs = counted(own[0]["runs"], "run")
        return [phrase("{n} of {runs} of the baseline ended with a usable model.", n=finished, runs=runs)]
    reached = f"{mean_and_sd(level['mean'], level['sd'], metric.unit.decimals)} {level_term(metric.unit.level)}"
    some = phrase("{n} of {n_all} runs", n=finished, n_all=own[0]["runs"])
    return [
        phrase(
            "The baseline's {metric} is {reached} (mean ± standard deviation over {over}).",
            metric=term(metric.title),
            reached=reached,
            over=some if own[0]["failed"] else counted(finished, noun),
        )
    ]


def _helping(rows: list[Mapping[str, Any]], naming: Voice, noun: str) -> list[str]:
    if not rows:
        return []
    if len(rows) == 1:
        return [phrase("{change} helps: {numbers}.", **_first(rows, naming, noun))]
    return [
        phrase("{n} changes help, most of all {change}: {numbers}; then {others}.", **_largest(rows, naming, noun)),
    ]


def _hurting(rows: list[Mapping[str, Any]], naming: Voice, noun: str) -> list[str]:
    if not rows:
        return []
    if len(rows) == 1:
        return [phrase("{change} hurts: {numbers}.", **_first(rows, naming, noun))]
    return [
        phrase("{n} changes hurt, most of all {change}: {numbers}; then {others}.", **_largest(rows, naming, noun)),
    ]


def _first(rows: list[Mapping[str, Any]], naming: Voice, noun: str) -> dict[str, str]:
    return {"change": naming.subject(rows[0]), "numbers": numbers(rows[0], noun)}


def _largest(rows: list[Mapping[str, Any]], naming: Voice, noun: str) -> dict[str, object]:
    """Of several rows, what is named of them."""
    others = [f"{naming.name(row['arm'])} ({numbers(row, '')})" for row in rows[1:MOST_NAMED]]
    if more := len(rows) - 1 - len(others):
        others.append(phrase("{n} more", n=more))
    return {"n": len(rows), **_first(rows, naming, noun), "others": listed(others)}


def _same(rows: list[Mapping[str, Any]], naming: Voice, metric: Metric) -> list[str]:
    if not rows:
        return []
    margins = {row["margin"] for row in rows}
    is_one = len(margins) == 1 and rows[0]["margin"]
    within = f"±{rows[0]['margin']:.3g} {term(metric.unit.short)}" if is_one else phrase("its margin")
    if len(rows) == 1:
        return [
            phrase(
                "{change} makes no meaningful difference: it is shown to be within {margin}.",
                change=naming.subject(rows[0]),
                margin=within,
            )
        ]
    if len(rows) > MOST_NAMED:
        return [
            phrase(
                "{n} changes make no meaningful difference (each is shown to be within {margin}).",
                n=len(rows),
                margin=within,
            )
        ]
    return [
        phrase(
            "{n} changes make no meaningful difference (each is shown to be within {margin}): {changes}.",
            n=len(rows),
            margin=within,
            changes=listed([naming.name(row["arm"]) for row in rows]),
        )
    ]


def _failed(rows: list[Mapping[str, Any]], naming: Voice, noun: str) -> list[str]:
    failed = [row for row in rows if failed_throughout(row)]
    names = [naming.subject(row) if len(failed) == 1 else naming.name(row["arm"]) for row in failed]
    return failed_changes(names, numbers(failed[0], noun) if failed else "", MOST_NAMED)


def _undecided(rows: list[Mapping[str, Any]], naming: Voice, metric: Metric, noun: str) -> list[str]:
    unjudged = [row for row in rows if is_unjudged(row)] if len(rows) > 1 else []
    rows = [row for row in rows if row not in unjudged]
    if unjudged:
        lacking = plural(
            "{n} change is not judged yet, because pairs of runs are missing.",
            "{n} changes are not judged yet, because pairs of runs are missing.",
            len(unjudged),
        )
        return [*_undecided(rows, naming, metric, noun), lacking]
    if not rows:
        return []
    if len(rows) == 1:
        if near := lean(rows[0], metric):
            return [
                phrase(
                    "{change} is undecided: {numbers}; it leans towards “{verdict}”.",
                    **_first(rows, naming, noun),
                    verdict=stored(near),
                )
            ]
        return [phrase("{change} is undecided: {numbers}.", **_first(rows, naming, noun))]
    if len(rows) > MOST_NAMED:
        return [phrase("{n} changes are undecided.", n=len(rows))]
    names = listed([naming.name(row["arm"]) for row in rows])
    return [phrase("{n} changes are undecided: {changes}.", n=len(rows), changes=names)]


def numbers(row: Mapping[str, Any], noun: str) -> str:
    """An effect with its interval, marked where the row has a mark for it, and, with a noun, on how many it is known; why, where
    every run failed."""
    if row["effect"] is None:
        return stored(str(row["remark"] or row["verdict"]))
    interval = f" {interval_of(row)}{row.get('mark', '')}" if row["low"] is not None else ""
    over = f", {counted(row['pairs'], noun)}" if noun and row["pairs"] else ""
    return f"{effect_of(row)} {_short(row)}{interval}{over}"


def _short(row: Mapping[str, Any]) -> str:
    """The unit without the metric's name, which goes without saying."""
    return term("points" if row["unit"].endswith(" points") else str(row["unit"]))
