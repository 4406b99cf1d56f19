from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor.figures.draw import draw

draw(
    snakemake.params.study,
    folders=[Path(folder) for folder in snakemake.input.runs],
    contrasts_path=Path(snakemake.input.contrasts),
    figures=Path(snakemake.output.figures[0]).parent,
)
