"""The study's report in markdown: tables in, text out. Only `write_report` touches files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from butfor import (
    claim_table,
    colophon,
    frames,
    gallery,
    importance_section,
    tuned_comparison,
    verdict_table,
)
from butfor.going_on import in_words as in_words_after
from butfor.markdown import plain
from butfor.record import Record, write_atomically
from butfor.verdict_words import signed

Study = dict[str, Any]
Rows = list[dict[str, Any]]

SPOKEN_FIRST = ("hurts", "helps", "no meaningful difference", "inconclusive")


@dataclass(frozen=True)
class Sources:
    """The files that a report is made from.

    folders: of the records. notes: of jobs that ended without records (see failure_note). checks, contrasts, claims:
    what was judged. decisions: what followed each look. searches, tuned: what a search of learning rates found, and
    the folders of the runs at tuned rates. data: where they came from.
    """

    folders: Sequence[Path]
    checks: Path
    contrasts: Path
    claims: Path
    decisions: Sequence[Path]
    data: Path
    searches: Sequence[Path] = ()
    tuned: Sequence[Path] = ()
    notes: Sequence[dict[str, Any]] = ()


def write_report(study: Study, sources: Sources, report_path: Path) -> None:
    """Write the report of a study; figures lie in `figures/` beside it."""
    checks, rows, claims = (json.loads(p.read_text()) for p in (sources.checks, sources.contrasts, sources.claims))
    taken = [json.loads(path.read_text()) for path in sources.decisions]
    tuning = tuned_comparison.section(study, checks, rows, sources.tuned, sources.searches)
    place = json.loads(sources.data.read_text())["source"]
    text = report(study, frames.records_in(sources.folders), checks, rows, claims, taken, tuning, place, sources.notes)
    write_atomically(report_path, text)


def report(
    study: Study,
    records: list[Record],
    checks: Rows,
    rows: Rows,
    claims: dict[str, Any],
    decisions: Rows,
    tuning: list[str],
    source: str,
    notes: Sequence[dict[str, Any]] = (),
) -> str:
    """The whole report; `tuning` is its section on tuned learning rates, if there is one."""
    runs = frames.runs_table(records)
    planned = _planned_runs(study, decisions)
    if not records:
        nothing = [f"# {study['study']}", plain(study["question"]), *_partial(study, records, planned, notes)]
        return "\n\n".join(nothing) + "\n"
    stopped = next((decision["stopped"] for decision in decisions if decision["stopped"]), "")
    sections = [
        f"# {study['study']}",
        _asked(study, runs),
        *_partial(study, records, planned, notes),
        *_refused(checks),
        verdict_table.verdicts(study, rows, stopped, partial=len(records) < planned),
        *claim_table.section(claims),
        *importance_section.what_mattered(study, rows),
        *importance_section.interactions(study, records, rows),
        *(_family(study, family, rows, records) for family in gallery.families(study)),
        *tuning,
        *_looks(study, rows, decisions),
        _failures(runs, planned),
        _checked(checks),
        colophon.method(study, rows),
        colophon.cost(records),
        colophon.provenance(study, records, source),
    ]
    return "\n\n".join(sections) + "\n"


def _asked(study: Study, runs: pd.DataFrame) -> str:
    ablations = sum(arm["reference"] is not None for arm in study["arms"])
    alone = len(study["arms"]) - ablations - 1
    others = f" and {alone} more references" if alone > 1 else " and 1 more reference" if alone else ""
    plural = "" if ablations == 1 else "s"
    data = f"{ablations} ablation{plural}{others}, {_seeds_each(runs)} seeds each, {len(runs)} runs"
    usable = runs[(runs["arm"] == "baseline") & (runs["status"] == "ok")]
    accuracy = usable["test/accuracy"] if "test/accuracy" in usable else pd.Series(dtype=float)
    baseline = (
        f"The baseline reaches a test accuracy of {100 * accuracy.mean():.2f} ± {100 * accuracy.std(ddof=1):.2f} %"
        f" (mean ± standard deviation over {len(accuracy)} seeds)."
        if len(accuracy) > 1
        else f"{len(accuracy)} run{'' if len(accuracy) == 1 else 's'} of the baseline ended with a usable model."
    )
    return f"{plain(study['question'])} {data}. {baseline}"


def _seeds_each(runs: pd.DataFrame) -> str:
    counts = runs.groupby("arm").size() if len(runs) else pd.Series([0])
    return f"{counts.max()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"


def _planned_runs(study: Study, decisions: Rows) -> int:
    """The runs of the first look, and of the further ones as decided."""
    further = [int(decision["runs"]) for decision in decisions if decision["next"]]
    return len(study["arms"]) * len(study["looks"][0]["seeds"]) + sum(further)


def _partial(study: Study, records: list[Record], planned: int, notes: Sequence[dict[str, Any]] = ()) -> list[str]:
    """What is still to be trained, if anything is, and which trainings ended without a record, and why."""
    if len(records) >= planned:
        return []
    begun = {record.arm for record in records}
    missing = [f"`{arm['name']}`" for arm in study["arms"] if arm["name"] not in begun]
    arms = f" Not trained at all yet: {', '.join(missing)}." if missing else ""
    here = f"{len(records)} of {planned} planned runs are here"
    told = [
        f"> - `{note['arm']}`, {_where(note)}: {plain(note['why'])} Log: `{note['log']}`"
        for note in notes
        if note["arm"] in {arm["name"] for arm in study["arms"]}
    ]
    ended = "\n".join(["\n>\n> Ended without records:\n>", *told]) if told else ""
    return [f"> **Partial.** {here}; further looks may follow, and verdicts may change.{arms}{ended}"]


def _where(note: dict[str, Any]) -> str:
    return note["look"] if note["seed"] is None else f"{note['look']}, at seed {note['seed']}"


def _looks(study: Study, rows: Rows, decisions: Rows) -> list[str]:
    """What was decided after each look, and which ablations were settled when."""
    if not decisions:
        return []
    settling = [row for row in rows if row["metric"] == study["verdict"]["metric"]]
    lines = [f"- {in_words_after(decision)}" for decision in decisions]
    for look in study["looks"]:
        settled = [f"`{row['arm']}`" for row in settling if row["settled"] and row["planned"] == look["seen"]]
        if settled:
            lines.append(f"- Settled after {look['seen']} seeds: {', '.join(settled)}.")
    if undecided := [f"`{row['arm']}`" for row in settling if not row["settled"]]:
        lines.append(f"- Undecided: {', '.join(undecided)}.")
    return ["## Looks\n\nAfter each look only undecided ablations and their references go on.\n\n" + "\n".join(lines)]


def _family(study: Study, family: str, rows: Rows, records: list[Record]) -> str:
    members = [row for row in rows if row["family"] == family and row["metric"] == "test/accuracy"]
    sentences = []
    for verdict in dict.fromkeys((*SPOKEN_FIRST, *(row["verdict"] for row in members))):
        named = [row for row in members if row["verdict"] == verdict]
        if named:
            sentences.append(f"{verdict.capitalize()}: {'; '.join(_member(row) for row in named)}.")
    pictures = [p for p in gallery.pictures(study) if p.family == family and p.kind != gallery.INTERACTIONS]
    figures = [f"![{picture.title}](figures/{picture.name}.png)\n\n*{picture.caption}*" for picture in pictures]
    against = {arm for picture in pictures if picture.kind == "gaps" for arm in picture.arms}
    gaps = [row for row in rows if row["metric"] == "gap/loss" and row["family"] == family and row["arm"] in against]
    if gaps:
        sentences.append(f"Over-fitting, test loss minus training loss: {'; '.join(map(_gap, gaps))}.")
    return "\n\n".join([f"## {family.replace('_', ' ').capitalize()}", " ".join(sentences), *figures])


def _gap(row: dict[str, Any]) -> str:
    said = {"helps": "less", "hurts": "more", "inconclusive": "undecided"}.get(row["verdict"], row["verdict"])
    if row["pairs"] < 2:
        return f"`{row['arm']}` {said}"
    interval = f"[{signed(row['low'], 2)}, {signed(row['high'], 2)}]"
    return f"`{row['arm']}` {said}, {signed(row['effect'], 2)} nats {interval}, smaller at {100 * row['better']:.0f} % of seeds"


def _member(row: dict[str, Any]) -> str:
    effect = "" if row["effect"] is None else f" {signed(row['effect'], 2)} points"
    return f"`{row['arm']}`{effect}" + (f" ({row['remark']})" if row["remark"] else "")


def _refused(checks: Rows) -> list[str]:
    """The arms that say nothing, because they changed nothing or their change is not proven."""
    void = [f"`{row['arm']}`" for row in checks if row["outcome"] == "void"]
    failed = [f"- `{row['arm']}`: {'; '.join(row['problems'])}." for row in checks if row["outcome"] == "failed"]
    found = []
    if void:
        found.append(
            f"> **Void: nothing changed.** {', '.join(void)}: every run went exactly as the reference's with the same seed,"
            " so what was to be changed never acted, and there is no verdict."
        )
    if failed:
        found.append("> **Not proven.** These arms failed their manipulation check, and have no verdict:\n>\n> ")
        found[-1] += "\n> ".join(failed)
    return found


def _checked(checks: Rows) -> str:
    lines = [f"| `{row['arm']}` | {row['outcome']} | {row['line']} |" for row in checks]
    text = (
        "Per arm, from the records of its runs and its reference's with the same seeds: that their recipes differ in"
        " exactly the declared keys, what the change moved, and what it left as it was. Figures are the first seed's,"
        " reference → arm."
    )
    return (
        f"## What was checked\n\n{text}\n\n| arm | check | what it moved, and what it left |\n| --- | --- | --- |\n"
        + "\n".join(lines)
    )


def _failures(runs: pd.DataFrame, planned: int) -> str:
    failed, present = runs[runs["status"] != "ok"], len(runs)
    lines = [
        f"- `{arm}`, {str(status).replace('_', ' ')} with {_seeds(group['seed'])}: {plain(group['reason'].iloc[0])}"
        + ("." if group["reason"].nunique() == 1 else ", for one.")
        for (arm, status), group in failed.groupby(["arm", "status"], sort=False)
    ]
    missing = f" {planned - present} of {planned} planned runs have left no record." if present < planned else ""
    seeds = sorted(set(runs.groupby("arm").size()))
    bounds = ", ".join(f"{100 * (1 - 0.05 ** (1 / n)):.0f} % of runs after {n} seeds" for n in seeds)
    text = (
        f"{len(failed)} of {present} runs ended without a usable model.{missing} An arm without a failure may still fail"
        f" in up to {bounds} (95 % bounds)."
    )
    return "## What failed\n\n" + "\n".join([text, "", *lines]).rstrip()


def _seeds(seeds: pd.Series[int]) -> str:
    numbers = list(seeds)
    several = len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1))
    words = f"{numbers[0]} to {numbers[-1]}" if several else ", ".join(map(str, numbers))
    return f"seed {words}" if len(numbers) == 1 else f"seeds {words}"
