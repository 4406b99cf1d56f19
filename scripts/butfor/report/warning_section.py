"""What a reader must know before the verdicts: runs that failed, claims that are refuted, what was changed since the first run,
and what is undecided, with the way it leans and what it lacks."""

from __future__ import annotations

from collections.abc import Sequence

from butfor.languages.phrases import phrase, plural, stored, term
from butfor.missing_pairs import is_unjudged
from butfor.plain_text import counted, plain
from butfor.report import fold_words
from butfor.report.answer import numbers, voice
from butfor.report.fold_words import replicate
from butfor.study.study_metrics import ELSEWHERE, judged_by
from butfor.study.summary import Study
from butfor.verdicts.rows import REFUSED, ArmRow, Assessment, Comparison, ContrastRow
from butfor.verdicts.words import by_importance, lean, listed

MOST_NAMED = 8  # of one kind


def warning_section(
    study: Study,
    rows: list[ContrastRow],
    comparison: Comparison,
    claims: Assessment,
    stopped: str,
    partial: bool,
    tested: str = "",
    other_loss: Sequence[str] = (),
) -> str:
    """A quoted list; nothing where there is nothing to warn of.

    stopped: why no further look was taken, if one was planned. partial: whether runs are still to come. tested: what is the
    matter with the test set. other_loss: what is the matter with the loss that decides, and with
    what was watched.
    """
    metric, arms = judged_by(study), comparison["arms"]
    settling = metric.rows(rows)
    warnings = [
        *other_loss,
        *_failed(arms, comparison["runs"]),
        *_refuted(claims),
        *_deviations(claims),
        *([] if partial else _nothing_decided(study, settling, stopped)),
        *_unjudged(settling, arms),
        *_undecided(study, settling, arms),
        *_parted(settling, arms),
        *([tested] if tested else []),
    ]
    return "\n".join(f"> - {line}" for line in warnings)


def _failed(arms: list[ArmRow], runs: int) -> list[str]:
    failed = sorted((row for row in arms if row["failed"]), key=lambda row: -row["failed"])
    if not failed:
        return []
    naming = voice(arms)
    names = [
        phrase("{arm} {n} of {n_all}", arm=naming.name(row["arm"]), n=row["failed"], n_all=row["runs"])
        for row in failed
    ]
    return [
        phrase(
            "**Failed:** {n} of {runs} ended without a usable model: {arms}.",
            n=sum(row["failed"] for row in failed),
            runs=counted(runs, "run"),
            arms=few(names),
        )
    ]


def _refuted(claims: Assessment) -> list[str]:
    refuted = [row for row in claims["claims"] if row["outcome"] == "refuted"]
    if not refuted:
        return []
    names = [f"“{plain(row['sentence'])}” (`{row['claim']}`: {stored(row['reason'])})" for row in refuted]
    return [
        phrase(
            "**Refuted:** {n} of {claims}: {refuted}.",
            n=len(refuted),
            claims=counted(len(claims["claims"]), "claim"),
            refuted=few(names, "; "),
        )
    ]


def _deviations(claims: Assessment) -> list[str]:
    count = len(claims["deviations"])
    if not count:
        return []
    return [
        plural(
            "**Changed since the first run:** {n} thing that decides; “Deviations from the plan” tells each.",
            "**Changed since the first run:** {n} things that decide; “Deviations from the plan” tells each.",
            count,
        )
    ]


def _nothing_decided(study: Study, settling: list[ContrastRow], stopped: str) -> list[str]:
    verdicts = {row["verdict"] for row in settling}
    if "inconclusive" not in verdicts or verdicts - {"inconclusive", *REFUSED}:
        return []
    seen = max(row["planned"] for row in settling)
    more = fold_words.more_repeats(study, settling) if study.get("replicates") else phrase("Add a look: see `seeds`.")
    if study.get("task") == ELSEWHERE:
        more = phrase("More runs of each arm may decide it.")
    nothing = phrase(
        "Nothing is decided about {metric} with {seeds}.",
        metric=term(judged_by(study).title),
        seeds=counted(seen, replicate(study)),
    )
    remedy = phrase("No further look was taken: {reason}.", reason=stored(stopped)) if stopped else more
    return [f"{nothing} {remedy}"]


def _unjudged(settling: list[ContrastRow], arms: list[ArmRow]) -> list[str]:
    rows, naming = [row for row in settling if is_unjudged(row)], voice(arms)
    if not rows:
        return []
    return [
        phrase(
            "**Not judged yet:** {arms}. A verdict takes at least four of five planned pairs, each a run of the ablation and one"
            " of its reference with the same seed; the table of verdicts says what is missing.",
            arms=few([naming.name(row["arm"]) for row in rows]),
        )
    ]


def _undecided(study: Study, settling: list[ContrastRow], arms: list[ArmRow]) -> list[str]:
    rows = by_importance(row for row in settling if row["verdict"] == "inconclusive" and not is_unjudged(row))
    if not rows:
        return []
    metric, naming = judged_by(study), voice(arms)
    names = []
    for row in rows:
        arm, near = f"{naming.name(row['arm'])} ({numbers(row, '')})", lean(row, metric)
        lacking = _lacking(study, row)
        names.append(
            phrase("{arm} leans towards “{verdict}” and {lacking}", arm=arm, verdict=stored(near), lacking=lacking)
            if near
            else f"{arm}: {lacking}"
        )
    return [phrase("**Undecided:** {arms}.", arms=few(names, "; "))]


def _lacking(study: Study, row: ContrastRow) -> str:
    """What would settle an undecided ablation, as the end of a sentence."""
    if study.get("replicates"):
        repeats = fold_words.repeats_needed(study, row)
        if repeats:
            return phrase("needs `repeats: {n}`", n=repeats)
        return phrase("no number of repeats is known to settle it")
    if row["more_seeds"] is None:
        why = f" ({stored(row['remark'])})" if row["remark"] and row["effect"] is not None else ""
        return phrase("how many more seeds it lacks is not known") + why
    if row["failed_ablation"] != row["failed_reference"]:
        return plural(
            "lacks at most about {n} more seed, if as many go on failing",
            "lacks at most about {n} more seeds, if as many go on failing",
            round(row["more_seeds"]),
        )
    return plural("lacks at most about {n} more seed", "lacks at most about {n} more seeds", round(row["more_seeds"]))


def _parted(settling: list[ContrastRow], arms: list[ArmRow]) -> list[str]:
    naming = voice(arms)
    names = [naming.name(row["arm"]) for row in settling if row["typical_note"] and row["verdict"] not in REFUSED]
    if not names:
        return []
    return [
        phrase(
            "**The mean does not say all** of {arms}: “All numbers” says what it leaves out.",
            arms=few(names),
        )
    ]


def few(names: Sequence[str], between: str = ", ") -> str:
    """Names in a row, a few of many."""
    more = len(names) - MOST_NAMED
    shown = list(names[:MOST_NAMED]) + ([phrase("{n} more", n=more)] if more > 0 else [])
    return listed(shown) if between == ", " else between.join(shown)
