"""How many runs there are of each arm, and which of them means and differences are over, in words."""

from __future__ import annotations

from butfor.arm_names import anywhere, data_set_of, on
from butfor.paper.latex_text import escaped, listed
from butfor.paper.paper_evidence import PaperEvidence
from butfor.verdicts.rows import ArmRow

MOST_NAMED = 3  # arms of which runs failed


def replicates_words(evidence: PaperEvidence, says_why: bool = True) -> str:
    """How many runs there are of each arm. says_why: whether to say why some have more than others."""
    runs = sorted({row["planned"] - row["missing"] for row in evidence.settling}) or [0]
    each = noun(evidence)
    if len(runs) == 1:
        return f"Each arm has {runs[0]} {each}s."
    stopped = ""
    if says_why and len(evidence.study["looks"]) > 1:
        given_up = any(row["settled"] and row["verdict"] == "inconclusive" for row in evidence.settling)
        or_not = ", or that no planned look would have decided," if given_up else ""
        stopped = f": arms that were settled at a planned look{or_not} got no more"
    return f"Each arm has $n={runs[0]}$ to {runs[-1]} {each}s{stopped}."


def averaged_words(evidence: PaperEvidence) -> str:
    """What means are over, where runs failed; empty where none did."""
    failed = [arm for arm in evidence.comparison["arms"] if arm["failed"]]
    if not failed:
        return ""
    own = (
        f"{finished_of_all(arm)} of ``{escaped(on(evidence.labels[anywhere(arm['arm'])], data_set_of(arm['arm'])))}''"
        for arm in failed
    )
    which = f"some of {len(failed)} arms did not" if len(failed) > MOST_NAMED else listed(own)
    return f"Means and deviations are over the runs that left a usable model: {which}."


def finished_of_all(arm: ArmRow) -> str:
    """How many runs of an arm left a usable model, and of how many where that is not all."""
    finished = arm["runs"] - arm["failed"]
    return f"{finished} of {arm['runs']}" if arm["failed"] else f"{finished}"


def same_seeds(evidence: PaperEvidence) -> str:
    """Why a difference need not be that of two means, where arms have more or fewer seeds, or failed at some; the end of a
    sentence, empty where it is."""
    if not evidence.study["verdict"]["paired"]:
        return ""
    if any(arm["failed"] for arm in evidence.comparison["arms"]):
        return f", over the {noun(evidence)}s at which neither failed"
    return ", over the seeds that both have" if len({row["planned"] for row in evidence.settling}) > 1 else ""


def noun(evidence: PaperEvidence) -> str:
    """What one of an arm's runs is called."""
    return "fold" if evidence.study.get("replicates") else "seed"
