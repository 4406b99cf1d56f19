from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.tracking.study_import import track

track(
    snakemake.params.tracking,
    runs=snakemake.input.runs,
    checks=snakemake.input.checks,
    files=[snakemake.input.report, *snakemake.input.figures],
    tables=snakemake.input.tables,
    tracked=snakemake.output.tracked,
)
