from butfor.process.log import log_to

log_to(snakemake.log[0])

from butfor.data.prepare import prepare
from butfor.process.start_settings import announced

prepare(
    announced().data,
    arrays_path=snakemake.output.arrays,
    manifest_path=snakemake.output.manifest,
    source_path=snakemake.output.source,
    reads_token=snakemake.params.data["files"],
    made_of=snakemake.params.made_of,
)
