"""When a study's claims were declared: a history beside the results, begun before the first training, only added to.

Snakemake deletes a rule's outputs before the rule runs, and whatever trains would wait for a rule's output and train
again when it changed. So the register is no rule's file: a start writes it before its first job, and the report reads it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from butfor.errors import StudyError
from butfor.plain_text import counted, plain
from butfor.records import files
from butfor.records.files import write_atomically
from butfor.records.job_folder import number_of_runs
from butfor.study.claims import Claim, testable

Register = dict[str, Any]
Entry = dict[str, Any]

FORMAT = 1
BEFORE: Final = "declared before the data"
EXPLORATORY: Final = "exploratory"


class RegisterError(StudyError):
    """A register that cannot be read."""


def enter(path: Path, claims: dict[str, Claim], terms: dict[str, Any], runs: Path) -> None:
    """Enter claims and what they are judged by, where they are not what was entered last; `runs` is where records lie."""
    before = read(path)
    after = entered(before, claims, terms, count=number_of_runs(runs), now=datetime.now(UTC))
    if after != before:
        write_atomically(path, files.sealed(json.dumps(after, indent=1, ensure_ascii=False)))


def read(path: Path) -> Register:
    """The register in a file, an empty one if there is none. Raises RegisterError.

    runs: the most records that a start has counted. terms: the history of what claims are judged by. claims: by name, the
    history of each. An entry says when it was made and how many `runs` had been seen by then; one without a fingerprint
    says that the claim was taken out.
    """
    if not path.is_file():
        return {"format": FORMAT, "runs": 0, "terms": [], "claims": {}}
    try:
        content = path.read_bytes()
        register: Register = json.loads(content)
        if register["format"] != FORMAT:
            raise RegisterError(f"{path}: format {register['format']}; this version of butfor reads format {FORMAT}.")
        if register.pop("sha256", None) and not files.is_sealed(content):  # earlier versions wrote none
            raise ValueError("its checksum is another")
        return register
    except (ValueError, TypeError, KeyError) as failure:
        raise RegisterError(
            f"{path} is no whole register of claims ({failure}). Restore it; without it, every claim is exploratory."
        ) from failure


def entered(before: Register, claims: dict[str, Claim], terms: dict[str, Any], count: int, now: datetime) -> Register:
    """The register with what differs from the last entries added. Records that were deleted since have been seen."""
    runs = max(before["runs"], count)
    stamp = {"time": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "runs": runs}
    history = {name: list(entries) for name, entries in before["claims"].items()}
    for name, claim in claims.items():
        entry = {"fingerprint": claim["fingerprint"], "sentence": claim["sentence"], "tested": testable(claim)}
        if _last(history.get(name, [])) != entry:
            history.setdefault(name, []).append({**stamp, **entry})
    for name, entries in history.items():
        if name not in claims and "fingerprint" in entries[-1]:
            entries.append(stamp)
    kept = before["terms"]
    if not kept or kept[-1]["terms"] != terms:
        kept = [*kept, {**stamp, "terms": terms}]
    return {**before, "runs": runs, "terms": kept, "claims": history}


def standing(register: Register, name: str, fingerprint: str) -> dict[str, Any]:
    """Whether a claim was declared before the data: `standing`, `since` (time) and `runs` (records seen by then), None
    for one that was never registered, which takes a start with --no-hooks.

    What counts is how the claim stood when the first data came: what was changed or taken out before is not declared,
    and what was changed later and back again is.
    """
    entries = register["claims"].get(name, [])
    same = [entry for entry in entries if entry.get("fingerprint") == fingerprint]
    stood = _before_data(entries)
    if stood and stood.get("fingerprint") == fingerprint:
        first = next(entry for entry in same if entry["runs"] == 0)
        return {"standing": BEFORE, "since": first["time"], "runs": 0}
    later = next((entry for entry in same if entry["runs"]), {"time": None, "runs": None})
    return {"standing": EXPLORATORY, "since": later["time"], "runs": later["runs"]}


def deviations(register: Register) -> list[str]:
    """What was changed after there were data, one sentence each: claims taken out, changed or worded otherwise, and
    what claims are judged by."""
    lines = []
    for before, after in _later(register["terms"]):
        lines.append(
            f"{_when(after)} the study's settings were changed: {_differences(before['terms'], after['terms'])}."
        )
    for name, entries in register["claims"].items():
        changes = [(after, _change(before, after)) for before, after in _later(entries)]
        lines += [f"{_when(after)} claim `{name}` was {change}." for after, change in changes if change]
    return lines


def _before_data(entries: list[Entry]) -> Entry | None:
    """The last entry that was made before there were data, if it was not of taking the claim out."""
    early = [entry for entry in entries if not entry["runs"]]
    return early[-1] if early else None


def _later(entries: list[Entry]) -> list[tuple[Entry, Entry]]:
    """Each entry made after there were data, with the one before it."""
    return [(one, other) for one, other in pairwise(entries) if other["runs"]]


def _change(before: Entry, after: Entry) -> str:
    if "fingerprint" not in after:
        return f"taken out: “{plain(before['sentence'])}”"
    if "fingerprint" not in before:
        return "put in again"
    words = []
    if differing := _differences(before["tested"], after["tested"]):
        words.append(f"changed: {differing}")
    if before["sentence"] != after["sentence"]:
        words.append(f"worded otherwise; before: “{plain(before['sentence'])}”")
    return ", and ".join(words)  # none where only the study's settings were changed


def _differences(before: dict[str, Any], after: dict[str, Any]) -> str:
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return ", ".join(
        f"another recipe of {_recipes(before[key], after[key])}"
        if key == "recipes"
        else f"{key} {json.dumps(before.get(key))} → {json.dumps(after.get(key))}"
        for key in keys
    )


def _recipes(before: dict[str, str], after: dict[str, str]) -> str:
    return " and ".join(f"`{arm}`" for arm, mark in after.items() if before.get(arm) != mark) or "its former arms"


def _when(entry: Entry) -> str:
    return f"{entry['time'][:10]}, after {counted(entry['runs'], 'run')}:"


def _last(entries: list[Entry]) -> Entry | None:
    return {k: v for k, v in entries[-1].items() if k not in ("time", "runs")} if entries else None
