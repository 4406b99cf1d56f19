from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor import contrasts, factors

study, folders = snakemake.params.study, [Path(folder) for folder in snakemake.input.runs]
checked, judged = Path(snakemake.input.checks), Path(snakemake.output.contrasts)
tables = Path(snakemake.output.tables)
contrasts.compare(study, folders, checks_path=checked, contrasts_path=judged, tables=tables)
factors.write_tables(study, folders, contrasts_path=judged, tables=tables)
