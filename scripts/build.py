from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.training.build_job import build_all

build_all(
    snakemake.params.engine,
    snakemake.params.recipes,
    reads=snakemake.params.reads,
    arrays=snakemake.input.arrays,
    manifest=snakemake.input.manifest,
    built=snakemake.output,
    look=snakemake.params.look,
)
