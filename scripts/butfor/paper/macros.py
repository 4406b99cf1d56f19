"""A macro for every number: `\\abNoDropoutAccuracyEffect` is +0.41, with the decimals of the tables."""

from __future__ import annotations

from collections.abc import Iterator

from butfor.paper.captions import margin_words
from butfor.paper.macro_names import PREFIX, macro_names
from butfor.paper.metric_cells import MetricCells
from butfor.paper.paper_evidence import PaperEvidence

Macro = tuple[str, str]
WORDS = {"no meaningful difference": "makes no meaningful difference", "inconclusive": "is undecided"}


def macros_file(evidence: PaperEvidence) -> str:
    """The file of all macros, arm by arm."""
    names = macro_names(arm["name"] for arm in evidence.study["arms"])
    metrics = macro_names(metric.name.partition("/")[2] for metric in evidence.metrics)
    cells = {metrics[metric.name.partition("/")[2]]: MetricCells(evidence, metric) for metric in evidence.metrics}
    lines = [*_defined("the study", _of_study(evidence))]
    for arm, spelled in names.items():
        definitions = [
            (f"{PREFIX}{spelled}{metric}{what}", value)
            for metric, of_metric in cells.items()
            for what, value in _of_arm(of_metric, arm)
        ]
        runs = evidence.arms[arm]
        definitions += [
            (f"{PREFIX}{spelled}Runs", str(runs["runs"])),
            (f"{PREFIX}{spelled}Failed", str(runs["failed"])),
        ]
        lines += _defined(arm, definitions)
    return "\n".join(lines) + "\n"


def _of_study(evidence: PaperEvidence) -> Iterator[Macro]:
    verdict, rows = evidence.study["verdict"], evidence.settling
    runs = [row["planned"] - row["missing"] for row in rows] or [0]
    yield f"{PREFIX}StudyRuns", str(len(evidence.records))
    yield f"{PREFIX}StudyArms", str(len(evidence.study["arms"]))
    yield f"{PREFIX}StudyAblations", str(len(rows))
    yield f"{PREFIX}StudyFewestSeeds", str(min(runs))
    yield f"{PREFIX}StudyMostSeeds", str(max(runs))
    yield f"{PREFIX}StudyLooks", str(len(evidence.study["looks"]))
    yield f"{PREFIX}StudyAlpha", f"{verdict['alpha']:g}"
    yield f"{PREFIX}StudyMargin", margin_words(evidence) or "none"
    for word, what in (
        ("helps", "Helps"),
        ("hurts", "Hurts"),
        ("no meaningful difference", "Same"),
        ("inconclusive", "Open"),
    ):
        yield f"{PREFIX}Study{what}", str(sum(row["verdict"] == word for row in rows))


def _of_arm(cells: MetricCells, arm: str) -> Iterator[Macro]:
    """What an arm reaches on a metric, its effect, interval, verdict and p."""
    mean, sd = cells.level(arm)
    effect, low, high = cells.ends(arm)
    shown = {"Mean": mean, "Sd": sd, "Effect": effect, "Size": effect.lstrip("+-"), "Low": low, "High": high}
    if low and high:
        shown["Interval"] = f"[{low},\\,{high}]"
    if row := cells.rows.get(arm):
        shown |= {"Verdict": WORDS.get(row["verdict"], row["verdict"]), "Pairs": str(row["pairs"])}
        tests = {"P": row["p_difference"], "PSame": row["p_equivalence"]} if row["pairs"] > 1 else {}
        shown |= {what: _probability(value) for what, value in tests.items() if value is not None}
    yield from ((what, value) for what, value in shown.items() if value)


def _probability(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _defined(what: str, macros: Iterator[Macro] | list[Macro]) -> list[str]:
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in what).split())
    return [f"% {shown}", *(f"\\newcommand{{\\{name}}}{{{_set(value)}}}" for name, value in macros)]


def _set(value: str) -> str:
    """Numbers as formulas, so that a minus is one; words as they are."""
    return rf"\ensuremath{{{value}}}" if value[0] in "+-<[0123456789" else value
