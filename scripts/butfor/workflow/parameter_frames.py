"""Tables of pandas among the parameters of jobs: Snakemake imports pandas to see whether one is, which took each start 0.2 s, and
each job on a cluster. Standard library only."""

from __future__ import annotations

import sys
from typing import Any


def look_where_imported(persistence: type[Any]) -> None:
    """Have a parameter be looked at as a table only where something else has imported pandas, without which there is none.
    persistence: Snakemake's `PersistenceBase`, which notes parameters."""
    of_any_kind = persistence._serialize_param_pandas

    def of_a_kind_that_is_there(self: Any, value: Any) -> Any:
        return of_any_kind(self, value) if "pandas" in sys.modules else self._serialize_param_builtin(value)

    persistence._serialize_param_pandas = of_a_kind_that_is_there
