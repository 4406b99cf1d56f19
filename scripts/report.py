from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor.report import write_report

write_report(
    snakemake.params.study,
    folders=[Path(folder) for folder in snakemake.input.runs],
    checks_path=Path(snakemake.input.checks),
    contrasts_path=Path(snakemake.input.contrasts),
    decisions=[Path(decision) for decision in snakemake.input.looks],
    searches=[Path(found) for found in snakemake.input.searches],
    tuned=[Path(folder) for folder in snakemake.input.tuned],
    source_path=Path(snakemake.input.source),
    report_path=Path(snakemake.output.report),
)
