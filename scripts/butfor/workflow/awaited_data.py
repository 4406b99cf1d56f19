"""The wait for arrays that are made again from other things, while there are records: only then it is known what trains again.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class AwaitedData:
    """The wait of rules' inputs for the rule `data`, which is a checkpoint only while something waits for it.

    workflow: Snakemake's. data, checkpoint: the rule that makes the arrays, and the way to ask whether it has.

    Snakemake cuts its plan by `--until` and `--omit-from` before a checkpoint has spoken, and with what they cut off goes what
    waits for it and would ask for the trainings. So its plan is whole until then, and is cut when it is made again.
    """

    def __init__(self, workflow: Any, data: Any, checkpoint: Any) -> None:
        self._workflow, self._data, self._checkpoint = workflow, data, checkpoint
        self._ends: list[set[str]] = []

    @property
    def is_forced(self) -> bool:
        """Whether the user has asked for new arrays, whatever there are."""
        asked = self._workflow.dag_settings
        return bool(asked.forceall) or "data" in asked.forcerun

    def await_each(self, data_sets: Iterable[str]) -> None:
        """Go on once the arrays of all data sets are there; before, Snakemake's exception that says so."""
        self._data.rule.is_checkpoint = True
        for name in data_sets:
            self._checkpoint.get(**({"data_set": name} if name else {}))

    def lift_ends(self) -> None:
        """Have the plan whole until what waits has its arrays; that of a dry run, which gets no further, up to these."""
        dag = self._workflow.dag
        if self._ends or not any(_ends(dag)):
            return
        self._ends = [set(asked) for asked in _ends(dag)]
        for asked in _ends(dag):
            asked.clear()
        if self._workflow.dryrun:
            dag.untilrules.add(self._data.rule.name)

    def restore_ends(self) -> None:
        """From now on the plan ends where the user has asked."""
        for asked, ends in zip(_ends(self._workflow.dag), self._ends, strict=False):
            asked.update(ends)
        self._ends = []


def _ends(dag: Any) -> tuple[set[str], ...]:
    """The rules and files that a plan ends with, and those that it ends before, as Snakemake's plan holds them."""
    return dag.untilrules, dag.untilfiles, dag.omitrules, dag.omitfiles
