from pathlib import Path

from butfor.outlook.written_outlook import tell_outlook

tell_outlook(
    snakemake.config, snakemake.params.files,
    cores=snakemake.params.cores, path=Path(snakemake.params.path),
    log=Path(snakemake.log[0]), forks=snakemake.params.forks,
)  # fmt: skip
