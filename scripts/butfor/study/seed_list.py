"""A list under `seeds` that reads like the seeds themselves, as other tools take them, and not like looks.

Taken for looks, it would train as many runs of each arm as its last number says. Standard library only, because every job
of a cluster run parses it.
"""

from __future__ import annotations

from typing import Any

from butfor.study.schema import ConfigError

MANY = 1000  # runs of one arm that nobody asks for without a budget


def refuse_seed_list(seeds: Any, has_budget: bool) -> None:
    """Raise ConfigError for numbers in turn (42, 43, 44), 0 or 1 among others, and thousands without a budget."""
    if not isinstance(seeds, list) or len(seeds) < 2 or any(type(seed) is not int for seed in seeds):
        return
    in_turn = len(seeds) > 2 and seeds == list(range(seeds[0], seeds[0] + len(seeds)))
    many = max(seeds) >= MANY and not has_budget
    if not in_turn and min(seeds) >= 2 and not many:
        return
    meant = f"; if up to {max(seeds)} runs of each arm are meant, give a budget." if many else "."
    raise ConfigError(
        f"seeds: expected looks, which are how many seeds each arm has trained when verdicts are given, such as [5, 10,"
        f" 20], received {seeds}, which reads like the seeds themselves. For {len(seeds)} seeds write seeds: {len(seeds)} and"
        f" first_seed: {seeds[0]}{meant}",
        ("seeds",),
    )
