from butfor.process.log import log_to

terminal = log_to(snakemake.log[0])

from butfor.training.cohort_job import train_cohort

train_cohort(
    snakemake.params.trainings,
    runs=snakemake.params.runs,
    arrays=snakemake.input.arrays, manifest=snakemake.input.manifest,
    threads=snakemake.threads,
    program=snakemake.params.program,
    receipt=snakemake.output.receipt,
    terminal=terminal,
)  # fmt: skip
