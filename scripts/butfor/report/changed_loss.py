"""What a reader must know of arms that change the very loss that is measured of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from butfor.checks.steadiness import moved
from butfor.languages.phrases import phrase
from butfor.records.record import Record
from butfor.report.warning_section import few
from butfor.study.changed_losses import PENALTIES, decides, in_words, may_change_loss
from butfor.study.summary import Study, arm_of

# While these are the same, a step of the same seed has another loss only if the loss is another.
ALIKE = (
    "data",
    "split",
    "validation",
    "order",
    "structure",
    "parameters",
    "weights",
    "others",
    "biases",
    "masks",
    "first outputs",
)


def changed_loss(study: Study, records: Sequence[Record]) -> list[str]:
    """A warning on those arms whose loss the records show to be another quantity, and one on those of which they do not tell."""
    by_arm = may_change_loss(study)
    if not by_arm:
        return []
    runs = {(record.arm, record.seed): record for record in records}
    shown = {name: _is_another(runs, name, arm_of(study, name)["reference"] or "") for name in by_arm}
    # Penalties are in the loss of a step, which is tried, and need not be in the one that is measured.
    shown |= {name: None for name, keys in by_arm.items() if shown[name] and set(keys) <= set(PENALTIES)}
    other = [f"`{name}`" for name, is_another in shown.items() if is_another]
    unknown = {name: by_arm[name] for name, is_another in shown.items() if is_another is None}
    return [
        *([_other(other, decides(study))] if other else []),
        *([f"**{phrase('Perhaps another quantity:')}** {in_words(unknown, decides(study), '`')}"] if unknown else []),
    ]


def _other(arms: list[str], decided_by: bool) -> str:
    if not decided_by:
        return phrase(
            "**Another quantity:** {arms} changed the loss that the model itself works out, which stands beside what decides:"
            " from the same weights, on the same examples, its first value is another than the reference's. So a verdict or an"
            " effect on that loss says nothing of a better model there.",
            arms=few(arms),
        )
    return phrase(
        "**Another quantity:** what decides is the loss that the model itself works out, and {arms} changed that loss: from the"
        " same weights, on the same examples, its first value is another than the reference's. So less of it is no better model"
        " there, whatever the verdict says; decide by a metric that means the same in every arm, `primary: true`.",
        arms=few(arms),
    )


def _is_another(runs: dict[tuple[str, int], Record], arm: str, reference: str) -> bool | None:
    """Whether an arm's loss is another than its reference's, by a step before the training from the same weights; None where no
    pair of runs tells."""
    others = [
        not math.isclose(run.trial["objective"], other.trial["objective"], rel_tol=1e-5)
        for (name, seed), run in runs.items()
        if name == arm and (other := runs.get((reference, seed))) and _is_alike(run, other)
    ]
    return any(others) if others else None


def _is_alike(a: Record, b: Record) -> bool:
    """Whether two runs tried the same step on the same device, on what both began with."""
    tried = all(math.isfinite(record.trial.get("objective", math.nan)) for record in (a, b))
    same_device = a.machine.get("device") == b.machine.get("device")
    return tried and same_device and not any(name.split("/")[0] in ALIKE for name in moved(a, b))
