"""The report on runs made elsewhere: the sections that runs' figures alone fill, and what is not known of such runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from butfor.plain_text import counted, plain
from butfor.records.files import write_atomically
from butfor.records.record import Record
from butfor.report.answer import answer_of, before_all
from butfor.report.details import details
from butfor.report.metric_section import metric_section
from butfor.report.numbers_section import numbers_section
from butfor.report.opening_section import opening_section
from butfor.report.summary_json import SUMMARY, summary
from butfor.report.verdict_section import verdict_section
from butfor.report.warning_section import warning_section
from butfor.study.study_metrics import beside, judged_by
from butfor.study.summary import DescribedStudy
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.rows import Assessment, Comparison, ContrastRow
from butfor.verdicts.words import seeds_in_words

NOT_CONTROLLED = (
    "**These runs were made elsewhere.** butfor has judged their figures and has controlled nothing: it does not know what an"
    " arm changed, whether anything else differed, whether equal seeds drew the same, or whether runs were left out or chosen"
    " after they were seen. So no arm has a level of proof here."
)


@dataclass(frozen=True)
class Origin:
    """Where the runs come from: the file, the baseline's name in it, whether arms were compared by seed, the columns that were
    ignored with why, what else is to be said, and the names of arms that were changed."""

    path: str
    baseline: str
    paired: bool
    ignored: Mapping[str, str]
    notes: Sequence[str]
    renamed: Mapping[str, str]

    @property
    def sentences(self) -> list[str]:
        """What a reader is to know of the file, for the terminal and the report."""
        ignored = [f"{name} ({why})" for name, why in self.ignored.items()]
        called = [f"{old} is called {new} here" for old, new in self.renamed.items()]
        return [
            *([f"Ignored columns: {', '.join(ignored)}."] if ignored else []),
            *([f"Names: {'; '.join(called)}."] if called else []),
            *self.notes,
        ]


def write_elsewhere_report(study: DescribedStudy, records: list[Record], origin: Origin, out: Path) -> None:
    """Write report.md and summary.json beside contrasts.json and comparison.json, which they are made from, and figures."""
    rows: list[ContrastRow] = json.loads((out / "contrasts.json").read_text())
    comparison: Comparison = json.loads((out / "comparison.json").read_text())
    known, claims = as_recorded(study, records), Assessment(claims=[], removed=0, deviations=[])
    sections = [
        f"# {plain(study['study'])}",
        f"> {NOT_CONTROLLED}",
        *(f"> {text}" for text in before_all(comparison)),
        opening_section(known, records).strip(),
        " ".join(answer_of(rows, comparison)),
        warning_section(known, rows, comparison, claims, "", partial=False),
        "\n".join(f"- {plain(sentence)}" for sentence in origin.sentences),
        verdict_section(known, rows, comparison["arms"], {}, {}),
        metric_section(known, rows),
        "## Details",
        *map(details, [numbers_section(known, rows), _failures(records), _method(known, records, origin)]),
    ]
    write_atomically(out / "report.md", "\n\n".join(filter(None, sections)) + "\n")
    told = summary(known, rows, comparison, [], claims, {}, {}, partial=False)
    write_atomically(out / SUMMARY, json.dumps(told, indent=1, ensure_ascii=False))


def _failures(records: list[Record]) -> str:
    """The runs without a value, which count as failed."""
    failed = [record for record in records if record.status != "ok"]
    if not failed:
        return ""
    arms = {name: [r for r in failed if r.arm == name] for name in dict.fromkeys(r.arm for r in failed)}
    lines = [
        f"- `{name}`: {seeds_in_words(sorted(r.seed for r in own))} ({', '.join(r.reason for r in own)})"
        for name, own in arms.items()
    ]
    lead = f"{counted(len(failed), 'run')} of {len(records)} without a value count as failed."
    return "\n\n".join(["## What failed", lead, "\n".join(lines)])


def _method(study: DescribedStudy, records: list[Record], origin: Origin) -> str:
    """The statistics with their settings, and the file by its digest."""
    verdict, metric = study["verdict"], judged_by(study)
    digest = hashlib.sha256(Path(origin.path).read_bytes()).hexdigest()
    margins = [f"{one.title}: {one.margin_in_words(verdict) or 'no margin'}" for one in (metric, *beside(study))]
    compared = (
        "Arms are compared in pairs of the same seed, by t tests on the differences."
        if origin.paired
        else "Arms are compared as independent samples (Welch)."
    )
    return (
        "## How it was computed\n\n"
        f"{counted(len(records), 'run')} of {counted(len(study['arms']), 'arm')} from `{plain(Path(origin.path).name)}`"
        f" (SHA-256 {digest[:16]}…); every value is used. {compared} α = {verdict['alpha']:g}, corrected over all ablations"
        f" (Holm). Margins: {'; '.join(margins)}. The rule takes the runs for all that were planned: if more were added after a"
        " look at the figures, verdicts are wrong more often than α says. Numbers: `contrasts.json`, `tables/`."
    )
