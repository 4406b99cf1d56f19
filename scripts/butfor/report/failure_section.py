"""The report's section on failed runs."""

from __future__ import annotations

from collections import Counter

from butfor.plain_text import plain
from butfor.records.record import Record


def failure_section(records: list[Record], planned: int) -> str:
    """How many runs left no usable model, or no record, arm by arm with their seeds and why, and what no failure among so
    many seeds leaves open."""
    failed, present = [record for record in records if not record.usable], len(records)
    missing = f" {planned - present} of {planned} planned runs have left no record." if present < planned else ""
    counts = sorted(set(Counter(record.arm for record in records).values()))
    bounds = ", ".join(f"{100 * (1 - 0.05 ** (1 / n)):.0f} % of runs after {n} seeds" for n in counts)
    text = (
        f"{len(failed)} of {present} runs ended without a usable model.{missing} An arm without a failure may still fail"
        f" in up to {bounds} (95 % bounds)."
    )
    kinds = list(dict.fromkeys((record.arm, record.status) for record in failed))
    lines = [_line([record for record in failed if (record.arm, record.status) == kind]) for kind in kinds]
    return "## What failed\n\n" + "\n".join([text, "", *lines]).rstrip()


def _line(alike: list[Record]) -> str:
    """The runs of one arm that ended with the same status."""
    first = alike[0]
    ending = "." if len({record.reason for record in alike}) == 1 else ", for one."
    return f"- `{first.arm}`, {first.status.replace('_', ' ')} with {_seeds(alike)}: {plain(first.reason)}{ending}"


def _seeds(alike: list[Record]) -> str:
    numbers = [record.seed for record in alike]
    several = len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1))
    words = f"{numbers[0]} to {numbers[-1]}" if several else ", ".join(map(str, numbers))
    return f"seed {words}" if len(numbers) == 1 else f"seeds {words}"
