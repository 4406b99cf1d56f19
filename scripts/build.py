from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.training.build_job import build_on_each

build_on_each(
    snakemake.params.engine, snakemake.params.recipes,
    arrays=snakemake.input.arrays, manifests=snakemake.input.manifests, built=snakemake.output,
    look=snakemake.params.look, reads=snakemake.params.reads, built_before=snakemake.params.built_before,
)  # fmt: skip
