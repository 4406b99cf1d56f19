"""What passes between the end of a training job and the first step of the next on the same core, where no record tells it.

The constants are seconds, from figures of 2026-11-28 (docs/benchmarks.md): start and records of the example study's 21 jobs of 5
runs took 0.5 s of a core each, 0.3 of these the records, and making an engine takes 0.26; without forks each training of
config/tiny.yaml takes 2 processor seconds more.
"""

from __future__ import annotations

from butfor.forks.interpreter import are_forks_wanted
from butfor.forks.servers import OF_ENGINES

SCHEDULING = 0.2  # of Snakemake, which sees that a job has ended and starts another
FORK = 0.4  # of a job that begins as a fork, with its engine
INTERPRETER = 2.4  # of one that begins in an interpreter of its own


def usual_start(engine: str) -> float:
    """The seconds of a job of an engine: those of Keras's engines may begin as forks, others never."""
    return SCHEDULING + (FORK if _is_forked(engine) else INTERPRETER)


def start_by_probe(whole: float, imported: float, engine: str) -> float:
    """The same by a probe. whole: the seconds until a process of its own could train. imported: those of them until it had
    imported all that a fork has."""
    return SCHEDULING + (FORK + whole - imported if _is_forked(engine) else whole)


def _is_forked(engine: str) -> bool:
    return are_forks_wanted() and engine in OF_ENGINES
