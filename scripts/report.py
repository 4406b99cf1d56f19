from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.pages.page import write_page
from butfor.report.report import Sources, write_report

sources = Sources(
    folders=snakemake.input.runs, checks=snakemake.input.checks,
    contrasts=snakemake.input.contrasts, comparison=snakemake.input.comparison,
    claims=snakemake.input.claims, decisions=snakemake.input.looks,
    data=snakemake.input.source, costs=snakemake.input.costs, measured=snakemake.input.measured,
)  # fmt: skip
write_report(snakemake.params.study, sources, snakemake.output.report)
write_page(snakemake.output.report, snakemake.output.page, snakemake.params.language)
