"""Studies on a Slurm cluster: what a start, a submission, a question and a job do so that no run is lost or made twice.

Snakemake's executor `cluster-generic` calls `submit` for a job and then asks `status` of it; `job.sh` is what the job
runs; `start` begins a study anew after whatever ended it last. They meet in one `folder`; `slurm` is what they ask of
Slurm. Standard library only, because each is a process of its own that should begin at once.
"""
