"""The report on runs made elsewhere: the sections that runs' figures alone fill, and what is not known of such runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from butfor.languages.phrases import ENGLISH, language_of, phrase, plural, speaking, stored, term
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
        ignored = ", ".join(f"{name} ({stored(why)})" for name, why in self.ignored.items())
        others = {old: new for old, new in self.renamed.items() if old != self.baseline}
        called = "; ".join(phrase("{old} is called {new} here", old=old, new=new) for old, new in others.items())
        return [
            *([phrase("The baseline is {name}.", name=self.baseline)] if self.baseline in self.renamed else []),
            *([phrase("Ignored columns: {columns}.", columns=ignored)] if ignored else []),
            *([phrase("Names: {names}.", names=called)] if called else []),
            *map(stored, self.notes),
        ]


def write_elsewhere_report(study: DescribedStudy, records: list[Record], origin: Origin, out: Path) -> None:
    """Write report.md and summary.json beside contrasts.json and comparison.json, which they are made from, and figures."""
    rows: list[ContrastRow] = json.loads((out / "contrasts.json").read_text())
    comparison: Comparison = json.loads((out / "comparison.json").read_text())
    known, claims = as_recorded(study, records), Assessment(claims=[], removed=0, deviations=[])
    with speaking(language_of(study)):
        text = _report(known, records, origin, rows, comparison, claims)
    write_atomically(out / "report.md", text)
    with speaking(ENGLISH):
        content = summary(known, rows, comparison, [], claims, {}, {}, partial=False)
    write_atomically(out / SUMMARY, json.dumps(content, indent=1, ensure_ascii=False))


def _report(
    known: DescribedStudy,
    records: list[Record],
    origin: Origin,
    rows: list[ContrastRow],
    comparison: Comparison,
    claims: Assessment,
) -> str:
    sections = [
        f"# {plain(known['study'])}",
        f"> {_not_controlled()}",
        *(f"> {text}" for text in before_all(comparison)),
        opening_section(known, records).strip(),
        " ".join(answer_of(rows, comparison)),
        warning_section(known, rows, comparison, claims, "", partial=False),
        "\n".join(f"- {plain(sentence)}" for sentence in origin.sentences),
        verdict_section(known, rows, comparison["arms"], {}, {}),
        metric_section(known, rows),
        f"## {phrase('Details')}",
        *map(details, [numbers_section(known, rows), _failures(records), _method(known, records, origin)]),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _not_controlled() -> str:
    return phrase(
        "**These runs were made elsewhere.** butfor has judged their figures and has controlled nothing: it does not know what an"
        " arm changed, whether anything else differed, whether equal seeds drew the same, or whether runs were left out or chosen"
        " after they were seen. So no arm has a level of proof here."
    )


def _failures(records: list[Record]) -> str:
    """The runs without a value, which count as failed."""
    failed = [record for record in records if record.status != "ok"]
    if not failed:
        return ""
    arms = {name: [r for r in failed if r.arm == name] for name in dict.fromkeys(r.arm for r in failed)}
    lines = [
        f"- `{name}`: {seeds_in_words(sorted(r.seed for r in own))} ({', '.join(stored(r.reason) for r in own)})"
        for name, own in arms.items()
    ]
    lead = plural(
        "{n} run of {n_all} without a value count as failed.",
        "{n} runs of {n_all} without a value count as failed.",
        len(failed),
        n_all=len(records),
    )
    return "\n\n".join([f"## {phrase('What failed')}", lead, "\n".join(lines)])


def _method(study: DescribedStudy, records: list[Record], origin: Origin) -> str:
    """The statistics with their settings, and the file by its digest."""
    verdict, metric = study["verdict"], judged_by(study)
    digest = hashlib.sha256(Path(origin.path).read_bytes()).hexdigest()
    margins = [
        f"{term(one.title)}: {term(one.margin_in_words(verdict)) or phrase('no margin')}"
        for one in (metric, *beside(study))
    ]
    parts = [
        phrase(
            "{runs} of {arms} from `{file}` (SHA-256 {digest}…); every value is used.",
            runs=counted(len(records), "run"),
            arms=counted(len(study["arms"]), "arm"),
            file=plain(Path(origin.path).name),
            digest=digest[:16],
        ),
        phrase("Arms are compared in pairs of the same seed, by t tests on the differences.")
        if origin.paired
        else phrase("Arms are compared as independent samples (Welch)."),
        phrase("α = {alpha}, corrected over all ablations (Holm).", alpha=f"{verdict['alpha']:g}"),
        phrase("Margins: {margins}.", margins="; ".join(margins)),
        phrase(
            "The rule takes the runs for all that were planned: if more were added after a look at the figures, verdicts are"
            " wrong more often than α says."
        ),
        phrase("Numbers: `contrasts.json`, `tables/`."),
    ]
    return f"## {phrase('How it was computed')}\n\n{' '.join(parts)}"
