"""What the runs of each arm cost: parameters, and the seconds of training of the median run."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from butfor.languages.phrases import phrase
from butfor.records.record import Record
from butfor.verdicts.numbers import NONE


@dataclass(frozen=True)
class RunCost:
    """What a run of one arm costs. parameters: those that are trained; all_parameters: with those that are not. seconds: of
    training, of the median run, while as many ran side by side as there were. None where it is not known."""

    parameters: int
    seconds: float | None
    all_parameters: int | None = None

    @property
    def parameters_in_words(self) -> str:
        """Those that are trained, of how many where some are not."""
        if self.all_parameters in (None, self.parameters):
            return _spaced(self.parameters)
        return phrase("{trained} of {all}", trained=_spaced(self.parameters), all=_spaced(self.all_parameters))


def run_costs(records: list[Record]) -> dict[str, RunCost]:
    """The costs of every arm that has records."""
    by_arm: dict[str, list[Record]] = {}
    for record in records:
        by_arm.setdefault(record.arm, []).append(record)
    return {arm: RunCost(own[0].parameters, _seconds(own), own[0].all_parameters) for arm, own in by_arm.items()}


def _spaced(count: int | None) -> str:
    return NONE if count is None else f"{count:,}".replace(",", " ")


def _seconds(own: list[Record]) -> float | None:
    known = [float(record.timing["seconds"]["train"]) for record in own if "train" in record.timing.get("seconds", {})]
    return median(known) if known else None
