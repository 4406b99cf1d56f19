from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.verdicts.claim_outcomes import assess

assess(
    snakemake.params.study,
    snakemake.params.claims,
    folders=snakemake.input.runs,
    contrasts_path=snakemake.input.contrasts, decisions=snakemake.input.looks,
    register_path=snakemake.params.register,
    claims_path=snakemake.output.claims, measured=snakemake.input.measured, costs=snakemake.input.costs,
    grouped=snakemake.params.grouped,
)  # fmt: skip
