"""One arm's story as text: what it set, what was proven of that, its runs, its verdicts, its claims and its curves."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from butfor.arm_names import data_set_of, on
from butfor.errors import StudyError
from butfor.languages.phrases import level_term, phrase, stored, term
from butfor.plain_text import counted
from butfor.records import stored_record
from butfor.records.record import Record
from butfor.records.results_folder import EARLIER, RUNS_FOLDER, records_below
from butfor.report import fold_words
from butfor.report.placebo_section import shown_by
from butfor.report.sparkline import sparkline
from butfor.study.metrics import TITLES, Metric
from butfor.study.study_metrics import ELSEWHERE, beside, metrics_of
from butfor.text_width import padded, width, wrapped
from butfor.verdicts.numbers import mean_and_sd
from butfor.verdicts.rows import SETTLING, ArmRow, Assessment, Comparison, ContrastRow, FailedRuns
from butfor.verdicts.shown_intervals import short_note
from butfor.verdicts.words import in_words, seeds_in_words

MARGIN, WIDTH = 10, 100  # places before a line's words, or more where those before it need them, and of a line
MOST_BELOW = 5  # folders that an error names
MEASURED = ("accuracy", "mae", "loss")  # on validation examples: the first that a history has is drawn


def arm_story(results: Path, arm: str) -> str:
    """The story of an arm of a study with verdicts. Raises StudyError if there is no such arm, or no verdicts yet."""
    comparison: Comparison = _read(results, "comparison.json")
    row = _arm(comparison["arms"], arm, results)
    arm = row["arm"]
    rows: list[ContrastRow] = [each for each in _read(results, "contrasts.json") if each["arm"] == arm]
    claims: Assessment = _read(results, "claims.json", {"claims": []})
    checks = {check["arm"]: check for check in _read(results, "checks.json", [])}
    deciding = metrics_of(comparison)[comparison["metric"]]
    proof = _proof(checks.get(arm), comparison)
    placebos = comparison.get("placebo", [])
    paragraphs = [
        (phrase("sets"), [_sets(row, comparison)]),
        (phrase("proof"), proof if row["reference"] else []),
        (phrase("runs"), _runs(row, [failed for failed in comparison["failed"] if failed["arm"] == arm])),
        (phrase("reaches"), _reaches(row, comparison, deciding)),
        (phrase("verdict"), [_verdict(each, comparison) for each in deciding.rows(rows)]),
        (phrase("shows"), [shown_by(each).replace("`", "") for each in placebos if each["arm"] == arm]),
        (
            phrase("beside"),
            [f"{term(m.title)}: {_contrast_in_words(each)}" for m in _beside(comparison) for each in m.rows(rows)],
        ),
        (phrase("claims"), [_claim(claim) for claim in claims["claims"] if claim["arm"] == arm]),
        (phrase("curves"), _curves(results, [arm, *([row["reference"]] if row["reference"] else [])])),
    ]
    margin = max(MARGIN, *(width(word) + 3 for word, _ in paragraphs))
    story = "\n".join(
        [_head(row, comparison), *(_paragraph(word, lines, margin) for word, lines in paragraphs if lines)]
    )
    return "\n".join([story, *short_note(story)])


def arms_in(results: Path) -> list[str]:
    """The arms of a study with verdicts; none where there are no verdicts yet."""
    try:
        return [row["arm"] for row in _read(results, "comparison.json")["arms"]]
    except StudyError:
        return []


def _head(row: ArmRow, comparison: Comparison) -> str:
    """The arm with its label, and what it is compared with."""
    named = f"{row['arm']} ({row['label']})" if row.get("label") else row["arm"]
    placebo = next((each for each in comparison.get("placebo", []) if each["arm"] == row["arm"]), None)
    if placebo:
        return phrase("{arm}, a placebo beside {reference}", arm=named, reference=placebo["reference"])
    if row["reference"]:
        return phrase("{arm}, against {reference}", arm=named, reference=row["reference"])
    return phrase("{arm}, which others are compared with", arm=named)


def _claim(claim: Mapping[str, Any]) -> str:
    return f"{stored(claim['outcome'])}: {claim['sentence']}"


def _paragraph(word: str, lines: list[str], margin: int) -> str:
    own = [part for line in lines for part in _folded(line, WIDTH - margin)]
    return "\n".join(f"  {padded('' if place else word, margin - 2)}{line}" for place, line in enumerate(own))


def _folded(line: str, places: int) -> list[str]:
    return wrapped(line, places, subsequent_indent="  ", break_long_words=False, drop_whitespace=True) or [line]


def _arm(arms: list[ArmRow], name: str, results: Path) -> ArmRow:
    """The arm of that name, or else with that label."""
    called = next((row for row in arms if row["arm"] == name), None)
    labelled = [row for row in arms if row.get("label") and name == on(row["label"], data_set_of(row["arm"]))]
    if called or len(labelled) == 1:
        return called or labelled[0]
    names = [row["arm"] for row in arms]
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise StudyError(f"{results}: expected an arm of the study, received {name}.{hint} Arms: {', '.join(names)}.")


def _sets(row: ArmRow, comparison: Comparison) -> str:
    """What the arm changes in its reference's recipe."""
    if comparison.get("task") == ELSEWHERE:
        return phrase("not known: its runs were made elsewhere")
    if row["changes"]:
        return ", ".join(row["changes"])
    if row["reference"]:
        return phrase("nothing that its recipe shows")
    return phrase("nothing: it is the recipe as the study gives it")


def _proof(check: dict[str, Any] | None, comparison: Comparison) -> list[str]:
    if check is None:
        is_elsewhere = comparison.get("task") == ELSEWHERE
        return [phrase("none: its runs were made elsewhere") if is_elsewhere else phrase("none: no check was made")]
    line, note = ([check[key]] if check[key] else [] for key in ("line", "note"))
    return list(map(stored, [check["outcome"], *line, *check["problems"], *check["reasons"], *note]))


def _runs(row: ArmRow, failed: list[FailedRuns]) -> list[str]:
    seeds: dict[str, list[int]] = {}
    for each in failed:
        seeds.setdefault(f"{stored(each['ending'])} ({stored(each['reason'])})", []).extend(each["seeds"])
    runs = counted(row["runs"], "run")
    tally = phrase("{runs}, {failed} failed", runs=runs, failed=row["failed"]) if row["failed"] else ""
    return [tally or phrase("{runs}, none failed", runs=runs)] + [
        f"{seeds_in_words(own)}: {ending}" for ending, own in seeds.items()
    ]


def _reaches(row: ArmRow, comparison: Comparison, deciding: Metric) -> list[str]:
    reference = next((other for other in comparison["arms"] if other["arm"] == row["reference"]), None)
    own = _level(row, deciding)
    other = _level(reference, deciding) if reference else ""
    if not own:
        return []
    values = {"metric": term(deciding.title), "value": f"{own} {level_term(deciding.unit.level)}"}
    if not other:
        return [phrase("{metric} {value} (mean ± standard deviation)", **values)]
    return [
        phrase(
            "{metric} {value} (mean ± standard deviation); {reference}: {other}",
            **values,
            reference=row["reference"],
            other=other,
        )
    ]


def _level(row: ArmRow, metric: Metric) -> str:
    """As the report has it; nothing where no run finished."""
    level = row["reaches"].get(metric.name)
    known = level is not None and level["mean"] is not None
    return mean_and_sd(level["mean"], level["sd"], metric.unit.decimals) if level and known else ""


def _verdict(row: ContrastRow, comparison: Comparison) -> str:
    noun = "fold" if comparison.get("replicates") else "seed"
    by = counted(row["planned"] - row["missing"], noun)
    words = _contrast_in_words(row)
    if comparison.get("replicates"):
        if repeats := fold_words.repeats_needed(comparison, row):
            return phrase("{verdict} ({runs}; needs `repeats: {n}`)", verdict=words, runs=by, n=repeats)
    elif row["more_seeds"] and SETTLING not in row["remark"]:
        more = f"{row['more_seeds']:.0f}"
        return phrase("{verdict} ({runs}; about {more} more would settle it)", verdict=words, runs=by, more=more)
    return f"{words} ({by})"


def _contrast_in_words(row: ContrastRow) -> str:
    """A contrast in words, without the arm that the story is of."""
    return in_words(row, marked=True).removeprefix(f"{row['arm']}: ")


def _beside(comparison: Comparison) -> list[Metric]:
    return beside({**comparison, "verdict": {"metric": comparison["metric"]}})  # type: ignore[typeddict-item,arg-type]


def _curves(results: Path, arms: list[str]) -> list[str]:
    """A line per arm: the mean over its runs of what is measured on validation examples after each epoch."""
    histories = {arm: [record.history for record in _records(results, arm) if record.history] for arm in arms}
    rows = [row for several in histories.values() for history in several for row in history]
    name = next((each for each in MEASURED if any(f"validation/{each}" in row for row in rows)), None)
    if name is None:
        return []
    means = {arm: _mean(several, f"validation/{name}") for arm, several in histories.items() if several}
    every = [value for values in means.values() for value in values]
    wide = max(map(width, means))
    return [
        phrase("{figure}, mean by epoch", figure=term(f"validation {TITLES[name]}")),
        *(
            f"{padded(arm, wide)} {sparkline(values, min(every), max(every))} {values[0]:.4g} → {values[-1]:.4g}"
            for arm, values in means.items()
            if values
        ),
    ]


def _mean(histories: list[list[dict[str, Any]]], figure: str) -> list[float]:
    """By epoch, over the runs that are still training and have a finite figure."""
    longest = max(map(len, histories))
    by_epoch = [
        [h[epoch][figure] for h in histories if len(h) > epoch and figure in h[epoch]] for epoch in range(longest)
    ]
    finite = [[value for value in values if abs(value) < float("inf")] for values in by_epoch]
    return [fmean(values) for values in finite if values]


def _records(results: Path, arm: str) -> list[Record]:
    folder = results.parent if results.name == "partial" and not (results / RUNS_FOLDER).is_dir() else results
    return [
        stored_record.stored(path)
        for path in records_below(folder / RUNS_FOLDER)
        if path.parents[1].name == arm and EARLIER not in path.parts
    ]


def _read(results: Path, name: str, otherwise: Any = None) -> Any:
    try:
        return json.loads((results / name).read_text())
    except OSError as failure:
        if otherwise is not None:
            return otherwise
        below = ", ".join(str(path.parent) for path in sorted(results.glob(f"*/{name}"))[:MOST_BELOW])
        there = (
            f"there are {below}" if below else "of a study that is not finished, partial, which `butfor report` makes"
        )
        raise StudyError(
            f"{results}: expected the results folder of a study with verdicts, received none ({name}: {failure.strerror})."
            f" Write --results and the folder; {there}."
        ) from failure
