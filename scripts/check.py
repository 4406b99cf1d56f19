from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.checks.manipulation import check

check(snakemake.params.study, folders=snakemake.input.runs, checks_path=snakemake.output.checks)
