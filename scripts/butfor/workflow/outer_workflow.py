"""What changes where another workflow uses this one, as a module or by `include`. Standard library only.

Snakemake runs only the outermost workflow's handlers, and of those the last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from butfor.errors import StudyError

STUDY = "butfor_results"  # the attribute of a workflow that holds the results folder of the study in it


def is_outermost(workflow: Any) -> bool:
    """Whether the Snakefile that includes the file that is read is the one that Snakemake was started with."""
    return len(workflow.included_stack) == 2


def moved(workflow: Any, results: str) -> str:
    """The results folder of the study, where a module with `prefix` or `replace_prefix` has it.

    Only that folder is moved; files that the study names stay where they are. Snakemake would move every path of a rule, and
    none that parameters and scripts are told, so the folder is moved here, once, and rules are told paths that are final.
    """
    modifier = workflow.modifier
    if modifier.base_snakefile is None:  # no module
        return results
    place: str = modifier.path_modifier.replace_prefix(f"{results}/").removesuffix("/")
    modifier.path_modifier = type(modifier.path_modifier)(None, None, workflow)
    return place


def refuse_second_study(workflow: Any, results: str) -> None:
    """Raise StudyError if the workflow has another study."""
    if getattr(workflow, STUDY, results) != results:
        raise StudyError(
            f"butfor: expected one study in a workflow, received {getattr(workflow, STUDY)} and {results}. Start each with a"
            " snakemake of its own, and take its report as an input."
        )


def handle(workflow: Any, results: str, **handlers: Callable[[], None]) -> None:
    """Have what is called at a start (`onstart`) and after it (`onsuccess`) called beside the outer workflow's own handlers."""
    if getattr(workflow, STUDY, None) == results:
        return  # a module is read anew for each `use rule`
    setattr(workflow, STUDY, results)
    for name, handler in handlers.items():
        _chain(workflow, name, handler)


def _chain(workflow: Any, name: str, handler: Callable[[], None]) -> None:
    register, current = getattr(workflow, name), getattr(workflow, f"_{name}")

    def both(outer: Callable[[Any], None]) -> Callable[[Any], None]:
        def call(log: Any) -> None:
            handler()
            outer(log)

        return call

    setattr(workflow, f"_{name}", both(current))
    setattr(workflow, name, lambda outer: register(both(outer)))
