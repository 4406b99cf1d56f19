"""What a study changed after there were data, one sentence each, in the order of time: settings, arms, claims, and the
verdicts that were reported and are others by now. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from butfor.plain_text import counted, plain
from butfor.study.arm import is_baseline
from butfor.study.claims import EARLIER
from butfor.study.metrics import METRICS
from butfor.study.recipe_words import in_short, setting_changes
from butfor.verdicts.changed_code import OWN_CODE, changed_code
from butfor.verdicts.numbers import signed
from butfor.verdicts.register import Entry, Register, content
from butfor.verdicts.removed import removed_arms
from butfor.verdicts.reported import DEFINITE, Reading, Reported

UNCOUNTED = "; what was judged with the former one does not count in the correction"  # it was another study
MOST_ARMS = 30  # named in one sentence; the register has them all


class ArmChange(NamedTuple):
    """What became of an arm: its name, its entry before (None: it is new) and its entry after."""

    name: str
    before: Entry | None
    after: Entry


def deviations(register: Register, now: Reported | None = None, counts_removed: bool = True) -> list[str]:
    """Every change after there were data, as `date, after so many runs: what was changed`, with its reason if one was given.

    now: the verdicts and data of the report that is made. counts_removed: whether arms that were taken out still count.
    """
    dated_lines: list[tuple[str, str]] = []
    for before, after in _later(register["terms"]):
        if words := _differences(before["terms"], after["terms"]):
            dated_lines.append((after["time"], _line(after, f"the study's settings were changed: {words}")))
        if words := changed_code(before["terms"], after["terms"]):
            dated_lines.append((after["time"], _line(after, f"{words} was changed")))
    for entries in _arm_changes(register):
        dated_lines += [(entries[0].after["time"], _line(entries[0].after, words)) for words in _arms_in_words(entries)]
    for name, claim in register["claims"].items():
        changes = [(after, _claim_in_words(before, after)) for before, after in _later(claim)]
        dated_lines += [
            (after["time"], _line(after, f"claim `{name}` was {words}")) for after, words in changes if words
        ]
    reports = [*register["reports"], *([now] if now else [])]
    for report, following in pairwise(reports):
        dated_lines += [(following["time"], line) for line in _revoked(report, following)]
    lines = [line for _, line in sorted(dated_lines, key=lambda each: each[0])]
    return [*_unknown_beginning(register), *lines, *_correction(register, counts_removed)]


def reasons(register: Register) -> list[str]:
    """The reasons that came later than what they explain, a sentence each: they change nothing that decides."""
    return [_line(entry, "a reason was added") for entry in register["reasons"]]


def _unknown_beginning(register: Register) -> list[str]:
    if not register["terms"]:
        return ["The study is not in its register, as after starts with --no-hooks: what was changed is not known."]
    if runs := register["terms"][0]["runs"]:
        return [f"The register begins after {counted(runs, 'run')}: what was planned before them is not known."]
    return []


def _correction(register: Register, counts_removed: bool) -> list[str]:
    """What the arms that are not in the study any more do to the verdicts on those that are."""
    if not (number := len(removed_arms(register))):
        return []
    arms = f"{counted(number, 'ablation')} of which there were runs, and which the study does not ask for any more,"
    if counts_removed:
        return [f"{arms} still {'counts' if number == 1 else 'count'} in the correction of verdicts."]
    return [
        f"{arms} {'does' if number == 1 else 'do'} not count in the correction (verdict.count_removed: false): what is left"
        " was chosen when the data were there, and alpha does not hold for its verdicts."
    ]


def _arm_changes(register: Register) -> Iterator[list[ArmChange]]:
    """The changes of arms after there were data, those of one start together. What a register first holds of arms is no change,
    since earlier versions of it held none."""
    histories = register["arms"]
    first = next((entries[0]["time"] for name, entries in histories.items() if is_baseline(name)), "")
    changes = [
        ArmChange(name, before, after)
        for name, entries in histories.items()
        for before, after in pairwise([None, *entries])
        if after is not None and after["runs"] and (before is not None or after["time"] != first)
    ]
    for _, together in groupby(
        sorted(changes, key=lambda change: change.after["time"]), lambda change: change.after["time"]
    ):
        yield list(together)


def _arms_in_words(changes: list[ArmChange]) -> Iterator[str]:
    """The changes of one start: arms renamed, taken out, added, changed, and trained with another recipe since another was."""
    removals = [change for change in changes if not content(change.after)]
    renamed = {change.name: change.after["renamed"] for change in removals if "renamed" in change.after}
    for name, other in renamed.items():
        yield f"arm `{name}` was renamed `{other}`"
    if removed := [f"`{change.name}` ({_former(change.after)})" for change in removals if change.name not in renamed]:
        yield f"{_arms(removed)} taken out: {_few(removed)}"
    new = [
        c
        for c in changes
        if content(c.after) and not (c.before and content(c.before)) and c.name not in renamed.values()
    ]
    for become, back in (("added", False), ("put in again", True)):
        if added := [f"`{change.name}` ({_asks(change.after)})" for change in new if bool(change.before) == back]:
            yield f"{_arms(added)} {become}: {_few(added)}"
    both = [(c.name, c.before, c.after) for c in changes if c.before and content(c.before) and content(c.after)]
    changed = {name: words for name, before, after in both if (words := _arm_differences(before, after))}
    was = {
        name: _former(after) for name, _, after in both if "former" in after
    }  # of those that ask something else by now
    for name, words in changed.items():
        last = f"; before that: {was[name]}" if name in was else ""
        yield f"arm `{name}` was changed: {words}{UNCOUNTED if is_baseline(name) else last}"
    others = [name for name, old, new in both if name not in changed and old["recipe"] != new["recipe"]]
    if changed and others:
        whose = "the arm that it was" if len(others) == 1 else "the arms that they were"
        names = [f"`{name}` ({was[name]})" if name in was else f"`{name}`" for name in others]
        yield f"{counted(len(others), 'arm')} changed along with {whose} made from: {_few(names)}"


def _arms(names: Sequence[str]) -> str:
    return f"{counted(len(names), 'arm')} {'was' if len(names) == 1 else 'were'}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_ARMS]) + (f" and {len(names) - MOST_ARMS} more" if len(names) > MOST_ARMS else "")


def _former(after: Entry) -> str:
    """The last verdict on what an arm asked."""
    former = after["former"]
    return former["verdict"] or ("not yet judged" if former["records"] else "never trained")


def _asks(entry: Entry) -> str:
    sets = ", ".join(f"{key} {in_short(value)}" for key, value in entry["sets"].items())
    return plain(f"{sets}, from {entry['reference']}" if entry["reference"] else sets)


def _arm_differences(before: Entry, after: Entry) -> str:
    keys = [key for key in {**before["sets"], **after["sets"]} if before["sets"].get(key) != after["sets"].get(key)]
    if is_baseline(after["asks"]):  # which sets every key that a version of butfor knows
        keys = [key for key in keys if key in before["sets"] and key in after["sets"]]
    one, other = ({key: entry["sets"].get(key, "as its reference") for key in keys} for entry in (before, after))
    words = [plain(text) for key in keys for text in setting_changes(key, one[key], other[key])]
    if before["asks"] != after["asks"] and before["reference"] != after["reference"]:  # else the reference was renamed
        words.append(f"reference {before['reference'] or 'none'} → {after['reference'] or 'none'}")
    if before["family"] and after["family"] and before["family"] != after["family"]:
        words.append(f"family {before['family']} → {after['family']}")
    return ", ".join(words)


def _revoked(report: Reported, following: Reported) -> Iterator[str]:
    """What a report said and the next one does not, where nothing but a change can have taken it back."""
    at = f"{following['time'][:10]}, after {counted(following['runs'], 'run')}"
    if report["data"] and following["data"] and report["data"] != following["data"]:
        yield f"{at}: the data are others than those of the report of {report['time'][:10]}."
    readings = {row["asks"] or name: (name, row) for name, row in following["verdicts"].items()}
    for name, old in report["verdicts"].items():
        named, new = readings.get(old["asks"] or name) or (name, following["verdicts"].get(name))
        if new and old["verdict"] in DEFINITE and new["verdict"] != old["verdict"]:
            yield (
                f"{at}: the verdict on `{named}` is “{new['verdict']}” ({_effect(new)}); that of the report of"
                f" {report['time'][:10]}, after {counted(report['runs'], 'run')}, was “{old['verdict']}” ({_effect(old)})."
            )


def _effect(reading: Reading) -> str:
    if "unit" in reading:
        return f"{signed(reading['effect'], reading['decimals'])} {reading['unit']}"
    unit = METRICS[reading["metric"]].unit
    return f"{signed(reading['effect'], unit.decimals)} {unit.name}"


def _later(entries: list[Entry]) -> list[tuple[Entry, Entry]]:
    """Each entry made after there were data, with the one before it."""
    return [(one, other) for one, other in pairwise(entries) if other["runs"]]


def _claim_in_words(before: Entry, after: Entry) -> str:
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
    """What differs; what an earlier version of butfor did not note was as it always was then, or is not known."""
    one, other = ({**EARLIER, **entry} for entry in (before, after))
    keys = [key for key in after if (key in before or key in EARLIER) and one[key] != other[key] and key != OWN_CODE]
    keys += [key for key in before if key not in after and one[key] != other.get(key) and key != OWN_CODE]
    return ", ".join(
        f"another recipe of {_recipes(before[key], after[key])}"
        if key == "recipes"
        else _metrics(one.get(key) or {}, other.get(key) or {})
        if key == "metrics"
        else f"{key} {json.dumps(one.get(key))} → {json.dumps(other.get(key))}"
        for key in keys
    )


def _metrics(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Metrics that a study has begun or ceased to ask for, and each setting of the others that is another by now."""
    words = [("added", after.keys() - before), ("taken out", before.keys() - after)]
    lists = [f"metrics {become}: {', '.join(sorted(names))}" for become, names in words if names]
    both = sorted(before.keys() & after)
    written = [(f"metrics.{name}", _as_written(before[name]), _as_written(after[name])) for name in both]
    changed = [text for each in written for text in setting_changes(*each)]
    return "; ".join([*lists, *map(plain, changed)])


def _as_written(metric: dict[str, Any]) -> dict[str, Any]:
    """What decides of a metric, by the words of a study file: one margin, which may be a share of the baseline's mean."""
    kept = {key: value for key, value in metric.items() if key not in ("relative_margin", "options")}
    share = metric.get("relative_margin")
    return {**kept, **(metric.get("options") or {}), **({} if share is None else {"margin": f"{100 * share:g} %"})}


def _recipes(before: dict[str, str], after: dict[str, str]) -> str:
    return " and ".join(f"`{arm}`" for arm, mark in after.items() if before.get(arm) != mark) or "its former arms"


def _line(entry: Entry, words: str) -> str:
    reason = f" Reason given: “{plain(entry['because'])}”" if entry.get("because") else ""
    return f"{entry['time'][:10]}, after {counted(entry['runs'], 'run')}: {words}.{reason}"
