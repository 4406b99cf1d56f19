from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.metrics.validation_score import scored_search

scored_search(
    snakemake.params.search,
    arrays=snakemake.input.arrays,
    manifest=snakemake.input.manifest,
    built=snakemake.input.built,
    threads=snakemake.threads,
    rates=snakemake.output.rates,
)
