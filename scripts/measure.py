from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.metrics.measuring import measure

measure(
    snakemake.params.measuring,
    folders=snakemake.input.runs,
    arrays=snakemake.input.arrays, manifests=snakemake.input.manifests,
    path=snakemake.output.measures,
)  # fmt: skip
