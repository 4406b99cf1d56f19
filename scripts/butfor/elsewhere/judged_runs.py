"""Runs made elsewhere as a study and its records, judged, drawn and reported by the stages that judge any study."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from butfor.arm_names import AT
from butfor.elsewhere.column_metrics import Asked, metrics_in
from butfor.elsewhere.runs_file import RunsFile, RunsFileError
from butfor.figures.draw import draw
from butfor.languages.phrases import ENGLISH
from butfor.pages.page import write_page
from butfor.plain_text import counted
from butfor.records.record import Record, write
from butfor.records.results_folder import record_in
from butfor.report.comment import write_comment
from butfor.report.elsewhere_report import Origin, write_elsewhere_report
from butfor.study.arm import BASELINE
from butfor.study.study_metrics import ELSEWHERE
from butfor.study.summary import ArmPlan, DescribedStudy, MetricTerms
from butfor.verdicts.comparison import compare

FEWEST = 2  # runs of each arm
LOOK = "look1"
SPOKEN = str.maketrans({AT: "(at)", "|": "¦", "`": "'"})  # what an arm's name may not have here


@dataclass(frozen=True)
class Judged:
    """What is judged: the study, its records, and what the report says of where they come from."""

    study: DescribedStudy
    records: list[Record]
    origin: Origin


def judge_runs(
    runs: RunsFile,
    baseline: str,
    asked: Asked,
    out: Path,
    alpha: float = 0.05,
    paired: bool | None = None,
    language: str = ENGLISH,
) -> Judged:
    """Judge the runs of a file, and write contrasts.json, comparison.json, tables, figures, report.md, its page report.html and
    comment.md into a folder, in a language.

    paired: whether arms are compared by seed; by default they are if they share seeds. Raises RunsFileError.
    """
    judged = as_study(runs, baseline, asked, alpha, paired)
    judged.study["report"] = {"language": language}
    contrasts, checks = out / "contrasts.json", out / "checks.json"
    out.mkdir(parents=True, exist_ok=True)
    checks.write_text(json.dumps([]))
    with TemporaryDirectory() as folder:  # they prove nothing, and are not to be taken for records of butfor's
        folders = _stored(judged.records, Path(folder))
        compare(judged.study, folders, checks, contrasts, out / "tables")
        draw(judged.study, folders, contrasts, out / "figures")
    write_elsewhere_report(judged.study, judged.records, judged.origin, out)
    write_page(out / "report.md", out / "report.html", language)
    write_comment(judged.study["study"], out, out / "comment.md", language)
    return judged


def as_study(runs: RunsFile, baseline: str, asked: Asked, alpha: float, paired: bool | None) -> Judged:
    """The runs as a study of one look, so that every value is used, and as records. Raises RunsFileError."""
    metrics, ignored = metrics_in(runs, asked)
    names = _names(runs.arms, baseline)
    values = {column: runs.values(column) or {} for column in metrics}
    metrics, holes = _without_holes(runs, metrics, values, asked)
    metrics = {terms["name"]: terms for terms in metrics.values()}
    deciding = next(iter(metrics))
    numbers, notes, is_paired = _numbered(runs, baseline, paired)
    by_name = {name: values[terms["score"]] for name, terms in metrics.items()}
    records = [
        _record(names[arm], numbers[line], {name: own[line] for name, own in by_name.items()}, deciding, line)
        for line, arm, _ in runs.lines
    ]
    by_arm = {name: [r.seed for r in records if r.arm == name] for name in names.values()}
    seeds = sorted({record.seed for record in records})
    shared = {name: sorted(set(own) & set(by_arm[BASELINE])) for name, own in by_arm.items() if name != BASELINE}
    _refuse_too_few(runs, names, records, baseline)
    study: dict[str, Any] = {
        **{"study": runs.path.stem, "question": "", "task": ELSEWHERE, "tune": {}, "removed": {}},
        "arms": sorted((_arm(name, called) for called, name in names.items()), key=lambda arm: arm["name"] != BASELINE),
        "looks": [{"name": LOOK, "seeds": seeds, "seen": len(seeds)}],
        "metrics": metrics,
        "verdict": {
            **{"alpha": alpha, "metric": f"test/{deciding}", "others": "corrected", "corrected_over": "report"},
            **{"margin": 0.5, "loss_margin": None, "must_learn": False, "paired": is_paired, "futility": False},
            "count_removed": False,
        },
        "budget": {"max_runs": None, "max_gpu_hours": None},
        "own_seeds": shared,
    }
    origin = Origin(str(runs.path), baseline, is_paired, {**ignored, **holes}, notes, dict(_renamed(names)))
    return Judged(study, records, origin)  # type: ignore[arg-type]


def _names(arms: list[str], baseline: str) -> dict[str, str]:
    """What each arm is called, no two alike: the baseline by that name, which no other has, none as if it were of a data set, and
    none so that a table of markdown would break."""
    plainly = {arm: f"{arm}_arm" if arm == BASELINE else " ".join(arm.translate(SPOKEN).split()) for arm in arms}
    names = {baseline: BASELINE}
    for arm in sorted(set(arms) - {baseline}, key=lambda arm: (plainly[arm] != arm, arms.index(arm))):
        name = plainly[arm]
        while name in names.values():
            name += "_"
        names[arm] = name
    return names


def _renamed(names: dict[str, str]) -> list[tuple[str, str]]:
    return [(arm, name) for arm, name in names.items() if arm != name]


def _without_holes(
    runs: RunsFile, metrics: dict[str, MetricTerms], values: dict[str, dict[int, float | None]], asked: Asked
) -> tuple[dict[str, MetricTerms], dict[str, str]]:
    """The metrics that have a value wherever the deciding one has; why the others are ignored. Raises RunsFileError if one of
    these was asked for."""
    first = next(iter(metrics))
    deciding = values[first]
    holes = {
        column: next(
            (line for line, value in deciding.items() if value is not None and values[column][line] is None), 0
        )
        for column in metrics
    }
    if missed := [column for column in asked.names if holes[column]]:
        column = missed[0]
        raise RunsFileError(
            f"{runs.path}, line {holes[column]}: expected a value of {column}, which --metric names, since the run has one of"
            f" {first}, received none. Write it there, take {first} out too if the run has failed, or leave out"
            f" --metric {column}."
        )
    kept = {column: terms for column, terms in metrics.items() if not holes[column]}
    return kept, {
        column: f"no value in line {line}, where the run has ended well" for column, line in holes.items() if line
    }


def _numbered(runs: RunsFile, baseline: str, paired: bool | None) -> tuple[dict[int, int], list[str], bool]:
    """A number per line for its seed, what is to be said of it, and whether arms are compared by seed."""
    rows = runs.rows
    own = {arm: set(rows["seed"][rows["arm"] == arm]) for arm in runs.arms}
    shared = {arm: len(seeds & own[baseline]) for arm, seeds in own.items() if arm != baseline}
    apart = [arm for arm, count in shared.items() if count < FEWEST]
    is_paired = runs.has_seeds and not apart if paired is None else paired
    if paired and (not runs.has_seeds or apart):
        received = f"{shared[apart[0]]} of {apart[0]}" if runs.has_seeds else "no column seed"
        raise RunsFileError(
            f"{runs.path}: expected every arm to share {FEWEST} seeds or more with {baseline}, as --paired says, received"
            f" {received}."
        )
    if is_paired:
        labels = sorted(
            set(rows["seed"]), key=lambda text: (not text.isdecimal(), int(text) if text.isdecimal() else 0, text)
        )
        number = {label: int(label) if all(map(str.isdecimal, labels)) else place for place, label in enumerate(labels)}
        alone = sum(len(seeds - own[baseline]) for seeds in own.values())
        left = [f"{counted(alone, 'run')} of seeds that {baseline} does not have are in no pair."] if alone else []
        return {line: number[seed] for line, _, seed in runs.lines}, left, True
    why, is_of_some = "you asked for it", False
    if paired is None:
        is_of_some = runs.has_seeds and len(apart) < len(shared)
        some = f"these share fewer than {FEWEST} seeds with {baseline}: {', '.join(apart)}"
        every = "arms do not share seeds" if runs.has_seeds else "no column says which seed a run had"
        why = some if is_of_some else every
    notes = [f"Arms are compared as independent samples, because {why}."]
    if is_of_some:
        notes += ["Without these in the file, the others are compared by seed, which tells smaller differences."]
    places = rows.groupby("arm").cumcount()
    return dict(zip((line for line, _, _ in runs.lines), map(int, places), strict=True)), notes, False


def _refuse_too_few(runs: RunsFile, names: dict[str, str], records: list[Record], baseline: str) -> None:
    for arm, name in names.items():
        own = [record for record in records if record.arm == name]
        if len(own) < FEWEST:
            raise RunsFileError(
                f"{runs.path}: expected {FEWEST} runs of {arm} or more, with different seeds, received {len(own)}."
                " One run shows no spread, so nothing can be said of it: repeat it, or take the arm out of the file."
            )
        if arm == baseline and all(record.status != "ok" for record in own):
            raise RunsFileError(
                f"{runs.path}: expected values of {arm}, which the others are compared with, received none."
            )


def _record(arm: str, seed: int, values: dict[str, float | None], deciding: str, line: int) -> Record:
    is_known = values[deciding] is not None
    return Record(
        arm=arm, seed=seed, status="ok" if is_known else "diverged",
        reason="" if is_known else f"no {deciding} in line {line}",
        recipe={}, fingerprint="", data={}, loop="", parameters=0, history=[], learning_rate=[], steps_per_epoch=0,
        stopped_epoch=0, restored_epoch=0,
        metrics={f"test/{name}": value for name, value in values.items() if value is not None} if is_known else {},
        structure=[], optimiser={}, first_loss={}, penalty={}, layers={}, draws={}, chance={},
        machine={"device": ""}, timing={"seconds": {}},
    )  # fmt: skip


def _arm(name: str, called: str) -> ArmPlan:
    """An arm by its name here; the baseline is labelled with what the file calls it if that is another."""
    is_baseline = name == BASELINE
    arm: ArmPlan = {
        "name": name,
        "reference": None if is_baseline else BASELINE,
        "family": "" if is_baseline else name,
        "changed": [],  # which nobody knows here
        "primary": False,
        "grid": "",
        "levels": {},
        "recipe": {},
    }
    return {**arm, "label": called} if is_baseline and called != name else arm


def _stored(records: list[Record], folder: Path) -> list[Path]:
    """The folders of records that the stages after training read."""
    places = {name: folder / str(place) for place, name in enumerate(dict.fromkeys(r.arm for r in records))}
    for record in records:
        write(record_in(places[record.arm], record.seed), record)
    return list(places.values())
