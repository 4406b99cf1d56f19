from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.verdicts.comparison import compare

compare(
    snakemake.params.study,
    folders=snakemake.input.runs,
    checks_path=snakemake.input.checks,
    contrasts_path=snakemake.output.contrasts,
    tables=snakemake.output.tables,
    searches=snakemake.input.searches, tuned=snakemake.input.tuned, register_path=snakemake.params.register,
    measured=snakemake.input.measured, tuned_measured=snakemake.input.tuned_measured, grouped=snakemake.params.grouped,
)  # fmt: skip
