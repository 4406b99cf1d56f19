"""Verdicts on paired seeds, for arrays of one's own: numbers in, numbers out; no TensorFlow, no Snakemake.

    from butfor import stats

    found = stats.judge({"no_dropout": [...], "no_l2": [...]}, reference=[...], rule=stats.Rule(margin=0.5))
    found["no_dropout"].verdict

The rule: paired t and TOST on the per-seed differences, Bonferroni over the planned looks, Holm over the ablations,
failed runs judged by their counts (Boschloo). Where five seeds at 5 % each put a wrong verdict into one report of four,
this does so in fewer than one of twenty.
"""

from butfor.stats.contrast import Contrast, contrast
from butfor.stats.looks import Rule, judge, judge_once, judge_pairs
from butfor.stats.margins import p_above, p_below, p_mostly_finishes, p_outside
from butfor.stats.pairs import Pairs, pair
from butfor.stats.power import more_seeds, smallest_effect
from butfor.stats.verdict import MOST_MISSING, VERDICTS, correct, decide, holm

__all__ = [
    "MOST_MISSING",
    "VERDICTS",
    "Contrast",
    "Pairs",
    "Rule",
    "contrast",
    "correct",
    "decide",
    "holm",
    "judge",
    "judge_once",
    "judge_pairs",
    "more_seeds",
    "p_above",
    "p_below",
    "p_mostly_finishes",
    "p_outside",
    "pair",
    "smallest_effect",
]
