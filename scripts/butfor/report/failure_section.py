"""The report's section on failed runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from butfor import stats
from butfor.languages.phrases import phrase, plural, stored
from butfor.plain_text import counted, plain
from butfor.records.record import Record
from butfor.verdicts.failures import ENDINGS
from butfor.verdicts.rows import FailedRuns
from butfor.verdicts.words import runs_in_words


def failure_section(
    records: list[Record], failed: list[FailedRuns], planned: int, replicates: Mapping[str, Any] | None = None
) -> str:
    """How many runs left no usable model, or no record, arm by arm with their seeds and why, and what no failure among so
    many seeds leaves open. replicates: the study's folds."""
    present, lost = len(records), sum(len(row["seeds"]) for row in failed)
    sentences = [phrase("{n} of {runs} ended without a usable model.", n=lost, runs=counted(present, "run"))]
    if present < planned:
        sentences.append(
            phrase("{n} of {n_planned} planned runs have left no record.", n=planned - present, n_planned=planned)
        )
    failing = {row["arm"] for row in failed}
    unfailing = Counter(record.arm for record in records if record.arm not in failing)
    if counts := sorted(set(unfailing.values())):
        noun = "fold" if replicates else "seed"
        bounds = ", ".join(
            phrase("{n} % of runs after {seeds}", n=f"{100 * stats.most_unseen(n):.0f}", seeds=counted(n, noun))
            for n in counts
        )
        sentences.append(
            phrase(
                "An arm without a failure may still fail in up to {bounds} (95 % bounds). The same bounds hold for runs that"
                " collapse without being marked as failed, where no run showed it: a verdict is about runs like those seen.",
                bounds=bounds,
            )
        )
    if any(row["ending"] == ENDINGS["commonest_class"] for row in failed):
        sentences.append(
            phrase(
                "Where one class is much more frequent than the others, accuracy says little: `verdict: {{metric: test/loss}}`"
                " compares by the loss, and `verdict: {{must_learn: false}}` counts such runs as they are."
            )
        )
    alike: dict[tuple[str, str], list[FailedRuns]] = {}
    for row in failed:
        alike.setdefault((row["arm"], row["ending"]), []).append(row)
    lines = [_line(rows, replicates) for rows in alike.values()]
    return f"## {phrase('What failed')}\n\n" + "\n".join([" ".join(sentences), "", *lines]).rstrip()


def _line(alike: list[FailedRuns], replicates: Mapping[str, Any] | None) -> str:
    """The runs of one arm that ended alike, look by look."""
    first, seeds = alike[0], [seed for row in alike for seed in row["seeds"]]
    return plural(
        "- `{arm}`, {ending} with {seeds}: {reason}.",
        "- `{arm}`, {ending} with {seeds}; the first: {reason}.",
        len(seeds),
        arm=first["arm"],
        ending=stored(first["ending"]),
        seeds=runs_in_words(seeds, replicates),
        reason=plain(stored(first["reason"])),
    )
