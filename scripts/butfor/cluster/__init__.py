"""Studies on a Slurm cluster, such that no run is lost or trained twice.

Snakemake's executor `cluster-generic` calls `submit` for a job and then `status` until it has ended; `job.sh` is what the
job runs; `start` starts or continues a study, whatever ended it last. They share the files of one `folder`, and ask
Slurm's commands through `slurm`. Standard library only, because each is a process of its own that should start quickly.
"""
