from pathlib import Path

from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.figures.draw import draw

draw(
    snakemake.params.study, folders=snakemake.input.runs, contrasts_path=snakemake.input.contrasts,
    figures=Path(snakemake.output.figures[0]).parent, measured=snakemake.input.measured,
    processes=snakemake.threads,
)  # fmt: skip
