from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor.build_job import build_all

build_all(
    snakemake.params.recipes,
    arrays=Path(snakemake.input.arrays),
    manifest=Path(snakemake.input.manifest),
    built=[Path(path) for path in snakemake.output],
    log_path=Path(snakemake.log[0]),
    look=snakemake.params.look,
    log_level=snakemake.config["log_level"],
    max_minutes=snakemake.config["max_minutes"],
)
