from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.process.start_settings import announced
from butfor.workflow.data_job import prepare_data

prepare_data(
    announced(),
    snakemake.wildcards.get("data_set", ""),
    arrays_path=snakemake.output.arrays, manifest_path=snakemake.output.manifest, source_path=snakemake.output.source,
    reads_token=snakemake.params.data["files"], made_of=snakemake.params.made_of,
    beside=snakemake.params.beside,
)  # fmt: skip
