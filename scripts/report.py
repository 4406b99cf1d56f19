from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor import outcomes, report

folders = [Path(folder) for folder in snakemake.input.runs]
decisions, contrasts_path = [Path(path) for path in snakemake.input.looks], Path(snakemake.input.contrasts)
checks_path, source_path = Path(snakemake.input.checks), Path(snakemake.input.source)
register_path, claims_path = Path(snakemake.params.register), Path(snakemake.output.claims)
study, report_path = snakemake.params.study, Path(snakemake.output.report)
outcomes.write(study, snakemake.params.claims, folders, contrasts_path, decisions, register_path, claims_path)
report.write_report(study, folders, checks_path, contrasts_path, claims_path, decisions, source_path, report_path)
