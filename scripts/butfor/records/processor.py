"""The processor of this machine, for which compiled programs are made."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from butfor.records import provenance


def processor() -> list[str]:
    """The processor, and the instructions that it has where the system tells them: two of one name may differ in those."""
    words: list[str] = [provenance.machine()["processor"]]
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        words += [line for line in lines if line.startswith(("flags", "Features"))][:1]
    return words
