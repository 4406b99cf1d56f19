"""Whether a start is asked for the plan alone, so that it must change nothing. Standard library only."""

from __future__ import annotations

import sys
from functools import cache

PLAN = "plan"  # the target


@cache
def is_plan_alone() -> bool:
    """Whether Snakemake was asked for the plan and nothing else; it says so itself only after it has read the Snakefile."""
    if PLAN not in sys.argv:
        return False
    from snakemake.cli import get_argument_parser

    return list(get_argument_parser().parse_known_args(sys.argv[1:])[0].targets) == [PLAN]
