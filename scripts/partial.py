from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.pages.page import write_page
from butfor.workflow.partial_report import write_partial_report

write_partial_report(
    snakemake.params.study, snakemake.params.claims,
    folders=snakemake.input.runs, finished=snakemake.params.finished, decisions=snakemake.input.looks,
    data=snakemake.input.source, measuring=snakemake.params.measuring, measured=snakemake.input.measured,
    arrays=snakemake.input.arrays, manifests=snakemake.input.manifests, grouped=snakemake.params.grouped,
    register_path=snakemake.params.register, report_path=snakemake.output.report,
)  # fmt: skip
write_page(snakemake.output.report, snakemake.output.page, snakemake.params.language)
