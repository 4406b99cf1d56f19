"""Tables of pandas and Polars among the parameters of jobs: Snakemake imports both to see whether one is, which took each start
0.2 s, and each job on a cluster. Standard library only."""

from __future__ import annotations

import builtins
import sys
from types import FunctionType
from typing import Any

LIBRARIES = ("pandas", "polars")  # of tables


def look_where_imported(persistence: type[Any], snakemake: type[Any]) -> None:
    """Have a parameter be looked at as a table only where something else has imported what makes tables, without which there is
    none. persistence: Snakemake's `PersistenceBase`, which notes parameters. snakemake: its `Snakemake`, which gives them to
    scripts, and does without what cannot be imported."""
    of_any_kind, stored = persistence._serialize_param_pandas, snakemake._safely_store_params

    def of_a_kind_that_is_there(self: Any, value: Any) -> Any:
        return of_any_kind(self, value) if "pandas" in sys.modules else self._serialize_param_builtin(value)

    def import_what_is_there(name: str, *more: Any) -> Any:
        if name in LIBRARIES and name not in sys.modules:
            raise ModuleNotFoundError(name)
        return builtins.__import__(name, *more)

    there = {**vars(builtins), "__import__": import_what_is_there}
    persistence._serialize_param_pandas = of_a_kind_that_is_there
    snakemake._safely_store_params = FunctionType(stored.__code__, {**stored.__globals__, "__builtins__": there})
