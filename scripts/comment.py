from pathlib import Path

from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.report.comment import write_comment

write_comment(
    snakemake.params.study, results=Path(snakemake.input.contrasts).parent, path=Path(snakemake.output.comment),
    language=snakemake.params.language,
)  # fmt: skip
