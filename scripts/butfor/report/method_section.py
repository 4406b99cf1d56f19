"""The report's section on how it was computed."""

from __future__ import annotations

from statistics import median

from butfor.languages.phrases import phrase, plural, term
from butfor.plain_text import counted
from butfor.records.record import Record
from butfor.report import fold_words
from butfor.report.metric_section import comparisons
from butfor.report.seed_words import compared, drawn, fixed, measured, unwatched
from butfor.stats.own_tail import FEW
from butfor.stats.tails import FLOOR
from butfor.study.metrics import Metric
from butfor.study.study_metrics import beside, descriptive, judged_by, metrics_of
from butfor.study.summary import Study, VerdictSettings
from butfor.study.watched_losses import titles_in
from butfor.verdicts.numbers import level, signed
from butfor.verdicts.rows import REFUSED, ContrastRow
from butfor.verdicts.words import listed

MOST_NAMED = 30  # ablations in one sentence


def method_section(study: Study, rows: list[ContrastRow], records: list[Record]) -> str:
    """The statistics with their settings, and what figures are measured on."""
    verdict, looks, metric = study["verdict"], len(study["looks"]), judged_by(study)
    settling = metric.rows(rows)
    judged, titles = sum(row["verdict"] not in REFUSED for row in settling), titles_in(study)
    paragraphs = [
        _settings(study, judged, metric),
        fold_words.method(study, records).strip(),
        " ".join([drawn(records), compared(verdict), _tests(study), _chance(study, rows), _interval(verdict, looks)]),
        _long_tails(),
        _failed_runs(),
        _stopping(verdict, looks),
        _primary(study),
        " ".join(
            filter(
                None,
                [measured(records, titles), fold_words.scope(study) or fixed(verdict), *_pairing(settling, metric)],
            ),
        ),
        " ".join(unwatched(records, titles)),
    ]
    return "\n\n".join([f"## {phrase('How it was computed')}", *filter(None, paragraphs)])


def _settings(study: Study, judged: int, metric: Metric) -> str:
    """How many looks, ablations and margins there are, in the letters that the rest uses."""
    verdict, removed = study["verdict"], sum(study.get("removed", {}).values())
    ablations = counted(judged, "judged ablation")
    if removed:
        ablations = plural(
            "{ablations} and {n} removed one", "{ablations} and {n} removed ones", removed, ablations=ablations
        )
    margins = [_margin(metric, verdict), *(f"{term(one.short)}: {_margin(one, verdict)}" for one in beside(study))]
    return phrase(
        "{planned}, M = {ablations}, α = {alpha}, {margins}.",
        planned=_planned(study),
        ablations=ablations,
        alpha=f"{verdict['alpha']:g}",
        margins="; ".join(margins),
    )


def _tests(study: Study) -> str:
    by_k = "" if study.get("replicates") else phrase("multiplied by K and ")
    return phrase(
        "Per ablation and metric: a t test (p differ) and two one-sided t tests against the margin (p same), in which the spread"
        " is at least one step that the metric can make. Of one ablation, at most one of “different” and “the same” can be"
        " wrongly said, so both use one share of α: they are {by_k}corrected {over}.",
        by_k=by_k,
        over=_corrected(study["verdict"]),
    )


def _chance(study: Study, rows: list[ContrastRow]) -> str:
    return phrase(
        "So the chance of any wrong verdict on {metric} in this report is at most α; {others}, and so have interactions, and"
        " claims that need a test of their own.",
        metric=term(judged_by(study).title),
        others=_others(study, rows),
    )


def _long_tails() -> str:
    return phrase(
        "Few runs that miss a law's long tail look alike and have a wrong mean, and nothing in them shows it. So no spread is"
        " taken for less than {floor} of the median ablation's, against its own reference's, unless an ablation follows its"
        " reference run by run more closely than the median one, which fewer than four runs cannot show. Where all runs together"
        " are skewed beyond chance and some undecided ablation spreads unlike the others, what the tail makes look too good (or,"
        " for a loss, too bad) is held"
        " against the law of t for exponential runs, whose bar is higher. With fewer than {few} ablations nobody else says it,"
        " and runs cannot acquit themselves: that bar is then each ablation's, on the side where its runs, or the reference's"
        " where these spread more, are skewed to, until twenty of them show no tail; what it withholds is named with the verdict."
        " A verdict that all runs of the reference, later ones included, would turn is taken back.",
        floor=f"{FLOOR:g}",
        few=FEW,
    )


def _failed_runs() -> str:
    return phrase(
        "Failed runs are not averaged in. Where one arm failed more often, a quarter of the ablation's share of α goes to the"
        " figures of the other runs, half to the counts (Boschloo's exact test, both ways), and a quarter to both together"
        " (Fisher's product); nothing good is said of the arm that failed more often."
    )


def _planned(study: Study) -> str:
    """After how many runs of each arm verdicts may be given."""
    if study.get("replicates"):
        return f"J = {counted(study['looks'][-1]['seen'], 'fold')}"
    seen = ", ".join(str(look["seen"]) for look in study["looks"])
    looks = counted(len(study["looks"]), "planned look")
    if seen == "1":
        return phrase("K = {looks} (after {seen} seed)", looks=looks, seen=seen)
    return phrase("K = {looks} (after {seen} seeds)", looks=looks, seen=seen)


def _others(study: Study, rows: list[ContrastRow]) -> str:
    """How the metrics are corrected that decide nothing."""
    if not (described := descriptive(study)):
        over = comparisons(study, rows)
        return phrase("all other metrics together have α again (corrected over {comparisons})", comparisons=over)
    judged = len(metrics_of(study)) - 1 - len(described)
    if not judged:
        return phrase("other metrics are described and not judged; interactions have α again")
    return plural(
        "{n} other metric that claims name has α again",
        "{n} other metrics that claims name together have α again",
        judged,
    )


def _margin(metric: Metric, verdict: VerdictSettings) -> str:
    margin = metric.margin_in_words(verdict)
    if not margin:
        return phrase("no margin, so a direction only")
    return phrase("margin {margin}", margin=term(margin))


def _pairing(settling: list[ContrastRow], metric: Metric) -> list[str]:
    """How much pairing by seed has gained or lost, in sentences."""
    known = [row for row in settling if row["correlation"] is not None and row["pairing"] is not None]
    known = [row for row in known if row["verdict"] not in REFUSED]  # a void arm's runs are the reference's
    if not known:
        return []
    cost = median(row["pairing"] for row in known if row["pairing"] is not None)
    medians = {
        "metrics": term(metric.plural),
        "correlation": signed(median(row["correlation"] or 0.0 for row in known), 2),
        "share": f"{abs(cost):.0%}".replace("%", " %"),
    }
    if cost > 0:
        sentence = phrase(
            "The median correlation of paired {metrics} over runs is {correlation}: pairs make the intervals {share} wider than"
            " independent samples would (median).",
            **medians,
        )
    else:
        sentence = phrase(
            "The median correlation of paired {metrics} over runs is {correlation}: pairs make the intervals {share} narrower"
            " than independent samples would (median).",
            **medians,
        )
    return [sentence, *_by_arm(known)]


def _by_arm(known: list[ContrastRow]) -> list[str]:
    """The correlation of every ablation's runs with its reference's, over seeds."""
    if len(known) == 1:
        return []
    if len(known) > MOST_NAMED:
        return [phrase("`tables/contrasts.csv` has that of each ablation.")]
    each = (f"`{row['arm']}` {signed(row['correlation'] or 0.0, 2)}" for row in known)
    return [phrase("By ablation: {arms}.", arms=", ".join(each))]


def _primary(study: Study) -> str:
    """What the ablations are given that the study is about."""
    primary = [f"`{arm['name']}`" for arm in study["arms"] if arm["primary"]]
    if not primary:
        return ""
    return plural(
        "{ablations} is primary: half of α is theirs.",
        "{ablations} are primary: half of α is theirs.",
        len(primary),
        ablations=listed(primary),
    )


def _corrected(verdict: VerdictSettings) -> str:
    if verdict["corrected_over"] == "report":
        return phrase(
            "over the M ablations by Holm's procedure, which an ablation leaves when it is shown to differ and by how little"
        )
    return phrase(
        "over the ablations of each family by Holm's procedure, so that α holds within a family and not over the report"
    )


def _interval(verdict: VerdictSettings, looks: int) -> str:
    alpha = verdict["alpha"]
    levels = level(alpha)
    if looks > 1:
        levels = phrase(
            "{level} over all looks, {level_of_each} at each", level=levels, level_of_each=level(alpha / looks)
        )
    if verdict["paired"]:
        return phrase(
            "The interval is the paired t interval at {level}, before the correction over ablations.", level=levels
        )
    return phrase("The interval is the t interval at {level}, before the correction over ablations.", level=levels)


def _stopping(verdict: VerdictSettings, looks: int) -> str:
    if looks == 1:
        return ""
    settled = phrase(
        "An ablation whose verdict on {metric} is not inconclusive after a look is settled: it gets no more seeds, its verdict"
        " stands, and in later corrections it counts with the probabilities that settled it. Other metrics are judged on the same"
        " seeds.",
        metric=verdict["metric"],
    )
    if not verdict["futility"]:
        return settled
    futile = phrase(
        "One that the last look would not decide either, were its effect a standard error larger or smaller and its spread the"
        " least that is likely, stops early: that can make no verdict wrong."
    )
    return f"{settled} {futile}"
