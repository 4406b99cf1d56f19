"""The report's section on how it was computed."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

from butfor.plain_text import counted
from butfor.records.record import Record
from butfor.report import fold_words
from butfor.report.metric_section import comparisons
from butfor.stats.own_tail import FEW
from butfor.stats.tails import FLOOR
from butfor.study.metrics import Metric
from butfor.study.study_metrics import beside, descriptive, judged_by, metrics_of
from butfor.study.summary import Study, VerdictSettings
from butfor.verdicts.numbers import level, signed
from butfor.verdicts.rows import REFUSED, ContrastRow
from butfor.verdicts.words import listed

MOST_NAMED = 30  # ablations in one sentence


def method_section(study: Study, rows: list[ContrastRow], records: list[Record]) -> str:
    """The statistics with their settings, and what figures are measured on."""
    verdict, looks, metric = study["verdict"], len(study["looks"]), judged_by(study)
    settling = metric.rows(rows)
    judged = sum(row["verdict"] not in REFUSED for row in settling)
    removed = sum(study.get("removed", {}).values())
    more = f" and {removed} removed {'one' if removed == 1 else 'ones'}" if removed else ""
    read = any(record.draws.get("pretrained") for record in records)
    weights = "those initial weights that are not read from a file" if read else "initial weights"
    drawn = f"{weights}, batch order and dropout masks" + (
        "; the validation part is the data's own" if _is_official(records) else ", and the validation split"
    )
    others = "".join(f"; {other.short}: {_margin(other, verdict)}" for other in beside(study))
    return (
        "## How it was computed\n\n"
        f"{_planned(study)}, M = {counted(judged, 'judged ablation')}{more},"
        f" α = {verdict['alpha']:g}, {_margin(metric, verdict)}{others}.\n\n"
        f"{fold_words.method(study, records)}"
        f"Each run's seed drives separate streams for {drawn}, the same for every arm, so {_compared(verdict)}"
        " Per ablation and metric: a t test (p differ) and two one-sided t tests"
        " against the margin (p same), in which the spread is at least one step that the metric can make. Of one ablation,"
        " at most one of “different” and “the same” can be wrongly said, so both use one share of α: they are"
        f" {'' if study.get('replicates') else 'multiplied by K and '}corrected {_corrected(verdict)}. So the chance of any"
        f" wrong verdict on {metric.title} in this report is at most α; {_others(study, rows)},"
        f" and so have interactions, and claims that need a test of their own. {_interval(verdict, looks)}\n\n"
        "Few runs that miss a law's long tail look alike and have a wrong mean, and nothing in them shows it. So no spread is"
        f" taken for less than {FLOOR:g} of the median ablation's, against its own reference's, unless an ablation follows its"
        " reference run by run more closely than the median one. Where all runs together are skewed beyond chance and some"
        " undecided ablation spreads unlike the others, what the tail makes look too good (or, for a loss, too bad) is held"
        " against the law of t for exponential runs, whose bar is higher. With fewer than"
        f" {FEW} ablations nobody else says it, and runs cannot acquit themselves: that bar is then each ablation's, on the side"
        " where its runs, or the reference's where these spread more, are skewed to, until twenty of them show no tail; what"
        " it withholds is named with the verdict. A verdict that all runs of the reference, later ones"
        " included, would turn is taken back.\n\n"
        "Failed runs are not averaged in. Where one arm failed more often, a quarter of the ablation's share of α goes to the"
        " figures of the other runs, half to the counts (Boschloo's exact test, both ways), and a quarter to both together"
        " (Fisher's product); nothing good is said of the arm that failed more often.\n\n"
        f"{_stopping(verdict, looks)}{_primary(study)}"
        "Accuracies and losses of training, validation and test examples are all measured in inference mode and without"
        " penalty terms. Early stopping and the choice of epoch use validation examples only; the test set is touched once"
        f" per run, at its end.{fold_words.scope(study) or _fixed(verdict)}.{_pairing(settling, metric)}"
    )


def _planned(study: Study) -> str:
    """After how many runs of each arm verdicts may be given."""
    if study.get("replicates"):
        return f"J = {counted(study['looks'][-1]['seen'], 'fold')}"
    seen = ", ".join(str(look["seen"]) for look in study["looks"])
    after = f"{seen} {'seed' if seen == '1' else 'seeds'}"
    return f"K = {counted(len(study['looks']), 'planned look')} (after {after})"


def _is_official(records: list[Record]) -> bool:
    """Whether runs of several seeds were validated on the same examples."""
    seeds, parts = defaultdict(set), defaultdict(set)
    for record in records:
        data = record.data.get("fingerprint")
        seeds[data].add(record.seed)
        parts[data].add(record.draws.get("validation"))
    return any(len(seeds[data]) > 1 for data in seeds) and all(len(found) == 1 for found in parts.values())


def _fixed(verdict: VerdictSettings) -> str:
    return f" Seeds vary them, and the test set is fixed{_about(verdict)}"


def _about(verdict: VerdictSettings) -> str:
    if verdict.get("holds_for") == "new data":
        return ": what it adds to the error of an effect counts too, so that verdicts are about new data"
    return ", so the conclusions are about this test set"


def _others(study: Study, rows: list[ContrastRow]) -> str:
    """How the metrics are corrected that decide nothing."""
    if not (described := descriptive(study)):
        return f"all other metrics together have α again (corrected over {comparisons(study, rows)})"
    judged = len(metrics_of(study)) - 1 - len(described)
    return (
        f"{counted(judged, 'other metric')} that claims name {'has' if judged == 1 else 'together have'} α again"
        if judged
        else ("other metrics are described and not judged; interactions have α again")
    )


def _margin(metric: Metric, verdict: VerdictSettings) -> str:
    margin = metric.margin_in_words(verdict)
    return f"margin {margin}" if margin else "no margin, so a direction only"


def _pairing(settling: list[ContrastRow], metric: Metric) -> str:
    """How much pairing by seed has gained or lost."""
    known = [row for row in settling if row["correlation"] is not None and row["pairing"] is not None]
    if not known:
        return ""
    cost = median(row["pairing"] for row in known if row["pairing"] is not None)
    change = f"{abs(cost):.0%} {'wider' if cost > 0 else 'narrower'}".replace("%", " %")
    return (
        f" The median correlation of paired {metric.plural} over runs is"
        f" {signed(median(row['correlation'] or 0.0 for row in known), 2)}: pairs make the intervals {change} than independent"
        f" samples would (median).{_by_arm(known)}"
    )


def _by_arm(known: list[ContrastRow]) -> str:
    """The correlation of every ablation's runs with its reference's, over seeds."""
    if not 1 < len(known) <= MOST_NAMED:
        return " `tables/contrasts.csv` has that of each ablation." if len(known) > 1 else ""
    each = (f"`{row['arm']}` {signed(row['correlation'] or 0.0, 2)}" for row in known)
    return f" By ablation: {', '.join(each)}."


def _compared(verdict: VerdictSettings) -> str:
    if verdict["paired"]:
        return "arms are compared in pairs."
    return "arms could be compared in pairs; as the study asks, they are compared as independent samples (Welch)."


def _primary(study: Study) -> str:
    """What the ablations are given that the study is about."""
    primary = [f"`{arm['name']}`" for arm in study["arms"] if arm["primary"]]
    if not primary:
        return ""
    return f"{listed(primary)} {'is' if len(primary) == 1 else 'are'} primary: half of α is theirs.\n\n"


def _corrected(verdict: VerdictSettings) -> str:
    if verdict["corrected_over"] == "report":
        return "over the M ablations by Holm's procedure, which an ablation leaves when it is shown to differ and by how little"
    return (
        "over the ablations of each family by Holm's procedure, so that α holds within a family and not over the report"
    )


def _interval(verdict: VerdictSettings, looks: int) -> str:
    alpha = verdict["alpha"]
    at_each = f" over all looks, {level(alpha / looks)} at each" if looks > 1 else ""
    return (
        f"The interval is the {'paired ' if verdict['paired'] else ''}t interval at {level(alpha)}{at_each},"
        " before the correction over ablations."
    )


def _stopping(verdict: VerdictSettings, looks: int) -> str:
    if looks == 1:
        return ""
    futile = (
        " One that the last look would not decide either, were its effect a standard error larger or smaller and its spread"
        " the least that is likely, stops early: that can make no verdict wrong."
    )
    return (
        f"An ablation whose verdict on {verdict['metric']} is not inconclusive after a look is settled: it gets no more"
        " seeds, its verdict stands, and in later corrections it counts with the probabilities that settled it. Other metrics are"
        f" judged on the same seeds.{futile if verdict['futility'] else ''}\n\n"
    )
