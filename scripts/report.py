from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor import outcomes, report

study, claimed = snakemake.params.study, Path(snakemake.output.claims)
sources = report.Sources(
    folders=[Path(folder) for folder in snakemake.input.runs],
    checks=Path(snakemake.input.checks),
    contrasts=Path(snakemake.input.contrasts),
    claims=claimed,
    decisions=[Path(decision) for decision in snakemake.input.looks],
    searches=[Path(found) for found in snakemake.input.searches],
    tuned=[Path(folder) for folder in snakemake.input.tuned],
    data=Path(snakemake.input.source),
)
register = Path(snakemake.params.register)
outcomes.write(study, snakemake.params.claims, sources.folders, sources.contrasts, sources.decisions, register, claimed)
report.write_report(study, sources, Path(snakemake.output.report))
