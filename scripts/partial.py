from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor import checks, contrasts, factors, failure_note, outcomes, report
from butfor.figures.draw import draw

study, folders = snakemake.params.study, [Path(folder) for folder in snakemake.input.runs]
judged, written = Path(snakemake.output.contrasts), Path(snakemake.output.report)
checked = Path(snakemake.output.checks)
checks.check(study, folders, checked)
contrasts.compare(study, folders, checked, judged, tables=judged.parent / "tables")
factors.write_tables(study, folders, judged, tables=judged.parent / "tables")
draw(study, folders, judged, figures=judged.parent / "figures")
decisions = [Path(path) for path in snakemake.input.looks]
claimed, register = Path(snakemake.output.claims), Path(snakemake.params.register)
outcomes.write(study, snakemake.params.claims, folders, judged, decisions, register, claimed)
notes = failure_note.read_notes(register.parent)
sources = report.Sources(folders, checked, judged, claimed, decisions, Path(snakemake.input.source), notes=notes)
report.write_report(study, sources, written)
