from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.training.rate_search import train_tuned

train_tuned(
    snakemake.params.training,
    metric=snakemake.params.metric,
    rates=snakemake.input.rates,
    fixed=snakemake.input.fixed,
    arrays=snakemake.input.arrays, manifest=snakemake.input.manifest,
    threads=snakemake.threads,
    runs=snakemake.output.runs,
)  # fmt: skip
