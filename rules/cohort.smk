# Takes: the stored data set and the recipes of a look's arms that share a program. Makes: the records that they lack, each where
# the arm's job finds those of finished seeds, and a receipt. Only with the engine jax, see `cohorts` of a study's `job`.
#
# It is to do no more than a killed job has done: the arms' jobs train what it has left out, and make their folders. So a receipt
# names what it was for, and is no input of records that are there but where Snakemake has noted it, which then is a file that no
# job makes.
from butfor.workflow import joint_trainings
from butfor.workflow.planned_cohorts import PlannedCohorts

# Of a cluster neither the head node nor a job sees the GPUs.
trains_here = (
    workflow.is_main_process and workflow.global_resources["_nodes"].value is None
)
together = PlannedCohorts(
    study,
    plan,
    targets,
    asked=lambda: workflow.dag_settings.targets,
    devices=joint_trainings.devices_of(study) if trains_here else 1,
)

cohort_threads = joint_trainings.threads_of(
    study, workflow.resource_settings.cores if trains_here else None
)

# A job of a cluster needs none any more.
cohort_of = (
    (lambda wildcards: together.awaited(wildcards.arm, wildcards.look))
    if together.are_known and workflow.is_main_process
    else []
)
gpu_of_arm = (
    (lambda wildcards, input: together.gpus_after(input.get("cohort")))
    if cohort_of
    else min(1, provenance.gpus())
)


rule cohort:
    """Train the seeds of one look of arms that share a program."""
    input:
        arrays=lambda wildcards: arrays_of(together.first(*wildcards)),
        manifest=lambda wildcards: manifest_of(together.first(*wildcards)),
    output:
        receipt="<results>/cohorts/{look}/{cohort}.json",
    log:
        "<logs>/cohort/{look}_{cohort}.log",
    wildcard_constraints:
        cohort="[0-9a-f]{16}",
    priority: 20
    threads: cohort_threads
    resources:
        gpu=min(1, provenance.gpus()),
        mem_mb=memory,
        runtime=runtime,
        runtime_least=study["job"]["runtime"],
    params:
        trainings=lambda wildcards: together.trainings(*wildcards),
        runs=lambda wildcards: together.folders(*wildcards),
        program=lambda wildcards: together.program(*wildcards),
        announcement=lambda wildcards: together.announcement(*wildcards),
    message:
        "{params.announcement}"
    script:
        "../scripts/cohort.py"
