"""Whether the scripts of rules are there: looked for once for each script, where Snakemake reads it for each job that has to run,
which took a tenth of a dry run of ten thousand. Standard library only."""

from __future__ import annotations

from typing import Any

KNOWN = "_known_scripts"


def look_once(processor: type[Any]) -> None:
    """Have a script looked for once in a start. processor: Snakemake's `ScriptProcessor`, one of which goes through all jobs."""
    look = processor.process_job

    def look_if_new(self: Any, job: Any) -> None:
        written = str(getattr(job.rule, self.script_type))
        known = vars(self).setdefault(KNOWN, set())
        script = job.rule.basedir, written
        if script not in known:
            look(self, job)
        if "{" not in written:  # or it may be another for each job
            known.add(script)

    processor.process_job = look_if_new
