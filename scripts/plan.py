from pathlib import Path

from butfor.outlook.written_outlook import write_outlook

text = write_outlook(
    snakemake.config, snakemake.params.files,
    cores=snakemake.params.cores, path=Path(snakemake.params.path),
    forks=snakemake.params.forks,
)  # fmt: skip
Path(snakemake.log[0]).write_text(text)
print(text)
