from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor import lean_keras
from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor.build_job import refuse_unbuilt

refuse_unbuilt(snakemake.input.get("built"))

lean_keras.load()

from butfor.rate_search import search

search(
    searched=snakemake.params.searched,
    arrays=Path(snakemake.input.arrays),
    manifest=Path(snakemake.input.manifest),
    threads=snakemake.threads,
    found=Path(snakemake.output.found),
    max_minutes=snakemake.config["max_minutes"],
)
