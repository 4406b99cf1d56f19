"""What was judged once and is not in the study any more: it still counts where probabilities are corrected for their number.

Who deletes fourteen arms of fifteen and keeps the best has still looked at fifteen. An arm counts once runs of it were
seen, and so does what an arm asked before it was changed to ask something else; one that is put back, under whatever name,
counts as itself again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from butfor.study.claims import has_test
from butfor.study.summary import Study
from butfor.verdicts import register as registers
from butfor.verdicts.register import Register, content, present
from butfor.verdicts.rows import REFUSED

QUESTION = ("arm", "against", "data_sets", "metric", "expect", "margin", "rate")  # what makes a claim another one


@dataclass(frozen=True)
class RemovedArm:
    """An arm, or what an arm of that name asked: when it was taken out, how many runs there were, and its last verdict."""

    name: str
    family: str
    time: str
    runs: int
    verdict: str | None


def removed_arms(register: Register) -> list[RemovedArm]:
    """Every question that was judged, or of which there were runs, and that no arm of the study asks any more."""
    questions = {entry["asks"] for entry in present(register["arms"]).values()}
    removed: dict[str, RemovedArm] = {}
    for name, entries in register["arms"].items():
        for before, after in pairwise(entries):
            former = after.get("former")
            if former is None or before["reference"] is None or before["asks"] in questions:
                continue
            if former["verdict"] not in REFUSED and (former["verdict"] or former["records"]):
                arm = RemovedArm(name, before["family"], after["time"], after["runs"], former["verdict"])
                removed[before["asks"]] = arm
    return list(removed.values())


def removed_claims(register: Register) -> int:
    """How many claims with a test of their own were taken out, or changed to others, after there were data."""
    questions = {_question(entry) for entry in present(register["claims"]).values()}
    former = set()
    for entries in register["claims"].values():
        for before, after in pairwise(entries):
            if after["runs"] and content(before) and has_test(before["tested"]):
                former.add(_question(before))
    return len(former - questions)


def with_removed(study: Study, register_path: Path | str | None) -> Study:
    """The study with the number of arms that were removed from each family, unless the study says that they do not count."""
    if register_path is None or not counts_removed(study):
        return study
    return {**study, "removed": Counter(arm.family for arm in removed_arms(registers.read(Path(register_path))))}


def counts_removed(study: Study) -> bool:
    """Whether what was taken out of a study still counts."""
    return study["verdict"].get("count_removed", True)


def _question(entry: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(entry["tested"].get(key) for key in QUESTION)
