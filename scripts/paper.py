from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.paper.paper import write_paper
from butfor.paper.paper_evidence import PaperSources

sources = PaperSources(
    folders=snakemake.input.runs, measured=snakemake.input.measured, decisions=snakemake.input.looks,
    contrasts=snakemake.input.contrasts, comparison=snakemake.input.comparison, claims=snakemake.input.claims,
)  # fmt: skip
given = snakemake.params
write_paper(given.study, sources, snakemake.input.schema, given.venue, given.mlflow, main=snakemake.output.files[0])
