"""Manipulation checks: proof from the records that each ablation took effect, and only it did.

Per arm, against its reference and seed by seed: the recipes differ in exactly the declared keys; every changed key left
its footprint (footprints/table.py); a step of its training is the one that its recipe promises (footprints/trial_faults.py);
nothing repeats itself that must not (repetition.py); what no changed key may move is identical. An arm whose runs are all
identical to its reference's is void, one of which only the figures show an effect is unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from butfor.checks import numerics
from butfor.checks.footprints.table import FOOTPRINTS
from butfor.checks.footprints.trial_faults import trial_faults
from butfor.checks.outcomes import CheckOutcome, CheckRow
from butfor.checks.repetition import repeated, repeated_between_seeds
from butfor.checks.steadiness import WORDS, identical, moved, plain, steady
from butfor.plain_text import counted
from butfor.process.rare_collection import collect_rarely
from butfor.records.files import write_noted
from butfor.records.indented_json import indented
from butfor.records.record import Record
from butfor.records.records_by_arm import RecordsByArm
from butfor.study.summary import ArmPlan, PlanSummary

Pairs = list[tuple[Record, Record]]
Examination = tuple[str, Callable[[], Iterable[str]]]
OF_ANOTHER_RECIPE = (
    "its records are of another recipe than the study file's:"
    " train anew with --forcerun train, or put the old values back"
)


def check(study: PlanSummary, folders: Iterable[Path | str], checks_path: Path | str) -> None:
    """Check every arm of `study` and write checks.json."""
    collect_rarely()
    write_noted(Path(checks_path), indented(_rows(study, RecordsByArm(folders).of)))


def examine(study: PlanSummary, records: list[Record]) -> list[CheckRow]:
    """One row per arm: whether every changed key left its footprint, and nothing else moved."""
    by_arm: dict[str, dict[int, Record]] = {}
    for record in records:
        by_arm.setdefault(record.arm, {})[record.seed] = record
    return _rows(study, lambda arm: by_arm.get(arm, {}))


def _rows(study: PlanSummary, records_of: Callable[[str], dict[int, Record]]) -> list[CheckRow]:
    """The rows, made by going from each reference to the arms that are compared with it, so that every arm's records are asked
    for once; arms that no other is compared with come first there, so that few references wait for theirs."""
    names = {arm["name"] for arm in study["arms"]}
    compared: dict[str | None, list[ArmPlan]] = {}  # with which arm; None: with none that is planned
    for arm in study["arms"]:
        compared.setdefault(arm["reference"] if arm["reference"] in names else None, []).append(arm)
    waiting = [(arm, records_of(arm["reference"] or "")) for arm in compared.pop(None, [])]
    rows: dict[str, CheckRow] = {}
    while waiting:
        arm, other = waiting.pop()
        own = records_of(arm["name"])
        rows[arm["name"]] = _row(arm, own, other)
        following = sorted(compared.pop(arm["name"], []), key=lambda one: one["name"] not in compared)
        waiting += [(one, own) for one in following]
    return [rows[arm["name"]] for arm in study["arms"]]


def acted(a: Record, b: Record) -> bool:
    """Whether a change showed in a run: it differs from the reference's, and by more than two machines' rounding may."""
    if identical(a, b):
        return False
    across = numerics.unlike(a, b) and a.status == b.status
    descriptions = {"optimiser", "loop"}  # how the optimiser describes itself is no effect
    return not across or not numerics.within_rounding(a, b) or bool(set(moved(a, b)) - descriptions)


def _row(arm: ArmPlan, own: dict[int, Record], other: dict[int, Record]) -> CheckRow:
    pairs = [(own[seed], other[seed]) for seed in sorted(set(own) & set(other))]
    keys = list(dict.fromkeys(key.split(".")[0] for key in arm["changed"]))
    problems, reasons = _examined(_examinations(arm, keys, own, pairs))
    effects = sum(acted(a, b) for a, b in pairs)
    if pairs:
        unmarked, unseen = _examined([("effect", partial(_unmarked, keys, pairs))])
        reasons += unmarked or unseen
    outcome_for = partial(_outcome, bool(arm["reference"]), own, pairs, effects, problems)
    outcome = outcome_for(reasons)
    lines, unsaid = _examined([("line", partial(_lines, keys, own, pairs, effects, outcome))])
    reasons += unsaid
    return {
        "arm": arm["name"],
        "reference": arm["reference"],
        "acted": effects,
        "seeds": len(pairs),
        "problems": problems,
        "reasons": reasons,
        "outcome": outcome_for(reasons),  # what cannot be shown is not proven
        "line": lines[0] if lines else "what it moved could not be said",
        "note": numerics.note(pairs),
        "mixed": numerics.mixed(pairs),
    }


def _outcome(
    has_reference: bool,
    own: dict[int, Record],
    pairs: Pairs,
    effects: int,
    problems: list[str],
    reasons: list[str],
) -> CheckOutcome:
    if has_reference and pairs and not effects:
        return "void"
    if problems:
        return "unproven"
    if not (pairs if has_reference else own):
        return "unknown"
    return "unverified" if reasons else "proven"


def _examined(examinations: Iterable[Examination]) -> tuple[list[str], list[str]]:
    """What examinations find, and which of them could not be made: one that fails is no reason to say nothing of an arm."""
    problems, failed = [], []
    for name, examine_it in examinations:
        try:
            problems += list(examine_it())
        except Exception as failure:
            failed.append(f"{name}: could not be checked, {type(failure).__name__}: {failure}")
    return list(dict.fromkeys(problems)), list(dict.fromkeys(failed))


def _examinations(arm: ArmPlan, keys: list[str], own: dict[int, Record], pairs: Pairs) -> Iterable[Examination]:
    for record in own.values():
        yield "recipe", partial(_another_recipe, record, arm)
        yield from ((key, partial(_fault, key, record)) for key in FOOTPRINTS)
        yield "trial step", partial(trial_faults, record)
        yield "repetition", partial(repeated, record)
    yield "repetition", partial(repeated_between_seeds, own.values())
    for a, b in pairs:
        yield "recipe", partial(_undeclared, a, b, arm["changed"])
        yield "reference", partial(_reference_faults, keys, b)
        yield "what stays", partial(_strayed, keys, a, b)


def _another_recipe(record: Record, arm: ArmPlan) -> list[str]:
    return [] if record.recipe == arm["recipe"] else [OF_ANOTHER_RECIPE]


def _fault(key: str, record: Record) -> list[str]:
    fault = FOOTPRINTS[key].fault(record)
    return [f"{key}: {fault}"] if fault else []


def _reference_faults(keys: list[str], b: Record) -> list[str]:
    return [f"{key}: the reference's own footprint is wrong: {f}" for key in keys if (f := FOOTPRINTS[key].fault(b))]


def _strayed(keys: list[str], a: Record, b: Record) -> list[str]:
    return [
        f"{name} moved, which {', '.join(keys)} must not move" for name in moved(a, b) if not _free(name, keys, a, b)
    ]


def _unmarked(keys: list[str], pairs: Pairs) -> list[str]:
    """The changed keys of which nothing shows that they took effect but that the runs' figures differ. A trial step that went
    otherwise shows it of a key that was changed alone; one that acts only on some runs need not have, if another explains
    that the runs differ."""
    marked = {
        key: any(_left_its_mark(key, a, b) or (len(keys) == 1 and _stepped_otherwise(a, b)) for a, b in pairs)
        for key in keys
    }
    return [
        f"{key}: the {FOOTPRINTS[key].shows} did not move ({FOOTPRINTS[key].trace(pairs[0][0])})"
        for key, left in marked.items()
        if not left and not (FOOTPRINTS[key].conditional and any(marked.values()))
    ]


def _stepped_otherwise(a: Record, b: Record) -> bool:
    """Whether two trial steps, from the same seed on machines with the same numerics, led elsewhere."""
    if not a.trial or not b.trial or numerics.unlike(a, b):
        return False
    return any(plain(a.trial[key]) != plain(b.trial[key]) for key in ("variables", "averages"))


def _undeclared(a: Record, b: Record, declared: list[str]) -> list[str]:
    """Settings that differ and were not declared, and declared ones that do not differ."""
    mine, its = dict(_leaves(a.recipe)), dict(_leaves(b.recipe))
    differing = [key for key in {**mine, **its} if mine.get(key) != its.get(key) or (key in mine) != (key in its)]
    strays = [key for key in differing if not any(_inside(key, name) for name in declared)]
    idle = [name for name in declared if not any(_inside(key, name) for key in differing)]
    return [f"{key} differs, undeclared" for key in strays] + [
        f"{key} was declared and does not differ" for key in idle
    ]


def _inside(key: str, declared: str) -> bool:
    return key == declared or key.startswith(f"{declared}.")


def _leaves(value: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return chain.from_iterable(_leaves(item, f"{path}.{key}" if path else key) for key, item in value.items())
    return [(path, value)]


def _free(name: str, keys: list[str], a: Record, b: Record) -> bool:
    """Whether a changed key may move what is called `name`; a plateau lets the learning rate follow the history."""
    plateau = any(record.recipe["schedule"]["name"] == "reduce_on_plateau" for record in (a, b))
    allowed = [pattern for key in keys for pattern in FOOTPRINTS[key].moves]
    return any(fnmatchcase(name, pattern) for pattern in allowed) or (plateau and name == "learning rate")


def _left_its_mark(key: str, a: Record, b: Record) -> bool:
    row = FOOTPRINTS[key]
    if row.trace(a) != row.trace(b):
        return True
    return any(fnmatchcase(name, pattern) for name in moved(a, b) for pattern in row.moves)


def _lines(keys: list[str], own: dict[int, Record], pairs: Pairs, effects: int, outcome: CheckOutcome) -> list[str]:
    if not pairs:
        return [f"every setting left its footprint in {counted(len(own), 'run')}" if outcome == "proven" else outcome]
    a, b = pairs[0]
    traces = [f"{FOOTPRINTS[key].shows}: {_change(FOOTPRINTS[key].trace(b), FOOTPRINTS[key].trace(a))}" for key in keys]
    mine, its = steady(a), steady(b)
    unshared = {name for name in {**mine, **its} if name not in mine or name not in its}
    changed = {name for x, y in pairs for name in moved(x, y)}
    held = {name.split("/")[0] for name in mine} - {name.split("/")[0] for name in unshared | changed}
    same = ", ".join(word for name, word in WORDS.items() if name in held)
    ending = (
        "every run as the reference's"
        if outcome == "void"
        else f"runs differ in {effects} of {counted(len(pairs), 'pair')}"
    )
    if len(keys) == 1 and not any(_left_its_mark(keys[0], x, y) for x, y in pairs) and _stepped_otherwise(a, b):
        traces.append("a step of training from the same weights led elsewhere")
    return [f"{'; '.join(dict.fromkeys(traces))}. Same {same}; {ending}"]


def _change(before: str, after: str) -> str:
    return f"{before}, unmoved at the first seed" if before == after else f"{before} → {after}"
