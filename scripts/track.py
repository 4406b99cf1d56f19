from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor.tracking import track

tracked, tables = Path(snakemake.output.tracked), Path(snakemake.input.tables)
track(
    snakemake.params.tracking,
    runs=[Path(folder) for folder in snakemake.input.runs],
    checks=Path(snakemake.input.checks),
    results=tracked.parent,
    files=[Path(snakemake.input.report), *map(Path, snakemake.input.figures), *sorted(tables.glob("*.csv"))],
    tracked=tracked,
)
