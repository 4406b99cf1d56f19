from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.training.arm_costs import measure_costs

measure_costs(
    snakemake.params.arms,
    snakemake.params.engine,
    snakemake.params.batch_sizes,
    data_sets=snakemake.params.data_sets, arrays=snakemake.input.arrays, manifests=snakemake.input.manifests,
    threads=snakemake.params.model_threads,
    costs=snakemake.output.costs,
)  # fmt: skip
