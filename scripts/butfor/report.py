"""The study's report in markdown: tables in, text out. Only `write_report` touches files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from butfor import colophon, frames, gallery
from butfor.record import Record, write_atomically
from butfor.verdict_words import UNPROVEN, VOID, in_words, most_important

REFUSED = (VOID, UNPROVEN)

Study = dict[str, Any]
Rows = list[dict[str, Any]]

SPOKEN_FIRST = ("hurts", "helps", "no meaningful difference", "inconclusive")


def write_report(
    study: Study, folders: Iterable[Path], checks_path: Path, contrasts_path: Path, source_path: Path, report_path: Path
) -> None:
    """Write the report of a study from its records, checks and contrasts; figures lie in `figures/` beside it."""
    source = json.loads(source_path.read_text())["source"]
    checks, rows = json.loads(checks_path.read_text()), json.loads(contrasts_path.read_text())
    write_atomically(report_path, report(study, frames.records_in(folders), checks, rows, source))


def report(study: Study, records: list[Record], checks: Rows, rows: Rows, source: str) -> str:
    """The whole report."""
    runs = frames.runs_table(records)
    sections = [
        f"# {study['study']}",
        _asked(study, runs),
        *_partial(study, records),
        *_refused(checks),
        _verdicts(study, rows),
        *(_family(study, family, rows, records) for family in gallery.families(study)),
        _failures(study, runs),
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
    data = f"{ablations} ablation{plural}{others}, {_seed_count(study)} seeds each, {len(runs)} runs"
    usable = runs[(runs["arm"] == "baseline") & (runs["status"] == "ok")]
    accuracy = usable["test/accuracy"] if "test/accuracy" in usable else pd.Series(dtype=float)
    baseline = (
        f"The baseline reaches a test accuracy of {100 * accuracy.mean():.2f} ± {100 * accuracy.std(ddof=1):.2f} %"
        f" (mean ± standard deviation over {len(accuracy)} seeds)."
        if len(accuracy) > 1
        else f"{len(accuracy)} runs of the baseline ended with a usable model."
    )
    return f"{study['question']} {data}. {baseline}"


def _partial(study: Study, records: list[Record]) -> list[str]:
    """What is still to be trained, if anything is."""
    planned, present = len(study["arms"]) * _seed_count(study), len(records)
    if present >= planned:
        return []
    begun = {record.arm for record in records}
    missing = [f"`{arm['name']}`" for arm in study["arms"] if arm["name"] not in begun]
    arms = f" Not trained at all yet: {', '.join(missing)}." if missing else ""
    return [f"> **Partial.** {present} of {planned} planned runs are here; verdicts may change.{arms}"]


def _verdicts(study: Study, rows: Rows) -> str:
    accuracy = [row for row in rows if row["metric"] == "test/accuracy"]
    losses = {row["arm"]: row for row in rows if row["metric"] == "test/loss"}
    judged = sum(row["verdict"] not in REFUSED for row in accuracy)
    counts = pd.Series([row["verdict"] for row in accuracy]).value_counts()
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    head = (
        "| ablation | against | verdict | accuracy, points | interval* | p differ | p same | better | failed"
        " | loss, nats | loss verdict |\n"
        "| --- | --- | --- | ---: | :---: | ---: | ---: | ---: | ---: | ---: | --- |"
    )
    ordered = sorted(accuracy, key=lambda row: -math.inf if row["effect"] is None else row["effect"])
    lines = [_verdict_line(row, losses[row["arm"]]) for row in ordered]
    top = "\n".join([*_warnings(study, accuracy), *(f"- {in_words(row)}" for row in most_important(rows))])
    level = 100 * (1 - study["verdict"]["alpha"])
    note = (
        f"\\* {level:g} % for each ablation by itself; verdicts and p are corrected over all {judged} that are judged,"
        " so an interval may leave 0 out and the verdict still be inconclusive. "
        "Effects are the ablation minus its reference, paired by seed. “Hurts” means that the changed recipe is worse,"
        " so what was changed matters. “No meaningful difference” is shown, not assumed: the effect lies within the margin of"
        f" ±{study['verdict']['margin']:g} points. “Inconclusive” says that these seeds decide neither."
        " “Failed” counts runs without a usable model, ablation : reference."
    )
    return (
        f"## Verdicts\n\n{words}. What stands out:\n\n{top}\n\n![Effects on test accuracy](figures/effects.png)\n\n"
        + "\n".join([head, *lines])
        + f"\n\n{note}"
    )


def _warnings(study: Study, accuracy: Rows) -> list[str]:
    """What a reader must know before the verdicts: a study that decides nothing."""
    undecided = all(row["verdict"] in ("inconclusive", *REFUSED) for row in accuracy)
    lines = []
    if undecided:
        lines.append(
            f"- Nothing is decided about test accuracy with {_seed_count(study)} seeds. Add a look: see `seeds`."
        )
    return lines


def _verdict_line(row: dict[str, Any], loss: dict[str, Any]) -> str:
    verdict = f"**{row['verdict']}**" + (f" ({row['remark']})" if row["remark"] else "")
    judged = row["verdict"] not in REFUSED
    interval = f"[{_signed(row['low'], 2)}, {_signed(row['high'], 2)}]" if judged and row["low"] is not None else "–"
    loss_verdict = loss["verdict"] + (f" ({loss['remark']})" if loss["remark"] == "identical" else "")
    cells = [
        f"`{row['arm']}`",
        f"`{row['reference']}`",
        verdict,
        _signed(row["effect"], 2),
        interval,
        _probability(row["p_difference"] if judged and row["pairs"] > 1 else None),
        _probability(row["p_equivalence"] if judged and row["pairs"] > 1 else None),
        "–" if row["better"] is None else f"{100 * row['better']:.0f} %",
        f"{row['failed_ablation']} : {row['failed_reference']}"
        + (f" (p {_probability(row['p_failure'])})" if row["failed_ablation"] > row["failed_reference"] else ""),
        _signed(loss["effect"], 4),
        loss_verdict,
    ]
    return "| " + " | ".join(cells) + " |"


def _family(study: Study, family: str, rows: Rows, records: list[Record]) -> str:
    members = [row for row in rows if row["family"] == family and row["metric"] == "test/accuracy"]
    sentences = []
    for verdict in dict.fromkeys((*SPOKEN_FIRST, *(row["verdict"] for row in members))):
        named = [row for row in members if row["verdict"] == verdict]
        if named:
            sentences.append(f"{verdict.capitalize()}: {'; '.join(_member(row) for row in named)}.")
    pictures = [picture for picture in gallery.pictures(study) if picture.family == family]
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
    interval = f"[{_signed(row['low'], 2)}, {_signed(row['high'], 2)}]"
    return f"`{row['arm']}` {said}, {_signed(row['effect'], 2)} nats {interval}, smaller at {100 * row['better']:.0f} % of seeds"


def _member(row: dict[str, Any]) -> str:
    effect = "" if row["effect"] is None else f" {row['effect']:+.2f} points"
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


def _failures(study: Study, runs: pd.DataFrame) -> str:
    failed = runs[runs["status"] != "ok"]
    planned, present = len(study["arms"]) * _seed_count(study), len(runs)
    lines = [
        f"- `{arm}`, {str(status).replace('_', ' ')} with {_seeds(group['seed'])}: {group['reason'].iloc[0]}"
        + ("." if group["reason"].nunique() == 1 else ", for one.")
        for (arm, status), group in failed.groupby(["arm", "status"], sort=False)
    ]
    missing = f" {planned - present} of {planned} planned runs have left no record." if present < planned else ""
    nothing = 100 * (1 - 0.05 ** (1 / _seed_count(study)))
    text = (
        f"{len(failed)} of {present} runs ended without a usable model.{missing} An arm with 0 failures in"
        f" {_seed_count(study)} seeds may still fail in up to {nothing:.0f} % of runs (95 % bound)."
    )
    return "## What failed\n\n" + "\n".join([text, "", *lines]).rstrip()


def _seeds(seeds: pd.Series[int]) -> str:
    numbers = list(seeds)
    several = len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1))
    words = f"{numbers[0]} to {numbers[-1]}" if several else ", ".join(map(str, numbers))
    return f"seed {words}" if len(numbers) == 1 else f"seeds {words}"


def _seed_count(study: Study) -> int:
    return sum(len(look["seeds"]) for look in study["looks"])


def _signed(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def _probability(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
