"""Verdicts on paired seeds, for arrays of one's own: numbers in, numbers out; no TensorFlow, no Snakemake.

    from butfor import stats

    verdicts = stats.judge({"no_dropout": [...], "no_l2": [...]}, reference=[...], rule=stats.Rule(margin=0.5))
    verdicts["no_dropout"].verdict

`factorial` gives a grid's main effects and interactions, `leave_and_add` whether a part's worth depends on the rest,
`ranking` what mattered most and how sure its rank is, `judge_over_data_sets` what an ablation is worth on average over several
data sets.

The rule: paired t and TOST on the per-seed differences, Bonferroni over the planned looks, Holm over the ablations, so that
alpha holds for all that is said of them; failed runs judged by their counts (Boschloo) and by what the others reach. No
ablation's spread is taken for much smaller than the others', and where runs have long tails t has a higher bar (`tails`).
Where five seeds at 5 % each put a wrong verdict into one report of four, this does so in fewer than one of twenty.
"""

from butfor.stats.contrast import Contrast, contrast, fails_more, widened
from butfor.stats.correction import correct, holm
from butfor.stats.estimate import Estimate, pairing_cost
from butfor.stats.failing import p_fails_more
from butfor.stats.failing_seeds import more_seeds_by_failures
from butfor.stats.importance import Ranked, ranking
from butfor.stats.interactions import (
    INTERACTION,
    NO_INTERACTION,
    FactorialEffect,
    LeaveAndAdd,
    cell_pairs,
    factorial,
    factorial_effects,
    judge_effects,
    judge_parts,
    leave_and_add,
)
from butfor.stats.judge import judge, weights
from butfor.stats.looks import judge_once, judge_pairs
from butfor.stats.margins import p_above, p_below, p_fails_above, p_fails_below, p_outside
from butfor.stats.over_data_sets import (
    FEWEST_RANKED,
    OverDataSets,
    RankedArms,
    contrasts_of_each,
    judge_over_data_sets,
    mean_contrast,
    ranked_arms,
)
from butfor.stats.pairs import Pairs, pair
from butfor.stats.power import more_seeds, planned_effect, smallest_effect
from butfor.stats.rule import Rule
from butfor.stats.tails import Tails, p_exceeds, tails
from butfor.stats.typical import Typical, p_signed_rank, typical
from butfor.stats.unseen import most_unseen, still_holds
from butfor.stats.verdict import MISSED, VERDICTS, decide

__all__ = [
    "FEWEST_RANKED",
    "INTERACTION",
    "MISSED",
    "NO_INTERACTION",
    "VERDICTS",
    "Contrast",
    "Estimate",
    "FactorialEffect",
    "LeaveAndAdd",
    "OverDataSets",
    "Pairs",
    "Ranked",
    "RankedArms",
    "Rule",
    "Tails",
    "Typical",
    "cell_pairs",
    "contrast",
    "contrasts_of_each",
    "correct",
    "decide",
    "factorial",
    "factorial_effects",
    "fails_more",
    "holm",
    "judge",
    "judge_effects",
    "judge_once",
    "judge_over_data_sets",
    "judge_pairs",
    "judge_parts",
    "leave_and_add",
    "mean_contrast",
    "more_seeds",
    "more_seeds_by_failures",
    "most_unseen",
    "p_above",
    "p_below",
    "p_exceeds",
    "p_fails_above",
    "p_fails_below",
    "p_fails_more",
    "p_outside",
    "p_signed_rank",
    "pair",
    "pairing_cost",
    "planned_effect",
    "ranked_arms",
    "ranking",
    "smallest_effect",
    "still_holds",
    "tails",
    "typical",
    "weights",
    "widened",
]
