from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from butfor.job_log import log_to

terminal = log_to(snakemake.log[0], snakemake.config["log_level"])

from butfor.going_on import decide

line = decide(
    study=snakemake.params.study,
    look=snakemake.wildcards.look,
    folders=[Path(folder) for folder in snakemake.input.runs],
    path=Path(snakemake.output.decision),
)
print(line, file=terminal)
