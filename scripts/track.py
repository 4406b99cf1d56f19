from butfor.process.log import log_to

terminal = log_to(snakemake.log[0])

from butfor.tracking.study_import import Sources, track

sources = Sources(
    folders=snakemake.input.runs,
    checks=snakemake.input.checks, contrasts=snakemake.input.contrasts,
    files=[snakemake.input.report, *snakemake.input.figures], tables=snakemake.input.tables,
    measured=snakemake.input.measured,
)  # fmt: skip
track(snakemake.params.tracking, sources, snakemake.output.tracked, terminal)
