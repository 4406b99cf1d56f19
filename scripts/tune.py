from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor import lean_keras
from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

lean_keras.load()

from butfor.rate_search import train_tuned

train_tuned(
    training=snakemake.params.training,
    metric=snakemake.params.metric,
    found=Path(snakemake.input.found),
    fixed=Path(snakemake.input.fixed),
    arrays=Path(snakemake.input.arrays),
    manifest=Path(snakemake.input.manifest),
    threads=snakemake.threads,
    runs=Path(snakemake.output.runs),
    log_path=Path(snakemake.log[0]),
    max_minutes=snakemake.config["max_minutes"],
)
