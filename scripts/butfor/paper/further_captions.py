"""Captions of a paper's further figures, which stand alone as all captions do."""

from __future__ import annotations

from butfor.paper.captions import data_in_short, interval_words, margin_words, marks_words, paired_word
from butfor.paper.latex_text import escaped
from butfor.paper.paper_evidence import PaperEvidence
from butfor.verdicts.uneven_loads import remark_on_seconds


def sensitivity_caption(evidence: PaperEvidence) -> str:
    """Of the figure of sensitivity."""
    margin = margin_words(evidence)
    return _sentences(
        f"What one number of the recipe does to the {escaped(evidence.metric.title)} on {data_in_short(evidence)}, where it"
        " alone is changed.",
        f"The diamond is the reference's value; circles: mean {paired_word(evidence)}differences to it,"
        f" {marks_words(evidence)}; triangles: beyond the axis. The band holds each value's own interval.",
        interval_words(evidence),
        f"Shaded: the margin, {margin}." if margin else "",
    )


def cost_caption(evidence: PaperEvidence) -> str:
    """Of the figure of costs."""
    margin = margin_words(evidence)
    return _sentences(
        f"What a run costs against what it is worth, by the {escaped(evidence.metric.title)} on {data_in_short(evidence)}. The"
        " diamond is the full recipe, points are its ablations: the median run, with a bar over the middle half of its runs, and"
        f" the mean {paired_word(evidence)}difference. Points are {marks_words(evidence)}; triangles: beyond the axis, with the"
        " effect and its interval.",
        "The line is the front: by their means, no other arm is both cheaper and better. Named are those on it and those that are"
        " shown to differ, by a number where there is no room. Seconds are those of runs that may have trained side by side.",
        escaped(remark_on_seconds(evidence.records)),
        f"Shaded: the margin, {margin}." if margin else "",
    )


def _sentences(*parts: str) -> str:
    return " ".join(filter(None, parts))
