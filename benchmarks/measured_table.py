"""Tables of measured figures: medians with their spread, in Markdown and as JSON, with the date and the machine."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent
sys.path[:0] = [place for place in [str(ROOT / "scripts")] if place not in sys.path]

from butfor.records import provenance

RESULTS = ROOT / "results" / "benchmarks"


@dataclass(frozen=True)
class Measured:
    """What was measured of one thing, some times."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def text(self, digits: int = 2) -> str:
        """The median, and from what to what the values lay."""
        low, high = min(self.values), max(self.values)
        spread = f" ({low:.{digits}f}–{high:.{digits}f})" if len(self.values) > 1 else ""
        return f"{self.median:.{digits}f}{spread}"


def ratio(above: Sequence[float], below: Sequence[float]) -> Measured:
    """The ratios of what was measured in the same rounds, which is what a change of the machine's pace leaves as it is."""
    return Measured(tuple(a / b for a, b in zip(above, below, strict=True)))


@dataclass
class Table:
    """Rows of cells under headings, and what is to be known about them."""

    title: str
    headings: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """As GitHub shows it; the first column to the left, figures to the right."""
        rule = ["---", *["---:"] * (len(self.headings) - 1)]
        lines = [f"| {' | '.join(cells)} |" for cells in (self.headings, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", *lines, "", *(f"- {note}" for note in self.notes)]).rstrip() + "\n"


def machine() -> dict[str, str]:
    """Date, cores, processor, memory, versions and load: without them no figure can be compared."""
    versions = {name: provenance.version(name) for name in (*provenance.TRAINING_LIBRARIES, "snakemake", "mlflow")}
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": provenance.machine()["processor"],
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "python": provenance.machine()["python"],
        **versions,
        "revision": provenance.revision(),
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def write(name: str, tables: Sequence[Table], on: dict[str, str], figures: Any, folder: Path = RESULTS) -> str:
    """Write `<name>.md` and `<name>.json`, all figures in it, and give the Markdown."""
    words = ", ".join(f"{key} {value}" for key, value in on.items())
    text = "\n".join([*(table.markdown() for table in tables), f"Measured: {words}.\n"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)
    kept = {"machine": on, "tables": [asdict(table) for table in tables], "figures": figures}
    (folder / f"{name}.json").write_text(json.dumps(kept, indent=1))
    return text


def met(reached: float, wanted: float) -> str:
    """Whether a target is met, in a cell."""
    return f"{wanted:g} {'met' if reached >= wanted else 'missed'}"
