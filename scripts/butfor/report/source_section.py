"""Where the report's numbers come from: the records of each arm, the files between them and the report, and MLflow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from butfor.languages.phrases import phrase
from butfor.records.record import Record
from butfor.records.results_folder import MLFLOW_PAGE, JobPlace
from butfor.study.summary import DescribedStudy, PlanSummary
from butfor.verdicts.words import runs_in_words

UP = "../"


def places_of(study: PlanSummary, folders: Iterable[Path | str], report: Path) -> dict[str, str]:
    """The folder of each arm's records as a link from the report; of one without records, none."""
    by_arm = {JobPlace(Path(folder)).arm: Path(folder).parent for folder in folders}
    names = {arm["name"] for arm in study["arms"]}
    return {arm: quote(os.path.relpath(place, report.parent)) for arm, place in by_arm.items() if arm in names}


def results_from(places: Mapping[str, str]) -> str:
    """The way from the report to the results folder: up, from a partial one."""
    return UP if any(place.startswith(UP) for place in places.values()) else ""


def run_table(study: DescribedStudy, records: Iterable[Record], places: Mapping[str, str]) -> str:
    """The runs of each arm, with links to their records and, where they are mirrored, into MLflow; nothing without places."""
    if not places:
        return ""
    seeds: dict[str, list[int]] = {}
    for record in records:
        seeds.setdefault(record.arm, []).append(record.seed)
    page = (
        MLFLOW_PAGE if study.get("mlflow") and not results_from(places) else ""
    )  # after a partial report, there may be none
    head = [phrase("arm"), phrase("runs"), phrase("records"), *([phrase("in MLflow")] if page else [])]
    lines = [head, ["---"] * len(head)]
    for arm, place in places.items():
        shown = [f"`{arm}`", runs_in_words(sorted(seeds[arm]), study.get("replicates")), f"[`{place}`]({place})"]
        lines.append([*shown, *([f"[{phrase('the arm and its runs')}]({page}#{quote(arm)})"] if page else [])])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def source_section(places: Mapping[str, str]) -> str:
    """What each number was made from, so that anyone can make it again; nothing where no folder is known."""
    if not places:
        return ""
    words = phrase(
        "Each name in the first table leads to the records of its runs, one file per run, the"
        " truth that all else is made from. `tables/runs.csv` has a row per run, `tables/contrasts.csv` and `contrasts.json` a"
        " row per ablation and metric with every digit, `comparison.json` what is compared further, `summary.json` the verdicts"
        " for programs. In MLflow a run is found by its tag `butfor.key`, `<study>/<arm>/<seed>`, and an arm by its name:"
        " `butfor ui` opens it, and `tracked.json` has the links."
    )
    return f"## {phrase('Where the numbers come from')}\n\n{words}"
