"""Manipulation checks: proof from the records that each ablation took effect, and only it did.

Per arm, against its reference and seed by seed: the recipes differ in exactly the declared keys; every changed key left
its footprint (footprints/table.py); what no changed key may move is identical. An arm whose runs are all identical to its
reference's is void.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any

from butfor.checks.footprints.table import FOOTPRINTS
from butfor.checks.outcomes import CheckOutcome, CheckRow
from butfor.records.files import write_noted
from butfor.records.record import Record
from butfor.records.tables import records_in
from butfor.study.summary import ArmPlan, PlanSummary

Pairs = list[tuple[Record, Record]]

# What stays as it was unless a changed key moves it, in the words of the report.
WORDS = {
    "split": "split",
    "validation": "validation images",
    "order": "batch order",
    "weights": "initial weights",
    "biases": "initial biases",
    "masks": "masks",
    "learning rate": "learning rate",
    "optimiser": "optimiser",
    "penalty": "penalties",
    "structure": "layers",
    "first loss": "first cross-entropy",
}


def check(study: PlanSummary, folders: Iterable[Path | str], checks_path: Path | str) -> None:
    """Check every arm of `study` and write checks.json."""
    write_noted(Path(checks_path), json.dumps(examine(study, records_in(folders)), indent=1))


def examine(study: PlanSummary, records: list[Record]) -> list[CheckRow]:
    """One row per arm: whether every changed key left its footprint, and nothing else moved."""
    by_arm: dict[str, dict[int, Record]] = {}
    for record in records:
        by_arm.setdefault(record.arm, {})[record.seed] = record
    return [_row(arm, by_arm.get(arm["name"], {}), by_arm.get(arm["reference"] or "", {})) for arm in study["arms"]]


def steady(record: Record) -> dict[str, Any]:
    """Everything that must be the same for the same seed unless a changed key may move it, by name."""
    fixed = {
        "data": record.data["fingerprint"],
        "split": record.draws["split"],
        "validation": record.draws["validation"],
        "order": [row["order"] for row in record.history],
        "steps per epoch": record.steps_per_epoch,
        "learning rate": record.learning_rate,
        "optimiser": record.optimiser,
        "structure": [(row["layer"], row["class"], row["shape"]) for row in record.structure],
        "parameters": record.parameters,
        "penalty/kernels": record.penalty["start"]["kernels"],
        "penalty/activations": record.penalty["start"]["activations"],
        "first loss": record.first_loss["cross_entropy"],
        "first objective": record.first_loss["objective"],
        "loop": record.loop,
    }
    drawn = {f"masks/{name}": row["digest"] for name, row in record.chance.items()}
    initial = {f"{kind}/{name}": row for kind in ("weights", "biases") for name, row in record.draws[kind].items()}
    return {**fixed, **initial, **drawn}


def identical(a: Record, b: Record) -> bool:
    """Whether two runs went the same way: same epochs with the same figures, and the same final metrics."""
    return _plain(a.history) == _plain(b.history) and a.metrics == b.metrics and a.status == b.status


def _row(arm: ArmPlan, own: dict[int, Record], other: dict[int, Record]) -> CheckRow:
    pairs = [(own[seed], other[seed]) for seed in sorted(set(own) & set(other))]
    keys = list(dict.fromkeys(key.split(".")[0] for key in arm["changed"]))
    problems = list(dict.fromkeys(_problems(arm, keys, own, pairs)))
    acted = sum(not identical(a, b) for a, b in pairs)
    outcome = _outcome(bool(arm["reference"]), own, pairs, acted, problems)
    return {
        "arm": arm["name"],
        "reference": arm["reference"],
        "acted": acted,
        "seeds": len(pairs),
        "problems": problems,
        "outcome": outcome,
        "line": _line(keys, own, pairs, acted, outcome),
    }


def _outcome(
    has_reference: bool, own: dict[int, Record], pairs: Pairs, acted: int, problems: list[str]
) -> CheckOutcome:
    if has_reference and pairs and not acted:
        return "void"
    if problems:
        return "failed"
    return "proven" if (pairs if has_reference else own) else "unknown"


def _problems(arm: ArmPlan, keys: list[str], own: dict[int, Record], pairs: Pairs) -> list[str]:
    problems = []
    for record in own.values():
        if record.recipe != arm["recipe"]:
            problems.append("its records are of another recipe than the plan's")
        problems += [f"{key}: {fault}" for key, row in FOOTPRINTS.items() if (fault := row.fault(record))]
    for a, b in pairs:
        problems += _undeclared(a, b, arm["changed"])
        problems += [
            f"{key}: the reference's own footprint is wrong: {f}" for key in keys if (f := FOOTPRINTS[key].fault(b))
        ]
        problems += [
            f"{name} moved, which {', '.join(keys)} must not move"
            for name in _moved(a, b)
            if not _free(name, keys, a, b)
        ]
    problems += [
        f"{key}: the {FOOTPRINTS[key].shows} did not move: {FOOTPRINTS[key].trace(pairs[0][0])}"
        for key in (keys if pairs else [])
        if not FOOTPRINTS[key].conditional and not any(_left_its_mark(key, a, b) for a, b in pairs)
    ]
    return problems


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


def _moved(a: Record, b: Record) -> list[str]:
    """The names in `steady` under which two runs differ; lists by epoch or step are compared as far as both go."""
    mine, its = steady(a), steady(b)
    return [name for name in mine if name in its and not _same(mine[name], its[name], name)]


def _same(a: Any, b: Any, name: str) -> bool:
    if name in ("order", "learning rate"):
        return all(x == y for x, y in zip(a, b, strict=False))
    return bool(a == b or (isinstance(a, float) and math.isclose(a, b, rel_tol=1e-6)) or (a != a and b != b))


def _free(name: str, keys: list[str], a: Record, b: Record) -> bool:
    """Whether a changed key may move what is called `name`; a plateau lets the learning rate follow the history."""
    plateau = any(record.recipe["schedule"]["name"] == "reduce_on_plateau" for record in (a, b))
    allowed = [pattern for key in keys for pattern in FOOTPRINTS[key].moves]
    return any(fnmatchcase(name, pattern) for pattern in allowed) or (plateau and name == "learning rate")


def _left_its_mark(key: str, a: Record, b: Record) -> bool:
    row = FOOTPRINTS[key]
    if row.trace(a) != row.trace(b):
        return True
    return any(fnmatchcase(name, pattern) for name in _moved(a, b) for pattern in row.moves)


def _line(keys: list[str], own: dict[int, Record], pairs: Pairs, acted: int, outcome: CheckOutcome) -> str:
    if not pairs:
        return f"every setting left its footprint in {len(own)} runs" if outcome == "proven" else outcome
    a, b = pairs[0]
    traces = [f"{FOOTPRINTS[key].shows}: {_change(FOOTPRINTS[key].trace(b), FOOTPRINTS[key].trace(a))}" for key in keys]
    mine, its = steady(a), steady(b)
    unshared = {name for name in {**mine, **its} if name not in mine or name not in its}
    moved = {name for x, y in pairs for name in _moved(x, y)}
    held = {name.split("/")[0] for name in mine} - {name.split("/")[0] for name in unshared | moved}
    same = ", ".join(word for name, word in WORDS.items() if name in held)
    ending = "every run as the reference's" if outcome == "void" else f"runs differ at {acted} of {len(pairs)} seeds"
    return f"{'; '.join(dict.fromkeys(traces))}. Same {same}; {ending}"


def _change(before: str, after: str) -> str:
    return f"{before}, unmoved at the first seed" if before == after else f"{before} → {after}"


def _plain(history: list[dict[str, Any]]) -> str:
    return json.dumps(history)  # NaN has a spelling there, by which two NaN are the same
