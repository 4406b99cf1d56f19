# Takes: the stored data set and the recipes of a look's arms that share a program. Makes: the records that they lack, each where
# the arm's job finds those of finished seeds, and a receipt. Only with the engine jax, see `cohorts` of a study's `job`.
#
# It is to do no more than a killed job has done: the arms' jobs train what it has left out, and make their folders. So a receipt
# names what it was for, and is no input of records that are there but where Snakemake has noted it, which then is a file that no
# job makes.
from snakemake.ioflags import before_update

from butfor.workflow.planned_cohorts import PlannedCohorts

together = PlannedCohorts(study, plan, targets, lambda: workflow.dag_settings.targets)


def receipts_of(wildcards):
    arm, look = wildcards.arm, wildcards.look
    noted = together.noted(arm, look)
    return before_update(noted) if noted else ancient(together.receipts(arm, look))


# A job of a cluster needs none any more.
cohort_of = receipts_of if together.are_known and workflow.is_main_process else []


# The job of an arm that others have trained with needs no device, so that these jobs do not wait for each other; one that has to
# train after all takes a share of one as soon as it is free.
def gpu_after(wildcards, input):
    return 0 if input.get("cohort") else min(1, provenance.gpus())


gpu_of_arm = gpu_after if cohort_of else min(1, provenance.gpus())


def trained_together(wildcards):
    return together.trainings(wildcards.look, wildcards.cohort)


rule cohort:
    """Train the seeds of one look of arms that share a program."""
    input:
        arrays=lambda wildcards: arrays_of(trained_together(wildcards)[0]["arm"]),
        manifest=lambda wildcards: manifest_of(trained_together(wildcards)[0]["arm"]),
    output:
        receipt="<results>/cohorts/{look}/{cohort}.json",
    log:
        "<logs>/cohort/{look}_{cohort}.log",
    wildcard_constraints:
        cohort="[0-9a-f]{16}",
    priority: 20
    threads: study["threads"]
    resources:
        gpu=min(1, provenance.gpus()),
        mem_mb=memory,
        runtime=runtime,
        runtime_least=study["job"]["runtime"],
    params:
        trainings=trained_together,
        runs=lambda wildcards: together.folders(wildcards.look, wildcards.cohort),
        announcement=lambda wildcards: together.announcement(
            wildcards.look, wildcards.cohort
        ),
    message:
        "{params.announcement}"
    script:
        "../scripts/cohort.py"
