"""Answers to a conference's checklist, as far as records know them: settings, error bars, compute."""

from __future__ import annotations

from statistics import median

from butfor.arm_names import anywhere, data_set_of
from butfor.paper.captions import MOST_NAMED, data_words, interval_words, margin_words
from butfor.paper.latex_text import escaped, from_markdown, listed
from butfor.paper.paper_evidence import PaperEvidence
from butfor.paper.run_counts import averaged_words, replicates_words
from butfor.plain_text import counted
from butfor.records.part_sizes import Sizes, arms_by_sizes
from butfor.records.record import Record
from butfor.verdicts.numbers import duration

WORDS = {"train": "training", "validation": "validation", "test": "test"}
MOST_SIZES = 6  # numbers of examples that are told beside those of the full recipe


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
    departures = evidence.claims["deviations"]
    if not departures:
        return "Nothing that decides was changed after the first run.\n"
    lines = "\n".join(f"\\item {from_markdown(line)}" for line in [*departures, *evidence.claims.get("reasons", [])])
    return f"After the first run, the following was changed.\n\\begin{{itemize}}\n{lines}\n\\end{{itemize}}\n"


def _setting(evidence: PaperEvidence) -> str:
    first = data_set_of(evidence.records[0].arm)
    (sizes, _), *others = arms_by_sizes(r for r in evidence.records if data_set_of(r.arm) == first)
    parts = listed(f"{_count(sizes[part])} {word} examples" for part, word in WORDS.items() if sizes[part][1])
    differing = [f"; {_called(evidence, arms)}, {listed(_unlike(sizes, own))}" for own, arms in others[:MOST_SIZES]]
    if rest := sum(len(arms) for _, arms in others[MOST_SIZES:]):
        differing.append(f"; those of {counted(rest, 'ablation')}, other numbers")
    had = f"{'Each run' if not others else 'Each run of the full recipe'} had {parts}"
    several = " on the first of the data sets" if evidence.data_sets else ""
    return (
        f"{had}{several}{''.join(differing)}; data: {data_words(evidence)}. All settings of the full recipe and of every"
        f" ablation are in the"
        " study file and in each run's record; what each ablation changed was checked in the records against what it"
        " says."
        " Nothing was chosen on the test set."
    )


def _unlike(usual: Sizes, sizes: Sizes) -> list[str]:
    """The parts of which some arms had other numbers of examples than the full recipe."""
    return [f"{_count(sizes[part])} {word} examples" for part, word in WORDS.items() if sizes[part] != usual[part]]


def _count(ends: tuple[int, int]) -> str:
    return " to ".join(f"{end:,}".replace(",", "\\,") for end in dict.fromkeys(ends))


def _called(evidence: PaperEvidence, arms: list[str]) -> str:
    """Arms as their rows are called, of many how many there are."""
    if len(arms) > MOST_NAMED:
        return f"those of {counted(len(arms), 'ablation')}"
    labels = [f"``{escaped(evidence.labels[anywhere(arm)])}''" for arm in arms]
    return f"those of {listed(labels)}"


def _error_bars(evidence: PaperEvidence) -> str:
    study = evidence.study
    folds, verdict = study.get("replicates"), study["verdict"]
    margin = margin_words(evidence)
    sentences = [
        f"The error bars capture {'the fold that is left out, ' if folds else ''}initial weights, the order of batches,"
        f" what layers draw{'' if folds else ' and, where it is drawn, the validation split'}.",
        _fixed(evidence),
        replicates_words(evidence),
        "What stands after $\\pm$ is one standard deviation over runs, not the standard error.",
        averaged_words(evidence),
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
