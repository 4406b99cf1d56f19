"""The signatures of the workflow's functions, read once: Snakemake asks for that of each function several times a job, which
took a tenth of a dry run of a thousand. Standard library only."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

KNOWN = "_overwrite_params"  # where Snakemake looks first; that it finds none there costs only time


def remember(rules: Iterable[Any]) -> None:
    """Have the parameters of every function of these rules, which are Snakemake's, known from now on."""
    for rule in rules:
        for value in (*rule.input, *rule.params):
            _remember(getattr(getattr(value, "_file", value), "callable", None) or value)
        for resource in rule.resources.values():
            _remember(getattr(resource, "_evaluator", None))
            _remember(resource.evaluate)


def _remember(function: Callable[..., Any] | Any) -> None:
    own = function.__func__ if inspect.ismethod(function) else function
    if inspect.isfunction(own) and not hasattr(own, KNOWN):
        setattr(own, KNOWN, inspect.signature(function).parameters)
