from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.training.arm_job import train_arm

train_arm(
    snakemake.params.training,
    arrays=snakemake.input.arrays, manifest=snakemake.input.manifest,
    built=snakemake.input.built,
    threads=snakemake.threads, threads_each=snakemake.params.threads_each,
    runs=snakemake.output.runs,
    best_models=snakemake.output.get("best"),
    all_models=snakemake.output.get("all"),
)  # fmt: skip
