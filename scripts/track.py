from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor.tracking import track

tracked = Path(snakemake.output.tracked)
track(
    snakemake.params.tracking,
    runs=Path(snakemake.input.runs),
    reference=Path(snakemake.input.reference[0]) if snakemake.input.reference else None,
    results=tracked.parents[2],
    tracked=tracked,
)
