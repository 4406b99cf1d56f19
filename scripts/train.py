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

from butfor.arm_job import train_arm

train_arm(
    training=snakemake.params.training,
    arrays=Path(snakemake.input.arrays),
    manifest=Path(snakemake.input.manifest),
    threads=snakemake.threads,
    runs=Path(snakemake.output.runs),
    models=snakemake.output.get("models"),
    every_model=snakemake.config["models"] == "all",
    log_path=Path(snakemake.log[0]),
    max_minutes=snakemake.config["max_minutes"],
)
