from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor.data import prepare

prepare(
    snakemake.config["data"],
    arrays_path=Path(snakemake.output.arrays),
    manifest_path=Path(snakemake.output.manifest),
    source_path=Path(snakemake.output.source),
    store=Path(snakemake.output.arrays).parent / "files",
    max_minutes=snakemake.config["max_minutes"],
)
