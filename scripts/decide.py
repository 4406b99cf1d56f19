from butfor.process.log import log_to

terminal = log_to(snakemake.log[0])

from butfor.verdicts.next_look import decide

line = decide(
    snakemake.params.study,
    look=snakemake.wildcards.look,
    folders=snakemake.input.runs,
    path=snakemake.output.decision,
    register_path=snakemake.params.register,
    measured=snakemake.input.measured,
)
print(line, file=terminal)
