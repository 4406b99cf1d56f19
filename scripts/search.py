from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.training.rate_search import search

search(
    snakemake.params.search,
    arrays=snakemake.input.arrays,
    manifest=snakemake.input.manifest,
    built=snakemake.input.built,
    threads=snakemake.threads,
    rates=snakemake.output.rates,
)
