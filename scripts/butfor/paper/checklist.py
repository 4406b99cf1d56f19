"""Answers to a conference's checklist, as far as records know them: settings, error bars, compute."""

from __future__ import annotations

from statistics import median

from butfor.paper.captions import data_words, interval_words, listed, margin_words, replicates_words
from butfor.paper.latex_text import escaped, from_markdown
from butfor.paper.paper_evidence import PaperEvidence
from butfor.records.record import Record
from butfor.verdicts.numbers import duration


def checklist(evidence: PaperEvidence) -> str:
    """Questions as NeurIPS asks them, in short, each with an answer and a justification."""
    items = [
        ("Experimental setting and details", _setting(evidence)),
        ("Experiment statistical significance", _error_bars(evidence)),
        ("Experiments compute resources", _compute(evidence)),
    ]
    return "\n".join(
        f"\\paragraph{{{title}.}}\n\\textbf{{Answer:}} Yes.\n\\textbf{{Justification:}} {text}\n"
        for title, text in items
    )


def deviations(evidence: PaperEvidence) -> str:
    """What departed from what was planned before the first run."""
    said = evidence.claims["deviations"]
    if not said:
        return "Nothing that decides was changed after the first run.\n"
    lines = "\n".join(f"\\item {from_markdown(line)}" for line in said)
    return f"After the first run, the following was changed.\n\\begin{{itemize}}\n{lines}\n\\end{{itemize}}\n"


def _setting(evidence: PaperEvidence) -> str:
    first = evidence.records[0]
    parts = listed(
        f"{first.data[part]:,} {word} examples".replace(",", "\\,")
        for part, word in (("train", "training"), ("validation", "validation"), ("test", "test"))
        if first.data.get(part)
    )
    several = " on the first of the data sets" if evidence.data_sets else ""
    return (
        f"Each run had {parts}{several}; data: {data_words(evidence)}. All settings of the full recipe and of every"
        f" ablation are in the"
        " study file and in each run's record; what each ablation changed was checked in the records against what it"
        " says."
        " Nothing was chosen on the test set."
    )


def _error_bars(evidence: PaperEvidence) -> str:
    study = evidence.study
    folds, verdict = study.get("replicates"), study["verdict"]
    margin = margin_words(evidence)
    sentences = [
        f"The error bars capture {'the fold that is left out, ' if folds else ''}initial weights, the order of batches,"
        f" dropout masks{'' if folds else ' and, where it is drawn, the validation split'}.",
        _fixed(evidence),
        replicates_words(evidence),
        "What stands after $\\pm$ is one standard deviation over runs, not the standard error.",
        interval_words(evidence),
        "They are computed in closed form and assume that differences correlate by the share of examples that a fold has."
        if folds
        else "They are computed in closed form and assume that differences are independent over seeds and about normal; small"
        " spreads and skewed runs are guarded against as the methods say.",
        f"Verdicts, and with them bold numbers, are corrected for {'looks and for ' if len(study['looks']) > 1 else ''}the"
        f" number of ablations at $\\alpha={verdict['alpha']:g}$.",
        f"Equality was tested against a margin of {margin}." if margin else "",
    ]
    return " ".join(filter(None, sentences))


def _fixed(evidence: PaperEvidence) -> str:
    """What the error bars leave out."""
    if evidence.study.get("replicates"):
        return ""
    if evidence.study["verdict"].get("holds_for") == "new data":
        return "The test set's own sampling error is counted in the verdicts, and the training set is fixed."
    return "The training and the test set are fixed; their sampling is not part of the error bars."


def _compute(evidence: PaperEvidence) -> str:
    records = evidence.records
    seconds = [sum(record.timing["seconds"].values()) for record in records]
    training = [record.timing["seconds"].get("train", 0.0) for record in records]
    tuned = evidence.comparison["tuned"]
    search = f" The search of learning rates took {duration(tuned['seconds'] / 3600)} more." if tuned else ""
    return (
        f"{len(records)} runs on {_machines(records)}. A run trained for {median(training):.1f}\\,s (median; longest"
        f" {max(training):.1f}\\,s); all runs together took {duration(sum(seconds) / 3600)} of such a device, with"
        f" compilation,"
        f" evaluation and the checks of what each ablation changed, and without the start of processes.{search} Runs of"
        f" earlier versions"
        " of the study, which nothing here is made from, are not counted."
    )


def _machines(records: list[Record]) -> str:
    def values(key: str) -> list[str]:
        return sorted({str(record.machine.get(key, "unknown")) for record in records})

    return (
        f"{escaped(listed(values('device')))} of {escaped(listed(values('processor')))}"
        f" ({escaped(listed(values('system')))};"
        f" Python {escaped(listed(values('python')))}, NumPy {escaped(listed(values('numpy')))})"
    )
